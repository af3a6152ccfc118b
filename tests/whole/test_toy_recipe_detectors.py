"""What detectors see in the toy images: the structure that the demo promises to show.

The bounds are those of the measured recipe (test sets of 128 + 128 images: one AUC of .75 has a
standard error of .03), not of these very numbers, which differ between types of CPU.
"""

import csv
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import roc_auc_score

from data.images import DecodedCache, ImageRows
from data.index import index_root
from data.operations import parse
from data.pools import Pool, pools_of
from data.selection import PoolRows, TrainingRule, select
from data.toy.generators import TOY_GENERATORS
from data.toy.writing import write_toy_images
from data.view import View, view_of
from detectors.contract import build, load_card
from detectors.history import HistoryRow
from detectors.prediction import predict
from detectors.recipes import resolve_recipe
from detectors.training import train

pytestmark = pytest.mark.slow

GENERATORS = tuple(TOY_GENERATORS)
IS_GAN = np.array([name.startswith("gan_") for name in GENERATORS])
WHOLE = View()
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Toy:
    """Rows by generator; the pixels are decoded once for all fits."""

    training: dict[str, ImageRows]
    validation: dict[str, ImageRows]
    test: dict[str, ImageRows]


class NoSink:
    """Nothing of these fits is kept."""

    def save_checkpoint(self, data: bytes, epoch: int, step: int) -> None: ...

    def save_weights(self, epoch: int, data: bytes) -> None: ...

    def epoch_done(self, row: HistoryRow) -> None: ...


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Toy:
    root = tmp_path_factory.mktemp("toy") / "images"
    write_toy_images(root, processes=1)
    manifest = index_root(root, None, root.parent / "cache", threads=1)
    assert not manifest.problems
    cache = DecodedCache(1 << 30)
    toy = Toy({}, {}, {})
    for name in GENERATORS:
        pools = [pool for pool in pools_of(manifest) if name in (pool.source, pool.beside)]
        training = [pool for pool in pools if pool.split == "train"]
        selection = select([columns(pool) for pool in training], TrainingRule())
        for rows, chosen in (
            (toy.training, selection.train),
            (toy.validation, selection.validation),
        ):
            paths = [
                root / training[pool].table["path"][int(rank)].as_py()
                for pool, rank in zip(chosen.pools, chosen.ranks, strict=True)
            ]
            rows[name] = ImageRows(chosen.image_ids, chosen.labels, paths, cache)
        tables = [pool.table for pool in pools if pool.split == "test"]
        toy.test[name] = ImageRows(
            [image_id for table in tables for image_id in table["image_id"].to_pylist()],
            np.concatenate([table["label"].to_numpy() for table in tables]),
            [root / path for table in tables for path in table["path"].to_pylist()],
            cache,
        )
    return toy


def columns(pool: Pool) -> PoolRows:
    table = pool.table
    return PoolRows(
        pool.pool_id,
        pool.label,
        table["image_id"].to_pylist(),
        table["class"].to_pylist(),
        table["pair"].to_pylist(),
        pool.source,
    )


def fit_and_score(
    toy: Toy,
    trained_on: str,
    tested_on: tuple[str, ...],
    seed: int,
    relabel: Callable[[npt.NDArray[np.int8]], npt.NDArray[np.int8]] = lambda labels: labels,
) -> list[float]:
    """The AUC of NPR by the recipe `small`, trained on one generator, on each of the others."""
    network = build("npr", seed=seed)
    rows = toy.training[trained_on]
    result = train(
        network,
        training=ImageRows(rows.image_ids, relabel(rows.labels), rows.paths, rows.cache),
        validation=toy.validation[trained_on],
        # Even offsets: NPR compares pixels inside fixed blocks of 2 x 2.
        view=view_of(geometry="random_crop(32, step=2)"),
        augmentation=parse("none", "augmentation"),
        validation_view=WHOLE,
        recipe=resolve_recipe(load_card("npr"), "small"),
        seed=seed,
        device="cpu",
        sink=NoSink(),
    )
    assert result.state == "done"
    aucs = []
    for name in tested_on:
        predictions = predict(network, toy.test[name], WHOLE, device="cpu")
        assert not predictions.unreadable
        aucs.append(float(roc_auc_score(toy.test[name].labels, predictions.logits)))
    return aucs


def matrix_of_small(toy: Toy) -> Floats:
    """NPR by the recipe `small`, one seed."""
    return np.array([fit_and_score(toy, name, GENERATORS, seed=0) for name in GENERATORS])


def matrix_of_the_demo(folder: Path) -> Floats:
    """NPR in the demo as it is shipped, the mean of its seeds."""
    crossgen = [sys.executable, "-m", "launch"]
    subprocess.run([*crossgen, "demo", "--folder", str(folder)], check=True, timeout=900)
    sql = "SELECT train, test_set, avg(auc) AS auc FROM cells WHERE detector = 'npr' GROUP BY ALL"
    asked = [*crossgen, "query", "--store", str(folder / "store"), "--csv", sql]
    table = subprocess.run(asked, check=True, timeout=100, capture_output=True, text=True).stdout
    cells = {
        (row["train"].removeprefix("toy/"), row["test_set"].removeprefix("toy/")): float(row["auc"])
        for row in csv.DictReader(io.StringIO(table))
    }
    assert len(cells) == len(GENERATORS) ** 2
    return np.array([[cells[trained, tested] for tested in GENERATORS] for trained in GENERATORS])


@pytest.fixture(scope="module", params=["small", "demo"])
def auc(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Floats:
    """Shape (8, 8): row trained on, column tested on."""
    if request.param == "small":
        matrix = matrix_of_small(request.getfixturevalue("toy"))
    else:
        matrix = matrix_of_the_demo(tmp_path_factory.mktemp("demo") / "demo")
    for name, row in zip(GENERATORS, matrix, strict=True):
        print(f"{name:13}", *(f"{value:.2f}" for value in row))
    return matrix


def test_most_generators_are_found_by_their_own_detector(auc: Floats) -> None:
    assert (np.diag(auc) >= 0.85).sum() >= 6, np.diag(auc).round(2)


def test_other_generators_are_found_very_unevenly(auc: Floats) -> None:
    others = auc[~np.eye(len(auc), dtype=bool)]
    assert np.ptp(others) >= 0.3
    # Not that they are worthless: a spread around chance would be noise.
    assert others.mean() > 0.55
    assert others.mean() < np.diag(auc).mean() - 0.1


@pytest.mark.parametrize("is_family", [IS_GAN, ~IS_GAN], ids=["gan", "diffusion"])
def test_families_are_blocks(auc: Floats, is_family: npt.NDArray[np.bool_]) -> None:
    is_other = ~np.eye(len(auc), dtype=bool)
    within = auc[np.ix_(is_family, is_family)][is_other[np.ix_(is_family, is_family)]]
    between = auc[is_family][:, ~is_family], auc[~is_family][:, is_family]
    assert within.mean() > np.mean(between) + 0.03, (within.mean(), np.mean(between))


def test_with_shuffled_labels_nothing_is_learned(toy: Toy) -> None:
    aucs = []
    for seed in (0, 1):
        for name in GENERATORS:
            rng = np.random.default_rng([seed, *name.encode()])
            aucs += fit_and_score(toy, name, (name,), seed, rng.permutation)
    print(f"shuffled: mean {np.mean(aucs):.3f}, deviation {np.std(aucs):.3f}")
    assert abs(np.mean(aucs) - 0.5) <= 0.06, np.round(aucs, 2)
