"""Copying files to this machine's own disk, for `data.staged_images` to read.

A copy gets its name when it is whole, so several processes may stage the same files at once. It has
the size and time of what it was made from; where either differs it is made again.
"""

import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from data.byte_counts import in_bytes
from data.refusals import Refused
from data.regular_files import open_regular
from data.staged_images import copy_in

UNFINISHED = ".being-copied"
"""The folder of copies that are not whole, beside the first folders of the whole ones."""

_ABANDONED_S = 3600.0
_PART = 1 << 20


class NoRoom(Refused):
    """The disk has less room than the copies take."""


@dataclass(frozen=True)
class Copying:
    """A file to be copied; size in bytes and time of change as they were looked at."""

    source: str
    copy: str
    size: int
    mtime_ns: int


@dataclass
class Staging:
    """What is to be copied, what is there already, and which files cannot be read, with why."""

    wanted: list[Copying] = field(default_factory=list)
    there: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def bytes_wanted(self) -> int:
        """How much is to be copied."""
        return sum(each.size for each in self.wanted)


def staging_of(files: Sequence[str], folder: Path, jobs: int) -> Staging:
    """Look which files lack a copy of their size and time.

    Args:
        files: absolute paths, each once.
        folder: where copies lie, absolute.
        jobs: threads; to look at a file on a network takes waiting, not computing.
    """
    found = Staging()

    def looked_at(source: str) -> Copying | str | None:
        copy = copy_in(folder, source)
        if copy is None:
            return f"{source}: it is no absolute path"
        try:
            status = os.stat(source)  # noqa: PTH116 - a Path for each of a million costs more
        except OSError as error:
            return f"{source}: {error.strerror}"
        wanted = Copying(source, copy, status.st_size, status.st_mtime_ns)
        return None if _is_there(wanted) else wanted

    with ThreadPoolExecutor(jobs, thread_name_prefix="staging") as pool:
        for seen in pool.map(looked_at, files):
            if isinstance(seen, Copying):
                found.wanted.append(seen)
            elif seen is None:
                found.there += 1
            else:
                found.faults.append(seen)
    return found


def require_room(staging: Staging, folder: Path) -> None:
    """Refuse to begin what cannot end.

    Raises:
        NoRoom: with both numbers.
    """
    free = shutil.disk_usage(folder).free
    if staging.bytes_wanted > free:
        raise _no_room(staging.bytes_wanted, folder)


def copy_all(
    staging: Staging, folder: Path, jobs: int, progress: Callable[[int], None]
) -> Iterator[str]:
    """Copy what is wanted; yield a sentence for each file that could not be.

    Args:
        staging: what `staging_of` found.
        folder: where copies lie.
        jobs: threads.
        progress: told how many bytes more are there.

    Raises:
        NoRoom: the disk filled up meanwhile.
    """
    unfinished = folder / UNFINISHED
    unfinished.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(unfinished)
    waiting = iter(staging.wanted)
    running: dict[Future[str], Copying] = {}
    left = staging.bytes_wanted
    with ThreadPoolExecutor(jobs, thread_name_prefix="staging") as pool:

        def submit(count: int) -> None:
            for each in islice(waiting, count):
                running[pool.submit(_copied, each, unfinished)] = each

        try:
            submit(2 * jobs)
            while running:
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    each = running.pop(future)
                    try:
                        fault = future.result()
                    except OSError as error:  # of our own disk: the others would meet it too
                        raise _no_room(left, folder, error.strerror or str(error)) from error
                    left -= each.size
                    progress(each.size)
                    submit(1)
                    if fault:
                        yield fault
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _copied(each: Copying, unfinished: Path) -> str:
    """Copy a file; why it cannot be read, or "". Raises OSError where it cannot be written."""
    temporary = unfinished / f"{os.uname().nodename}-{os.getpid()}-{uuid.uuid4().hex}"
    try:
        reading = open_regular(each.source)
    except OSError as error:
        return f"{each.source}: {error.strerror}"
    try:
        with reading, temporary.open("xb") as writing:
            while True:
                try:
                    part = reading.read(_PART)
                except OSError as error:
                    return f"{each.source}: {error.strerror}"
                if not part:
                    break
                writing.write(part)
            now = os.fstat(reading.fileno())
            if (writing.tell(), now.st_mtime_ns) != (each.size, each.mtime_ns):
                return f"{each.source}: it changed while it was copied"
        os.utime(temporary, ns=(each.mtime_ns, each.mtime_ns))
        copy = Path(each.copy)
        copy.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(copy)
        return ""
    finally:
        temporary.unlink(missing_ok=True)


def _is_there(wanted: Copying) -> bool:
    try:
        status = os.stat(wanted.copy)  # noqa: PTH116 - as above
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (wanted.size, wanted.mtime_ns)


def _remove_abandoned(unfinished: Path) -> None:
    """Remove what killed processes left: one that copies writes all the time."""
    now = time.time()
    for each in unfinished.iterdir():
        try:
            if now - each.stat().st_mtime > _ABANDONED_S:
                each.unlink()
        except OSError:  # its own process was quicker
            continue


def _no_room(wanted: int, folder: Path, said: str = "") -> NoRoom:
    free = shutil.disk_usage(folder).free
    return NoRoom.because(
        f"--to {folder}",
        f"the images take {in_bytes(wanted)} more, and {in_bytes(free)} are free there"
        + (f" ({said})" if said else ""),
        "Name a folder on a larger disk, or stage nothing: images are read where they lie",
    )
