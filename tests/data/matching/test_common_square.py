"""The square that both classes hold, the share that it leaves out, and the places of codings."""

import numpy as np
import pyarrow as pa
import pytest

from data.matching.coding import LOSSLESS, Coding
from data.matching.left_out import left_out
from data.matching.sizes import common_square
from data.matching.table_list import TableList


def squares(*sides: int) -> np.ndarray:
    return np.array([[side, side] for side in sides])


@pytest.mark.parametrize("share", [0.95, 0.9, 0.8, 0.7, 0.6])
def test_as_many_are_left_out_as_the_share_says_and_no_fewer(share: float) -> None:
    """Of 20 images one for each twentieth, though 1 - 0.9 is a little less than a tenth."""
    sides = np.arange(1, 21) * 32
    first_kept = round((1 - share) * 20)
    expected = int(sides[first_kept]) - 16
    assert common_square(squares(*sides), squares(2000, 2010), None, share) == expected


def test_a_coding_stands_for_its_part_of_the_reals_and_not_for_the_next() -> None:
    jpeg = Coding("a", "4:2:0")
    listed = TableList(None, ((LOSSLESS, 1), (jpeg, 3)))
    places = [0.0, 0.2499999, 0.25, 0.9999999]
    assert [listed.coding_at(place) for place in places] == [LOSSLESS, LOSSLESS, jpeg, jpeg]


@pytest.mark.parametrize(
    ("format", "subsampling", "is_out"),
    [
        *[(name, "", False) for name in ("PNG", "BMP", "TIFF")],
        *[(name, "", True) for name in ("WEBP", "GIF")],
        *[("JPEG", chroma, False) for chroma in ("4:4:4", "4:2:2", "4:2:0")],
        *[("JPEG", chroma, True) for chroma in ("4:4:0", "4:1:1", "grey", "other")],
        ("TIFF", "4:2:0", False),
    ],
)
def test_reals_are_left_out_where_fakes_cannot_be_coded_alike(
    format: str, subsampling: str, is_out: bool
) -> None:
    facts = {"width": [64], "height": [64], "format": [format], "subsampling": [subsampling]}
    assert left_out(0, pa.table(facts), 16).coded_otherwise.tolist() == [is_out]
    assert left_out(1, pa.table(facts), 16).coded_otherwise.tolist() == [False]
