"""Two processes create the same files of a store at once: exactly one may be told that it did.

Run as a program it is one of the two: it says that it is ready, is told when to begin, and prints
which files it created.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress

from grid.packages import packages_root
from grid.records.places import probe_key
from grid.store.base import Store
from grid.store.errors import StoreError
from grid.store.opening import open_store

RACES = 12
PACE_S = 0.1
"""From the beginning of one race to that of the next."""

PATIENCE_S = 120.0


def race(store: Store) -> list[str]:
    """Let two processes race for some new files, remove these, and return what went wrong.

    Raises:
        StoreError: a process could not write.
    """
    token = uuid.uuid4().hex
    runners = [_runner(store.url, token, name) for name in ("a", "b")]
    try:
        created = _created(runners)
        return [
            wrong
            for number in range(RACES)
            if (wrong := _wrong(store, probe_key(f"{token}-{number}"), number, created))
        ]
    finally:
        for runner in runners:
            runner.kill()
            runner.communicate()
        for number in range(RACES):
            with suppress(StoreError):
                store.delete(probe_key(f"{token}-{number}"))


def _runner(url: str, token: str, name: str) -> subprocess.Popen[str]:
    path = [str(packages_root()), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-m", __name__, url, token, name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
    )


def _created(runners: Sequence[subprocess.Popen[str]]) -> dict[str, list[int]]:
    for runner in runners:
        if runner.stdout is None or runner.stdout.readline().strip() != "ready":
            raise _died(runner)
    begin = str(time.time() + PACE_S)
    created = {}
    for runner in runners:
        if runner.stdin is not None:
            runner.stdin.write(f"{begin}\n")
            runner.stdin.flush()
    for name, runner in zip("ab", runners, strict=True):
        out, said = runner.communicate(timeout=PATIENCE_S)
        if runner.returncode:
            raise _died(runner, said)
        created[name] = json.loads(out)
    return created


def _died(runner: subprocess.Popen[str], said: str = "") -> StoreError:
    lines = (said or runner.communicate(timeout=PATIENCE_S)[1]).strip().splitlines()
    return StoreError(f"a process that wrote to the store ended with: {(lines or ['nothing'])[-1]}")


def _wrong(store: Store, key: str, number: int, created: dict[str, list[int]]) -> str:
    """Say what is wrong with one race, "" where nothing is."""
    winners = [name for name, numbers in created.items() if number in numbers]
    if len(winners) != 1:
        return "both were told that they did" if winners else "neither was told that it did"
    kept = store.get(key).decode()
    return "" if kept == winners[0] else "it holds what the other one wrote"


def _run(url: str, token: str, name: str) -> None:
    store = open_store(url)
    store.exists(probe_key(token))  # connections are made before the race
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    begin = float(sys.stdin.readline())
    created = []
    for number in range(RACES):
        time.sleep(max(0.0, begin + number * PACE_S - time.time()))
        if store.put_new(probe_key(f"{token}-{number}"), name.encode()):
            created.append(number)
    sys.stdout.write(json.dumps(created))


if __name__ == "__main__":
    _run(*sys.argv[1:])
