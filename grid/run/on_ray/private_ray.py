"""Every private part of Ray that we use, in one file. Held against Ray 2.60.

services.ConsolePopen       Ray's processes get a session of their own: a signal to our group, which
                            is what shells and batch systems send, would kill the trials before
                            their checkpoints
utils.set_sigterm_handler   for the seconds of `ray.init` it would end us with status 15
worker._global_node         the head's processes, to notice their death; the folder of its logs
_raylet.GcsClient           which cluster's head answers at an address: a new head is another one
worker._global_node.webui_url   where the dashboard listens
core.generated.gcs_service  whether a head answers a client without a token: one question by gRPC,
                            since Ray's own clients always bring what they have
experimental.internal_kv    the table of `head_table`: a lookup takes .2 ms and needs no actor

`ray.init(_temp_dir=)` in `cluster` is the sixth. A newer Ray without one of them fails the driver's
tests: signals to the process group, the head's death, and any trial at all.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def apart_from_our_signals(ray: Any) -> Iterator[None]:
    """What Ray starts inside is of a session of its own, and takes no SIGUSR1.

    Ray's head starts its processes by `services.ConsolePopen` with SIGINT blocked and bound to die
    with the driver; both stay. SIGTERM is not blocked: Ray ends its processes by it.
    """
    services = ray._private.services
    started_by: type[Any] = services.ConsolePopen

    class InOwnSession(started_by):  # type: ignore[misc]
        """A process of Ray's head."""

        def __init__(
            self, *arguments: Any, preexec_fn: Callable[[], None] | None = None, **options: Any
        ) -> None:
            def before_exec() -> None:
                signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
                if preexec_fn is not None:
                    preexec_fn()

            super().__init__(*arguments, preexec_fn=before_exec, start_new_session=True, **options)

    services.ConsolePopen = InOwnSession
    try:
        yield
    finally:
        services.ConsolePopen = started_by


@contextmanager
def own_sigterm(ray: Any) -> Iterator[None]:
    """Keep Ray from taking SIGTERM: for the seconds of ray.init it would end us with status 15."""
    utils = ray._private.utils
    take = getattr(utils, "set_sigterm_handler", None)
    utils.set_sigterm_handler = lambda _: None
    try:
        yield
    finally:
        utils.set_sigterm_handler = take


def head_processes(ray: Any) -> list[Any]:
    """Return the processes (Popen) of the head that this process started; none of a joined one."""
    node = getattr(ray._private.worker, "_global_node", None)
    return [
        started.process
        for kind in ("gcs_server", "raylet")
        for started in getattr(node, "all_processes", {}).get(kind, [])
    ]


def log_folder(ray: Any) -> Path | None:
    """Return where the logs of this host's Ray lie; None where that is not known."""
    node = getattr(ray._private.worker, "_global_node", None)
    return Path(node.get_logs_dir_path()) if node is not None else None


def identity_of_head(address: str) -> str:
    """Return the id of the cluster whose head answers at HOST:PORT.

    Raises:
        ConnectionError: none does, or not in time.
    """
    from ray._raylet import GcsClient  # type: ignore[attr-defined]  # compiled, without stubs
    from ray.exceptions import RayError

    try:
        return str(GcsClient(address).cluster_id.hex())
    except RayError as error:
        raise ConnectionError(f"{address}: {error}") from error


def dashboard_address(ray: Any) -> str:
    """Return where the dashboard listens, "" where there is none."""
    node = getattr(ray._private.worker, "_global_node", None)
    return str(getattr(node, "webui_url", None) or "")


def answers_strangers(head: str) -> bool | None:
    """Whether a head answers a client that brings no token; None where it does not answer at all.

    Args:
        head: HOST:PORT.
    """
    import grpc
    from ray.core.generated import gcs_service_pb2, gcs_service_pb2_grpc

    # A proxy that the environment names is for the web, not for a cluster's own ports.
    with grpc.insecure_channel(head, options=[("grpc.enable_http_proxy", 0)]) as channel:
        gcs = gcs_service_pb2_grpc.NodeInfoGcsServiceStub(channel)
        try:
            gcs.CheckAlive(gcs_service_pb2.CheckAliveRequest(), timeout=5.0)
        except grpc.RpcError as error:
            return False if error.code() == grpc.StatusCode.UNAUTHENTICATED else None
    return True


def put_row(key: str, value: bytes) -> None:
    """Write a row of the head's table, over what is there."""
    from ray.experimental.internal_kv import _internal_kv_put

    _internal_kv_put(key, value, overwrite=True)


def get_row(key: str) -> bytes | None:
    """Read a row of the head's table; None where there is none."""
    from ray.experimental.internal_kv import _internal_kv_get

    found: bytes | None = _internal_kv_get(key)
    return found


def drop_row(key: str) -> None:
    """Remove a row of the head's table."""
    from ray.experimental.internal_kv import _internal_kv_del

    _internal_kv_del(key)
