"""SSP's choice of a patch: the stacked gather and the batch on a device beside a loop of crops.

    python tests/benchmarks/simplest_patch.py [--repeats 30] [--patches 64] [--device cpu]

The loop crops each patch by Pillow, sums its differences in 64 bits and sorts the patches in
Python, as the method is mostly written. All choose among the same corners and must take the same
patch. Milliseconds per image of CPU time in one thread, the best of some, since other work only
adds; on a GPU wall time, for a batch of 64 that lies there already.
"""

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import PIL.Image
import torch

from data.patches.choice import choose_patch, drawn_corners
from data.randomness import stream
from detectors.networks.patch_complexity import chosen_patches

SIZE_PX = 32
BATCH = 64
SIDES = (256, 512, 1024)


def by_loop(picture: PIL.Image.Image, corners_N2: np.ndarray) -> int:
    """The plain formulation: one crop after the other."""
    measured = []
    for place, (row, column) in enumerate(corners_N2.tolist()):
        crop = picture.crop((column, row, column + SIZE_PX, row + SIZE_PX))
        x_HWC = np.asarray(crop).astype(np.int64)
        total = np.abs(x_HWC[:, 1:] - x_HWC[:, :-1]).sum()
        total += np.abs(x_HWC[1:] - x_HWC[:-1]).sum()
        total += np.abs(x_HWC[1:, 1:] - x_HWC[:-1, :-1]).sum()
        total += np.abs(x_HWC[1:, :-1] - x_HWC[:-1, 1:]).sum()
        measured.append((int(total), place))
    return sorted(measured, key=lambda pair: pair[0])[0][1]


def best_ms(
    work: Callable[[], Any], repeats: int, clock: Callable[[], float] = time.thread_time
) -> float:
    """Milliseconds of the quickest of some calls."""
    times = []
    for _ in range(repeats):
        began = clock()
        work()
        times.append(clock() - began)
    return 1000 * min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--patches", type=int, default=64)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    torch.set_num_threads(1)
    device = torch.device(given.device)
    print(f"{'side':>5}  {'loop':>8}  {'gather':>8}  ratio  {'batch':>8}  ratio  (ms per image)")
    for side in SIDES:
        image_HWC = stream("picture", side).integers(0, 256, (side, side, 3), np.uint8)
        corners_N2 = drawn_corners(side, side, SIZE_PX, given.patches, stream("corners", side))
        picture = PIL.Image.fromarray(image_HWC)
        count = BATCH if device.type == "cuda" else 4
        images_BCHW = torch.from_numpy(image_HWC).permute(2, 0, 1)[None].repeat(count, 1, 1, 1)
        images_BCHW = images_BCHW.to(device)
        corners_BN2 = torch.from_numpy(corners_N2)[None].repeat(count, 1, 1).to(device)

        def on_device(images: Any = images_BCHW, corners: Any = corners_BN2) -> Any:
            chosen_B = chosen_patches(images, corners, SIZE_PX)[1]
            return int(chosen_B[0])  # waits for the device

        def by_gather(image: Any = image_HWC, corners: Any = corners_N2) -> int:
            return choose_patch(image, corners, SIZE_PX).chosen

        def plain(image: Any = picture, corners: Any = corners_N2) -> int:
            return by_loop(image, corners)

        assert plain() == by_gather() == on_device()
        loop_ms, gather_ms = best_ms(plain, given.repeats), best_ms(by_gather, given.repeats)
        clock = time.perf_counter if device.type == "cuda" else time.thread_time
        batch_ms = best_ms(on_device, given.repeats, clock) / count
        print(
            f"{side:5}  {loop_ms:8.3f}  {gather_ms:8.3f}  {loop_ms / gather_ms:5.1f}  "
            f"{batch_ms:8.3f}  {loop_ms / batch_ms:5.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
