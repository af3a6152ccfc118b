"""A real Ray cluster of one host on loopback, with token authentication and its dashboard.

Ended by the process that started it: with `--block` the head takes its own daemons along.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
STARTS = 3
"""Ray gives its own node 30 s to come up, a fixed number; a loaded machine may need more."""


@dataclass(frozen=True)
class OneHostRay:
    """The environment of a client of a running cluster, its dashboard's address, its head's."""

    environment: dict[str, str]
    address: str
    head: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def one_host_ray(folder: Path, cpus: int = 2, *, mode: str = "token") -> Iterator[OneHostRay]:
    """Start a cluster whose home, token and cache lie in a folder, and end it with the block.

    With `mode="disabled"` it asks nobody for the token.
    """
    home = folder / "home"
    home.mkdir()
    (home / "ray_bootstrap_config.yaml").write_text("{}\n")  # asks no outside address
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(secrets.token_hex(32))
    dashboard, port = free_port(), free_port()
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("RAY_", "CROSSGEN_"))},
        "HOME": str(home),
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": mode,
        "RAY_AUTH_TOKEN_PATH": str(token),
        "OMP_NUM_THREADS": "1",
        "CROSSGEN_CACHE": str(folder / "cache"),
    }
    address = f"http://127.0.0.1:{dashboard}"
    for left in reversed(range(STARTS)):
        with tempfile.TemporaryDirectory(prefix="cg", dir="/tmp") as short:  # sockets: 107 bytes
            words = _head(short, port, dashboard, cpus)
            head = _started(words, environment, folder / "head.log")
            try:
                if not _is_up(address, head, folder / "head.log"):
                    assert left, (folder / "head.log").read_text()
                    continue
                yield OneHostRay(environment, address, f"127.0.0.1:{port}")
                log = (folder / "head.log").read_text()
                assert head.poll() is None, f"the head ended by itself: {log}"
                return
            finally:
                head.send_signal(signal.SIGTERM)
                head.wait(timeout=60)


def _head(short: str, port: int, dashboard: int, cpus: int) -> list[object]:
    return [
        *(BIN / "ray", "start", "--head", "--block"),
        f"--port={port}",
        f"--num-cpus={cpus}",
        "--node-ip-address=127.0.0.1",
        "--dashboard-host=127.0.0.1",
        f"--dashboard-port={dashboard}",
        # Fixed by default, so another Ray on this machine would keep the agent from coming.
        f"--dashboard-agent-listen-port={free_port()}",
        f"--ray-client-server-port={free_port()}",
        f"--temp-dir={short}",
        "--disable-usage-stats",
        "--object-store-memory=100000000",
    ]


def _started(words: list[object], environment: dict[str, str], log: Path) -> subprocess.Popen:
    with log.open("w") as written:
        return subprocess.Popen(
            words,
            env=environment,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _is_up(address: str, head: subprocess.Popen, log: Path) -> bool:
    """Wait for the dashboard; a head that ended, or is not there in two minutes, is not up.

    On a loaded machine a part of it may give up waiting for the node after 30 s. `ray start` looks
    for that once all are started, says that it blocks from now on, and ends the others a second
    later.
    """
    until = time.monotonic() + 120
    while head.poll() is None and time.monotonic() < until:
        if _answers(address) and "block forever" in log.read_text():
            time.sleep(3)
            return head.poll() is None
        time.sleep(0.5)
    return False


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}/api/version", timeout=2)
    except urllib.error.HTTPError:
        return True  # it answers, and wants a token
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
    return True
