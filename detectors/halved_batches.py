"""Batches of a test that do not fit into memory, in halves.

Only of a test: in a training another batch is another fit. Halved batches change the last bits of a
logit at most (1e-4 max(1, |logit|)), as any other batch size of a test does.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from detectors.out_of_memory import is_out_of_memory

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")


class HalvedBatches:
    """Computes batches, smaller ones from the first on that found no room.

    Args:
        may_halve: False: whatever is raised goes through.
    """

    def __init__(self, *, may_halve: bool = True) -> None:
        self._may_halve = may_halve
        self._most: int | None = None

    def parts(
        self, items: Sequence[Item], compute: Callable[[Sequence[Item]], Result]
    ) -> list[Result]:
        """What `compute` makes of the items, in as many parts as memory asks for, in order.

        Raises:
            Exception: what `compute` raises; that memory is full only where one item is too much.
        """
        done: list[Result] = []
        start = 0
        while start < len(items):
            most = self._most or len(items)
            some = items[start : start + most]
            try:
                done.append(compute(some))
            except Exception as error:
                if not (self._may_halve and is_out_of_memory(error)) or len(some) == 1:
                    raise
            else:
                start += len(some)
                continue
            # Only here, where the error and with it what it held of the device are gone.
            self._most = (len(some) + 1) // 2
            log.warning(
                "%d images together found no room in memory: from here on at most %d",
                len(some),
                self._most,
            )
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
        return done
