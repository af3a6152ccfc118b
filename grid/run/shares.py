"""What a trial asks of a node: its share of a GPU, its CPUs, perhaps a type of GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

Nodes = Sequence[Mapping[str, float]]
"""What each node has: `cpu`, `gpu`, `accelerator_type:H100`, and where it is known `gpu_memory`,
the bytes of its smallest card."""

CLASSES = (0.125, 0.25, 0.5, 1.0)
"""Shares of a GPU that are given where none is stated: few, since Ray reuses a worker only between
equal requests, and halves, since these fill a card without a rest."""

GPU_TYPE = "accelerator_type:"
"""Before the type's name: a resource of which Ray gives each node with such GPUs one."""
OF_TYPE = 0.001
"""How much of that resource a trial asks for: next to nothing, so that it never runs out."""

NOT_ENOUGH = (
    "; it had a whole GPU: a card with more memory (resources: {DETECTOR: {gpu_type: H100}}) or a "
    "smaller micro_batch in its recipe would do"
)
"""Said of a trial that runs out of memory at the largest share there is."""


class Share(NamedTuple):
    """The resource class of a trial; sorted by the scarcer one first."""

    gpu: float
    cpu: float
    gpu_type: str = ""

    @property
    def resources(self) -> dict[str, float]:
        """As a request, in Ray's words."""
        typed = {f"{GPU_TYPE}{self.gpu_type}": OF_TYPE} if self.gpu_type else {}
        return {"cpu": self.cpu, "gpu": self.gpu, **typed}

    def __str__(self) -> str:
        """As under `resources:` in an experiment's file."""
        typed = f", gpu_type: {self.gpu_type}" if self.gpu_type else ""
        return f"cpu: {self.cpu:g}, gpu: {self.gpu:g}{typed}"


def share_of(resources: Mapping[str, float]) -> Share:
    """The resource class of a request; a missing ``cpu`` is 1, a missing ``gpu`` 0."""
    [gpu_type] = gpu_types(resources) or [""]
    return Share(float(resources.get("gpu", 0.0)), float(resources.get("cpu", 1.0)), gpu_type)


def gpu_types(resources: Mapping[str, float]) -> list[str]:
    """The types of GPU that a request names, or that a node has."""
    return [name.removeprefix(GPU_TYPE) for name in resources if name.startswith(GPU_TYPE)]


def larger_share(share: Share, nodes: Nodes) -> Share | None:
    """The next class, as far as one process can use it and one node has it; else None.

    A share of a GPU grows up to one whole GPU. Without a GPU, more CPUs mean fewer neighbours in
    the same memory.
    """
    if share.gpu >= 1.0 or not nodes:
        return None
    if share.gpu > 0.0:
        larger = share._replace(gpu=next(each for each in CLASSES if each > share.gpu))
        return larger if fits(larger, nodes) else None
    most = max(node.get("cpu", 0.0) for node in nodes)
    return share._replace(cpu=min(2.0 * share.cpu, most)) if share.cpu < most else None


def places(share: Share, nodes: Nodes) -> int:
    """How many trials of a share run at once on these nodes, when nothing else does; 1 at least."""
    found = 0
    for node in nodes:
        if fits(share, [node]):
            by_cpu = int(node["cpu"] / share.cpu) if share.cpu else None
            by_gpu = trials_on(node["gpu"], share.gpu) if share.gpu else None
            found += min(each for each in (by_cpu, by_gpu) if each is not None)
    return max(1, found)


def trials_on(gpus: float, gpu: float) -> int:
    """How many trials that take so much of a GPU each go on so many GPUs."""
    if gpu >= 1.0:
        return int(gpus // gpu)
    return int(gpus) * int(1.0 / gpu + 1e-6)


def fits(share: Share, nodes: Nodes) -> bool:
    """Whether one of the nodes has this much."""
    return any(
        node.get("gpu", 0.0) >= share.gpu
        and node.get("cpu", 0.0) >= share.cpu
        and (not share.gpu_type or share.gpu_type in gpu_types(node))
        for node in nodes
    )
