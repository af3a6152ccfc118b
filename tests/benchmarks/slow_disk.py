"""Listing, looking at and reading files where each round trip to the disk takes a while.

    python tests/benchmarks/slow_disk.py [--latency-ms 1] [--files 4000] [--folders 100]

The latency is simulated: no network file system is mounted here. Opening, looking at (`stat`) and
listing wait so long before they go to the local disk, listing once more for every 1,000 names, as
names come in pieces over a network. Both sides wait alike. Serial is one at a time; the other side
is as many as an index has under way: folders and looks by `data.listed_ahead.THREADS`, reading by
the readers of `crossgen index --threads`. The best is what one divided by that number would be.
"""

import argparse
import math
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import PIL.Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from data import layouts, listed_ahead
from data.indexing import looking
from data.indexing.reading import read_files, readers_here

NAMES_AT_ONCE = 1000
GENERATORS = ("ADM", "BigGAN", "Midjourney", "glide")


def made(root: Path, files: int, folders: int) -> None:
    """Make a collection in GenImage's shape with a folder per class, as some unpack it."""
    per_folder = max(files // (folders * len(GENERATORS) * 2), 1)
    picture = PIL.Image.new("RGB", (32, 32))
    for generator in GENERATORS:
        for label in ("ai", "nature"):
            for number in range(folders):
                folder = root / generator / "train" / label / f"n{number:08d}"
                folder.mkdir(parents=True)
                for image in range(per_folder):
                    picture.save(folder / f"{image}.png")


@contextmanager
def round_trips(seconds: float) -> Iterator[None]:
    """Make everything that goes to the disk wait so long first."""
    open_now, stat_now, scandir_now = os.open, os.stat, os.scandir

    def late(call: Callable) -> Callable:
        def waited(*given, **options):
            time.sleep(seconds)
            return call(*given, **options)

        return waited

    @contextmanager
    def scandir(path):
        with scandir_now(path) as entries:
            listed = list(entries)
        time.sleep(seconds * (1 + len(listed) // NAMES_AT_ONCE))
        yield iter(listed)

    with (
        mock.patch("os.open", late(open_now)),
        mock.patch("os.stat", late(stat_now)),
        mock.patch("os.scandir", scandir),
    ):
        yield


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def shown(what: str, serial: float, parallel: float, at_a_time: int) -> None:
    print(
        f"{what:24} serial {serial:6.2f} s, {at_a_time:2} at a time {parallel:6.2f} s: "
        f"1/{serial / parallel:.1f} of serial (best: 1/{at_a_time})",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency-ms", type=float, default=1.0)
    parser.add_argument("--files", type=int, default=4000)
    parser.add_argument("--folders", type=int, default=100, help="classes of each label")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place, "genimage")
        made(root, given.files, given.folders)
        scan = layouts.load("genimage").scan
        found = list(scan(root, Counter()))
        paths = [image.path for image in found]
        folders = len({path.rpartition("/")[0] for path in paths})
        print(f"{len(paths):,} files, {folders:,} folders, {given.latency_ms:g} ms simulated")

        def listing(threads: int) -> float:
            with mock.patch.object(listed_ahead, "THREADS", threads):
                return timed(lambda: list(scan(root, Counter())))

        def looks(threads: int) -> float:
            with mock.patch.object(looking, "THREADS", threads):
                return timed(lambda: looking.statuses(str(root), paths))

        def reading(readers: int) -> float:
            return timed(
                lambda: list(read_files(str(root), paths, [], decode=False, readers=readers))
            )

        threads = listed_ahead.THREADS
        with (
            round_trips(given.latency_ms / 1000),
            mock.patch("data.indexing.reading.MANY_FILES", math.inf),  # what is patched is here
        ):
            shown("listing folders", listing(1), listing(threads), threads)
            shown("looking at files", looks(1), looks(threads), threads)
            alone = reading(1)
            for readers in dict.fromkeys((readers_here(), threads)):
                shown("reading files", alone, reading(readers), readers)


if __name__ == "__main__":
    main()
