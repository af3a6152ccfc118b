"""The memory of the GPUs of a cluster's nodes: each is asked once, by a small task."""

from __future__ import annotations

import time
from collections.abc import Callable

from grid.run.cards import smallest_card, stated_card
from grid.run.on_ray.ray_home import restore_home

ASKED_S = 45.0
"""A worker that is started only to answer may take some seconds; then its node is not known."""


def card_memory(stop: Callable[[], bool]) -> dict[str, int]:
    """Return the bytes of the smallest GPU by node id, of the nodes where they are known.

    Args:
        stop: once true, nobody is waited for.

    Raises:
        BadGpuMemory: what this process's environment states is no amount.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    nodes = [n["NodeID"] for n in ray.nodes() if n["Alive"] and n["Resources"].get("GPU", 0) > 0]
    stated = stated_card()
    if stated is not None:
        return dict.fromkeys(nodes, stated)
    on_node = ray.remote(num_cpus=0, max_retries=0)(_smallest_here)
    asked = {
        on_node.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)
        ).remote(): node
        for node in nodes
    }
    waiting, until = list(asked), time.monotonic() + ASKED_S
    answered = []
    while waiting and time.monotonic() < until and not stop():
        some, waiting = ray.wait(waiting, num_returns=len(waiting), timeout=0.5)
        answered += some
    found = {}
    for reference in answered:
        try:
            memory = ray.get(reference)
        except Exception:  # a node that went meanwhile, or other packages there: not known
            continue
        if memory is not None:
            found[asked[reference]] = int(memory)
    return found


def _smallest_here() -> int | None:
    restore_home()
    return smallest_card()
