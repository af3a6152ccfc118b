"""Jobs in a few processes that end with the one that started them, however it ends.

The workers of `concurrent.futures` outlive a killed parent: each waits for ever on a pipe whose
other end it holds itself. Here a worker holds only its own end, and reads end-of-file.
"""

import multiprocessing
import signal
import traceback
from collections.abc import Callable, Generator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

Job = tuple[Any, ...]


class WorkerDied(RuntimeError):
    """A worker process ended in the middle of a job: killed, or out of memory."""


def run_jobs(
    work: Callable[..., None], jobs: Sequence[Job], processes: int
) -> Generator[Job, None, None]:
    """Call `work(*job)` for each job; yield each when it is done.

    Args:
        work: a function of a module, so that it can be named to another process.
        jobs: arguments that can be pickled.
        processes: at most so many at a time; with 1 the work is done in this one.

    Raises:
        WorkerDied: a worker ended early.
        Exception: what `work` raised; the other workers are stopped.
    """
    if min(processes, len(jobs)) <= 1:
        for job in jobs:
            work(*job)
            yield job
        return
    # A fork of a process with threads (torch's, Ray's) may hang; a spawned one starts clean.
    context = multiprocessing.get_context("spawn")
    waiting = list(reversed(jobs))
    running: dict[Connection, Job] = {}
    workers = []
    try:
        for _ in range(min(processes, len(jobs))):
            ours, theirs = context.Pipe()
            worker = context.Process(target=_serve, args=(work, theirs), daemon=True)
            worker.start()
            theirs.close()
            workers.append(worker)
            running[ours] = waiting.pop()
            ours.send(running[ours])
        while running:
            for ready in wait(list(running)):
                assert isinstance(ready, Connection)
                job = running.pop(ready)
                _raise_failure(ready, job)
                if waiting:
                    running[ready] = waiting.pop()
                    ready.send(running[ready])
                else:
                    ready.close()
                yield job
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join()


def _serve(work: Callable[..., None], connection: Connection) -> None:
    # Ctrl-C reaches the whole group; the parent decides, and ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        try:
            work(*job)
            failure = None
        except Exception as error:
            error.add_note(traceback.format_exc())
            failure = error
        try:
            connection.send(failure)
        except BrokenPipeError:
            return


def _raise_failure(connection: Connection, job: Job) -> None:
    try:
        failure = connection.recv()
    except EOFError:
        raise WorkerDied(
            f"The process that worked on {job} ended in the middle of it, killed or out of "
            "memory; run again with fewer processes."
        ) from None
    if failure is not None:
        raise failure
