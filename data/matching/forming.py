"""The table list of two classes that are compared, formed from the headers of their files."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from data.counts import counted
from data.matching.coding import LOSSLESS, Coding, why_not_writable
from data.matching.left_out import LeftOut, left_out, require_facts
from data.matching.sizes import NoCommonSize, common_square
from data.matching.table_list import TableList

REAL, FAKE = 0, 1
_WORD = pa.dictionary(pa.int32(), pa.string())
_READ_AS = {
    "image_id": pa.string(),
    "width": pa.int32(),
    "height": pa.int32(),
    "format": _WORD,
    "jpeg_tables": _WORD,
    "subsampling": _WORD,
}


class NotMatched(ValueError):
    """These two classes cannot be made alike by coding and cropping; why, and what to do."""

    def __init__(self, why: str, mend: str) -> None:
        super().__init__(why, mend)
        self.why = why
        self.mend = mend


@dataclass(frozen=True)
class ClassCounts:
    """How many images a class has, and how many of them are left out, each for one reason."""

    images: int
    coded_otherwise: int
    too_small: int

    @classmethod
    def of(cls, masks: LeftOut) -> "ClassCounts":
        """Count what is left out."""
        coded_otherwise, too_small = (int(mask.sum()) for mask in masks)
        return cls(len(masks.too_small), coded_otherwise, too_small)

    @property
    def left_out(self) -> int:
        """For either reason."""
        return self.coded_otherwise + self.too_small


@dataclass(frozen=True)
class Formed:
    """A table list, and what it was formed of.

    Attributes:
        table_list: what the fakes are brought to.
        reals: counts; those that are not left out are the list's codings.
        fakes: counts.
        coded_twice: fakes, not left out, that are JPEG before they are coded once more.
    """

    table_list: TableList
    reals: ClassCounts
    fakes: ClassCounts
    coded_twice: int


def formed(reals: Sequence[Any], fakes: Sequence[Any], px: int | None = None) -> Formed:
    """Form the table list of two classes.

    Args:
        reals: tables of manifests (pyarrow.Table), at least one; an image in several counts once.
        fakes: the same.
        px: side of the common square where somebody asks for one.

    Raises:
        NotMatched: they cannot be made alike.
        FactsUnknown: a manifest does not say how its files are coded.
    """
    real, fake = _one_table(reals), _one_table(fakes)
    otherwise = left_out(REAL, real, None).coded_otherwise
    if otherwise.all():
        raise NotMatched(
            f"each of its {counted(len(otherwise), 'real')} is coded as no fake can be: grey, "
            "4:4:0, 4:1:1, WebP or GIF",
            "Write `recompress(96)`, or prepare the images",
        )
    try:
        side = common_square(_lengths(real)[~otherwise], _lengths(fake), px)
    except NoCommonSize as error:
        raise NotMatched(str(error).rstrip("."), "Or write `equalise: none`") from error
    parts = [left_out(label, table, side) for label, table in ((REAL, real), (FAKE, fake))]
    kept = [
        table.filter(pa.array(~part.either))
        for table, part in zip((real, fake), parts, strict=True)
    ]
    for table, part, word in zip(kept, parts, ("real", "fake"), strict=True):
        if not table.num_rows:
            raise NotMatched(
                f"none of its {counted(len(part.either), f'{word} image')} holds a square of "
                f"{side} px",
                "Ask for a smaller one, such as match(64), or leave the number out",
            )
    codings = _codings(kept[REAL])
    for coding in codings:
        if why := why_not_writable(coding):
            raise NotMatched(
                f"{counted(codings[coding], 'real')} cannot be followed: {why}",
                "Take them out, by jpeg_tables in the manifests",
            )
    is_jpeg = pc.not_equal(kept[FAKE]["subsampling"].cast("string"), "")
    coded_twice = int(pc.sum(is_jpeg).as_py() or 0)
    if coded_twice and set(codings) == {LOSSLESS}:
        raise NotMatched(
            f"no real was coded as JPEG and {counted(coded_twice, 'fake')} "
            f"{'was' if coded_twice == 1 else 'were'}, which cannot be undone",
            "Write `recompress(96)`, which codes both, or prepare the images",
        )
    return Formed(
        TableList(side, tuple(sorted(codings.items()))),
        ClassCounts.of(parts[REAL]),
        ClassCounts.of(parts[FAKE]),
        coded_twice,
    )


def _one_table(tables: Sequence[Any]) -> Any:
    """What is looked at of all tables, each image once."""
    for table in tables:
        require_facts(table, tuple(_READ_AS))
    # Tables stay coded as numbers: written out they are hundreds of characters an image.
    plain = [
        pa.table({name: table[name].cast(kind) for name, kind in _READ_AS.items()})
        for table in tables
    ]
    whole = pa.concat_tables(plain).unify_dictionaries().combine_chunks()
    if len(tables) == 1:
        return whole
    codes = whole["image_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    return whole.take(pa.array(np.unique(codes, return_index=True)[1]))


def _lengths(table: Any) -> npt.NDArray[np.int32]:
    """Heights and widths, shape (N, 2)."""
    return np.stack([table["height"].to_numpy(), table["width"].to_numpy()], axis=1)


def _codings(reals: Any) -> Counter[Coding]:
    (table_N, tables), (chroma_N, chromas) = (
        (coded.indices.to_numpy(), coded.dictionary.to_pylist())
        for coded in (reals[name].combine_chunks() for name in ("jpeg_tables", "subsampling"))
    )
    codes, counts = np.unique(table_N * len(chromas) + chroma_N, return_counts=True)
    return Counter(
        {
            Coding(tables[code // len(chromas)], chromas[code % len(chromas)]): int(count)
            for code, count in zip(codes, counts, strict=True)
        }
    )
