"""Images that `match` leaves out of everything: they would still be told apart by their file.

A function of header facts alone, so that whoever has a manifest finds the same: the plan, the
worker that selects training images, the analysis that counts a test set.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from data.matching.coding import WRITABLE
from data.matching.sizes import inner_px

FACTS = ("width", "height", "format", "subsampling")
"""The columns of a manifest that decide."""

# A file of these formats without JPEG's tables has its pixels as they were given to it.
_WITHOUT_LOSS = ("PNG", "BMP", "TIFF")

REAL = 0

Mask = npt.NDArray[np.bool_]


class FactsUnknown(ValueError):
    """A manifest of an earlier version does not say how its files are coded."""


class LeftOut(NamedTuple):
    """Which images of a pool are left out, each for one reason; shape (N,)."""

    coded_otherwise: Mask
    too_small: Mask

    @property
    def either(self) -> Mask:
        """Which are left out at all."""
        return self.coded_otherwise | self.too_small


def left_out(label: int, table: Any, size_px: int | None) -> LeftOut:
    """Which images are left out: reals that fakes cannot be coded like, all below the square.

    Fakes cannot be coded as grey JPEGs, as JPEGs of 4:4:0 or 4:1:1, or as WebP and GIF.

    Args:
        label: of the images, 0 real and 1 fake.
        table: of a manifest, with the columns FACTS (pyarrow.Table).
        size_px: side of the common square, None where nothing is cropped.

    Raises:
        FactsUnknown: a column of the table is missing or empty.
    """
    require_facts(table, FACTS)
    coded_otherwise = np.zeros(table.num_rows, bool)
    if label == REAL:
        subsampling, formats = (table[name].cast("string") for name in ("subsampling", "format"))
        is_jpeg = pc.not_equal(subsampling, "")
        written = pc.if_else(is_jpeg, _among(subsampling, WRITABLE), _among(formats, _WITHOUT_LOSS))
        coded_otherwise = np.asarray(pc.invert(written))
    shorter = np.minimum(table["width"].to_numpy(), table["height"].to_numpy())
    too_small = np.zeros(table.num_rows, bool) if size_px is None else inner_px(shorter) < size_px
    return LeftOut(coded_otherwise, too_small & ~coded_otherwise)


def require_facts(table: Any, columns: Sequence[str]) -> None:
    """Raise FactsUnknown where a manifest's table lacks one of these columns, or values in it."""
    found = set(table.column_names)
    missing = [name for name in columns if name not in found or table[name].null_count]
    if missing:
        raise FactsUnknown(f"it does not say {', '.join(missing)} of its images")


def _among(column: Any, values: Mapping[str, int] | tuple[str, ...]) -> Any:
    return pc.is_in(column, value_set=pa.array(list(values), pa.string()))
