"""Nodes held against each other, and against the machine that asks: checks of any cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from data.counts import counted
from launch.doctor.diagnosis import Diagnosis, Level, broken, doubtful, fine
from launch.doctor.node_report import AskedOfNode, NodeReport

CLOCKS_APART_S = 60.0


class AskedNodes(Protocol):
    """Whatever has asked nodes: here is how this machine answered, there what each node did.

    A node that did not answer has a sentence in place of its report. None: nobody was asked.
    """

    @property
    def asked(self) -> AskedOfNode | None:
        """What nodes were asked."""

    @property
    def here(self) -> NodeReport | None:
        """What this machine says of itself."""

    @property
    def nodes(self) -> Mapping[str, NodeReport | str]:
        """What each node says, by its name."""


def answers(cluster: AskedNodes) -> Diagnosis | None:
    """Whether every node answers."""
    if cluster.here is None:
        return None
    silent = [f"{name}: {said}" for name, said in cluster.nodes.items() if isinstance(said, str)]
    count = counted(len(cluster.nodes), "node")
    if silent:
        return broken(
            f"{len(silent)} of {count} did not answer",
            "Start crossgen's Python there by hand, and see what it says",
            silent,
        )
    return fine(f"{count}: {', '.join(cluster.nodes)}")


def same_packages(cluster: AskedNodes) -> Diagnosis | None:
    """Whether all have the Python and the packages of this machine."""
    here = cluster.here
    if here is None:
        return None
    wrong = []
    for name, node in _reports(cluster):
        theirs = {"python": node["python"], **node["packages"]}
        ours = {"python": here["python"], **here["packages"]}
        others = [
            f"{package} {theirs.get(package) or 'missing'} ({version} here)"
            for package, version in ours.items()
            if theirs.get(package) != version
        ]
        if others:
            wrong.append(f"{name}: {', '.join(others)}")
    if wrong:
        return broken(
            "not those of this machine",
            "Use one environment everywhere: on a shared disk, a container image, or "
            "`crossgen submit ray --packages lock`",
            wrong,
        )
    return fine("Python and packages as here")


def same_code(cluster: AskedNodes) -> Diagnosis | None:
    """Whether all run the crossgen of this machine."""
    here = cluster.here
    if here is None:
        return None
    wrong = [
        f"{name}: {node['code']}"
        for name, node in _reports(cluster)
        if node["code"] != here["code"]
    ]
    if wrong:
        return broken(
            f"not the crossgen that is here ({here['code']})",
            "Use one checkout on a shared disk, or let Ray bring the code along (submit ray)",
            wrong,
        )
    return fine(f"the crossgen that is here ({here['code']})")


def images_seen(cluster: AskedNodes) -> Diagnosis | None:
    """Whether all see the experiment's images under the paths that they have here."""
    if cluster.asked is None or not cluster.asked["roots"]:
        return None
    wrong = [f"{name}: {each}" for name, node in _reports(cluster) for each in node["unseen"]]
    if wrong:
        return broken(
            "not seen everywhere as here",
            "Mount them at the same path on every node, or copy them there (`crossgen stage`)",
            wrong,
        )
    return fine("as here")


def store_seen(cluster: AskedNodes) -> Diagnosis | None:
    """Whether all see the store, not another folder of its name."""
    if cluster.asked is None or not cluster.asked["store"]:
        return None
    wrong = [
        f"{name}: {node['store_fault']}" for name, node in _reports(cluster) if node["store_fault"]
    ]
    if wrong:
        return broken("not seen everywhere", "Give a path that all share, or s3://", wrong)
    return fine("as here")


def clocks(cluster: AskedNodes) -> Diagnosis | None:
    """Whether clocks agree; asking takes seconds, so less than a minute says nothing."""
    if cluster.here is None:
        return None
    now = cluster.here["clock"]
    wrong = [
        f"{name}: {abs(node['clock'] - now):,.0f} s apart"
        for name, node in _reports(cluster)
        if abs(node["clock"] - now) > CLOCKS_APART_S
    ]
    if wrong:
        return doubtful("not that of this machine", "Set the clocks (NTP)", wrong)
    return fine("as here")


def machines(cluster: AskedNodes) -> Diagnosis | None:
    """What the nodes find wrong with themselves: GPUs, memory, disks, paths."""
    level: Level = "ok"
    lines, mends = [], []
    for name, node in _reports(cluster):
        for title, grave, seen, mend in node["checks"]:
            lines.append(f"{name}: {title}: {seen}")
            mends.append(mend)
            level = "problem" if "problem" in (level, grave) else "warning"
    if lines:
        said = f"{counted(len(lines), 'remark')} of theirs"
        return Diagnosis(level, said, "; ".join(dict.fromkeys(mends)), tuple(lines))
    return fine("GPUs, memory, disks and paths are well") if cluster.here is not None else None


def _reports(cluster: AskedNodes) -> Sequence[tuple[str, NodeReport]]:
    return [(name, said) for name, said in cluster.nodes.items() if not isinstance(said, str)]


NODE_CHECKS = {
    "nodes": answers,
    "nodes' packages": same_packages,
    "nodes' code": same_code,
    "nodes' images": images_seen,
    "nodes' store": store_seen,
    "nodes' clocks": clocks,
    "nodes' machines": machines,
}
