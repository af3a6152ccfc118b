"""A Ray cluster, looked at once: what its head says, and what each node answers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from grid.refusal import Refused
from grid.run.on_ray.ray_home import environment, restore_home
from grid.run.run_options import RunOptions
from grid.run.stopping import stop_signals
from launch.doctor.asking import asking
from launch.doctor.node_report import (
    PATIENCE_S,
    AskedOfNode,
    NodeReport,
    report,
    report_of_this_node,
)


@dataclass(frozen=True, kw_only=True)
class RayCluster:
    """What was seen of a cluster.

    Attributes:
        address: HOST:PORT of its head; "" where one of our own was tried.
        fault: why it could not be used, and how to mend that; None where it could.
        answers_strangers: whether a client without a token is answered; None: it cannot be told.
        dashboard: where it listens, "" where there is none.
        resources: what each living node offers, by its name.
        dead: names of nodes that are no more.
        asked: what nodes were asked; None where none was.
        here: this machine's report; None where the cluster could not be used.
        nodes: each node's report, or why there is none.
    """

    address: str
    fault: tuple[str, str] | None = None
    answers_strangers: bool | None = None
    dashboard: str = ""
    resources: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    dead: tuple[str, ...] = ()
    asked: AskedOfNode | None = None
    here: NodeReport | None = None
    nodes: Mapping[str, NodeReport | str] = field(default_factory=dict)


def look_at_ray(
    address: str, file: Path | None, store: str | None, say: Callable[[str], None]
) -> RayCluster:
    """Join a cluster as a run would, or start one as a run would, and ask its nodes.

    Args:
        address: HOST:PORT, "" for one of our own.
        file: the experiment whose images nodes must see; None: none.
        store: --store.
        say: told what is being done.

    Raises:
        Refused, StoreError, StoreUrlRefused: file or store cannot be used here.
        KeyboardInterrupt: a stop signal.
    """
    from grid.run.on_ray.cluster import ClusterNotStarted, open_cluster

    with ExitStack() as stack:
        asked = stack.enter_context(asking(file, store))
        stack.enter_context(environment({"RAY_ADDRESS": address or "local"}))
        stop = stack.enter_context(stop_signals())
        say(f"joining Ray at {address}" if address else "starting Ray")
        try:
            stack.enter_context(open_cluster(RunOptions(), stop))
        except Refused as refused:
            problem = refused.problems[0]
            return RayCluster(address=address, fault=(problem.complaint, problem.mend))
        except ClusterNotStarted as error:
            return RayCluster(address=address, fault=(str(error), "See `this machine` above"))
        say("asking its nodes")
        return _seen(address, asked)


def _seen(address: str, asked: AskedOfNode) -> RayCluster:
    import ray

    from grid.run.on_ray.private_ray import answers_strangers, dashboard_address

    living = {_name(node): node for node in ray.nodes() if node["Alive"]}
    return RayCluster(
        address=address,
        answers_strangers=answers_strangers(ray.get_runtime_context().gcs_address),
        dashboard=dashboard_address(ray),
        resources={name: node["Resources"] for name, node in living.items()},
        dead=tuple(_name(node) for node in ray.nodes() if not node["Alive"]),
        asked=asked,
        here=report({**asked, "computes": False}),
        nodes=_answers(ray, asked, {name: node["NodeID"] for name, node in living.items()}),
    )


def _name(node: Mapping[str, Any]) -> str:
    """Host and address: several hosts may bear one name, several nodes lie on one host."""
    return f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})"


def _answers(ray: Any, asked: AskedOfNode, ids: Mapping[str, str]) -> dict[str, NodeReport | str]:
    """Ask every node at once, on none of its CPUs: trials may be running there."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    ask = ray.remote(num_cpus=0, max_retries=0)(_on_a_node)
    asked_of = {
        name: ask.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node_id, soft=False)
        ).remote(asked)
        for name, node_id in ids.items()
    }
    found: dict[str, NodeReport | str] = {}
    for name, answer in asked_of.items():
        try:
            found[name] = ray.get(answer, timeout=2 * PATIENCE_S)
        except Exception as error:  # any: a lost node, a worker that cannot start, a timeout
            lines = str(error).strip().splitlines() or [type(error).__name__]
            found[name] = f"{type(error).__name__}: {lines[-1].strip()}"
    return found


def _on_a_node(asked: AskedOfNode) -> NodeReport | str:
    """Answer from a process of its own: this one has no GPU, and Ray's settings."""
    restore_home()
    settings = {
        name: value
        for name, value in os.environ.items()
        if name not in ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS") and not name.startswith("RAY_")
    }
    return report_of_this_node(asked, settings)
