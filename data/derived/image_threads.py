"""Millions of images in a few threads, a bounded number in work at a time."""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

Made = TypeVar("Made")
Progress = Callable[[int, int], None]
_WAITING_PER_THREAD = 4  # images in work or waiting: bounds memory for millions


def in_threads(
    make: Callable[[int], Made], total: int, threads: int, progress: Progress | None = None
) -> list[Made]:
    """Call `make` with 0 to total - 1; return what it returns, in this order.

    Args:
        make: called from several threads.
        total: of the calls.
        threads: at the same time.
        progress: called with (done, total), from this thread.

    Raises:
        Exception: what `make` raised; what was in work is finished, nothing more is begun.
    """
    found: dict[int, Made] = {}
    indices = iter(range(total))
    running: dict[Future[Made], int] = {}
    with ThreadPoolExecutor(threads, "images") as pool:
        try:
            while len(found) < total:
                room = threads * _WAITING_PER_THREAD - len(running)
                running.update({pool.submit(make, each): each for each in islice(indices, room)})
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    found[running.pop(future)] = future.result()
                if progress:
                    progress(len(found), total)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return [found[index] for index in range(total)]
