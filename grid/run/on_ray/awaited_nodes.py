"""Nodes of an allocation that are still on their way when the driver has joined the first."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

EXPECTED = "CROSSGEN_NODES"
"""In the environment: how many nodes the cluster will have; a batch script knows."""

WAIT_S = 120.0

Node = TypeVar("Node")


def await_nodes(
    living: Callable[[], Sequence[Node]],
    stop: Callable[[], bool],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Node]:
    """Return the living nodes once all expected ones are there, or after `WAIT_S`, or at a stop.

    How trials are fitted to nodes is settled at the start, so a node that comes a second later than
    the driver must not be missed.
    """
    expected = expected_nodes()
    until = clock() + WAIT_S
    while len(nodes := list(living())) < expected and clock() < until and not stop():
        sleep(0.5)
    return nodes


def expected_nodes() -> int:
    """How many nodes there should be; 0 where nobody said."""
    stated = os.environ.get(EXPECTED, "")
    return int(stated) if stated.isdecimal() else 0
