"""Nodes that do not see the images of a trial: left out of the run, and said once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from grid.run.shares import Share, fits

NODE_LABEL = "ray.io/node-id"
"""The label that Ray itself gives every node."""

Living = Callable[[], Mapping[str, Mapping[str, float]]]


class BlindNodes:
    """Which nodes a trial is kept from.

    Once a trial came back from a node, all of them go elsewhere, as long as another node could take
    them. Where none could, a trial is kept only from those that it came back from itself, since
    different nodes may see different images.

    Args:
        living: What each living node has, by its id.
        note: Told of each node once.
    """

    def __init__(self, living: Living, note: Callable[[str], None]) -> None:
        self._living = living
        self._note = note
        self._said: dict[str, str] = {}
        self._own: dict[str, set[str]] = {}

    def came_back(self, fit_id: str, node: str, why: str) -> None:
        """A trial found that its images are not on this node."""
        self._own.setdefault(fit_id, set()).add(node)
        if node not in self._said:
            self._note(f"{why}. That node is left out meanwhile")
        self._said[node] = why

    def to_avoid(self, fit_id: str, share: Share) -> list[str]:
        """Return the ids of the nodes that a trial must not be given to, in order."""
        if not self._said:
            return []
        others = [has for node, has in self._living().items() if node not in self._said]
        return sorted(self._said if fits(share, others) else self._own.get(fit_id, ()))

    def none_left(self, fit_id: str) -> str:
        """Why no living node can take the trial, or nothing where one can."""
        own = self._own.get(fit_id, set())
        return "" if set(self._living()) - own else "; ".join(self._said[n] for n in sorted(own))

    def seeing(self) -> list[Mapping[str, float]]:
        """Return what each living node has that no trial came back from."""
        return [has for node, has in self._living().items() if node not in self._said]


def request_of(config: Mapping[str, Any]) -> Any:
    """Return a trial's resources as Tune takes them: somewhere, or not on some nodes."""
    resources: dict[str, float] = dict(config["resources"])
    avoided: Sequence[str] = config.get("not_on") or ()
    if not avoided:
        return resources
    from ray import tune

    bundle = {{"cpu": "CPU", "gpu": "GPU"}.get(name, name): n for name, n in resources.items()}
    return tune.PlacementGroupFactory(
        [bundle], bundle_label_selector=[{NODE_LABEL: f"!in({','.join(avoided)})"}]
    )
