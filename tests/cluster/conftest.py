"""The Slurm test bed, started for the tests that ask for it and stopped whatever happens."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from genimage_folder import write_images
from score_digests import digests
from slurm_bed import SlurmBed
from slurm_grid import PIECES_OF_A_FIT, SlurmGrid, write_experiment

MINUTES = int(os.environ.get("SLURM_TEST_MINUTES", "2"))
"""The time limit of jobs that shall meet it; a machine with other things to do needs more."""

EPOCHS = 30 * MINUTES
"""Of each fit: they wait for longer than the limit, so that it finds them at work."""

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
        bed.start(CPUS=1)  # Ray starts a process for each, whether anything runs there or not
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


@pytest.fixture(scope="session")
def shared_grid(slurm_bed: SlurmBed, tmp_path_factory: pytest.TempPathFactory) -> SlurmGrid:
    """A grid of two fits on the disk that nodes share, and what a quiet run of it gives."""
    folder = slurm_bed.shared
    write_images(folder / "images", {"g1": 1, "g2": 2})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CROSSGEN_CACHE", str(tmp_path_factory.mktemp("cache")))
        grid = SlurmGrid(slurm_bed, write_experiment(folder, epochs=EPOCHS), {})
        quiet = grid.store("quiet")
        grid.crossgen("run", grid.file, "--store", quiet.url, "--no-ray")
    found = digests(quiet)
    assert len(found) == 2 * PIECES_OF_A_FIT
    return replace(grid, quiet=found)


@pytest.fixture
def slurm_grid(shared_grid: SlurmGrid, slurm: SlurmBed) -> SlurmGrid:
    """The grid, with no other job in the queue."""
    return shared_grid
