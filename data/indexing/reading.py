"""Many files read at the same time: by threads where they are few, by processes where many."""

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from types import TracebackType
from typing import Self

from data.indexing.entry import FileEntry
from data.indexing.one_file import read_entry

Outcomes = list[tuple[str, FileEntry | str]]
"""Of each path its entry, or why it could not be read this time."""

FILES_PER_TASK = 32
# From here on starting processes costs less than it saves.
MANY_FILES = 10_000
_MOST_READERS = 32


def readers_here() -> int:
    """How many files are best read at the same time: cores, and some that wait for the disk."""
    return min(max(4, len(os.sched_getaffinity(0))), _MOST_READERS)


def read_files(
    root: str,
    paths: Sequence[str],
    left: list[Outcomes],
    *,
    decode: bool,
    readers: int | None = None,
) -> Generator[Outcomes, None, None]:
    """Read files and yield what came of them, in whatever order they are done.

    Args:
        root: of the collection.
        paths: of the files, below the root.
        left: gets what was read but not yielded, when reading is broken off.
        decode: also decode their pixels.
        readers: at the same time; None for as many as suit this machine.
    """
    number = readers or readers_here()
    in_processes = len(paths) >= MANY_FILES and number > 1
    per_task = FILES_PER_TASK * (8 if in_processes else 1)
    parts = [list(paths[start : start + per_task]) for start in range(0, len(paths), per_task)]
    with _Readers(root, decode=decode, in_processes=in_processes) as read:
        pool = ThreadPoolExecutor(number, "index")
        # By the number of its part: what was read is not lost where the thread that asked is
        # interrupted, wherever that is.
        finished: dict[int, Outcomes] = {}

        def read_part(number: int) -> int:
            finished[number] = read(parts[number])
            return number

        try:
            tasks = [pool.submit(read_part, number) for number in range(len(parts))]
            for task in as_completed(tasks):
                yield finished.pop(task.result())
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            left += finished.values()


class _Readers:
    """What a thread calls to have files read: here, or by a process of its own."""

    def __init__(self, root: str, *, decode: bool, in_processes: bool) -> None:
        self._root, self._decode, self._in_processes = root, decode, in_processes
        self._own = threading.local()
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.wait()

    def __call__(self, paths: list[str]) -> Outcomes:
        if not self._in_processes:
            return [(path, read_entry(self._root, path, decode=self._decode)) for path in paths]
        try:
            return self._by_process(paths)
        except (OSError, EOFError, pickle.UnpicklingError):
            pass  # the process is gone: killed for memory, or by what a file did to a decoder
        return [outcome for path in paths for outcome in self._alone(path)]

    def _alone(self, path: str) -> Outcomes:
        """Read one of the files among which a process was lost."""
        try:
            return self._by_process([path])
        except (OSError, EOFError, pickle.UnpicklingError):
            return [(path, "cannot be read (the process that read it was killed)")]

    def _by_process(self, paths: list[str]) -> Outcomes:
        process: subprocess.Popen[bytes] | None = getattr(self._own, "process", None)
        if process is None or process.poll() is not None:
            process = self._own.process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            pickle.dump((self._root, paths, self._decode), process.stdin)
            process.stdin.flush()
            outcomes = pickle.load(process.stdout)
        except BaseException:
            process.kill()
            process.wait()
            raise
        entries = [o if isinstance(o, str) else FileEntry(*o) for o in outcomes]
        return list(zip(paths, entries, strict=True))

    def _started(self) -> subprocess.Popen[bytes]:
        above = str(Path(__file__).resolve().parents[2])
        path = os.pathsep.join([above, *filter(None, [os.environ.get("PYTHONPATH")])])
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "data.indexing.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
        )
        self._processes.append(process)
        return process
