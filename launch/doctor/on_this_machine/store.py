"""The store: whether it answers, keeps its promises, has room, and what kills left in it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from data.byte_counts import in_bytes
from data.counts import counted
from grid.records.places import COMMITS
from grid.store.base import Store
from grid.store.local import LocalStore
from grid.store.s3 import S3Store
from grid.upkeep.gc import garbage
from launch.command_lines import store_command
from launch.doctor.diagnosis import Diagnosis, broken, doubtful, fine
from launch.doctor.mounts import NETWORK, UNPROVEN, existing_part, kind_of
from launch.doctor.put_new_race import RACES, race
from launch.doctor.this_machine import ThisMachine

LEAST_FREE = 5 * 10**9
S3_REFUSES_S = 15 * 60.0
APART_S = 60.0


def store(machine: ThisMachine) -> Diagnosis | None:
    """Whether it can be read, and whether other hosts can see it."""
    opened = machine.the_store()
    if opened is None:
        return None
    commits = len(opened.list(COMMITS))
    seen = f"{opened.url}, {counted(commits, 'committed fit')}"
    if not isinstance(opened, LocalStore):
        return fine(seen)
    kind = kind_of(opened.root)
    seen = f"{seen} ({kind})"
    if kind in UNPROVEN:
        return doubtful(seen, "Prefer a local disk, NFS or s3://: links may fail there")
    others = "" if kind in NETWORK else "; other hosts see it only where this disk is shared"
    return fine(f"{seen}{others}")


def never_overwrites(machine: ThisMachine) -> Diagnosis | None:
    """Whether of two processes that create one file at once exactly one is told that it did."""
    opened = machine.the_store()
    if opened is None:
        return None
    opened.check_writable()
    lost = race(opened)
    if lost:
        return broken(
            f"two processes created one file at once, and {lost[0]} ({len(lost)} of {RACES} times)",
            "Use a local or NFS folder, or an S3 service that honours If-None-Match",
        )
    return fine(f"of two processes at once one was told that it created a file, {RACES} times")


def room(machine: ThisMachine) -> Diagnosis | None:
    """Whether its disk has room."""
    opened = machine.the_store()
    if not isinstance(opened, LocalStore):
        return None
    free = shutil.disk_usage(existing_part(opened.root)).free
    if free < LEAST_FREE:
        return doubtful(
            f"{in_bytes(free)} free",
            f"Free space, or see what may go: {store_command(machine.store, 'gc', '--dry-run')}",
        )
    return fine(f"{in_bytes(free)} free")


def store_clock(machine: ThisMachine) -> Diagnosis | None:
    """Whether this host and the storage agree on the time."""
    opened = machine.the_store()
    if opened is None or not _is_there(opened):
        return None
    apart = abs(opened.now_s() - time.time())
    if isinstance(opened, S3Store) and apart > S3_REFUSES_S:
        return broken(f"{apart:,.0f} s apart from it, and S3 refuses 15 minutes", "Set the clock")
    if apart > APART_S:
        return doubtful(f"{apart:,.0f} s apart from it: dates in records differ", "Set the clock")
    return fine("as here")


def left_by_kills(machine: ThisMachine) -> Diagnosis | None:
    """What may go: temporaries of killed writers, attempts that lost, spent checkpoints."""
    opened = machine.the_store()
    if opened is None or not _is_there(opened):
        return None
    found = garbage(opened)
    if not found:
        return fine("nothing")
    kinds = ", ".join(dict.fromkeys(each.kind for each in found))
    amount = in_bytes(sum(each.bytes for each in found))
    return doubtful(
        f"{counted(len(found), 'file')} that no commit names ({kinds}), {amount}",
        f"`{store_command(machine.store or opened.url, 'gc')}` removes them, if you like",
    )


def _is_there(opened: Store) -> bool:
    return not isinstance(opened, LocalStore) or Path(opened.root).is_dir()


PLACE = 6
CHECKS = {
    "store": store,
    "store never overwrites": never_overwrites,
    "store's room": room,
    "store's clock": store_clock,
    "left by kills": left_by_kills,
}
