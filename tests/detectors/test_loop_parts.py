"""The parts of the loop, each against its definition or another implementation."""

import json
import threading
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load as read_safetensors
from torch import nn

from data.operations import Pipeline, parse
from detectors import checkpoint_headers, checkpoints, safetensors_bytes, weights
from detectors.batches import cut_into, epoch_order, in_order, scaled
from detectors.contract import build, load_card
from detectors.history import area_under_curve, validated
from detectors.networks.npr_residual import npr_residual
from detectors.networks.precision import full_precision
from detectors.optimizers import Optimizer
from detectors.recipes import resolve_recipe
from detectors.training_pipeline import training_pipeline
from detectors.training_run import TrainingRun
from detectors.training_state import TrainingState

NPR = load_card("npr")


@pytest.mark.slow  # building one of torch's optimisers imports its compiler
@pytest.mark.parametrize(
    ("changes", "reference"),
    [
        ({"optimizer": "adamw", "weight_decay": 0.1}, torch.optim.AdamW),
        ({"optimizer": "adam", "weight_decay": 0.1, "betas": [0.8, 0.95]}, torch.optim.Adam),
        ({"optimizer": "adam", "weight_decay": 0.0}, torch.optim.Adam),
        ({"optimizer": "sgd", "weight_decay": 0.1, "momentum": 0.9}, torch.optim.SGD),
        ({"optimizer": "sgd", "momentum": 0.9, "dampening": 0.9}, torch.optim.SGD),
        ({"optimizer": "sgd", "momentum": 0.9, "nesterov": True}, torch.optim.SGD),
        ({"optimizer": "sgd", "weight_decay": 0.0}, torch.optim.SGD),
    ],
)
def test_optimizers_equal_torchs_bit_for_bit(changes: dict, reference: type) -> None:
    recipe = resolve_recipe(NPR, {"base": "small", **changes})
    networks = [
        build("simple_cnn", {"size": "tiny"}, seed=0).to(memory_format=torch.channels_last)
        for _ in range(2)
    ]
    arguments = {"lr": 0.01, "weight_decay": recipe.weight_decay, "fused": True}
    if reference is torch.optim.SGD:
        arguments |= {
            "momentum": recipe.momentum,
            "dampening": recipe.dampening,
            "nesterov": recipe.nesterov,
        }
    else:
        arguments["betas"] = recipe.betas
    theirs = reference(networks[0].parameters(), **arguments)
    ours = Optimizer(networks[1], recipe)
    for step in range(4):
        images_BCHW = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(step))
        for network in networks:
            network.zero_grad()
            network(images_BCHW).square().sum().backward()
        theirs.step()
        ours.step(0.01)
    for key, value in networks[0].state_dict().items():
        assert torch.equal(value, networks[1].state_dict()[key]), key


@pytest.mark.parametrize("decoupled", [True, False])
def test_adam_follows_its_equations(decoupled: bool) -> None:
    """Kingma and Ba 2015, algorithm 1; Loshchilov and Hutter 2019, algorithm 2."""
    name = "adamw" if decoupled else "adam"
    changes = {"base": "small", "optimizer": name, "weight_decay": 0.1, "betas": [0.8, 0.95]}
    network = nn.Linear(3, 1, bias=False)
    x = network.weight.detach().double().clone()
    optimizer = Optimizer(network, resolve_recipe(NPR, changes))
    mean, square = torch.zeros_like(x), torch.zeros_like(x)
    for step in range(1, 6):
        network.weight.grad = torch.randn(1, 3, generator=torch.Generator().manual_seed(step))
        gradient = network.weight.grad.double()
        gradient = gradient if decoupled else gradient + 0.1 * x
        mean = 0.8 * mean + 0.2 * gradient
        square = 0.95 * square + 0.05 * gradient**2
        x = x * (1 - 0.01 * 0.1) if decoupled else x
        x = x - 0.01 * (mean / (1 - 0.8**step)) / ((square / (1 - 0.95**step)).sqrt() + 1e-8)
        optimizer.step(0.01)
    assert torch.allclose(network.weight.double(), x, rtol=1e-5)


@pytest.mark.parametrize(("dampening", "nesterov"), [(0.0, False), (0.9, False), (0.0, True)])
def test_sgd_follows_its_equations(dampening: float, nesterov: bool) -> None:
    """Nesterov's as Sutskever et al. 2013 rewrite it: the gradient, and the momentum after it."""
    changes = {"base": "small", "optimizer": "sgd", "weight_decay": 0.1, "momentum": 0.9}
    changes |= {"dampening": dampening, "nesterov": nesterov}
    network = nn.Linear(3, 1, bias=False)
    x = network.weight.detach().double().clone()
    optimizer = Optimizer(network, resolve_recipe(NPR, changes))
    velocity = torch.zeros_like(x)
    for step in range(1, 6):
        network.weight.grad = torch.randn(1, 3, generator=torch.Generator().manual_seed(step))
        gradient = network.weight.grad.double() + 0.1 * x
        velocity = 0.9 * velocity + (1 - dampening) * gradient if step > 1 else gradient
        x = x - 0.01 * (gradient + 0.9 * velocity if nesterov else velocity)
        optimizer.step(0.01)
    assert torch.allclose(network.weight.double(), x, rtol=1e-5)


def test_a_parameter_without_a_gradient_stays() -> None:
    network = nn.ModuleList([nn.Linear(2, 1), nn.Linear(2, 1)])
    before = network[1].weight.detach().clone()
    optimizer = Optimizer(network, resolve_recipe(NPR, "small"))
    network[0](torch.ones(1, 2)).sum().backward()
    optimizer.step(0.1)
    assert torch.equal(network[1].weight, before)


def test_parameter_groups_and_decay() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 1))
    common = Optimizer(network, resolve_recipe(NPR, "common"))
    assert common.groups() == [
        (0.05, ["0.weight", "3.weight"]),
        (0.0, ["0.bias", "1.weight", "1.bias", "3.bias"]),
    ]
    small = Optimizer(network, resolve_recipe(NPR, "small"))
    assert small.groups() == [(1e-2, [name for name, _ in network.named_parameters()])]
    paper = Optimizer(network, resolve_recipe(NPR, "paper"))
    assert [decay for decay, _ in paper.groups()] == [0.0]
    network[0].requires_grad_(False)
    assert "0.weight" not in Optimizer(network, resolve_recipe(NPR, "small")).parameters
    network.requires_grad_(False)
    with pytest.raises(ValueError, match="no trainable parameter"):
        Optimizer(network, resolve_recipe(NPR, "small"))


def test_gradient_is_clipped_to_the_norm() -> None:
    network = nn.Linear(3, 1)
    optimizer = Optimizer(network, resolve_recipe(NPR, "common"))
    (network(torch.full((1, 3), 100.0))).sum().backward()
    optimizer.clip_gradient(1.0)
    norm = torch.cat([value.grad.flatten() for value in network.parameters()]).norm()
    assert norm.item() == pytest.approx(1.0, rel=1e-4)


class OneLogit(nn.Module):
    """Gives fixed logits whose gradient is kept."""

    def __init__(self, logits: list[float]) -> None:
        super().__init__()
        self.logit_B = nn.Parameter(torch.tensor(logits))

    def forward(self, images_BCHW: torch.Tensor) -> torch.Tensor:
        return self.logit_B[: len(images_BCHW)]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_loss_on_fixed_logits_is_cross_entropy_over_two_outputs(smoothing: float) -> None:
    network = OneLogit([-3.0, -0.5, 0.0, 2.0])
    target_B = torch.tensor([0.0, 1.0, 1.0, 0.0])
    changes = {"base": "small", "label_smoothing": smoothing, "micro_batch": 4}
    run = TrainingRun.__new__(TrainingRun)
    run.recipe, run.seed, run.device = resolve_recipe(NPR, changes), 0, torch.device("cpu")
    run.network, run.has_batch_norm, run.slices, run.steps = network, False, [slice(0, 4)], 10
    run.state, run.loss_sum = TrainingState(), torch.zeros((), dtype=torch.float64)
    run.augmentation = run._second = Pipeline(())
    run.training, run._shown = SimpleNamespace(image_ids=list("abcd")), np.arange(4)
    run.optimizer = Optimizer(network, run.recipe)
    two_outputs_B2 = torch.stack([torch.zeros(4), network.logit_B.detach().clone()], dim=1)
    two_outputs_B2.requires_grad_()
    expected = nn.functional.cross_entropy(
        two_outputs_B2, target_B.long(), label_smoothing=smoothing
    )
    expected.backward()
    run.train_on(torch.zeros(4, 3, 2, 2, dtype=torch.uint8), target_B)
    assert float(run.loss_sum) / 4 == pytest.approx(expected.item(), rel=1e-6)
    assert torch.allclose(network.logit_B.grad, two_outputs_B2.grad[:, 1], atol=1e-7)
    if smoothing == 0.0:
        by_hand = [np.log1p(np.exp(-3)), np.log1p(np.exp(0.5)), np.log(2), np.log1p(np.exp(2))]
        assert float(run.loss_sum) == pytest.approx(sum(by_hand), rel=1e-6)


def test_augmentation_acts_after_resizing_and_before_cutting() -> None:
    def order(geometry: str, augmentation: str) -> str:
        parsed = parse(geometry, "geometry"), parse(augmentation, "augmentation")
        return training_pipeline(*parsed).canonical

    forensynths = "resize(256,256) | random_crop(224) | hflip"
    assert order(forensynths, "blur_jpeg(p=0.5)").split(" | ")[0] == "resize(256,256)"
    names = [step.split("(")[0] for step in order(forensynths, "blur_jpeg(p=0.1)").split(" | ")]
    assert names == ["resize", "blur_jpeg", "random_crop", "hflip"]
    names = [step.split("(")[0] for step in order("tile(32)", "blur_jpeg(p=0.1)").split(" | ")]
    assert names == ["tile", "blur_jpeg"]
    assert order("random_crop(8)", "none") == "random_crop(8)"
    for cut in ("center_crop(8)", "trim(2)", "hflip"):
        names = [
            step.split("(")[0] for step in order(f"tile(32) | {cut}", "blur_jpeg").split(" | ")
        ]
        assert names == ["tile", "blur_jpeg", cut.split("(")[0]]


def test_order_is_a_permutation_that_changes_with_epoch_and_seed() -> None:
    labels = np.arange(20, dtype=np.int8) % 2
    first = epoch_order(labels, "natural", 0, 1)
    assert sorted(first) == list(range(20))
    assert (first == epoch_order(labels, "natural", 0, 1)).all()
    assert (first != epoch_order(labels, "natural", 0, 2)).any()
    assert (first != epoch_order(labels, "natural", 1, 1)).any()


def test_balanced_order_shows_both_classes_equally_and_everything() -> None:
    labels = np.array([0] * 3 + [1] * 11, dtype=np.int8)
    order = epoch_order(labels, "balanced", 0, 1)
    assert sorted(np.bincount(labels[order])) == [11, 11]
    counts = np.bincount(order, minlength=14)
    assert (counts[3:] == 1).all()
    assert set(counts[:3]) <= {3, 4}
    epochs = [np.bincount(epoch_order(labels, "balanced", 0, n))[:3].tolist() for n in range(1, 30)]
    assert sorted(map(list, set(map(tuple, epochs)))) == [[3, 4, 4], [4, 3, 4], [4, 4, 3]]


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 17])
@pytest.mark.parametrize("size", [1, 4, 8])
@pytest.mark.parametrize("merge", [True, False])
def test_slices_cover_everything_once(count: int, size: int, merge: bool) -> None:
    parts = cut_into(count, size, merge)
    assert [index for part in parts for index in range(count)[part]] == list(range(count))
    if merge and count > 1 and size > 1:
        assert all(part.stop - part.start > 1 for part in parts)


def test_work_ahead_keeps_the_order_and_passes_errors_on() -> None:
    def double(item: int) -> int:
        if item == 40:
            raise OSError("gone")
        return 2 * item

    assert list(in_order(double, range(40), 3)) == [2 * item for item in range(40)]
    with pytest.raises(OSError, match="gone"):
        list(in_order(double, range(60), 3))


def test_area_under_curve_counts_pairs_and_halves_ties() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 60).astype(np.int8)
    logits = rng.integers(-3, 4, 60).astype(np.float64)
    fakes, reals = logits[labels == 1], logits[labels == 0]
    above = (fakes[:, None] > reals).mean() + (fakes[:, None] == reals).mean() / 2
    assert area_under_curve(logits, labels) == pytest.approx(above)
    assert area_under_curve(logits, np.ones(60, dtype=np.int8)) is None
    measured = validated(np.array([-1.0, 2.0], dtype=np.float32), np.array([0, 0], dtype=np.int8))
    assert measured.loss == pytest.approx((np.log1p(np.exp(-1)) + np.log1p(np.exp(2))) / 2)
    assert (measured.accuracy, measured.auc) == (0.5, None)
    zeros = np.zeros(4, dtype=np.float32)
    assert validated(zeros, np.array([0, 0, 0, 1], dtype=np.int8)).accuracy == 0.75


def test_weights_bytes_are_deterministic_and_read_back_strictly() -> None:
    network = build("npr", seed=3)
    data = weights.to_bytes(network)
    assert data == weights.to_bytes(network.to(memory_format=torch.channels_last))
    assert weights.sha256(data) == weights.sha256(weights.to_bytes(build("npr", seed=3)))
    other = build("npr", seed=4)
    weights.from_bytes(other, data)
    assert weights.to_bytes(other) == data


def test_weights_that_do_not_fit_are_listed() -> None:
    data = weights.to_bytes(build("npr", seed=3))
    with pytest.raises(weights.WeightsMismatch, match=r"missing.*features.*unknown.*trunk"):
        weights.from_bytes(build("simple_cnn", {"size": "tiny"}), data)
    first, second = nn.Linear(3, 1), nn.Linear(4, 1)
    with pytest.raises(weights.WeightsMismatch, match=r"weight \(\(1, 3\) float32 instead of"):
        weights.from_bytes(second, weights.to_bytes(first))
    with pytest.raises(weights.WeightsMismatch, match="not a whole safetensors file"):
        weights.from_bytes(build("npr"), data[:-3])


def test_bytes_are_safetensors() -> None:
    tensors = {
        "half": torch.rand(3, dtype=torch.bfloat16),
        "count": torch.tensor(7),
        "flag": torch.tensor([True, False]),
        "image": torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "empty": torch.zeros(0),
    }
    tensors["tied"] = tensors["image"]
    data = safetensors_bytes.to_bytes(tensors, {"note": "x", "other": "y"})
    assert data == safetensors_bytes.to_bytes(
        dict(reversed(tensors.items())), {"note": "x"} | {"other": "y"}
    )
    back = read_safetensors(data)
    assert all(torch.equal(back[key], tensors[key]) for key in tensors)
    assert checkpoint_headers.metadata_of(data) == {"note": "x", "other": "y"}
    with pytest.raises(ValueError, match="complex64"):
        safetensors_bytes.to_bytes({"c": torch.zeros(1, dtype=torch.complex64)})


def test_pixels_are_exactly_divided_by_255() -> None:
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    expected = pixels.numpy().astype(np.float32) / np.float32(255)
    assert np.array_equal(scaled(pixels, torch.device("cpu")).numpy(), expected)
    assert torch.equal(scaled(pixels, torch.device("cpu")), pixels.float() / 255)


def test_checkpoint_facts_come_back_exactly() -> None:
    facts = {"loss": 0.1 + 0.2, "history": [{"auc": None}], "step": 3}
    data = checkpoints.pack({"x": torch.rand(5)}, facts, "this")
    tensors, back = checkpoints.unpack(data, "this")
    assert back == json.loads(json.dumps(facts))
    assert back["loss"] == 0.1 + 0.2
    assert list(tensors) == ["x"]


def test_a_checkpoint_whose_facts_were_changed_is_refused() -> None:
    data = checkpoints.pack({"x": torch.rand(5)}, {"step": 120, "epoch": 3}, "this")
    changed = data.replace(b"120", b"920")
    assert checkpoint_headers.position(changed) == (920, 3), "the header alone cannot tell"
    with pytest.raises(checkpoints.CheckpointInvalid, match="checksum differs"):
        checkpoints.unpack(changed, "this")


def test_tensors_under_other_names_are_refused() -> None:
    data = checkpoints.pack({"mean": torch.rand(5), "other": torch.rand(5)}, {}, "this")
    renamed = data.replace(b'"mean"', b'"moan"')
    assert renamed != data
    with pytest.raises(checkpoints.CheckpointInvalid, match="checksum differs"):
        checkpoints.unpack(renamed, "this")


def test_an_error_while_training_is_not_kept_waiting_by_what_was_not_begun() -> None:
    begun, written = threading.Event(), []

    def write(data: bytes, epoch: int, step: int) -> None:
        written.append(step)
        begun.set()
        time.sleep(0.1)  # until the block is left

    def fail() -> None:
        with checkpoints.BackgroundWriter(write) as writer:
            writer.submit(b"x", 1, 1)
            assert begun.wait(5)
            writer.submit(b"x", 1, 2)
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        fail()
    assert written == [1]


def test_the_writer_writes_the_newest_and_waits_at_the_end() -> None:
    gate, written = threading.Event(), []

    def write(data: bytes, epoch: int, step: int) -> None:
        gate.wait(5)
        written.append((data, epoch, step))

    with checkpoints.BackgroundWriter(write) as writer:
        for step in range(5):
            writer.submit(b"x", 1, step)
        gate.set()
    assert written[-1] == (b"x", 1, 4)
    assert len(written) <= 2


@pytest.mark.parametrize("factor", [0.5, 0.25, 0.75])
def test_npr_map_under_autocast_is_within_one_percent_of_float64(
    factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = build("npr", {"factor": factor}, seed=0)
    # Smooth images: differences of one grey level, which eight bits of mantissa cannot hold.
    ramp = torch.linspace(0.5, 0.75, 64)
    images_BCHW = (ramp.view(1, 1, 1, 64) + 0.01 * ramp.view(1, 1, 64, 1)).expand(2, 3, 64, 64)
    seen = {}
    network.trunk.conv1.register_forward_pre_hook(lambda _, inputs: seen.update(map=inputs[0]))

    def watched(images_BCHW: torch.Tensor, *others: Any) -> torch.Tensor:
        # The operations of today's map are none that a CPU's autocast rounds; those of another
        # device, or of tomorrow, may be.
        assert not torch.is_autocast_enabled("cpu")
        assert images_BCHW.dtype == torch.float32
        return npr_residual(images_BCHW, *others)

    monkeypatch.setattr("detectors.networks.npr.npr_residual", watched)
    with torch.autocast("cpu", torch.bfloat16):
        logit_B = network(images_BCHW)
    assert logit_B.dtype == torch.float32
    expected = _residual_float64(images_BCHW, factor)
    error = (seen["map"].double() - expected).norm() / expected.norm()
    assert error < 0.01
    rounded = _residual_float64(images_BCHW.bfloat16(), factor)
    assert (rounded - expected).norm() / expected.norm() > 0.01, "bfloat16 would not do"


def _residual_float64(images_BCHW: torch.Tensor, factor: float) -> torch.Tensor:
    x = images_BCHW.double()
    small = nn.functional.interpolate(
        x, scale_factor=factor, mode="nearest", recompute_scale_factor=True
    )
    std = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).view(1, 3, 1, 1)
    enlarged = nn.functional.interpolate(small, size=x.shape[-2:], mode="nearest")
    return (x - enlarged) / std * 2 / 3


# Three of the SRM filters (Fridrich and Kodovsky 2012), as forensic front ends use them: 3 x 3 and
# 5 x 5 square, and the second difference along a row.
SRM = [
    [
        [0, 0, 0, 0, 0],
        [0, -1, 2, -1, 0],
        [0, 2, -4, 2, 0],
        [0, -1, 2, -1, 0],
        [0, 0, 0, 0, 0],
    ],
    [
        [-1, 2, -2, 2, -1],
        [2, -6, 8, -6, 2],
        [-2, 8, -12, 8, -2],
        [2, -6, 8, -6, 2],
        [-1, 2, -2, 2, -1],
    ],
    [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
        [0, 1, -2, 1, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ],
]
SRM_DIVISORS = (4.0, 12.0, 2.0)


def test_a_fixed_high_pass_bank_under_autocast_is_within_one_percent_of_float64() -> None:
    divisors_K = torch.tensor(SRM_DIVISORS, dtype=torch.float64).view(3, 1, 1, 1)
    kernels = torch.tensor(SRM, dtype=torch.float64).unsqueeze(1) / divisors_K
    # Noise of one grey level enlarged four times, as SSP enlarges its patch: what the filters see
    # are fractions of a level on a bright ground.
    noise = torch.randint(-1, 2, (2, 1, 16, 16), generator=torch.Generator().manual_seed(0))
    images_B1HW = nn.functional.interpolate(200.0 + noise, scale_factor=4, mode="bilinear") / 255
    expected = nn.functional.conv2d(images_B1HW.double(), kernels)
    with torch.autocast("cpu", torch.bfloat16):
        careless = nn.functional.conv2d(images_B1HW, kernels.float())
        with full_precision("cpu"):
            careful = nn.functional.conv2d(images_B1HW.float(), kernels.float())
    assert careful.dtype == torch.float32
    for index in range(len(SRM)):
        scale = expected[:, index].norm()
        assert (careful.double()[:, index] - expected[:, index]).norm() / scale < 0.01
        assert (careless.double()[:, index] - expected[:, index]).norm() / scale > 0.1
