"""The Ray cluster of several hosts that tests/cluster/ray_hosts.sh makes, as the tests use it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from repository import ROOT

SCRIPT = ROOT / "tests" / "cluster" / "ray_hosts.sh"
BIN = Path(sys.executable).parent


def skip_where_it_cannot_run() -> None:
    if os.geteuid() != 0:
        pytest.skip("several hosts need network namespaces, hence root")
    missing = [tool for tool in ("ip", "nsenter", "unshare", "pgrep") if not shutil.which(tool)]
    if missing:
        pytest.skip(f"several hosts need {', '.join(missing)} (iproute2, util-linux, procps)")
    made = subprocess.run(
        ["unshare", "--net", "--pid", "--fork", "--mount", "--uts", "true"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f"no namespaces here: {made.stderr.strip()}")


class RayHosts:
    """Hosts 1 to 3, host 1 with the head; one CPU, hence one trial at a time, each."""

    def __init__(self, state: Path, shared: list[Path]) -> None:
        self.state = state
        below_tmp = [str(each) for each in shared if each.is_relative_to("/tmp")]
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RAY_")},
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "STATE": str(state),
            "SHARE": ":".join(below_tmp),
        }

    def __call__(self, *words: object) -> str:
        done = subprocess.run(
            [SCRIPT, *map(str, words)],
            env=self._environment, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, host: int, *command: object) -> subprocess.Popen[str]:
        """A command on a host, its address of Ray in the environment; `pid_of` finds it."""
        environment = self._environment | {"RAY_ADDRESS": self("address").strip()}
        return subprocess.Popen(
            [SCRIPT, "exec", str(host), *map(str, command)],
            env=environment, cwd=ROOT, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def trial_workers(self, host: int) -> list[int]:
        """Pids of the processes on a host in which Tune runs trials."""
        return [pid for pid in self.pids(host) if _name_of(pid).startswith(b"ray::Implicit")]

    def pids(self, host: int) -> list[int]:
        """Pids of all processes of a host, found by its network."""
        network = Path(f"/run/netns/nr{host}").stat().st_ino
        found = []
        for entry in Path("/proc").glob("[0-9]*/ns/net"):
            with suppress(OSError):  # it has ended meanwhile
                if entry.stat().st_ino == network:
                    found.append(int(entry.parts[2]))
        return found

    def ray_of(self, host: int) -> list[int]:
        """Pids of what makes a host a part of the cluster: its raylet, the head's table."""
        parts = (b"raylet", b"gcs_server")
        return [
            pid for pid in self.pids(host) if Path(_name_of(pid).decode()).name.encode() in parts
        ]

    def local_tmp(self, host: int) -> Path:
        """What the host sees as /tmp."""
        return self.state / "tmp" / f"nr{host}"

    def make_whole(self, *, anew: bool = False) -> None:
        """Three hosts in one cluster, whatever happened before."""
        if anew:
            for host in (1, 2, 3):
                self("kill", host)
        for host in (1, 2, 3):
            if self.pids(host) and not self.ray_of(host):  # its Ray ended, e.g. when cut off
                self("kill", host)
            self("boot", host)
            self("heal", host)
        self("wait", 3)


def pid_of(process: subprocess.Popen[str]) -> int:
    """The command that `RayHosts.start` started: the one child of what waits for it."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(children[0])


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def _name_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return b""  # it has ended meanwhile


@contextmanager
def ray_hosts(shared: list[Path]) -> Iterator[RayHosts]:
    """The hosts, up inside the block and gone after it."""
    skip_where_it_cannot_run()
    hosts = RayHosts(Path("/var/tmp/crossgen-ray-hosts"), [*shared, ROOT, Path(sys.prefix)])
    try:
        hosts("up", 3)
        yield hosts
    finally:
        hosts("down")
