"""The test bed itself: what the other tests here take for granted of it."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.cluster


def test_a_job_runs_on_two_nodes_that_are_apart(slurm):
    out = slurm.shared / "apart.out"
    show = "hostname; ls /tmp; hostname -I"
    job = slurm.submit("--nodes=2", f"--output={out}", "--wrap", f"srun bash -c '{show}'")
    assert slurm.wait_until_ended(job)["JobState"] == "COMPLETED"
    said = out.read_text().split()
    assert {"sn1", "sn2", "10.77.0.11", "10.77.0.12"} <= set(said)
    assert not {path.name for path in Path("/tmp").iterdir()} & set(said) - {
        slurm.shared.relative_to("/tmp").parts[0]
    }
