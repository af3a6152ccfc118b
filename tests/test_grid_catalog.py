"""What indexing the datasets of an experiment refuses, in sentences."""

import os
from pathlib import Path

import pytest

from grid.catalog import open_catalog
from grid.experiment import DatasetSpec
from grid.refusal import Problems, Refused


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
