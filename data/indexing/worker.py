"""A process that reads files for an index: `python -m data.indexing.worker`, for `reading` alone.

Pillow's and our own header reading hold Python's lock, so threads of one process do not get faster
with more cores. Tasks come on stdin and outcomes go to stdout, pickled one after the other. Nothing
is imported from the main program, whatever that is.
"""

import os
import pickle
import signal
import sys

from data.indexing.one_file import read_entry


def main() -> None:
    """Serve until stdin ends."""
    # Ctrl-C reaches every process of the terminal; the one that asked decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Only outcomes may go to where outcomes are expected, whatever a library prints.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while True:
        try:
            root, paths, decode = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        outcomes = [read_entry(root, path, decode=decode) for path in paths]
        pickle.dump([tuple(o) if not isinstance(o, str) else o for o in outcomes], answers)
        answers.flush()


if __name__ == "__main__":
    main()
