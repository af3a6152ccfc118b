"""SPAI's images/s with all squares and their three versions in one stack, and square by square.

    python tests/benchmarks/spai_squares.py [--size full] [--side 448] [--images 4] [--rounds 3]
        [--threads 1] [--device cpu]

The plain formulation passes one square at a time, and its three versions one after another; it
keeps the tokens of all layers and projects them then, with complex Fourier transforms of the whole
spectrum. Both have the same weights, and the largest difference of their logits is printed. Rounds
take turns, the fastest of each side counts.
"""

import argparse
import time

import torch
from torch import Tensor
from torch.nn import functional

from detectors.contract import build
from detectors.networks.spai.frequency_split import official_mask
from detectors.networks.spai.network import SPAI
from detectors.networks.spai.restoration import LayerMeasures


def plain_vector(network: SPAI, square_CSS: Tensor) -> Tensor:
    mask = official_mask(network.side_px).to(square_CSS.device)
    spectrum = torch.fft.fftshift(torch.fft.fft2(square_CSS[None]), dim=(-2, -1))
    versions = [square_CSS[None]]
    for part in (mask, 1 - mask):
        shifted = torch.fft.ifftshift(spectrum * part, dim=(-2, -1))
        versions.append(torch.fft.ifft2(shifted).real.clamp(0, 1))
    tokens = [list(network.vit.tokens(network.normalise(version))) for version in versions]
    projectors = network.restoration.projectors
    original, low, high = (
        [project(each) for project, each in zip(projectors, of_version, strict=True)]
        for of_version in tokens
    )
    measures = []
    for a, b, c in zip(original, low, high, strict=True):
        cosines = [functional.cosine_similarity(*pair, dim=-1) for pair in ((a, b), (a, c), (b, c))]
        statistics = torch.cat([a.mean(1), a.std(1)], dim=1)
        measures.append(LayerMeasures(torch.stack(cosines, 1), statistics))
    return network.restoration(measures)


def plain(network: SPAI, images_BCHW: Tensor) -> Tensor:
    vectors = [
        torch.stack([plain_vector(network, square)[0] for square in squares])
        for squares in network.patches(images_BCHW).squares_BNCSS
    ]
    return torch.cat([network.logits(network.attended(each[None])) for each in vectors])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="full", choices=["full", "tiny"])
    parser.add_argument("--side", type=int, default=448)
    parser.add_argument("--images", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    network = build("spai", {"size": asked.size}, seed=0).eval().to(asked.device)
    images = torch.rand(asked.images, 3, asked.side, asked.side).to(asked.device)
    sides = {"one stack": network, "square by square": lambda given: plain(network, given)}
    fastest, logits = dict.fromkeys(sides, float("inf")), {}
    with torch.inference_mode():
        for _ in range(asked.rounds):
            for name, side in sides.items():
                began = time.perf_counter()
                logits[name] = side(images).cpu()  # waits for a GPU
                fastest[name] = min(fastest[name], time.perf_counter() - began)
    for name, seconds in fastest.items():
        print(f"{name:18} {asked.images / seconds:8.2f} images/s")
    print(f"ratio              {fastest['square by square'] / fastest['one stack']:8.2f}")
    first, second = logits.values()
    print(f"largest difference of logits {float((first - second).abs().max()):.1e}")


if __name__ == "__main__":
    main()
