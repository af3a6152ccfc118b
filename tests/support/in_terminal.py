"""Run a command in a pseudo-terminal and print what its screen shows, now and then and at the end.

    python in_terminal.py [--expect REGEX ...] COMMAND [ARGUMENT ...]

Exits as the command does, and with 1 where something expected was never on the screen.
"""

import argparse
import os
import re
import sys
import time

from terminals import Terminal

SNAPSHOT_S = 15.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--expect", action="append", default=[], help="must be shown at some time")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    missing = list(given.expect)
    shown, told = "", time.monotonic()
    with Terminal(given.command, columns=given.columns, env=os.environ) as terminal:
        while terminal.process.isalive():
            time.sleep(0.2)
            shown = terminal.text()
            missing = [each for each in missing if not re.search(each, shown, re.MULTILINE)]
            if time.monotonic() - told >= SNAPSHOT_S:
                told = time.monotonic()
                print(f"--- on the screen after {told - terminal.began:.0f} s", shown, sep="\n")
        code = terminal.wait()
        shown = terminal.text()
    print(f"--- on the screen at the end (exit code {code})", shown, sep="\n", flush=True)
    missing = [each for each in missing if not re.search(each, shown, re.MULTILINE)]
    for each in missing:
        print(f"never on the screen: {each}", file=sys.stderr)
    return code or bool(missing)


if __name__ == "__main__":
    sys.exit(main())
