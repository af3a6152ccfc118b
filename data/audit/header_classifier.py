"""A classifier that sees only what the headers of the files say, and how well it does.

It knows format, width and height, and of a JPEG its quantisation tables and subsampling; each of
them alone, and all together. Nothing is fitted but frequencies, so it is exact, needs no sample of
millions of images, and `plan` can afford it. Byte length and metadata are asked apart: they follow
from the contents as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.audit.category_rule import FOLDS, CountedRows, Numbers, balanced_accuracy
from data.audit.chance import chance_level
from data.image_ids import draw, draw_by_name, words
from data.strata import combined

if TYPE_CHECKING:
    import pyarrow as pa

HEADER = ("format", "width", "height", "jpeg_tables", "subsampling")
ALL_TOGETHER = "header"
OWN_RULES = {
    "format": ("format",),
    "size": ("width", "height"),
    "quantisation": ("jpeg_tables", "subsampling"),
}
RULES = (*OWN_RULES, ALL_TOGETHER)
LENGTHS = ("bytes", "metadata_bytes")
_NUMBERS = ("width", "height", *LENGTHS)
_PER_OCTAVE = 4  # bins of sizes that no other image has
_PER_OCTAVE_OF_BYTES = 8

_FOLD, _LABEL, _COUNT = "fold", "label", "images"


@dataclass(frozen=True)
class RuleResult:
    """How well one rule tells the label, and what chance may give it."""

    rule: str
    accuracy: float  # balanced, cross-validated
    level: float  # below this it may be chance; above 1 where the images are too few
    reals: int
    fakes: int

    @property
    def beyond_chance(self) -> bool:
        """Whether chance does not explain it."""
        return self.accuracy > self.level


def header_counts(table: pa.Table, label: int, columns: Sequence[str] = HEADER) -> pa.Table:
    """The images of a pool, those alike counted together: columns, fold, label and images.

    The fold is drawn by hash of the image, of a pair by hash of its name: neither equal bytes nor
    pairs are ever in two folds, and no order or path changes anything.

    Args:
        table: with image_id, those of `columns` that it knows, and pair where there are any.
        label: of all its images.
        columns: what is counted; one that the table does not have is null.
    """
    import pyarrow as pa

    arrays = {name: _plain(table, name) for name in columns}
    arrays[_FOLD] = pa.array(_folds(table))
    counted = pa.table(arrays).group_by([*columns, _FOLD]).aggregate([([], "count_all")])
    counted = counted.select([*columns, _FOLD, "count_all"])
    counted = counted.rename_columns([*columns, _FOLD, _COUNT])
    return counted.append_column(_LABEL, pa.array(np.full(counted.num_rows, label, np.int8)))


def header_results(counts: Sequence[pa.Table]) -> dict[str, RuleResult]:
    """How well each rule tells the labels of some pools together, by its name.

    A fact that some image's manifest does not say is left out.

    Args:
        counts: of each pool, from `header_counts`; without images of both classes there is none.
    """
    table, rows, level = _joined(counts, len(RULES))
    if rows is None:
        return {}
    # What an older manifest does not say is asked of none: else the absence itself would tell.
    unknown = [name for name in HEADER if table[name].null_count]
    code = {name: _coded(table, name) * (name not in unknown) for name in HEADER}
    size = combined(code["width"], code["height"])
    scale = _bins(_numbers(table, "width") * _numbers(table, "height"), _PER_OCTAVE)
    coding = combined(code["jpeg_tables"], code["subsampling"])
    file = combined(code["format"], coding)
    rules: Mapping[str, tuple[Numbers, tuple[Numbers, ...]]] = {
        "format": (code["format"], ()),
        "size": (size, (scale,)),
        "quantisation": (coding, ()),
        ALL_TOGETHER: (combined(file, size), (combined(file, scale), file, scale)),
    }
    return {
        name: _result(name, balanced_accuracy(rows, *rule), level, rows)
        for name, rule in rules.items()
    }


def length_result(name: str, counts: Sequence[pa.Table]) -> RuleResult | None:
    """How well a number of bytes tells the labels; None where it is unknown or a class is empty.

    Args:
        name: one of LENGTHS.
        counts: of each pool, from `header_counts` with this column alone.
    """
    table, rows, level = _joined(counts, len(LENGTHS))
    if rows is None or table[name].null_count:
        return None
    bins = _bins(_numbers(table, name), _PER_OCTAVE_OF_BYTES)
    return _result(name, balanced_accuracy(rows, bins, ()), level, rows)


def _joined(counts: Sequence[pa.Table], rules: int) -> tuple[pa.Table, CountedRows | None, float]:
    import pyarrow as pa

    table = pa.concat_tables(counts) if counts else pa.table({_LABEL: [], _COUNT: []})
    label = table[_LABEL].to_numpy().astype(np.int64)
    images = np.zeros((len(label), 2), np.int64)
    images[np.arange(len(label)), label] = table[_COUNT].to_numpy()
    reals, fakes = (int(number) for number in images.sum(axis=0))
    if not reals or not fakes:
        return table, None, np.inf
    rows = CountedRows(table[_FOLD].to_numpy().astype(np.int64), images)
    return table, rows, chance_level(reals, fakes, rules)


def _result(name: str, accuracy: float, level: float, rows: CountedRows) -> RuleResult:
    reals, fakes = (int(number) for number in rows.images.sum(axis=0))
    return RuleResult(name, accuracy, level, reals, fakes)


def _folds(table: pa.Table) -> Numbers:
    import pyarrow.compute as pc

    drawn = draw(words(table["image_id"].to_pylist()), "audit")
    if "pair" in table.column_names:
        is_paired = pc.fill_null(pc.not_equal(table["pair"], ""), False).to_numpy()
        if is_paired.any():
            names = table["pair"].filter(is_paired).to_pylist()
            drawn[is_paired] = draw_by_name(names, "audit")
    folds: Numbers = (drawn % np.uint64(FOLDS)).astype(np.int64)
    return folds


def _plain(table: pa.Table, name: str) -> pa.Array:
    """A column without dictionaries, which differ between tables; nulls where there is none."""
    import pyarrow as pa

    kind = pa.int64() if name in _NUMBERS else pa.string()
    if name not in table.column_names:
        return pa.nulls(table.num_rows, kind)
    return table[name].combine_chunks().cast(kind)


def _coded(table: pa.Table, name: str) -> Numbers:
    """A number for each value, null among them."""
    encoded = table[name].combine_chunks().dictionary_encode(null_encoding="encode")
    codes: Numbers = encoded.indices.to_numpy().astype(np.int64)
    return codes


def _numbers(table: pa.Table, name: str) -> Numbers:
    numbers: Numbers = table[name].fill_null(0).to_numpy().astype(np.int64)
    return numbers


def _bins(numbers: Numbers, per_octave: int) -> Numbers:
    bins: Numbers = np.floor(per_octave * np.log2(np.maximum(numbers, 1))).astype(np.int64)
    return bins
