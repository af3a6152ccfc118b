"""Indexing files that were never read, beside plain reading and hashing of the same files.

    python tests/benchmarks/index_files.py [IMAGES] [--files 12000] [--side 512] [--rounds 3]

IMAGES is a folder of image files; without it images of so many pixels a side are made up, half of
them JPEG and half PNG. They are copied until there are so many files. Plain is the least that any
index does: read the bytes and take their SHA-256. First the processor's time per file in one
process, which other programs change less than the time by the clock. Then files per second in as
many processes as the index uses, in turn over the same files, which are in the page cache; the
index's side starts its processes each time, and the seconds for that stand apart. `threads` is how
the index read before it had processes and a header reader of its own.
"""

import argparse
import hashlib
import multiprocessing
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import PIL.Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from data.image_files import facts_of
from data.indexing import reading
from data.indexing.one_file import read_entry
from data.regular_files import read_regular


def copies(source: Path, target: Path, files: int) -> list[str]:
    """Copy images until there are so many, each a file of its own."""
    images = [p for p in sorted(source.rglob("*")) if p.suffix.lower() in {".png", ".jpg", ".jpeg"}]
    names = []
    for number in range(files):
        image = images[number % len(images)]
        name = f"{number % 50}/{number}{image.suffix}"
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(image.read_bytes())
        names.append(name)
    return names


def made_up(folder: Path, side: int) -> Path:
    """Write a few pictures with some detail: JPEG of quality 90, and PNG."""
    draw = np.random.default_rng(0)
    for number in range(8):
        coarse = PIL.Image.fromarray(draw.integers(0, 256, (32, 32, 3), np.uint8))
        smooth = np.asarray(coarse.resize((side, side), PIL.Image.Resampling.BICUBIC), np.int16)
        noisy = (smooth + draw.normal(0, 6, smooth.shape)).clip(0, 255).astype(np.uint8)
        picture = PIL.Image.fromarray(noisy)
        if number % 2:
            picture.save(folder / f"{number}.png")
        else:
            picture.save(folder / f"{number}.jpg", quality=90, dpi=(72, 72))
    return folder


def hashed(paths: list[str]) -> list[str]:
    """Read and hash files: what no index can do without."""
    return [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in paths]


def pillow_facts(paths: list[str]) -> list[object]:
    """Read files with their headers read by Pillow."""
    return [facts_of(read_regular(path), path) for path in paths]


def parts(paths: list[str], size: int = 256) -> list[list[str]]:
    return [paths[start : start + size] for start in range(0, len(paths), size)]


def cost_of_one(place: str, names: list[str], rounds: int) -> None:
    """Print the processor's time per file of one process, which other programs hardly change."""
    paths = [f"{place}/{name}" for name in names]
    sides = {
        "plain": lambda: hashed(paths),
        "Pillow's headers": lambda: pillow_facts(paths),
        "index": lambda: [read_entry(place, name, decode=False) for name in names],
    }
    taken: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, run in sides.items():
            began = time.process_time()
            run()
            taken[side].append(time.process_time() - began)
    least = {side: min(seconds) for side, seconds in taken.items()}
    for side, seconds in least.items():
        print(
            f"one process, {side:16} {1e6 * seconds / len(paths):6.0f} us of CPU per file, "
            f"{least['plain'] / seconds:.2f} of plain"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", type=Path, nargs="?")
    parser.add_argument("--side", type=int, default=512, help="pixels, of images that are made up")
    parser.add_argument("--files", type=int, default=12_000)
    parser.add_argument("--processes", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, tempfile.TemporaryDirectory() as made:
        images = given.images or made_up(Path(made), given.side)
        names = copies(images, Path(place), given.files)
        paths = [f"{place}/{name}" for name in names]
        megabytes = sum(Path(path).stat().st_size for path in paths) / 1e6
        print(f"{len(paths):,} files, {1e3 * megabytes / len(paths):.0f} kB each on average")
        cost_of_one(place, names, given.rounds)
        reading.MANY_FILES = 1
        context = multiprocessing.get_context("spawn")
        with context.Pool(given.processes) as pool, ThreadPoolExecutor(given.processes) as threads:
            sides = {
                "plain": lambda: pool.map(hashed, parts(paths), chunksize=1),
                "threads": lambda: list(threads.map(pillow_facts, parts(paths))),
                "index": lambda: [
                    outcome
                    for outcomes in reading.read_files(
                        place, names, [], decode=False, readers=given.processes
                    )
                    for outcome in outcomes
                ],
            }
            began = time.perf_counter()
            list(reading.read_files(place, names[:1], [], decode=False, readers=given.processes))
            print(
                f"a process that reads for the index starts in {time.perf_counter() - began:.2f} s"
            )
            sides["plain"]()  # the files are in the page cache, the processes are up
            taken: dict[str, list[float]] = {side: [] for side in sides}
            for _ in range(given.rounds):
                for side, run in sides.items():
                    began = time.perf_counter()
                    run()
                    taken[side].append(time.perf_counter() - began)
        least = {side: min(seconds) for side, seconds in taken.items()}
        for side, seconds in least.items():
            print(
                f"{side:8} {len(paths) / seconds:8,.0f} files/s, {megabytes / seconds:6,.0f} MB/s, "
                f"{least['plain'] / seconds:.2f} of plain"
            )


if __name__ == "__main__":
    main()
