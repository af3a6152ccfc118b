"""Every detector of the zoo on a GPU, tiny where it can be: found by its file, listed nowhere.

What is printed (`pytest -rP`, or `-s`) is what each needs: memory and images per second, full size
too.
"""

import time
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from detectors.contract import build, load_card, names, parse_options
from detectors.determinism import fastest_convolutions
from detectors.optimizers import Optimizer
from detectors.recipes import resolve_recipe

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this host"),
]

ANY_SIZE_PX = 32
FULL_PX = 224
IMAGES = 8
TIMED_STEPS = 5


@pytest.fixture
def device() -> torch.device:
    return torch.device("cuda")


def tiny(name: str) -> tuple[dict[str, Any], int]:
    """Options of the small relative, and the side of its input."""
    card = load_card(name)
    options = {"size": "tiny"} if "size" in card.options.model_fields else {}
    return options, parse_options(card, options).fixed_input_px() or ANY_SIZE_PX


def noise(count: int, side: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


def trained_step(network: nn.Module, images_BCHW: torch.Tensor, optimizer: Optimizer) -> float:
    """One step in bfloat16 as the loop makes it; returns the loss."""
    device = images_BCHW.device.type
    target_B = torch.arange(len(images_BCHW), device=device).remainder(2).float()
    optimizer.zero_grad()
    with torch.autocast(device, torch.bfloat16):
        logit_B = network(images_BCHW)
    assert logit_B.dtype == torch.float32, "the logit stays float32"
    loss = functional.binary_cross_entropy_with_logits(logit_B, target_B)
    loss.backward()
    optimizer.step(1e-3)
    return float(loss.detach())


@pytest.mark.parametrize("name", names())
def test_logits_are_those_of_the_cpu(name: str, device: torch.device) -> None:
    options, side = tiny(name)
    network = build(name, options, seed=3).eval()
    images_BCHW = noise(IMAGES, side)
    with torch.inference_mode():
        expected_B = network(images_BCHW)
        network.to(device).to(memory_format=torch.channels_last)
        logit_B = network(images_BCHW.to(device)).cpu()
    assert torch.isfinite(logit_B).all()
    tolerance_B = 1e-4 * expected_B.abs().clamp(min=1)
    assert bool(((logit_B - expected_B).abs() <= tolerance_B).all())


@pytest.mark.parametrize("name", names())
def test_a_bfloat16_step_moves_what_is_trainable_and_nothing_else(
    name: str, device: torch.device
) -> None:
    options, side = tiny(name)
    network = build(name, options, seed=3).to(device).to(memory_format=torch.channels_last).train()
    before = {key: value.clone() for key, value in network.named_parameters()}
    optimizer = Optimizer(network, resolve_recipe(load_card(name), "small"))
    losses = [trained_step(network, noise(IMAGES, side, s).to(device), optimizer) for s in (0, 1)]
    assert all(torch.isfinite(torch.tensor(losses)))
    moved = set()
    for key, value in network.named_parameters():
        assert torch.isfinite(value).all(), key
        if not torch.equal(value, before[key]):
            moved.add(key)
    trainable = {key for key, value in network.named_parameters() if value.requires_grad}
    assert moved
    assert moved <= trainable, "what is frozen must stay"


@pytest.mark.parametrize("size", ["tiny", "full"])
@pytest.mark.parametrize("name", names())
def test_memory_and_speed_are_printed(name: str, size: str, device: torch.device) -> None:
    """No bound: another GPU has others. In training at bfloat16, in testing at float32."""
    card = load_card(name)
    options, side = tiny(name)
    if size == "full":
        options = {}
        side = parse_options(card, options).fixed_input_px() or FULL_PX
    elif not options:
        pytest.skip("it has no tiny relative")
    network = build(name, options, seed=3).to(device).to(memory_format=torch.channels_last)
    optimizer = Optimizer(network, resolve_recipe(card, "small"))
    images_BCHW = noise(IMAGES, side).to(device)
    is_cuda = device.type == "cuda"
    if is_cuda:
        torch.cuda.reset_peak_memory_stats()
    with fastest_convolutions(device.type, deterministic=False):
        training = images_per_s(lambda: trained_step(network.train(), images_BCHW, optimizer))
    network.eval()
    with torch.inference_mode():
        testing = images_per_s(lambda: float(network(images_BCHW).sum()))
    peak_MiB = torch.cuda.max_memory_allocated() / 2**20 if is_cuda else float("nan")
    print(
        f"{name} {size}, {side} px, batch {IMAGES}: training {training:.0f} images/s, "
        f"testing {testing:.0f} images/s, at most {peak_MiB:.0f} MiB"
    )
    assert training > 0
    assert testing > 0


def images_per_s(step: Any) -> float:
    """Of some steps after one that warms up; each reads a number back, so it waits for the GPU."""
    step()
    began = time.perf_counter()
    for _ in range(TIMED_STEPS):
        step()
    return TIMED_STEPS * IMAGES / (time.perf_counter() - began)
