"""Runs `crossgen` and kills itself, as power loss would, at a named point of the store's life.

    python tests/support/dying_crossgen.py HOW WHERE N -- run FILE --no-ray

HOW is what is happening to a key that contains WHERE, for the N-th time:
    half     its temporary file is half written
    link     the temporary file is whole, the final name does not exist yet
    linked   the final name has just appeared
    rename   a checkpoint's temporary file is whole, the old one still in place
"""

import os
import signal
import sys
from pathlib import Path

from grid.store import local
from grid.store.base import TEMPORARY_PREFIX
from grid.store.s3 import S3Store


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Countdown:
    def __init__(self, where: str, n: int) -> None:
        self.where, self.n = where, n

    def __call__(self, path: object) -> bool:
        if self.where in str(path):
            self.n -= 1
            return self.n == 0
        return False


def arm(how: str, now: Countdown) -> None:
    write, link, replace = local.LocalStore._write_temporary, os.link, Path.replace

    def half_written(self, path, data):
        if how == "half" and now(path):
            name = path.with_name(f"{TEMPORARY_PREFIX}dying-{path.name}")
            name.parent.mkdir(parents=True, exist_ok=True)
            name.write_bytes(data[: len(data) // 2])
            die()
        return write(self, path, data)

    def killed_link(source, target, **more):
        hit = how in ("link", "linked") and now(target)
        if hit and how == "link":
            die()
        result = link(source, target, **more)
        if hit:
            die()
        return result

    def killed_replace(self, target):
        if how == "rename" and now(target):
            die()
        return replace(self, target)

    arm_s3(how, now)
    local.LocalStore._write_temporary = half_written
    os.link = killed_link
    Path.replace = killed_replace


def arm_s3(how: str, now: Countdown) -> None:
    """On S3 a PUT is whole or not at all: only before and after it are there moments to die."""
    put_new, put_checkpoint = S3Store.put_new, S3Store.put_checkpoint

    def dying(put):
        def killed(self, key, data):
            hit = now(key)
            if hit and how != "linked":
                die()
            result = put(self, key, data)
            if hit:
                die()
            return result

        return killed

    S3Store.put_new, S3Store.put_checkpoint = dying(put_new), dying(put_checkpoint)


if __name__ == "__main__":
    how, where, n = sys.argv[1:4]
    arm(how, Countdown(where, int(n)))
    from launch.cli import main

    main(sys.argv[5:])
