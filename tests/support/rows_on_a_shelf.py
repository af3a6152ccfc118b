"""Images on disk, and rows of them with and without a node's slabs."""

import io
from pathlib import Path

import numpy as np
import PIL.Image

from data.decoded.shared_rows import PoolSizes, SharedRows
from data.decoded.shelf import SlabShelf
from data.image_ids import image_id_of
from data.images import ImageRows
from data.randomness import stream
from data.view import View

COUNT, SIDE = 12, 40
WHOLE = View()


class Files:
    """Images on disk, two pools of them, and rows that go through both in turn."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.ids, self.paths = [], []
        for number in range(COUNT):
            encoded = io.BytesIO()
            pixels_HWC = stream("shared", number).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
            PIL.Image.fromarray(pixels_HWC).save(encoded, "PNG")
            path = folder / f"{number}.png"
            path.write_bytes(encoded.getvalue())
            self.ids.append(image_id_of(encoded.getvalue()))
            self.paths.append(path)
        half = np.full(COUNT // 2, SIDE, np.int64)
        self.pools = [PoolSizes("p" + 20 * name, half, half) for name in "ab"]

    def rows(self, shelf: SlabShelf | None) -> ImageRows:
        row = np.arange(COUNT)
        shared = SharedRows(shelf, self.pools, row % 2, row // 2, self.ids) if shelf else None
        return ImageRows(self.ids, (row % 2).astype(np.int8), self.paths, shared=shared)


def all_of(rows: ImageRows, view: View = WHOLE) -> list[np.ndarray]:
    """Every image through a view, with the same draws each time."""
    rng = stream("rows")
    return [rows.viewed(index, view, rng) for index in range(len(rows))]


def same(rows: ImageRows, files: Files, view: View = WHOLE) -> bool:
    """Whether rows give what decoding gives."""
    expected = all_of(files.rows(None), view)
    return all(map(np.array_equal, all_of(rows, view), expected))
