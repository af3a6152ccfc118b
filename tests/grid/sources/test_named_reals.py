"""Photographs beside fakes that come without: `reals:` of a dataset, in training and in tests."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from grid.checks.bias import one_sided_of
from grid.experiment_file.loading import parse_experiment
from grid.experiment_file.schema import DatasetSpec, TestSpec
from grid.experiment_file.train_spec import TrainSpec
from grid.refusal import Problems, Refused
from grid.sources.catalog import Catalog, open_catalog
from grid.sources.tested_sets import form_test_sets
from grid.sources.training_sets import training_sets

Open = Callable[..., tuple[Catalog, Problems]]


def write(root: Path, *files: str) -> Path:
    """Noise of its own in each file."""
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng([*f"{root.name}/{name}".encode()])
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), np.uint8)).save(root / name)
    return root


STEMS = [f"{n:012}" for n in range(4)]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """DRCT-2M's fakes, COCO's photographs of the same names, and others for tests alone."""
    for split in ("train2017", "val2017"):
        for generator in ("sdxl-turbo", "ldm-text2im-large-256"):
            write(tmp_path / "drct", *(f"{generator}/{split}/{s}.png" for s in STEMS))
        write(tmp_path / "coco", *(f"{split}/{s}.png" for s in STEMS))
    write(tmp_path / "raise", "a.png", "b.png")
    return tmp_path


@pytest.fixture
def catalog(images: Path) -> Open:
    """Return a function that opens the datasets, `drct` with more said of it."""

    def of(**more: object) -> tuple[Catalog, Problems]:
        problems = Problems()
        data = {
            "drct": DatasetSpec(root=images / "drct", **more),
            "coco": DatasetSpec(root=images / "coco", layout="photographs"),
            "raise": DatasetSpec(root=images / "raise", layout="photographs"),
        }
        cache = images / "cache"
        return open_catalog(data, image_limit=None, problems=problems, cache_dir=cache), problems

    return of


def said(problems: Problems) -> str:
    with pytest.raises(Refused) as caught:
        problems.raise_if_any()
    return str(caught.value)


def test_named_photographs_stand_beside_every_generator_split_by_split(catalog: Open) -> None:
    opened, problems = catalog(reals=["coco"])
    problems.raise_if_any()
    of = {(p.source, p.split): p.pool_id for p in opened.datasets["coco"].pools}
    [train] = {s.key for s in training_sets(TrainSpec(each="drct/ldm"), opened, problems)}
    assert of["coco", "train"] in train[0]
    assert of["coco", "test"] not in train[0]
    sets = form_test_sets(TestSpec(sets=("drct",)), opened, problems)
    assert {s.name for s in sets} == {"drct/ldm", "drct/sdxl_turbo"}
    assert {s.real_pools for s in sets} == {(of["coco", "test"],)}
    problems.raise_if_any()


def test_pairs_go_together_over_both_datasets(catalog: Open) -> None:
    """A photograph and the fake made from it must not be parted by the validation split."""
    from data.selection import PoolRows, select

    opened, problems = catalog(reals=["coco"])
    [made] = training_sets(TrainSpec(each="drct/ldm"), opened, problems)
    pools = [
        PoolRows(
            pool_id=p.pool_id,
            label=p.label,
            source=p.source,
            image_ids=p.table["image_id"].to_pylist(),
            classes=p.table["class"].to_pylist(),
            pairs=p.table["pair"].to_pylist(),
        )
        for p in made.pools
    ]
    rule = made.carved(0.25).rule
    chosen = select(pools, rule, [])
    stems = {
        image_id: pair
        for p in made.pools
        for image_id, pair in zip(
            p.table["image_id"].to_pylist(), p.table["pair"].to_pylist(), strict=True
        )
    }
    held_out = {stems[i] for i in chosen.validation.image_ids}
    assert held_out
    assert not held_out & {stems[i] for i in chosen.train.image_ids}


def test_without_photographs_the_line_to_add_is_said(catalog: Open) -> None:
    opened, problems = catalog()
    assert form_test_sets(TestSpec(sets=("drct/ldm",)), opened, problems) == []
    words = said(problems)
    assert "it has no real test images, and one class is no test" in words
    assert "`reals: [DATASET]` in data.drct" in words
    problems = Problems()
    assert training_sets(TrainSpec(each="drct/ldm"), opened, problems) == []
    assert "name photographs with a train split: `reals: [DATASET]` in data.drct" in said(problems)


def test_photographs_without_a_train_split_are_no_training_images(catalog: Open) -> None:
    opened, problems = catalog(reals=["raise"])
    assert training_sets(TrainSpec(each="drct/ldm"), opened, problems) == []
    assert "it has no real training images" in said(problems)


def test_several_sources_and_single_collections_may_be_named(catalog: Open) -> None:
    opened, problems = catalog(reals=["coco/coco", "raise"])
    [made] = form_test_sets(TestSpec(sets=("drct/ldm",)), opened, problems)
    pools = [opened.pool(pool_id) for pool_id in made.real_pools]
    assert {pool.source for pool in pools} == {"coco", "raise"}
    problems.raise_if_any()


@pytest.mark.parametrize(
    ("reals", "words"),
    [
        (["cocoo"], "data.drct.reals: cocoo: `data:` has no dataset 'cocoo'. Did you mean coco?"),
        (["coco/cooc"], "no real images were found under that name. Did you mean coco?"),
        (["drct"], "Where all of"),
    ],
)
def test_names_that_lead_nowhere_are_refused(catalog: Open, reals: list[str], words: str) -> None:
    assert words in said(catalog(reals=reals)[1])


def test_photographs_beside_photographs_are_refused(images: Path) -> None:
    problems = Problems()
    data = {
        "coco": DatasetSpec(root=images / "coco", layout="photographs", reals=["raise"]),
        "raise": DatasetSpec(root=images / "raise", layout="photographs"),
    }
    open_catalog(data, image_limit=None, problems=problems, cache_dir=images / "cache")
    assert "data.coco.reals: the dataset holds no fakes" in said(problems)


def test_headers_are_compared_with_the_named_photographs(images: Path, catalog: Open) -> None:
    for file in sorted((images / "coco").rglob("*.png")):
        Image.open(file).save(file.with_suffix(".jpg"))
        file.unlink()
    opened, _ = catalog(reals=["coco"])
    found = one_sided_of([(s.name, s.pools) for s in opened.all_sources()])
    assert ("drct/ldm", "format") in {(each.comparison, each.fact) for each in found}


def test_the_name_is_checked_before_any_image_is_looked_at(tmp_path: Path) -> None:
    raw = {
        "schema": 1, "name": "n", "question": 3,
        "data": {"d": {"root": "x", "reals": "photoss"}, "photos": {"root": "y"}},
        "test": {"sets": ["d"]},
        "arms": [{"name": "a", "detector": "npr", "train": {"each": "d"}}],
    }  # fmt: skip
    with pytest.raises(Refused, match=r"data\.d\.reals: photoss.*Did you mean photos"):
        parse_experiment(raw, base=tmp_path)


def test_a_dataset_that_is_gone_is_said_once(images: Path) -> None:
    shutil.rmtree(images / "coco")
    problems = Problems()
    data = {
        "drct": DatasetSpec(root=images / "drct", reals=["coco"]),
        "coco": DatasetSpec(root=images / "coco", layout="photographs"),
    }
    open_catalog(data, image_limit=None, problems=problems, cache_dir=images / "cache")
    assert said(problems).startswith(f"data.coco.root = {images}/coco: there is no such folder")
    assert said(problems).count("coco") == 2


def test_reals_of_several_generators_stand_beside_these_alone(tmp_path: Path) -> None:
    files = [
        f"test/{place}/{n}.png"
        for place in ("lsun_bedroom/real", "lsun_bedroom/adm", "lsun_bedroom/ddpm",
                      "imagenet/real", "imagenet/adm")
        for n in range(2)
    ]  # fmt: skip
    problems = Problems()
    data = {"d": DatasetSpec(root=write(tmp_path / "df", *files))}
    opened = open_catalog(data, image_limit=None, problems=problems, cache_dir=tmp_path / "cache")
    problems.raise_if_any()
    beside = {
        s.generator: {p.source for p in s.pools if p.label == 0} for s in opened.all_sources()
    }
    assert beside == {
        "adm": {"imagenet/real", "lsun_bedroom/real"}, "ddpm": {"lsun_bedroom/real"},
    }  # fmt: skip
