"""The Slurm test bed, started for the tests that ask for it and stopped whatever happens."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from slurm_bed import SlurmBed

TESTBED = Path(__file__).with_name("slurm_testbed.sh")


@pytest.fixture(scope="session")
def slurm_bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlurmBed]:
    """Two nodes of a real Slurm; see slurm_testbed.sh.

    Nodes have a /tmp of their own, but for one folder of this session.
    """
    missing = subprocess.run([TESTBED, "missing"], capture_output=True, text=True).stdout.split(
        "\n"
    )
    if reasons := [line for line in missing if line]:
        pytest.skip(f"no Slurm test bed: {'; '.join(reasons)}")
    bed = SlurmBed(TESTBED, shared=tmp_path_factory.mktemp("slurm"))
    try:
        bed.start()
        with pytest.MonkeyPatch.context() as patch:
            for name in list(os.environ):
                if name.startswith(("SLURM_", "SBATCH_")):
                    patch.delenv(name)
            patch.setenv("SLURM_CONF", str(bed.configuration))
            yield bed
    finally:
        bed.stop()


@pytest.fixture
def slurm(slurm_bed: SlurmBed) -> Iterator[SlurmBed]:
    """The test bed with all nodes up and no job; jobs that a test leaves are cancelled."""
    yield slurm_bed
    slurm_bed.clear()
