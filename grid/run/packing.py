"""How many trials share a GPU: requests fitted to the nodes that there are.

A trial that states no share of a GPU gets the smallest class of `shares.CLASSES` that holds its
memory on the smallest card that it may run on. Its CPUs are the node's, divided by the trials that
its GPUs then hold, so that none of them waits for another's images.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from data.byte_counts import in_bytes
from data.counts import counted
from grid.refusal import Problem, Refused
from grid.run.shares import (
    CLASSES,
    GPU_TYPE,
    OF_TYPE,
    Nodes,
    Share,
    fits,
    gpu_types,
    share_of,
    trials_on,
)
from grid.trial.contract import Trial

MOST_CPUS = 16
"""More of them prepare no more images: as many threads as `detectors.loader_cpus` uses at most."""

_ROUNDING = 1e-6


class Unsatisfiable(Refused):
    """A trial asks for more than any node has; Tune would wait for ever without a word."""


def fit_to_nodes(trials: Sequence[Trial], nodes: Nodes) -> tuple[list[Trial], list[str]]:
    """The trials with requests that these nodes understand, and what there is to say about it.

    Where no node has a GPU, a GPU request becomes a CPU slot. Where one has, a trial that states
    nothing of GPUs takes what its memory needs, a whole one where that is not known, if such a node
    has its CPUs; a stated 0 means the CPU.

    Raises:
        Unsatisfiable: Requests that no single node has, all of them listed.
    """
    notes = _Notes()
    has_gpu = any(node.get("gpu", 0.0) > 0 for node in nodes)
    fitting = [
        _on_gpu(trial, nodes, notes) if has_gpu else _on_cpu(trial, notes) for trial in trials
    ]
    asked_by: dict[tuple[str, str], list[str]] = {}
    for trial in fitting:
        share = share_of(trial.resources)
        if why := _why_not(share, nodes):
            asked_by.setdefault((str(share), why), []).append(trial.label)
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
    return fitting, notes.sentences()


def _on_cpu(trial: Trial, notes: _Notes) -> Trial:
    share = share_of({"cpu": trial.least_cpu, **trial.resources})
    notes.no_gpu |= share.gpu > 0
    cpu = max(1.0, share.cpu) if share.gpu > 0 else share.cpu
    return replace(trial, resources=Share(0.0, cpu).resources)


def _on_gpu(trial: Trial, nodes: Nodes, notes: _Notes) -> Trial:
    asked, gpu_type = trial.resources, trial.gpu_need.gpu_type
    least_cpu = max(1.0, trial.least_cpu) if "cpu" not in asked else float(asked["cpu"])
    if asked.get("gpu") == 0:
        return replace(trial, resources=Share(0.0, least_cpu).resources)
    typed = {f"{GPU_TYPE}{gpu_type}": OF_TYPE} if gpu_type else {}
    whole = share_of({"gpu": 1.0, "cpu": least_cpu, **typed})
    suitable = [node for node in nodes if fits(whole, [node])]
    if "gpu" in asked:
        gpu = float(asked["gpu"])
    elif suitable:
        gpu = max(_share_for_memory(trial, suitable, notes), _share_for_cpus(least_cpu, suitable))
        notes.given[gpu] += 1
    else:  # with so many CPUs only a node without a GPU
        gpu = 1.0 if gpu_type else 0.0
    cpu = least_cpu
    if "cpu" not in asked and suitable and gpu > 0:
        cpu = max(least_cpu, _balanced_cpus(gpu, suitable))
    return replace(trial, resources=whole._replace(gpu=gpu, cpu=cpu).resources)


def _share_for_memory(trial: Trial, suitable: Nodes, notes: _Notes) -> float:
    """The smallest class that holds the trial on the smallest card; 1 where either is unknown."""
    needed = trial.gpu_need.memory_bytes
    cards = [node.get("gpu_memory", 0.0) for node in suitable]
    if needed is None:
        notes.unmeasured += 1
        return 1.0
    if not all(cards):
        notes.unknown_cards += 1
        return 1.0
    if needed > min(cards):
        notes.too_small.setdefault((needed, min(cards)), []).append(trial.label)
    return next((each for each in CLASSES if each * min(cards) >= needed), 1.0)


def _share_for_cpus(least_cpu: float, suitable: Nodes) -> float:
    """The smallest class of which a node's CPUs can serve as many as its GPUs hold.

    Smaller ones would fill the first GPUs and leave the others without a CPU.
    """
    smallest = max(least_cpu * node["gpu"] / max(node["cpu"], 1.0) for node in suitable)
    return next((each for each in CLASSES if each >= smallest - _ROUNDING), 1.0)


def _balanced_cpus(gpu: float, suitable: Nodes) -> float:
    """A node's CPUs by the trials that its GPUs hold, as a power of two: so classes are few."""
    per_trial = min(node["cpu"] / max(1, trials_on(node["gpu"], gpu)) for node in suitable)
    cpus = 1
    while 2 * cpus <= min(per_trial, MOST_CPUS):
        cpus *= 2
    return float(cpus)


def _why_not(share: Share, nodes: Nodes) -> str:
    if share.cpu < 0 or share.gpu < 0 or share.cpu + share.gpu <= 0:
        return "it is no share of a node (it must be positive)"
    if share.gpu > 1 and share.gpu != int(share.gpu):
        return "above 1 only whole GPUs can be given"
    if fits(share, nodes):
        return ""
    if share.gpu_type and not any(share.gpu_type in gpu_types(node) for node in nodes):
        types = sorted({each for node in nodes for each in gpu_types(node)})
        return f"no node has GPUs of this type (there are: {', '.join(types) or 'none of a type'})"
    largest = "; ".join(sorted({str(Share(n.get("gpu", 0.0), n.get("cpu", 0.0))) for n in nodes}))
    return f"it is more than any node has ({largest or 'no nodes'})"


def _some(labels: Sequence[str]) -> str:
    shown = ", ".join(labels[:3])
    return shown if len(labels) <= 3 else f"{shown} and {len(labels) - 3} more"


class _Notes:
    """What is worth a word of how requests were fitted."""

    def __init__(self) -> None:
        self.no_gpu = False
        self.unmeasured = self.unknown_cards = 0
        self.given: Counter[float] = Counter()
        self.too_small: dict[tuple[float, float], list[str]] = {}

    def sentences(self) -> list[str]:
        said = []
        if self.no_gpu:
            said.append("No GPU here: trials that ask for one run on a CPU slot each.")
        if any(gpu < 1.0 for gpu in self.given):
            shares = ", ".join(
                f"{counted(count, 'trial')} on {_in_words(gpu)} each"
                for gpu, count in sorted(self.given.items())
            )
            said.append(f"GPUs are shared as memory and CPUs allow: {shares}.")
        if self.unmeasured:
            said.append(
                f"{counted(self.unmeasured, 'trial')} of unknown GPU memory take a whole GPU each: "
                "`crossgen profile FILE` measures it, resources: {DETECTOR: {gpu: 0.25}} states a "
                "share, and gpu: 0 means the CPU."
            )
        if self.unknown_cards:
            said.append(
                f"{counted(self.unknown_cards, 'trial')} take a whole GPU each, because the memory "
                "of the GPUs here is not known: CROSSGEN_GPU_MEMORY=80GB says it."
            )
        for (needed, card), labels in self.too_small.items():
            said.append(
                f"The smallest card has {in_bytes(card)}, and {in_bytes(needed)} are needed by "
                f"{_some(labels)}: resources: {{DETECTOR: {{gpu_type: H100}}}} pins them to larger "
                "ones."
            )
        return said


def _in_words(gpu: float) -> str:
    return "a whole GPU" if gpu >= 1.0 else f"1/{round(1 / gpu)} of a GPU"
