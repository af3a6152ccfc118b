"""A kept image against decoding it, and what a loader gives from the page cache, on one core.

    python tests/benchmarks/decoded_images.py [--images N] [--threads | --augmentations]

Photograph-like images (smooth shapes and grain) as PNG and as JPEG of quality 95. Each is decoded
through `data.decode.decode`, which reads, proves and decodes a file, and read through a slab, which
reads and proves the pixels; files and slabs lie in the page cache. The loader is
`load_training_batch`: batches of 64, random crops of 224 px, flips, stacked. CPU time of the one
thread, so that other work on the machine counts little; best of five rounds, the sides in turn.
With --threads the loader's threads are compared, by the clock on the wall. With --augmentations the
loader is run with each of those that the CPU computes, on 512 px JPEG: it names those with which a
core gives less than 2,000 crops per second, so that the CPU and not the reading is the bottleneck.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from data.decode import decode
from data.decoded.checksum import checksum
from data.decoded.shared_rows import PoolSizes, SharedRows
from data.decoded.shelf import SlabShelf
from data.image_ids import image_id_of
from data.images import ImageRows
from data.operations import parse
from data.view import View, view_of

ROUNDS = 5
FILES = (("PNG", 256, 256), ("PNG", 512, 512), ("PNG", 1024, 1024), ("JPEG", 375, 500))
FILES = (*FILES, ("JPEG", 512, 512), ("JPEG", 1024, 1024))
CROPS = view_of(geometry="random_crop(224, step=2) | hflip")
ENOUGH_CROPS_PER_S = 2000


def photograph(number: int, height: int, width: int) -> Image.Image:
    rng = np.random.default_rng(number)
    coarse = Image.fromarray(rng.integers(0, 256, (height // 16, width // 16, 3), np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), np.int16)
    grain = rng.normal(0, 4, (height, width, 1)).astype(np.int16)
    return Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8))


def rows_of(folder: Path, kind: str, height: int, width: int, count: int) -> ImageRows:
    """Files of one kind, and a slab for them that is still empty."""
    paths, ids = [], []
    for number in range(count):
        path = folder / f"{number}.{kind.lower()}"
        quality = {"quality": 95} if kind == "JPEG" else {}
        photograph(number, height, width).save(path, **quality)
        paths.append(path)
        ids.append(image_id_of(path.read_bytes()))
    pool = PoolSizes("p" + "0" * 20, np.full(count, height), np.full(count, width))
    shelf = SlabShelf(folder / "slabs", 10**11)
    shared = SharedRows(shelf, [pool], np.zeros(count, int), np.arange(count), ids)
    return ImageRows(ids, np.arange(count, dtype=np.int8) % 2, paths, shared=shared)


def milliseconds(count: int, sides: dict[str, Callable[[int], object]]) -> dict[str, float]:
    """Of one image on each side, best of the rounds."""
    best = dict.fromkeys(sides, 1e9)
    for _ in range(ROUNDS):
        for name, side in sides.items():
            began = time.thread_time()
            for index in range(count):
                side(index)
            best[name] = min(best[name], (time.thread_time() - began) / count * 1e3)
    return best


def compare(count: int) -> None:
    print("file               decode ms  kept ms  of it checksum  times faster  crops of 224 px/s")
    for kind, height, width in FILES:
        with tempfile.TemporaryDirectory() as name:
            rows = rows_of(Path(name), kind, height, width, count)
            pixels = [rows.viewed(index, View()) for index in range(count)]  # fills the slab
            took = milliseconds(
                count,
                {
                    "decode": lambda i, r=rows: decode(r.paths[i], r.image_ids[i]),
                    "kept": lambda i, r=rows: r.shared.read(i, View()),
                    "checksum": lambda i, r=rows, p=pixels: checksum(p[i], r.image_ids[i]),
                },
            )
            crops = crops_per_second(rows, threads=0)
        size = f"{kind} {height} x {width}"
        print(
            f"{size:18s} {took['decode']:9.2f} {took['kept']:8.3f} {took['checksum']:15.3f} "
            f"{took['decode'] / took['kept']:13.1f} {crops:18,.0f}",
            flush=True,
        )


def crops_per_second(
    rows: ImageRows, threads: int, view: View = CROPS, batches: int = 10, rounds: int = ROUNDS
) -> float:
    from detectors.batches import in_order, load_training_batch, training_draws

    parts = [np.arange(start, start + 64) % len(rows) for start in range(0, 64 * batches, 64)]
    best, clock = 0.0, time.perf_counter if threads else time.thread_time
    for epoch in range(rounds):
        began = clock()
        for _ in in_order(
            lambda part, e=epoch: load_training_batch(
                rows, part, view, training_draws(0, e, None), pinned=False
            ),
            parts,
            threads,
        ):
            pass
        best = max(best, 64 * batches / (clock() - began))
    return best


def compare_threads(count: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        rows = rows_of(Path(name), "JPEG", 512, 512, count)
        bare = ImageRows(rows.image_ids, rows.labels, rows.paths)
        for index in range(count):
            rows.viewed(index, View())
        print("threads  kept crops/s  decoded crops/s")
        for threads in (1, 2, 4, 8):
            kept, decoded = (crops_per_second(each, threads) for each in (rows, bare))
            print(f"{threads:7d} {kept:13,.0f} {decoded:16,.0f}", flush=True)


def compare_augmentations(count: int) -> None:
    from augmentations import AUGMENTATIONS

    from detectors.training_pipeline import training_pipeline

    slow = []
    with tempfile.TemporaryDirectory() as name:
        rows = rows_of(Path(name), "JPEG", 512, 512, count)
        for index in range(count):
            rows.viewed(index, View())
        print(f"{'augmentation':36s}  crops of 224 px/s")
        for text in AUGMENTATIONS:
            augmentation = parse(text, "augmentation")
            if augmentation.on_batch.operations:
                continue
            view = View(geometry=training_pipeline(CROPS.geometry, augmentation))
            speed = crops_per_second(rows, 0, view, batches=1, rounds=3)
            print(f"{text:36s} {speed:18,.0f}", flush=True)
            if text != "none" and speed < ENOUGH_CROPS_PER_S:
                slow.append(text)
    print(f"\nThe CPU is the bottleneck (below {ENOUGH_CROPS_PER_S:,} per second and core) with:")
    print("\n".join(f"  {text}" for text in slow) or "  none of them")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=64)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--threads", action="store_true")
    which.add_argument("--augmentations", action="store_true")
    given = parser.parse_args()
    if given.threads:
        compare_threads(given.images)
    elif given.augmentations:
        compare_augmentations(given.images)
    else:
        compare(given.images)


if __name__ == "__main__":
    main()
