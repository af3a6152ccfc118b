"""Equalisations: what is done to images before anything else, so that no file gives a label away.

Real and fake images of a collection often differ in format, size or compression; an equalisation
takes such a difference away, in training and in tests. It acts on the image as decoded, and may
treat the two labels differently: nothing else may. It is part of a fit's and of a piece's key.
To add one, decorate a factory with `@operation(NAME, kind="equalise")`; what it draws is a function
of the image (`data/view.py`).
"""

import numpy as np

from data.geometry import check_range, check_sizes
from data.jpeg import LONGEST_JPEG_PX, Subsampling, jpeg_coded
from data.matching.coding import LOSSLESS, MCU_PX, Coding, coded_as
from data.matching.sizes import BORDER_PX, inner_px
from data.matching.table_list import table_list_of
from data.pipelines import ApplyByLabel, Image, operation

FAKE = 1


@operation("recompress", kind="equalise", keeps_size=True, longest_side_px=LONGEST_JPEG_PX)
def recompress(quality: int, subsampling: Subsampling = "4:2:0") -> ApplyByLabel:
    """Code both classes once more as JPEG at a quality of 1 to 100 (libjpeg's scale).

    Reals that are JPEG are then coded twice, which can be read from their pixels: see
    `data/matching/README.md`. Sizes stay as they are.
    """
    check_range("quality", quality, 1, 100)

    def apply(image_HWC: Image, rng: np.random.Generator, label: int) -> Image:
        return jpeg_coded(image_HWC, quality, subsampling)

    return apply


@operation("match", kind="equalise", is_random=True)
def match(px: int | None = None, tables: str = "") -> ApplyByLabel:
    """Reals stay as they are, fakes are coded once as some real is, both are cropped to one square.

    A fake draws its coding by its image_id from the list of the reals' codings, so the classes
    have the same codings in the same shares. Squares begin 8 px into a block of JPEG's grid of
    16 px, so a real keeps the grid that it was coded on, and a fake is coded on it. Whole images
    are coded, as the reals were: the crop comes after, and leaves their edges out.

    Args:
        px: side of the square; without it the largest that 95 % of either class hold.
        tables: digest of the table list; filled in by the plan, never by a person.
    """
    if px is not None:
        check_sizes((px,))

    def apply(image_HWC: Image, rng: np.random.Generator, label: int) -> Image:
        table_list = table_list_of(tables)
        place, down, across = rng.random(3)  # as many for every image, whatever is done to it
        coding = table_list.coding_at(place) if label == FAKE else LOSSLESS
        if table_list.size_px is None:
            return coded_as(image_HWC, coding)
        return _square(image_HWC, table_list.size_px, down, across, coding)

    return apply


def _square(image_HWC: Image, size_px: int, down: float, across: float, coding: Coding) -> Image:
    """The square at a place drawn evenly on the grid of blocks, of the image as it is coded.

    An image below the square is continued by reflection: it counts in nothing, but its pool is
    scored whole (`data.matching.left_out`).
    """
    smallest = _up_to_block(size_px + 2 * BORDER_PX)
    below, right = (max(smallest - length, 0) for length in image_HWC.shape[:2])
    if below or right:
        image_HWC = np.pad(image_HWC, ((0, below), (0, right), (0, 0)), mode="reflect")
    room_2 = (inner_px(np.array(image_HWC.shape[:2])) - size_px) // MCU_PX
    first_row, first_column = (
        int(d * (room + 1)) for d, room in zip((down, across), room_2, strict=True)
    )
    # The blocks that hold the square and one pixel around it: no pixel of the square depends on
    # others, so they stand for the whole image.
    top, left = first_row * MCU_PX, first_column * MCU_PX
    span = _up_to_block(BORDER_PX + size_px + 1)
    coded_HWC = coded_as(image_HWC[top : top + span, left : left + span], coding)
    inner = slice(BORDER_PX, BORDER_PX + size_px)
    return coded_HWC[inner, inner]


def _up_to_block(length_px: int) -> int:
    """The next multiple of a block's side."""
    return -(-length_px // MCU_PX) * MCU_PX
