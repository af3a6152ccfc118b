"""One synthetic experiment with everything that figures are of, drawn by several tests."""

import pytest
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.comparing.evidence import Evidence
from analysis.comparing.finding import Difference, Finding
from analysis.matrices.matrix_making import matrices
from analysis.selecting.selection import StoreSelection
from grid.store.opening import open_store

GRID = SyntheticGrid(
    name="drawn",
    detectors=(
        *(SyntheticDetector(name="npr", options={"factor": f}, skill=3) for f in (0.25, 0.5, 0.75)),
        SyntheticDetector(name="simple_cnn", skill=2),
    ),
    generators=3,
    seeds=2,
    degradations=("none", "jpeg(50)", "jpeg(90)"),
    images=50,
    unreadable=1,
    seen=2,
)


# Those of the contrasts are made by tests of their own; a figure only shows them.
FINDING = Finding(
    key="npr-simple_cnn",
    question="Is it better?",
    a="npr",
    b="simple_cnn",
    metric="auc",
    scope="macro",
    claim="these files on new generators",
    headline=None,
    refusal="One seed. Train five.",
    differences=(Difference(name="adm", family="diffusion", a=0.9, b=0.84),),
)


def looked_at(store, experiment):
    selection = StoreSelection.of(store, [experiment])
    found = tuple(matrices(selection, experiment))
    return Evidence(selection, experiment, found, (FINDING,))


@pytest.fixture(scope="session")
def drawn_store(tmp_path_factory):
    """The store, its experiment, and what figures may look at."""
    store = open_store(tmp_path_factory.mktemp("drawn") / "store")
    experiment = write_synthetic_store(store, GRID)
    return store, experiment, looked_at(store, experiment)


@pytest.fixture(scope="session")
def evidence(drawn_store):
    return drawn_store[2]
