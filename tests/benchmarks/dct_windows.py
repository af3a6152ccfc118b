"""AIDE's scores of windows: shared row transforms on the device beside windows one by one.

    python tests/benchmarks/dct_windows.py [--repeats 5] [--device cpu]

The plain side is the method as it is mostly written: all windows are copied out, transformed from
both sides, and for each of six bands the logarithm is taken, masked and summed. Both must take the
same windows. Milliseconds per image, the best of some, since other work only adds: CPU time of one
thread, on a GPU wall time.
"""

import argparse
import os
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from torch import Tensor
from torch.nn import functional

from detectors.networks.dct_windows import BANDS, DCTWindows

SIZE_PX, STRIDE_PX = 32, 16
SIDES = (256, 512, 1024)


def plain_scores(image_CHW: Tensor, transform_US: Tensor) -> Tensor:
    """The plain formulation: scores of all windows, line by line."""
    columns = functional.unfold(image_CHW[None], SIZE_PX, stride=STRIDE_PX)[0]
    windows = columns.T.reshape(-1, image_CHW.shape[0], SIZE_PX, SIZE_PX)
    coefficients = transform_US @ windows @ transform_US.T
    diagonal = torch.arange(SIZE_PX, device=image_CHW.device)
    sums = diagonal[:, None] + diagonal
    score = torch.zeros(len(windows), device=image_CHW.device)
    for band in range(BANDS):
        edges = (2 * SIZE_PX / BANDS * step for step in (band, band + 1))
        low, high = edges
        members = ((sums >= low) & (sums <= high)).float()
        score += 2**band * ((coefficients.abs() + 1).log() * members / members.sum()).sum((1, 2, 3))
    return score


def best_ms(work: Callable[[], Tensor], repeats: int, device: str) -> float:
    """Milliseconds of the quickest of some calls."""
    clock = time.thread_time if device == "cpu" else time.perf_counter
    work()
    times = []
    for _ in range(repeats):
        began = clock()
        work()
        if device != "cpu":
            torch.cuda.synchronize()
        times.append(clock() - began)
    return 1000 * min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    windows = DCTWindows(SIZE_PX, STRIDE_PX).to(arguments.device)
    print("side  windows  plain ms  ours ms  times")
    for side in SIDES:
        generator = torch.Generator().manual_seed(side)
        image_CHW = torch.rand(3, side, side, generator=generator).to(arguments.device)
        plain_N = plain_scores(image_CHW, windows.transform_US)
        ours_N = windows.scores(image_CHW).flatten()
        assert torch.allclose(plain_N, ours_N, rtol=1e-5)
        plain = best_ms(
            lambda image=image_CHW: plain_scores(image, windows.transform_US),
            arguments.repeats,
            arguments.device,
        )
        ours = best_ms(
            lambda image=image_CHW: windows.scores(image), arguments.repeats, arguments.device
        )
        print(f"{side:4}  {len(ours_N):7}  {plain:8.2f}  {ours:7.2f}  {plain / ours:5.1f}")


if __name__ == "__main__":
    main()
