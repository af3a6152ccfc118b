"""A small grid run by the Slurm test bed, and what must be true of its store afterwards."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from repository import ROOT
from score_digests import digests
from slurm_bed import SlurmBed

from grid.records.attempts import begun_fits
from grid.records.commits import read_commits
from grid.records.places import provenance_key
from grid.store.base import Store
from grid.store.opening import open_store

PIECES_OF_A_FIT = 4 * 2  # pools x degradations


@dataclass(frozen=True)
class SlurmGrid:
    """An experiment file in a folder that all nodes see.

    Attributes:
        bed: the Slurm that runs it.
        file: the experiment; its images lie beside it.
        quiet: digests of its logits from a run that nothing disturbed.
    """

    bed: SlurmBed
    file: Path
    quiet: dict[str, str]

    @property
    def folder(self) -> Path:
        """Where everything of it lies."""
        return self.file.parent

    def store(self, name: str) -> Store:
        """A store of this name, on the shared disk."""
        return open_store(self.folder / name)

    def submit(self, store: Store, *options: object) -> str:
        """`crossgen submit slurm`, as a user types it; return the job's id."""
        said = self.crossgen(
            *("submit", "slurm", self.file, "--store", store.url, *options),
            UNHURRIED_UNTIL=self._hurry(store),
        )
        return said.split("submitted ")[1].split(":")[0].split(",")[0]

    def hurry(self, store: Store) -> None:
        """From here on, trainings of this store wait no more."""
        self._hurry(store).touch()

    def _hurry(self, store: Store) -> Path:
        return self.folder / f"hurry-{Path(store.url).name}"

    def crossgen(self, *words: object, **variables: object) -> str:
        """Run a command of crossgen, with these in its environment; return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "launch", *map(str, words)],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)}
            | {name: str(value) for name, value in variables.items()},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def assert_as_quiet(self, store: Store) -> None:
        """Every piece is there, equal by digest to the quiet run; both fits were resumed."""
        assert digests(store) == self.quiet
        for fit_id, attempts in trained_by(store).items():
            assert len(attempts) >= 2, f"{fit_id} was trained in one go"

    def assert_nothing_left(self) -> None:
        """No process and no folder of a job is on any node."""
        for node in (1, 2):
            folders = self.bed.on_node(node, "ls", "/tmp").split()
            assert not [name for name in folders if name.startswith(("crossgen-", "cg-"))], folders
            processes = self.bed.on_node(node, "ps", "-eo", "comm=").split("\n")
            ours = ("python", "ray", "gcs_server")
            assert not [name for name in processes if name.startswith(ours)], processes


def committed(store: Store) -> dict[str, object]:
    """Committed files and when they were written: a file written again would differ."""
    return {
        entry.key: (entry.bytes, entry.modified_s)
        for folder in ("commits", "scores")
        for entry in store.entries(folder)
        if not entry.temporary
    }


def trained_by(store: Store) -> dict[str, list[tuple[int, int]]]:
    """By committed fit the steps, from and to, of each attempt whose work is in its weights.

    They join without a gap, from the first step on, and one attempt alone has written weights:
    nothing is counted twice.
    """
    found = {}
    for fit_id, commit in read_commits(store).items():
        told = json.loads(store.get(provenance_key(fit_id, commit["attempt"])))["attempts"]
        found[fit_id] = [(each["from_step"], each["to_step"]) for each in told]
        ends = [0, *(end for _, end in found[fit_id])]
        assert [begin for begin, _ in found[fit_id]] == ends[:-1], found
        written = [key for key in store.list(f"fits/{fit_id}/") if "weights-" in key]
        assert {key.split("/")[2] for key in written} == {commit["attempt"]}, written
    return found


def begun_trainings(store: Store) -> int:
    """How many fits have a checkpoint and no commit."""
    return len(begun_fits(store))


UNHURRIED = """
from detectors.contract import Card, Options, Pipelines


class UnhurriedOptions(Options):
    pass


CARD = Card(
    name="unhurried",
    version=1,
    title="A small network that waits in each step of its training until a file is there",
    options=UnhurriedOptions,
    presets={"whole": Pipelines(train="random_crop(16, step=2) | hflip", test="none")},
    default_preset="whole",
)


def build(options):
    import os
    import time

    from torch import nn

    from detectors.networks.simple_cnn import TinyCNN

    until = os.environ.get("UNHURRIED_UNTIL")

    class Unhurried(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = TinyCNN()

        def forward(self, images_BCHW):
            if self.training and until and not os.path.exists(until):
                time.sleep(0.4)
            return self.network(images_BCHW)

    return Unhurried()
"""


def write_experiment(folder: Path, *, epochs: int, seeds: int = 1) -> Path:
    """Write the file; the images lie in `folder`/images.

    Its detector waits 2.4 s in each epoch until `SlurmGrid.hurry`: a job finds time to be disturbed
    in, however fast the machine is, and none is lost afterwards.
    """
    (folder / "unhurried.py").write_text(UNHURRIED)
    file = folder / "grid.yaml"
    file.write_text(
        f"""
schema: 1
name: slurm
plugins: [unhurried.py]
data: {{g: {{root: images}}}}
test: {{sets: [g], degradations: [none, "jpeg(75)"]}}
seeds: {list(range(seeds))}
arms:
  - {{name: a, detector: unhurried, train: {{each: g}},
     recipe: {{base: small, epochs: {epochs}, batch_size: 8}}}}
resources: {{unhurried: {{cpu: 1, gpu: 0}}}}
"""
    )
    return file
