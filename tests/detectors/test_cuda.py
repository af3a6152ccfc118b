"""What detectors promise, on a GPU: training, resuming, scoring, precision, no needless waiting.

The same loop is tested on the CPU bit for bit; here the tolerance is that of a GPU's own kernels.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from data.images import DecodedCache, ImageRows
from data.operations import parse
from data.view import View, view_of
from detectors.batches import scaled
from detectors.contract import build, load_card
from detectors.history import HistoryRow
from detectors.networks.npr_residual import npr_residual
from detectors.optimizers import Optimizer
from detectors.prediction import predict
from detectors.recipe_fields import Recipe
from detectors.recipes import resolve_recipe
from detectors.training import TrainingResult, train
from detectors.training_run import TrainingRun

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this host"),
]

WHOLE = View()
NETWORKS = [
    ("npr", {"factor": 0.5}),
    ("npr", {"factor": 0.75}),
    ("resnet50", {"size": "tiny"}),
    ("simple_cnn", {"size": "tiny"}),
]


@pytest.fixture
def device() -> torch.device:
    return torch.device("cuda")


@pytest.fixture
def tf32() -> Iterator[None]:
    """TF32 switched on outside, as a host program may have it."""
    matmul, convolution = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, convolution.allow_tf32
    matmul.allow_tf32 = convolution.allow_tf32 = True
    yield
    assert (matmul.allow_tf32, convolution.allow_tf32) == (True, True), "must be put back"
    matmul.allow_tf32, convolution.allow_tf32 = before


class Sink:
    """Keeps what a store would keep."""

    def __init__(self) -> None:
        self.checkpoint = b""
        self.weights: dict[int, bytes] = {}

    def save_checkpoint(self, data: bytes, epoch: int, step: int) -> None:
        self.checkpoint = data

    def save_weights(self, epoch: int, data: bytes) -> None:
        self.weights[epoch] = data

    def epoch_done(self, row: HistoryRow) -> None:
        pass


def image_rows(num: int, first: int = 0, sizes: tuple[int, ...] = (32,)) -> ImageRows:
    """Noise in memory, square, the sizes in turn."""
    rng = np.random.default_rng(first)
    cache = DecodedCache(1 << 28)
    ids = [hashlib.sha256(str(first + index).encode()).hexdigest()[:32] for index in range(num)]
    for index, image_id in enumerate(ids):
        side = sizes[index % len(sizes)]
        cache.put(image_id, rng.integers(0, 256, (side, side, 3), dtype=np.uint8))
    return ImageRows(ids, np.arange(num, dtype=np.int8) % 2, ids, cache)


def recipe_of(detector: str, **changes: Any) -> Recipe:
    base = {"base": "small", "batch_size": 8, "micro_batch": 3, "gradient_clip": 0.5, "epochs": 1}
    return resolve_recipe(load_card(detector), {**base, **changes})


def fit(
    network: nn.Module,
    recipe: Recipe,
    device: torch.device,
    sink: Sink,
    geometry: str = "random_crop(28, step=2)",
    **more: Any,
) -> TrainingResult:
    return train(
        network,
        training=image_rows(29),
        validation=image_rows(10, first=1000),
        view=view_of(geometry=geometry),
        augmentation=parse("hflip", "augmentation"),
        validation_view=WHOLE,
        recipe=recipe,
        seed=7,
        device=device,
        sink=sink,
        **more,
    )


def generator_state(device: torch.device) -> torch.Tensor:
    return torch.cuda.get_rng_state() if device.type == "cuda" else torch.get_rng_state()


def assert_near(logits: np.ndarray, expected: np.ndarray, tolerance: float) -> None:
    assert np.isfinite(logits).all()
    assert (np.abs(logits - expected) <= tolerance * np.maximum(1, np.abs(expected))).all()


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(("detector", "options"), NETWORKS)
def test_an_epoch_of_every_detector(
    detector: str, options: dict[str, Any], precision: str, optimizer: str, device: torch.device
) -> None:
    network = build(detector, options, seed=0)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    generator = generator_state(device)
    sink = Sink()
    recipe = recipe_of(detector, precision=precision, optimizer=optimizer, weight_decay=0.01)
    result = fit(network, recipe, device, sink)
    assert result.state == "done"
    assert np.isfinite(result.history[0].train_loss)
    assert np.isfinite(result.validation_logits).all()
    assert list(sink.weights) == [1]
    for key, value in network.named_parameters():
        assert value.device.type == device.type, key
        assert value.dtype == torch.float32, key
        assert torch.isfinite(value).all(), key
        assert not torch.equal(value.cpu(), before[key]), f"{key} was not trained"
    assert torch.equal(generator_state(device), generator), "the caller's generator must be left"


@pytest.mark.parametrize(
    ("detector", "options"), [*NETWORKS, ("simple_cnn", {"size": "seed", "input_px": 32})]
)
def test_a_resumed_training_ends_near_the_uninterrupted_one(
    detector: str, options: dict[str, Any], device: torch.device
) -> None:
    """The last of the cases draws dropout: from the step, not from where a generator stands."""
    recipe = recipe_of(detector, epochs=3, lr=1e-4)
    geometry = "none" if "input_px" in options else "random_crop(28, step=2)"
    whole = fit(build(detector, options, seed=0), recipe, device, Sink(), geometry)
    calls, sink = iter(range(1, 100)), Sink()
    network = build(detector, options, seed=0)
    stopped = fit(network, recipe, device, sink, geometry, stop=lambda: next(calls) >= 6)
    assert stopped.state == "stopped"
    torch.manual_seed(12345)  # a resume must not depend on it
    network = build(detector, options, seed=0)
    resumed = fit(network, recipe, device, Sink(), geometry, resume=sink.checkpoint)
    assert [row.step for row in resumed.history] == [row.step for row in whole.history]
    assert_near(resumed.validation_logits, whole.validation_logits, 1e-3)


@pytest.mark.usefixtures("tf32")
@pytest.mark.parametrize(("detector", "options"), NETWORKS)
def test_weights_score_here_as_on_the_cpu(
    detector: str, options: dict[str, Any], device: torch.device
) -> None:
    network = build(detector, options, seed=3)
    rows = image_rows(40, sizes=(32, 33, 48, 57))
    expected = predict(network, rows, WHOLE, "cpu").logits
    with torch.autocast(device.type, torch.bfloat16):
        logits = predict(network, rows, WHOLE, device, batch_size=7).logits
    assert_near(logits, expected, 1e-4)
    assert len(np.unique(logits)) == len(logits), "the logit must depend on the image"


@pytest.mark.usefixtures("tf32")
@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
@pytest.mark.parametrize("factor", [0.5, 0.25, 0.75])
def test_npr_sees_its_map_in_float32_under_autocast(
    factor: float, mode: str, device: torch.device
) -> None:
    network = build("npr", {"factor": factor, "mode": mode}, seed=0).to(device)
    # Smooth images: differences of one grey level, which eight bits of mantissa cannot hold.
    ramp = torch.linspace(0.5, 0.75, 64)
    images_BCHW = (ramp.view(1, 1, 1, 64) + 0.01 * ramp.view(1, 1, 64, 1)).repeat(2, 3, 1, 1)
    seen: dict[str, torch.Tensor] = {}
    network.trunk.conv1.register_forward_pre_hook(lambda _, inputs: seen.update(map=inputs[0]))
    with torch.autocast(device.type, torch.bfloat16):
        logit_B = network(images_BCHW.to(device))
    assert logit_B.dtype == seen["map"].dtype == torch.float32
    expected = npr_residual(images_BCHW.double(), factor, mode)
    expected = expected * network.channel_scale.cpu().double()
    error = (seen["map"].cpu().double() - expected).norm() / expected.norm()
    assert error < 0.01


@pytest.mark.parametrize(
    ("changes", "reference"),
    [
        ({"optimizer": "adamw", "weight_decay": 0.1}, torch.optim.AdamW),
        ({"optimizer": "adam", "weight_decay": 0.1, "betas": [0.8, 0.95]}, torch.optim.Adam),
        ({"optimizer": "sgd", "weight_decay": 0.1, "momentum": 0.9}, torch.optim.SGD),
    ],
)
def test_updates_equal_torchs(
    changes: dict[str, Any], reference: type[torch.optim.Optimizer], device: torch.device
) -> None:
    recipe = recipe_of("simple_cnn", **changes)
    parts = [
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(288, 1))
        for _ in range(2)
    ]
    parts[1].load_state_dict(parts[0].state_dict())
    theirs_network, ours_network = (
        part.to(device).to(memory_format=torch.channels_last) for part in parts
    )
    arguments: dict[str, Any] = {"lr": 0.01, "weight_decay": recipe.weight_decay, "fused": True}
    if reference is torch.optim.SGD:
        arguments["momentum"] = recipe.momentum
    else:
        arguments["betas"] = recipe.betas
    theirs = reference(theirs_network.parameters(), **arguments)
    ours = Optimizer(ours_network, recipe)
    for step in range(4):
        # One gradient for both: what is compared is the update alone.
        generator = torch.Generator().manual_seed(step)
        for value, twin in zip(theirs_network.parameters(), ours_network.parameters(), strict=True):
            gradient = torch.randn(value.shape, generator=generator).to(device)
            value.grad = torch.empty_like(value).copy_(gradient)
            twin.grad = torch.empty_like(twin).copy_(gradient)
        theirs.step()
        ours.step(0.01)
    for value, twin in zip(theirs_network.parameters(), ours_network.parameters(), strict=True):
        torch.testing.assert_close(value, twin, rtol=1e-6, atol=1e-7)


def test_pixels_are_exactly_those_of_the_cpu(device: torch.device) -> None:
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16).expand(2, 3, 16, 16)
    expected = pixels.numpy().astype(np.float32) / np.float32(255)
    assert np.array_equal(scaled(pixels, device).cpu().numpy(), expected)


@pytest.mark.parametrize(("detector", "options"), NETWORKS)
def test_a_step_waits_for_no_copy(
    detector: str, options: dict[str, Any], device: torch.device
) -> None:
    """A step that synchronises leaves the GPU idle while the host prepares the next."""
    run = TrainingRun(
        build(detector, options, seed=0),
        training=image_rows(29),
        validation=image_rows(10, first=1000),
        view=WHOLE,
        validation_view=WHOLE,
        recipe=recipe_of(detector, micro_batch=None),
        seed=7,
        device=torch.device(device.type, 0),
    )
    batches = run.batches()
    run.train_on(*next(batches))  # kernels are chosen and caches are filled in the first
    images_BCHW, target_B = next(batches)
    is_cuda = device.type == "cuda"
    assert images_BCHW.is_pinned() == target_B.is_pinned() == is_cuda
    with no_synchronisation() if is_cuda else nullcontext():
        run.train_on(images_BCHW, target_B)


@contextmanager
def no_synchronisation() -> Iterator[None]:
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")
