"""Shares that become known while a run goes on: what one trial took, those like it are given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from data.byte_counts import in_bytes
from grid.run.packing import fit_to_nodes
from grid.run.shares import Nodes, Share, share_of
from grid.run.stays_here import StaysHere
from grid.trial.contract import Trial

MemoryOf = Callable[[str], int | None]
"""The GPU memory that a kind of work was measured to need, as the store knows it now."""

MOST_ASKED = 20
"""Times that the store is asked about a kind: what only scores leaves nothing to learn."""


class SharesLearned(StaysHere):
    """Trials of unknown memory, which have a whole GPU each until one of their kind is done.

    Args:
        trials: As planned, before they were fitted to the nodes.
        nodes: That they were fitted to.
        memory_of: Asked once a trial of a kind is done.
    """

    def __init__(self, trials: Sequence[Trial], nodes: Nodes, memory_of: MemoryOf) -> None:
        self._nodes = nodes
        self._memory_of = memory_of
        self._unknown: dict[str, list[Trial]] = {}
        self._asked: Counter[str] = Counter()
        if any(node.get("gpu_memory") for node in nodes):
            for trial in trials:
                need = trial.gpu_need
                if need.kind and need.memory_bytes is None and "gpu" not in trial.resources:
                    self._unknown.setdefault(need.kind, []).append(trial)

    def after(self, trial: Trial) -> tuple[dict[str, Share], str]:
        """The shares of trials like one that is done, by fit, and what was learned in words.

        Both are empty where nothing new is known.

        Raises:
            OSError: The store cannot be read.
        """
        kind = trial.gpu_need.kind
        if kind not in self._unknown:
            return {}, ""
        self._asked[kind] += 1
        memory = self._memory_of(kind)
        if memory is None:
            if self._asked[kind] >= MOST_ASKED:
                del self._unknown[kind]
            return {}, ""
        like = [
            replace(each, gpu_need=replace(each.gpu_need, memory_bytes=memory))
            for each in self._unknown.pop(kind)
        ]
        fitted, _ = fit_to_nodes(like, self._nodes)
        shares = {each.fit_id: share_of(each.resources) for each in fitted}
        said = f"trials like {trial.label} need {in_bytes(memory)} of a GPU"
        return shares, f"{said}: gpu: {min(shares.values()).gpu:g} from here on"
