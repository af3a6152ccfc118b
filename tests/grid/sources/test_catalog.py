"""What indexing the datasets of an experiment refuses, in sentences."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from grid.experiment_file.schema import DatasetSpec
from grid.refusal import Problems, Refused
from grid.sources.catalog import open_catalog


def test_a_root_that_cannot_be_listed_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "data"
    root.mkdir()

    def refuse(place: str | Path) -> object:
        raise PermissionError(13, "Permission denied", str(place))

    monkeypatch.setattr(os, "scandir", refuse)
    problems = Problems()
    open_catalog(
        {"mine": DatasetSpec(root=root)},
        image_limit=None,
        problems=problems,
        cache_dir=tmp_path / "cache",
    )
    with pytest.raises(
        Refused, match=rf"data\.mine: {root} cannot be listed \(Permission denied\)"
    ):
        problems.raise_if_any()


@pytest.fixture
def refused(tmp_path: Path) -> Callable[..., str]:
    """Return a function that gives the words with which one dataset is refused."""

    def of(root: Path, **more: object) -> str:
        problems = Problems()
        open_catalog(
            {"mine": DatasetSpec(root=root, **more)},
            image_limit=None,
            problems=problems,
            cache_dir=tmp_path / "cache",
        )
        with pytest.raises(Refused) as error:
            problems.raise_if_any()
        return str(error.value)

    return of


def test_a_root_that_is_too_high_is_answered_with_the_roots_to_write(
    tmp_path: Path, refused, make_genimage
) -> None:
    root = tmp_path / "data"
    make_genimage(root / "cifar", {"cgan": 1, "karlo": 2}, train=1, test=1)
    make_genimage(root / "2024", {"ldm": 1}, train=1, test=1)
    words = refused(root)
    assert f"data.mine.root: {root} is one folder too high" in words
    assert f'cifar: {{root: "{root}/cifar"}}' in words
    assert f'data_2024: {{root: "{root}/2024"}}' in words  # 2024 alone is a number in YAML
    assert "of 2 generators: cgan, karlo" in words
    make_genimage(root, {"dcgan": 1}, train=1, test=1)
    words = refused(root)
    assert f"{root} holds 2 collections beside generators" in words
    assert f"Move {root}/2024 and {root}/cifar out of it, for dcgan in it is a generator" in words


def test_a_root_without_layout_or_images_shows_what_lies_there(tmp_path: Path, refused) -> None:
    root = tmp_path / "data"
    (root / "dcgan" / "train" / "ai").mkdir(parents=True)
    words = refused(root)
    assert "no image was found there" in words
    assert "GENERATOR/{train,val}/{ai,nature}/" in words
    (root / "dcgan" / "train" / "ai").rename(root / "dcgan" / "train" / "fake")
    assert "is empty: there is no file in it" in refused(root)
    (root / "dcgan" / "train" / "fake" / "one.png").write_bytes(b"x")
    words = refused(root)
    assert "no layout that is known here" in words
    assert "fake/  1 .png" in words
    assert "Did you mean genimage" in refused(root, layout="gen_image")
