"""A test's batch that finds no room is halved; a training's never is."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import PIL.Image
import pytest
import torch
from torch import nn

from data.image_ids import image_id_of
from data.images import DecodedCache, ImageRows
from data.operations import parse
from data.view import View
from detectors import memory_account
from detectors.contract import build
from detectors.halved_batches import HalvedBatches
from detectors.out_of_memory import ShareTooSmall, is_out_of_memory
from detectors.prediction import predict
from detectors.recipe_fields import Recipe
from detectors.training import train

WHOLE = View()
RECIPE = Recipe(optimizer="sgd", lr=0.01, schedule="constant", epochs=1, batch_size=4)
SINK = SimpleNamespace(
    save_checkpoint=lambda *_: None, save_weights=lambda *_: None, epoch_done=lambda _: None
)


@pytest.fixture
def rows(tmp_path: Path) -> ImageRows:
    """Nineteen images of 16 px."""
    rng = np.random.default_rng(0)
    ids, paths = [], []
    for index in range(19):
        paths.append(tmp_path / f"{index}.png")
        PIL.Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)).save(paths[-1])
        ids.append(image_id_of(paths[-1].read_bytes()))
    labels = np.arange(len(ids), dtype=np.int8) % 2
    return ImageRows(ids, labels, paths, DecodedCache(1 << 20))


class OutOfMemoryError(RuntimeError):
    """As torch calls its own."""


def small_card(network: nn.Module, room: int, method: str = "forward") -> list[int]:
    """Room for so many images at a time in a network's method; the sizes of the batches it got."""
    seen: list[int] = []
    compute = getattr(network, method)

    def bounded(images_BCHW: torch.Tensor) -> torch.Tensor:
        seen.append(len(images_BCHW))
        if len(images_BCHW) > room:
            raise OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        computed: torch.Tensor = compute(images_BCHW)
        return computed

    setattr(network, method, bounded)
    return seen


@pytest.mark.parametrize("name", ["simple_cnn", "univfd"])
def test_a_batch_without_room_is_halved_and_logits_stay(rows: ImageRows, name: str) -> None:
    network = build(name, {"size": "tiny"}, seed=0)
    expected = predict(network, rows, WHOLE, "cpu", 8).logits
    if name == "univfd":  # features of a frozen backbone are computed in batches of their own
        seen = small_card(network.backbone, 3, "features")
    else:
        seen = small_card(network, 3)
    logits = predict(network, rows, WHOLE, "cpu", 8).logits
    assert seen[:3] == [8, 4, 2]
    assert max(seen[3:]) == 2  # it is not tried again with every batch
    assert (np.abs(logits - expected) <= 1e-4 * np.maximum(1, np.abs(expected))).all()


def test_one_image_without_room_is_an_error(rows: ImageRows) -> None:
    network = build("simple_cnn", {"size": "tiny"}, seed=0)
    small_card(network, room=0)
    with pytest.raises(OutOfMemoryError):
        predict(network, rows, WHOLE, "cpu", 8)


def test_a_training_is_never_given_smaller_batches(rows: ImageRows) -> None:
    """Neither its steps, which would be another fit, nor what selects the epoch."""
    half = np.arange(8)
    for room in (3, 4):  # too little for a step, then for a step alone
        network = build("simple_cnn", {"size": "tiny"}, seed=0)
        seen = small_card(network, room)
        with pytest.raises(OutOfMemoryError):
            train(
                network,
                training=rows.taken(half),
                validation=rows.taken(half + 8),
                view=WHOLE,
                augmentation=parse("none", "augmentation"),
                validation_view=WHOLE,
                recipe=RECIPE,
                seed=0,
                device="cpu",
                sink=SINK,
            )
        assert seen == ([4] if room == 3 else [4, 4, 8])


def test_other_errors_go_through() -> None:
    def broken(_: object) -> Iterator[int]:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    with pytest.raises(RuntimeError, match="illegal"):
        HalvedBatches().parts([1, 2, 3, 4], broken)
    assert not is_out_of_memory(OSError("out of memory"))


def test_what_a_larger_share_of_the_gpu_would_hold_is_no_fault_of_the_image(
    rows: ImageRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = build("simple_cnn", {"size": "tiny"}, seed=0).eval()
    account = memory_account.MemoryAccount(network, WHOLE, torch.device("cpu"), None)
    monkeypatch.setattr(account, "_bytes", lambda height, width: 100 * height * width)
    needed = 100 * 256 * 256
    account._forward, account._with_whole_gpu = needed - 1, 8 * needed
    with pytest.raises(ShareTooSmall, match="an image of 256x256 pixels takes about"):
        account.too_large_to_score(256, 256)
    assert is_out_of_memory(ShareTooSmall())
    assert "too large" in account.too_large_to_score(2048, 2048)  # for a whole one, too
