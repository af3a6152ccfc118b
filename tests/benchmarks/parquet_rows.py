"""What it costs that images are rows of a Parquet file: against the same bytes as files.

    python tests/benchmarks/parquet_rows.py [--images 4000] [--rows-per-group 100]

Both sides run in one process, on the same bytes: an index from nothing, an index of what is
unchanged, and bytes read in order and shuffled, once from a cold and once from a warm start.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import numpy as np
from parquet_of_images import png, write_images

from data import image_sources
from data.image_sources import ParquetRow, opened_image
from data.index import index_root
from data.parquet_images import RowGroups

SIDE = 96  # pixels: 28 kB each


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def read_all(paths: Sequence[str]) -> None:
    for path in paths:
        with opened_image(path) as content:
            assert isinstance(content, bytes)


def forget() -> None:
    image_sources._ROW_GROUPS = RowGroups()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=4000)
    parser.add_argument("--rows-per-group", type=int, default=100)
    options = parser.parse_args()
    images = [png(seed, SIDE) for seed in range(options.images)]
    labels = ["real" if n % 2 else "fake" for n in range(len(images))]
    with tempfile.TemporaryDirectory() as folder:
        files, rows = Path(folder) / "files", Path(folder) / "rows"
        for n, (image, label) in enumerate(zip(images, labels, strict=True)):
            (files / "test" / label).mkdir(parents=True, exist_ok=True)
            (files / "test" / label / f"{n:06}.png").write_bytes(image)
        group = options.rows_per_group
        table = write_images(rows / "test.parquet", images, {"label": labels}, rows_per_group=group)
        paths = {
            "files": [f"{files}/test/{label}/{n:06}.png" for n, label in enumerate(labels)],
            "rows": [
                ParquetRow(str(table), n // group, n % group).path for n in range(len(images))
            ],
        }
        found: dict[str, dict[str, float]] = {"files": {}, "rows": {}}
        for side, root in (("files", files), ("rows", rows)):
            cache = Path(folder) / f"cache-{side}"
            forget()
            found[side]["index, new"] = seconds(lambda r=root, c=cache: index_root(r, None, c))
            found[side]["index, unchanged"] = seconds(
                lambda r=root, c=cache: index_root(r, None, c)
            )
            order = np.random.default_rng(0).permutation(len(images)).tolist()
            shuffled = [paths[side][n] for n in order]
            forget()
            found[side]["bytes in order"] = seconds(lambda s=side: read_all(paths[s]))
            found[side]["bytes shuffled, kept"] = seconds(lambda p=shuffled: read_all(p))
            image_sources._ROW_GROUPS = RowGroups(most_bytes=1)
            found[side]["bytes shuffled, nothing kept"] = seconds(
                lambda p=shuffled: read_all(p[: len(p) // 10])
            )
    print(f"{'':32}{'files':>12}{'rows':>12}   rows / files, microseconds per image")
    for what, of_files in found["files"].items():
        number = len(images) / (10 if "nothing" in what else 1)
        one, other = (1e6 * seconds / number for seconds in (of_files, found["rows"][what]))
        print(f"{what:32}{one:12.0f}{other:12.0f}{other / one:14.2f}")


if __name__ == "__main__":
    main()
