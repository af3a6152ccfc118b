"""The images of a trial on the worker, and what a process that is used again keeps of them."""

from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest

from data.image_files import ImageChanged, UnreadableImage
from data.image_ids import image_id_of
from data.images import DecodedCache
from grid.store.base import Store
from grid.trial import images
from grid.trial.attempt import _image_ids

KEPT, OTHER, TRAINED = (image_id_of(name.encode()) for name in ("kept", "other", "trained"))


@pytest.fixture
def trial(monkeypatch: pytest.MonkeyPatch) -> images.TrialImages:
    """The rows of a trial that scores one pool of one image; three others are decoded already."""
    manifest = pa.table(
        {"image_id": [KEPT], "label": pa.array([1], pa.int8()), "width": [4], "height": [3]}
    )
    decoded = DecodedCache(10**6)
    for image_id in (KEPT, OTHER, TRAINED):
        decoded.put(image_id, np.zeros((2, 2, 3), np.uint8))
    monkeypatch.setattr(images, "_manifest", lambda store, pool_id: manifest)
    monkeypatch.setattr(images, "_paths", lambda store, key: ["a.png"])
    monkeypatch.setattr(images, "_DECODED", decoded)
    return images.TrialImages(cast(Store, None), {"paths": {"p1": "key"}})


def kept() -> set[str]:
    return {
        image_id for image_id in (KEPT, OTHER, TRAINED) if images._DECODED.get(image_id) is not None
    }


def test_images_of_earlier_trials_make_room(trial: images.TrialImages) -> None:
    assert len(trial.pool("p1")) == 1
    assert kept() == {KEPT}


def test_images_that_are_trained_on_stay(trial: images.TrialImages) -> None:
    trial._make_room([TRAINED])
    trial.pool("p1")
    assert kept() == {KEPT, TRAINED}


def test_rows_know_how_large_their_images_are(trial: images.TrialImages) -> None:
    pixels: Any = trial.pool("p1").pixels
    assert pixels.tolist() == [12]


@pytest.mark.parametrize(
    "error", [UnreadableImage("a.png", "truncated", KEPT), ImageChanged("a.png", KEPT, OTHER)]
)
def test_a_failure_names_its_image(error: Exception) -> None:
    assert _image_ids(error) == [KEPT]
    assert _image_ids(ValueError("of no image")) == []
