"""The cluster as its head shows it: reachable, guarded, with which nodes."""

from __future__ import annotations

import ipaddress

from data.counts import counted
from launch.doctor.diagnosis import Diagnosis, broken, doubtful, fine
from launch.doctor.ray_cluster import RayCluster

HOW_TO_SWITCH_ON = (
    "Start every node and client with RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH at one file that "
    "only you can read (`ray get-auth-token --generate` makes one)"
)


def reachable(cluster: RayCluster) -> Diagnosis:
    """Whether a run could use it."""
    if cluster.fault is not None:
        return broken(*cluster.fault)
    if not cluster.address:
        return fine("one of our own starts here, as `crossgen run` would start it")
    return fine(f"{cluster.address} is joined, with the same Ray and Python")


def authentication(cluster: RayCluster) -> Diagnosis | None:
    """Whether a client without a token is refused."""
    if cluster.fault is not None:
        return None
    if cluster.answers_strangers is None:
        return doubtful(
            "a client without a token gets no answer that tells (TLS?)",
            "Ask who runs the cluster whether token authentication is on",
        )
    if cluster.answers_strangers:
        return doubtful(
            "a client without a token is answered: whoever reaches the head's port can run code "
            "there as you",
            HOW_TO_SWITCH_ON,
        )
    return fine("a client without a token is refused")


def dashboard(cluster: RayCluster) -> Diagnosis | None:
    """Whether the dashboard, which takes jobs, listens on loopback alone."""
    if cluster.fault is not None:
        return None
    if not cluster.dashboard:
        return fine("none")
    if is_loopback(cluster.dashboard):
        return fine(f"{cluster.dashboard}, on loopback")
    return doubtful(
        f"it listens on {cluster.dashboard}: other hosts reach it",
        "`ray start --head --dashboard-host 127.0.0.1`, and an ssh tunnel to it"
        + ("" if cluster.answers_strangers is False else "; switch token authentication on"),
    )


def living(cluster: RayCluster) -> Diagnosis | None:
    """How many nodes there are, with what; whether some are gone."""
    if cluster.fault is not None:
        return None
    offers = cluster.resources.values()
    cpus, gpus = (sum(each.get(name, 0.0) for each in offers) for name in ("CPU", "GPU"))
    seen = f"{counted(len(cluster.resources), 'node')} with {cpus:g} CPUs and {gpus:g} GPUs"
    if cluster.dead:
        return doubtful(
            f"{seen}; gone: {', '.join(cluster.dead)}", "`ray start` there again, if they should be"
        )
    return fine(seen) if cpus else broken(seen, "Start nodes with CPUs: trials ask for them")


def gpus_seen(cluster: RayCluster) -> Diagnosis | None:
    """Whether torch sees on each node the GPUs that Ray gives away there."""
    wrong = [
        f"{name}: Ray has {given:g}, torch sees {len(said['gpus'])}"
        for name, said in cluster.nodes.items()
        if not isinstance(said, str)
        and len(said["gpus"]) < (given := cluster.resources[name].get("GPU", 0.0))
    ]
    if wrong:
        return broken(
            "trials would be sent to GPUs that torch does not see",
            "Mend torch or the driver there, or start the node with the right `--num-gpus`",
            wrong,
        )
    return fine("torch sees those that Ray gives away") if cluster.nodes else None


def is_loopback(address: str) -> bool:
    """Whether an address HOST:PORT is of this host alone."""
    host = address.rpartition(":")[0].removeprefix("http://").strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


PLACE = 1
CHECKS = {
    "cluster": reachable,
    "authentication": authentication,
    "dashboard": dashboard,
    "resources": living,
    "nodes' GPUs": gpus_seen,
}
