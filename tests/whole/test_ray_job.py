"""`ray job submit --working-dir . -- python -m launch run FILE`, as a user types it.

A cluster with token authentication, on loopback; ended by the process that started it.
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
from pathlib import Path

import pytest
from repository import ROOT

from grid.records.commits import committed_fits
from grid.store.opening import open_store

pytestmark = pytest.mark.ray
BIN = Path(sys.executable).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def cluster(tmp_path):
    """The environment of a client of a running cluster, and its dashboard's address."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "ray_bootstrap_config.yaml").write_text("{}\n")  # asks no outside address
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text(secrets.token_hex(32))
    dashboard = free_port()
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("RAY_")},
        "HOME": str(home),
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token),
        "OMP_NUM_THREADS": "1",
        "CROSSGEN_CACHE": str(tmp_path / "cache"),
    }
    with tempfile.TemporaryDirectory(prefix="cg", dir="/tmp") as short:  # sockets: 107 bytes
        head = subprocess.Popen(
            [
                BIN / "ray",
                "start",
                "--head",
                "--block",
                f"--port={free_port()}",
                "--num-cpus=2",
                "--node-ip-address=127.0.0.1",
                "--dashboard-host=127.0.0.1",
                f"--dashboard-port={dashboard}",
                # Fixed by default, so another Ray on this machine would keep the agent from coming.
                f"--dashboard-agent-listen-port={free_port()}",
                f"--ray-client-server-port={free_port()}",
                f"--temp-dir={short}",
                "--disable-usage-stats",
                "--object-store-memory=100000000",
            ],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        address = f"http://127.0.0.1:{dashboard}"
        try:
            _wait_for(address, head)
            yield environment, address
        finally:
            head.send_signal(signal.SIGTERM)  # with --block it takes its own daemons along
            head.wait(timeout=60)


def _wait_for(address: str, head: subprocess.Popen) -> None:
    for _ in range(120):
        assert head.poll() is None, "the head ended"
        try:
            urllib.request.urlopen(f"{address}/api/version", timeout=2)
            return
        except urllib.error.HTTPError:
            return  # it answers, and wants a token
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.5)
    raise AssertionError("the dashboard did not come up in a minute")


def test_a_job_runs_the_experiment_and_a_second_one_has_nothing_to_do(
    cluster, make_genimage, tmp_path
):
    environment, address = cluster
    make_genimage(tmp_path / "images", {"g1": 1, "g2": 2}, train=16, test=6)
    file = tmp_path / "two.yaml"
    file.write_text((ROOT / "tests" / "fixtures" / "two.yaml").read_text())

    def submit(store: object) -> subprocess.CompletedProcess[str]:
        command = [BIN / "ray", "job", "submit", f"--address={address}", "--working-dir=.", "--"]
        command += ["python", "-m", "launch", "run", str(file), "--store", str(store)]
        for _ in range(20):
            done = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240
            )
            if "No available agent" not in done.stdout + done.stderr:
                break
            time.sleep(2)  # the dashboard answers before its agent has registered
        return done

    store = tmp_path / "store"
    done = submit(store)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert len(committed_fits(open_store(store))) == 2
    again = submit(store)
    assert again.returncode == 0
    assert "nothing to do" in again.stdout
    refused = submit("runs")
    assert refused.returncode == 1  # all that Ray passes on of our 2
    assert "disposable copy" in refused.stdout + refused.stderr
