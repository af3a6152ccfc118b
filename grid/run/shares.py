"""What trials ask of a node, and what nodes have: shares, and how requests are fitted to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from grid.refusal import Problem, Refused
from grid.trial.contract import Trial

Share = tuple[float, float]
"""(gpu, cpu), in this order so that sorting goes by the scarcer one."""


class Unsatisfiable(Refused):
    """A trial asks for more than any node has; Tune would wait for ever without a word."""


def share_of(resources: Mapping[str, float]) -> Share:
    """The resource class of a request; a missing ``cpu`` is 1, a missing ``gpu`` 0."""
    return float(resources.get("gpu", 0.0)), float(resources.get("cpu", 1.0))


def larger_share(share: Share, nodes: Sequence[Mapping[str, float]]) -> Share | None:
    """Twice the share, as far as one process can use it and one node has it; else None.

    A GPU share doubles up to one whole GPU. Without a GPU, more CPUs mean fewer neighbours in
    the same memory.
    """
    gpu, cpu = share
    if gpu >= 1.0 or not nodes:
        return None
    if gpu > 0.0:
        larger = min(1.0, 2.0 * gpu), cpu
        return larger if fits(larger, nodes) else None
    most = max(node.get("cpu", 0.0) for node in nodes)
    return (0.0, min(2.0 * cpu, most)) if cpu < most else None


def fit_to_nodes(
    trials: Sequence[Trial], nodes: Sequence[Mapping[str, float]]
) -> tuple[list[Trial], str]:
    """The trials with requests that these nodes understand, and what there is to say about it.

    Where no node has a GPU, a GPU request becomes a CPU slot. Where one has, a trial that states
    nothing of GPUs takes a whole one, if such a node has its CPUs; a stated 0 means the CPU.

    Raises:
        Unsatisfiable: Requests that no single node has, all of them listed.
    """
    note = ""
    if any(share_of(t.resources)[0] > 0 for t in trials) and not any(
        node.get("gpu", 0.0) > 0 for node in nodes
    ):
        note = "No GPU here: trials that ask for one run on a CPU slot each."
        trials = [_on_cpu(trial) for trial in trials]
    whole = [_on_whole_gpu(trial, nodes) for trial in trials]
    if whole != list(trials):
        trials = whole
        note = (
            "Trials that state no GPU take a whole one each: several share one by "
            "resources: {DETECTOR: {gpu: 0.25}}, and gpu: 0 means the CPU."
        )
    asked_by: dict[tuple[str, str], list[str]] = {}
    for trial in trials:
        share = share_of(trial.resources)
        if why := _why_not(share, nodes):
            asked_by.setdefault((_in_words(share), why), []).append(trial.label)
    if asked_by:
        raise Unsatisfiable(
            [
                Problem(
                    what=f"{what}, asked by {_some(labels)}",
                    why=why,
                    mend="Ask for less under resources:, or run where a node has as much",
                )
                for (what, why), labels in asked_by.items()
            ]
        )
    return list(trials), note


def _on_cpu(trial: Trial) -> Trial:
    gpu, cpu = share_of(trial.resources)
    return replace(trial, resources={"cpu": max(1.0, cpu), "gpu": 0.0}) if gpu > 0 else trial


def _on_whole_gpu(trial: Trial, nodes: Sequence[Mapping[str, float]]) -> Trial:
    if "gpu" in trial.resources:
        return trial
    wanted = {**trial.resources, "gpu": 1.0}
    return replace(trial, resources=wanted) if fits(share_of(wanted), nodes) else trial


def _in_words(share: Share) -> str:
    gpu, cpu = share
    return f"cpu: {cpu:g}, gpu: {gpu:g}"


def _why_not(share: Share, nodes: Sequence[Mapping[str, float]]) -> str:
    gpu, cpu = share
    if cpu < 0 or gpu < 0 or cpu + gpu <= 0:
        return "it is no share of a node (it must be positive)"
    if gpu > 1 and gpu != int(gpu):
        return "above 1 only whole GPUs can be given"
    if not fits(share, nodes):
        largest = "; ".join(sorted({_in_words(share_of({"cpu": 0.0, **n})) for n in nodes}))
        return f"it is more than any node has ({largest or 'no nodes'})"
    return ""


def fits(share: Share, nodes: Sequence[Mapping[str, float]]) -> bool:
    """Whether one of the nodes has this much."""
    gpu, cpu = share
    return any(n.get("gpu", 0.0) >= gpu and n.get("cpu", 0.0) >= cpu for n in nodes)


def _some(labels: Sequence[str]) -> str:
    shown = ", ".join(labels[:3])
    return shown if len(labels) <= 3 else f"{shown} and {len(labels) - 3} more"
