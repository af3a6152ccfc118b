"""`deterministic: true`: operations that repeat themselves, or a refusal that names the other."""

import hashlib
import os
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from data.images import DecodedCache, ImageRows
from data.operations import parse
from data.view import view_of
from detectors import weights
from detectors.contract import load_card
from detectors.determinism import (
    NoDeterministicOperation,
    deterministic_operations,
    fastest_convolutions,
)
from detectors.recipes import differing, recorded, resolve_recipe
from detectors.training import train

WHOLE = view_of()


class Unpooling(nn.Module):
    """Draws its maxima back to their places, which torch does not do deterministically."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(3, 1, 3, padding=1)

    def forward(self, images_BCHW):
        pooled, places = nn.functional.max_pool2d(
            self.convolution(images_BCHW), 2, return_indices=True
        )
        return nn.functional.max_unpool2d(pooled, places, 2).mean(dim=(1, 2, 3))


class Plain(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Dropout(0.3))

    def forward(self, images_BCHW):
        assert torch.are_deterministic_algorithms_enabled() == self.expected
        return self.body(images_BCHW).mean(dim=(1, 2, 3))


def rows(num, first=0):
    rng, cache = np.random.default_rng(first), DecodedCache(1 << 24)
    ids = [hashlib.sha256(f"{first + i}".encode()).hexdigest()[:32] for i in range(num)]
    for image_id in ids:
        cache.put(image_id, rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    return ImageRows(ids, np.arange(num, dtype=np.int8) % 2, ids, cache)


def trained(network, **changes):
    recipe = {"base": "small", "batch_size": 8, "epochs": 1, **changes}
    ignored = SimpleNamespace(
        save_checkpoint=lambda *_: None, save_weights=lambda *_: None, epoch_done=lambda _: None
    )
    train(
        network,
        training=rows(16),
        validation=rows(6, first=100),
        view=WHOLE,
        augmentation=parse("none", "augmentation"),
        validation_view=WHOLE,
        recipe=resolve_recipe(load_card("npr"), recipe),
        seed=1,
        device="cpu",
        sink=ignored,
    )
    return weights.sha256(weights.to_bytes(network))


def settings():
    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        torch.backends.cudnn.deterministic,
        torch.backends.cudnn.benchmark,
        os.environ.get("CUBLAS_WORKSPACE_CONFIG"),
    )


@pytest.mark.parametrize("workspace", [None, ":0:0", ":16:8"])
def test_all_that_decides_is_set_and_put_back(workspace, monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    if workspace is not None:
        monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", workspace)
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", True)
    before = settings()
    with deterministic_operations():
        inside = ":16:8" if workspace == ":16:8" else ":4096:8"
        assert settings() == (True, False, True, False, inside)
    assert settings() == before == (False, False, False, True, workspace)


@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize(
    ("device", "deterministic", "chooses"),
    [("cuda", False, True), ("cuda", True, False), ("cpu", False, False)],
)
def test_cudnn_chooses_its_kernels_where_nobody_asks_for_equal_bits(
    outside, device, deterministic, chooses, monkeypatch
):
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", outside)
    with fastest_convolutions(device, deterministic=deterministic):
        assert torch.backends.cudnn.benchmark == (outside or chooses)
    assert torch.backends.cudnn.benchmark == outside
    with deterministic_operations(), fastest_convolutions(device, deterministic=True):
        assert not torch.backends.cudnn.benchmark


def test_an_operation_that_does_not_repeat_itself_is_refused_by_name():
    before = settings()
    trained(Unpooling())
    with pytest.raises(NoDeterministicOperation, match=r"^max_unpool.*deterministic: true\. Train"):
        trained(Unpooling(), deterministic=True)
    assert settings() == before


def test_other_errors_stay_what_they_are():
    with (
        pytest.raises(RuntimeError, match="shapes cannot be multiplied"),
        deterministic_operations(),
    ):
        torch.ones(2, 3) @ torch.ones(2, 3)


@pytest.mark.parametrize("deterministic", [False, True])
def test_a_training_is_deterministic_where_its_recipe_says_so(deterministic):
    found = set()
    for _ in range(2):
        torch.manual_seed(0)
        network = Plain()
        network.expected = deterministic
        found.add(trained(network, deterministic=deterministic))
    assert len(found) == 1


def test_it_is_identity_where_it_is_asked_for_and_nowhere_else():
    plain, stated, asked = (
        resolve_recipe(load_card("npr"), {"base": "small", **more})
        for more in ({}, {"deterministic": False}, {"deterministic": True})
    )
    assert differing(plain) == differing(stated)
    assert differing(asked) == {**differing(plain), "deterministic": True}
    assert "deterministic" not in recorded(plain), "experiments keep their digests"
    assert recorded(asked)["deterministic"] is True
