"""What Spec and F3-Net compute before their networks, beside the plain formulation of each.

    python tests/benchmarks/spectral_front_ends.py [--batch N] [--repeat N] [--device cpu]

Spec's spectra of a batch on the device beside numpy image by image, as a loader computes them;
F3-Net's four bands in one product beside one band after the other; its local statistics from
shared columns beside each window by itself and each band anew. One thread on a CPU; the fastest of
N turns of both sides, which take turns.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch

from detectors.networks.f3net.band_images import BandImages
from detectors.networks.f3net.local_statistics import LocalStatistics
from detectors.networks.spec import log_spectrum
from detectors.parity.f3net import statistics_by_library


def spectra_by_numpy(images_BHWC: np.ndarray) -> np.ndarray:
    spectra_BHWC = np.empty_like(images_BHWC)
    for image_HWC, spectrum_HWC in zip(images_BHWC, spectra_BHWC, strict=True):
        for channel in range(3):
            log_UV = np.log(np.abs(np.fft.fft2(image_HWC[:, :, channel])) + 1e-3)
            lowest, highest = np.percentile(log_UV, 5), np.percentile(log_UV, 95)
            scaled_UV = 2 * (log_UV - lowest) / (highest - lowest) - 1
            spectrum_HWC[:, :, channel] = np.clip(scaled_UV, -1, 1)
    return spectra_BHWC


def bands_one_by_one(bands: BandImages, images_BCSS: torch.Tensor) -> torch.Tensor:
    frequencies = bands.matrix @ images_BCSS @ bands.matrix.mT
    images = [bands.matrix.mT @ (frequencies * one) @ bands.matrix for one in bands.filters()]
    return torch.cat(images, dim=1)


def fastest(calls: list[Callable[[], object]], repeat: int, device: str) -> list[float]:
    times = [float("inf")] * len(calls)
    for _ in range(repeat + 1):
        for index, call in enumerate(calls):
            began = time.perf_counter()
            call()
            if device != "cpu":
                torch.cuda.synchronize()
            times[index] = min(times[index], time.perf_counter() - began)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    torch.set_num_threads(1)
    small = torch.rand(args.batch, 3, 224, 224)
    images = (torch.rand(args.batch, 3, 299, 299) * 2 - 1).to(args.device)
    arrays = np.ascontiguousarray(small.permute(0, 2, 3, 1).numpy())
    small = small.to(args.device)
    bands, statistics = BandImages(299).to(args.device), LocalStatistics().to(args.device)
    sides = {
        "Spec, spectra": (lambda: spectra_by_numpy(arrays), lambda: log_spectrum(small)),
        "F3-Net, bands": (lambda: bands_one_by_one(bands, images), lambda: bands(images)),
        "F3-Net, statistics": (
            lambda: statistics_by_library(statistics, images),
            lambda: statistics(images),
        ),
    }
    print(f"{args.batch} images at a time, {args.device}; ms per image")
    print(f"{'':20}{'plain':>10}{'ours':>10}{'ratio':>10}")
    with torch.no_grad():
        for name, (plain, ours) in sides.items():
            one, other = fastest([plain, ours], args.repeat, args.device)
            ms = [1000 * value / args.batch for value in (one, other)]
            print(f"{name:20}{ms[0]:10.1f}{ms[1]:10.1f}{one / other:10.1f}")


if __name__ == "__main__":
    main()
