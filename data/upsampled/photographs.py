"""Which of a collection's images fakes are made of."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.file_problems import FileProblem
from data.image_ids import draw, order_of, words
from data.manifest import Manifest

SPLITS = ("train", "validation", "test")
_READ = ("path", "image_id", "split", "class", "pair", "real_set", "format")
# Of equal bytes in several splits one is kept: what is tested on anywhere is not trained on.
_RANK = {"test": 0, "validation": 1, "train": 2}
_SALT = "simulate"


class Photographs(NamedTuple):
    """The photographs of a collection, each once."""

    table: Any  # pyarrow.Table of path, image_id, split, class, pair, real_set, format, by path
    copies: int  # rows left out, since an equal file is among the chosen ones
    problems: list[FileProblem]  # rows that cannot be taken


def photographs_of(
    source: Manifest, splits: Sequence[str] = SPLITS, images: int | None = None
) -> Photographs:
    """The real images of a collection.

    Args:
        source: the collection.
        splits: of which images are taken.
        images: at most so many of each split, those with the lowest hash; None: all.
    """
    table = source.table.select([*_READ, "label"])
    is_real = pc.equal(table["label"], 0)
    fakes = pa.array(pc.unique(table.filter(pc.invert(is_real))["image_id"]))
    reals = table.filter(is_real).drop_columns("label")
    both = pc.is_in(reals["image_id"], value_set=fakes)
    problems = [
        FileProblem(path, "its bytes are called fake elsewhere in the collection")
        for path in reals.filter(both)["path"].to_pylist()
    ]
    once, copies = _each_once(reals.filter(pc.invert(both)))
    chosen = once.filter(pc.is_in(once["split"].cast(pa.string()), pa.array(splits)))
    if images is not None:
        chosen = chosen.take(pa.array(_lowest(chosen, images)))
    return Photographs(chosen.sort_by("path"), copies, problems)


def _each_once(table: Any) -> tuple[Any, int]:
    """Of equal bytes one row, of the first split by _RANK and there of the first path."""
    rank = np.array([_RANK[split] for split in table["split"].to_pylist()], np.int64)
    ids = words(table["image_id"])
    first = np.lexsort((np.arange(len(ids)), rank))  # a manifest is sorted by path
    by_id = first[order_of(ids[first])]
    ids = ids[by_id]
    is_first = np.r_[True, (ids[1:] != ids[:-1]).any(axis=1)] if len(ids) else np.zeros(0, bool)
    return table.take(pa.array(by_id[is_first])), int(len(ids) - is_first.sum())


def _lowest(table: Any, images: int) -> list[int]:
    """The places of the images with the lowest draws of each split: more of them add to fewer."""
    split = np.array(table["split"].to_pylist(), object)
    order = np.argsort(draw(words(table["image_id"]), _SALT), kind="stable")
    return [int(n) for name in SPLITS for n in order[split[order] == name][:images]]
