"""A Ray to run on: the one that is connected to, the one that is named, or one of our own.

One of our own lives as long as the run, in a folder and in process groups of its own, and leaves
neither a process nor a folder behind.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grid.run.exit_codes import EXIT_UNFINISHED
from grid.run.on_ray.awaited_nodes import await_nodes
from grid.run.on_ray.card_memory import card_memory
from grid.run.on_ray.head_watch import unfinished_if_the_head_dies
from grid.run.on_ray.joined_cluster import ClusterUnreachable, joined_runtime_env, require_reachable
from grid.run.on_ray.private_ray import (
    answers_strangers,
    apart_from_our_signals,
    log_folder,
    own_sigterm,
)
from grid.run.on_ray.ray_home import (
    JOINED_SETTINGS,
    TUNE_SETTINGS,
    directory,
    disposable_folder,
    environment,
    own_cluster_settings,
    remove_folder,
)
from grid.run.on_ray.ray_processes import end_processes_of
from grid.run.run_options import RunOptions
from grid.run.shares import GPU_TYPE
from grid.run.stopping import StopSignals, interruptible, leaving

OBJECT_STORE_BYTES = 100 << 20  # nothing goes through it; Ray would take 30 % of the memory
STARTS = 3
"""Ray gives its own node 30 s to come up, a fixed number; a loaded machine may need more."""


class ClusterNotStarted(RuntimeError):
    """Ray did not come up on this machine."""


@dataclass(frozen=True)
class Cluster:
    """A Ray to run on: what each node has, where this host's logs lie, room for Tune's files.

    `nodes` are as `grid.run.shares.Nodes` says.
    `open_to_strangers` says that its head answers clients without a token.
    """

    nodes: list[dict[str, float]]
    logs: Path | None
    folder: Path
    open_to_strangers: bool = False


def where_it_runs() -> str:
    """Say what takes the next seconds."""
    return f"joining Ray at {os.environ['RAY_ADDRESS']}" if _joins() else "starting Ray"


@contextmanager
def open_cluster(options: RunOptions, stop: StopSignals) -> Iterator[Cluster]:
    """Give a Ray to run on; one of our own ends with the block.

    Raises:
        ClusterUnreachable: RAY_ADDRESS leads nowhere (a ValueError).
        ClusterNotStarted: none of our own came up.
        KeyboardInterrupt: a stop signal meanwhile.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(disposable_folder())
        stack.enter_context(directory(folder))
        connected = "ray" in sys.modules and sys.modules["ray"].is_initialized()
        join = _joins()
        if join and not connected:
            require_reachable(os.environ["RAY_ADDRESS"])
        stack.enter_context(environment(TUNE_SETTINGS))
        if join:
            stack.enter_context(environment(JOINED_SETTINGS))
        elif not connected:
            stack.enter_context(environment(own_cluster_settings(folder)))
            stack.callback(end_processes_of, folder)
        import ray  # only now: it reads its settings when it is imported

        if stop():  # asked for while Ray was imported
            raise KeyboardInterrupt(stop.reason)
        if not connected:
            with _left_by_signals(options, stop, folder) as left:
                _join(ray, folder) if join else _start(ray, options, folder, left)
            stack.callback(ray.shutdown)
            stack.enter_context(unfinished_if_the_head_dies(ray, folder, joined=join))
        stop.install()
        if join:
            await_nodes(living_nodes, stop)
        head = ray.get_runtime_context().gcs_address
        yield Cluster(
            living_nodes(card_memory(stop)),
            log_folder(ray),
            folder,
            open_to_strangers=bool(answers_strangers(head)),
        )


def living_nodes(cards: Mapping[str, int] | None = None) -> list[dict[str, float]]:
    """Return what each living node has, as `grid.run.shares.Nodes`.

    Args:
        cards: by node id, the bytes of its smallest GPU.
    """
    return list(living_nodes_by_id(cards).values())


def living_nodes_by_id(cards: Mapping[str, int] | None = None) -> dict[str, dict[str, float]]:
    """Return the same by the ids that Ray gives nodes."""
    import ray

    found = {}
    for node in ray.nodes():
        if node["Alive"]:
            has = {name.lower(): node["Resources"].get(name, 0.0) for name in ("CPU", "GPU")}
            has |= {name: 1.0 for name in node["Resources"] if name.startswith(GPU_TYPE)}
            if memory := (cards or {}).get(node["NodeID"]):
                has["gpu_memory"] = float(memory)
            found[node["NodeID"]] = has
    return found


def _joins() -> bool:
    """Whether RAY_ADDRESS names a cluster to join."""
    return os.environ.get("RAY_ADDRESS", "local") not in ("", "local")


def _init(ray: Any, **how: Any) -> None:
    with own_sigterm(ray):
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **how)


def _join(ray: Any, folder: Path) -> None:
    try:
        _init(ray, runtime_env=joined_runtime_env(folder))
    except ConnectionError as error:
        raise ClusterUnreachable.because(
            f"RAY_ADDRESS={os.environ.get('RAY_ADDRESS')}",
            f"Ray there refuses this process ({error})",
            "If it wants a token, set RAY_AUTH_MODE=token and RAY_AUTH_TOKEN_PATH as there",
        ) from error
    except RuntimeError as error:
        if "ersion mismatch" not in str(error):
            raise
        raise ClusterUnreachable.because(
            f"RAY_ADDRESS={os.environ.get('RAY_ADDRESS')}",
            " ".join(str(error).split()),
            "Start crossgen with the Python and the Ray of the cluster",
        ) from error


def _start(ray: Any, options: RunOptions, folder: Path, leaving_now: threading.Event) -> None:
    for left in reversed(range(STARTS)):
        try:
            with apart_from_our_signals(ray):
                _init(
                    ray,
                    address="local",
                    num_cpus=options.slots,
                    include_dashboard=False,
                    object_store_memory=OBJECT_STORE_BYTES,
                    _temp_dir=str(folder),
                )
        except Exception as error:  # whatever it is, nothing has begun yet
            if leaving_now.is_set():  # its processes were ended, and this one is about to
                threading.Event().wait()
            ray.shutdown()
            end_processes_of(folder)
            if not left:
                said = str(error).strip() or type(error).__name__
                raise ClusterNotStarted(
                    f"Ray did not come up in {STARTS} tries, last with: {said.splitlines()[0]}. "
                    "Is this machine overloaded, or its memory or disk full? --no-ray needs no Ray"
                ) from error
        else:
            return


@contextmanager
def _left_by_signals(
    options: RunOptions, stop: StopSignals, folder: Path
) -> Iterator[threading.Event]:
    """While Ray starts, a signal ends the command at once, or interrupts a person's Python.

    Nothing runs yet that a checkpoint could be written of. An exception that is raised in the midst
    of Ray's own start can abort the process (its C++ code does not expect one) or wait for a head
    that dies of the same signal, so the command is left without one.
    """
    say = options.before_leaving
    if say is not None:

        def leave(reason: str) -> None:
            # Ray's threads lose their head now, and would print a traceback of it each.
            threading.excepthook = lambda _: None
            until = time.monotonic() + 1.0
            while folder.exists() and time.monotonic() < until:
                end_processes_of(folder)  # the main thread may still be starting one, or writing
                remove_folder(folder)
            say(reason)

        with leaving(leave, EXIT_UNFINISHED) as asked_to_leave:
            yield asked_to_leave
        return
    with interruptible() as asked:
        try:
            yield threading.Event()
        except KeyboardInterrupt:
            sys.modules["ray"].shutdown()
            raise
        for reason in asked:
            stop.request(reason)
