"""NPR's residual by its closed form beside interpolation; NPR at several factors beside one.

    python tests/benchmarks/npr_maps.py [--side 224] [--batch 16] [--seconds 2]

One thread. The sides of a comparison take turns, and the best turn of each counts. The plain
formulation is the official one, enlarged to the image's size: two interpolations and a difference.
"""

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from detectors.contract import build
from detectors.networks.npr_residual import npr_residual

FACTORS = (0.5, 0.25, 0.75)
DETECTORS = {
    "npr": ("npr", {}),
    "npr_multi, 3 factors as channels": ("npr_multi", {}),
    "npr_multi, mean logit of 3": ("npr_multi", {"join": "mean_logit"}),
}


def plain(images_BCHW: Tensor, factor: float) -> Tensor:
    small = functional.interpolate(
        images_BCHW, scale_factor=factor, mode="nearest", recompute_scale_factor=True
    )
    return images_BCHW - functional.interpolate(small, size=images_BCHW.shape[-2:], mode="nearest")


def best_of(sides: dict[str, Callable[[], object]], seconds: float) -> dict[str, float]:
    """CPU seconds of one call of each side."""
    best = dict.fromkeys(sides, float("inf"))
    for call in sides.values():
        call()
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        for name, call in sides.items():
            before = time.process_time()
            call()
            best[name] = min(best[name], time.process_time() - before)
    return best


def trained(name: str, options: dict, images_BCHW: Tensor) -> Callable[[], object]:
    network = build(name, options, seed=0).train().to(memory_format=torch.channels_last)
    return lambda: functional.softplus(network(images_BCHW)).sum().backward()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=2.0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    images_BCHW = torch.rand(given.batch, 3, given.side, given.side)
    images_BCHW = images_BCHW.contiguous(memory_format=torch.channels_last)
    print(f"map of {given.side} px       plain img/s  ours img/s  ratio")
    for factor in FACTORS:
        assert torch.equal(plain(images_BCHW, factor), npr_residual(images_BCHW, factor))
        took = best_of(
            {
                "plain": lambda factor=factor: plain(images_BCHW, factor),
                "ours": lambda factor=factor: npr_residual(images_BCHW, factor),
            },
            given.seconds,
        )
        rates = [given.batch / took[side] for side in ("plain", "ours")]
        print(f"factor {factor:<12} {rates[0]:12.0f} {rates[1]:11.0f}  {rates[1] / rates[0]:.2f}")
    print("training step, forward and backward           ms/image  against npr")
    sides = {
        label: trained(name, options, images_BCHW) for label, (name, options) in DETECTORS.items()
    }
    took = best_of(sides, 5 * given.seconds)
    for label, seconds in took.items():
        share = seconds / took["npr"]
        print(f"{label:44} {1000 * seconds / given.batch:9.1f} {share:12.2f}")


if __name__ == "__main__":
    main()
