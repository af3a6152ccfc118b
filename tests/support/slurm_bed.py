"""What tests do with the Slurm test bed: jobs submitted, awaited and looked at, nodes lost."""

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from repository import ROOT

ENDED = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "PREEMPTED", "OUT_OF_MEMORY"}


class SlurmBed:
    """A running test bed.

    Args:
        script: slurm_testbed.sh.
        shared: the folder below /tmp that all nodes see.
    """

    def __init__(self, script: Path, shared: Path) -> None:
        self.script = script
        self.shared = shared
        self.state = Path("/var/tmp/crossgen-slurm")
        self.configuration = self.state / "slurm.conf"

    def start(self, **settings: object) -> None:
        """Bring it up; `settings` are those of the script."""
        # Nodes have a /tmp of their own: a checkout or an environment that lies there is shared.
        ours = [each for each in (ROOT, Path(sys.prefix)) if each.is_relative_to("/tmp")]
        share = ":".join(map(str, [self.shared, *ours]))
        given = [f"{name}={value}" for name, value in {"SHARE": share, **settings}.items()]
        self._run("env", *given, self.script, "start")

    def stop(self) -> None:
        """End all of it."""
        self._run(self.script, "stop")

    def clear(self) -> None:
        """Cancel every job, wait until all are gone, and switch on what is off."""
        subprocess.run(["scancel", "--user=root", "--full", "--signal=KILL"], capture_output=True)
        subprocess.run(["scancel", "--user=root"], capture_output=True)
        for node in (1, 2):
            self.boot(node)
        self.wait_for(lambda: not self.command("squeue", "-h", "-o", "%A"), 90)

    def submit(self, *words: object) -> str:
        """Run sbatch; return the job's id."""
        return self.command("sbatch", "--parsable", *words)

    def command(self, *words: object, cwd: Path | None = None) -> str:
        """Run a command; return what it prints."""
        return self._run(*words, cwd=cwd)

    def say_limit_is_near(self, job: str) -> None:
        """Send what Slurm sends before a time limit.

        A busy scancel asks again after the job has heard it, and fails: the log tells what came.
        """
        words = ["scancel", "--batch", "--signal=USR1", job]
        subprocess.run(words, capture_output=True, timeout=120)
        self.wait_for(lambda: "the time limit is near" in self.output(job), 60, job)

    def on_node(self, node: int, *words: object) -> str:
        """Run a command on a node."""
        return self._run(self.script, "exec", node, *words)

    def kill_node(self, node: int) -> None:
        """Cut a node's power."""
        self._run(self.script, "kill-node", node)

    def boot(self, node: int) -> None:
        """Switch a node on, if it is off."""
        self._run(self.script, "boot", node)

    def job(self, job: str) -> dict[str, str]:
        """What `scontrol show job` tells of a job, by name."""
        told = self.command("scontrol", "show", "job", "-o", job).split("\n")[0]
        return dict(re.findall(r"(\S+?)=(\S*)", told))

    def output(self, job: str) -> str:
        """What a job has printed, whole."""
        return Path(self.job(job)["StdOut"]).read_text()

    def wait_until_ended(self, job: str, seconds: float = 240) -> dict[str, str]:
        """Wait until a job has ended for good; return what is told of it."""
        self.wait_for(lambda: self.job(job)["JobState"] in ENDED, seconds, job)
        return self.job(job)

    def wait_for(
        self, condition: Callable[[], object], seconds: float = 120, job: str = ""
    ) -> object:
        """Wait until `condition` is true, and return what it gave."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := condition():
                return found
            time.sleep(0.2)
        raise AssertionError(f"it did not come to that in {seconds} s: {self.account(job)}")

    def account(self, job: str) -> str:
        """What a person would look at: the queue, the job, its output."""
        said = self.command("squeue")
        if job:
            told = self.job(job)
            said += f"\n{told}\n"
            out = Path(told.get("StdOut", "/none"))
            said += out.read_text()[-6000:] if out.is_file() else "no output"
        return said

    @staticmethod
    def _run(*words: object, cwd: Path | None = None) -> str:
        done = subprocess.run(
            [str(word) for word in words],
            capture_output=True,
            text=True,
            cwd=cwd or ROOT,
            timeout=120,
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout.strip()
