"""Which images a fit trains on and which it is validated on: a pure function of pools and a rule.

Images are drawn by hash of their ids, and pairs by hash of their names, so the choice depends on
no order, no path, no seed and no test set; smaller fractions and totals are contained in larger
ones, and adding a pool never reshuffles another. The draws for the fraction, the total and the
validation carve have salts of their own and are independent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from data.counts import counted
from data.image_ids import Words, draw, draw_by_name, words
from data.pools import words_digest
from data.strata import Codes, Mask, combined, even_shares, lowest_units, units_per_stratum
from data.suggestions import did_you_mean

_WORD = ("real", "fake")


class SelectionError(ValueError):
    """A rule that these pools cannot follow."""


@dataclass(frozen=True)
class TrainingRule:
    """What of the given pools is used.

    Attributes:
        classes: only images of these classes; empty for all.
        fraction: of each source's images (pairs whole), 0 < fraction <= 1.
        total_images: half of them real and half fake, each half spread evenly over its sources,
            counted before validation is carved out; None for all.
        validation_fraction: of the pairs of each stratum, 0 < fraction < 1, where no validation
            pools are declared.
    """

    classes: tuple[str, ...] = ()
    fraction: float = 1.0
    total_images: int | None = None
    validation_fraction: float = 0.1

    def __post_init__(self) -> None:
        if not 0 < self.fraction <= 1:
            raise SelectionError(
                f"fraction {self.fraction} is out of range; give more than 0 and at most 1."
            )
        if not 0 < self.validation_fraction < 1:
            raise SelectionError(
                f"validation_fraction {self.validation_fraction} is out of range; "
                "give more than 0 and less than 1."
            )
        if self.total_images is not None and self.total_images < 4:
            raise SelectionError(
                f"total_images {self.total_images} leaves nothing to train and validate on; "
                "give at least 4."
            )


@dataclass(frozen=True)
class PoolRows:
    """What selection looks at of a pool: columns of equal length, sorted by image_id."""

    pool_id: str
    label: int
    image_ids: Sequence[str]
    classes: Sequence[str]
    pairs: Sequence[str]
    source: str


@dataclass(frozen=True)
class Rows:
    """Chosen images, sorted by image_id, each once."""

    pools: npt.NDArray[np.int32]  # index into [*pools, *declared_validation] of `select`
    ranks: npt.NDArray[np.int32]  # row within that pool
    image_ids: list[str]
    labels: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.image_ids)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the (image_id, label) rows."""
        return words_digest(words(self.image_ids), self.labels)


@dataclass(frozen=True)
class Selection:
    """The images of a fit."""

    train: Rows
    validation: Rows
    carved: bool  # whether validation was carved out of training, or declared


def select(
    pools: Sequence[PoolRows],
    rule: TrainingRule,
    declared_validation: Sequence[PoolRows] = (),
) -> Selection:
    """Choose the rows to train on and to validate on.

    Validation is what the declared pools hold of the rule's classes (these images are then not
    trained on). Where that is nothing it is carved: in each stratum of label, class and source the
    `validation_fraction` of the pairs with the lowest hash, rounded, at least one. A pair, which
    may hold images of both labels, always goes as a whole. Strata of a single pair are joined
    within their label and source first; otherwise a thousand classes of one image each would leave
    nothing to train on.

    Of an image that is in several pools the row of the pool with the lowest id is kept.

    Raises:
        SelectionError: an image has two labels, a class is unknown, there are too few images, or
            a label would be left without training images, or declared validation without one.
    """
    table = _Table.of(pools)
    declared = _Table.of(declared_validation, first_pool=len(pools))
    if rule.classes:
        _require_known(table, rule.classes)
        table = table.taken(_of_classes(table, rule.classes))
        declared = declared.taken(_of_classes(declared, rule.classes))
    table = table.each_image_once()
    declared = declared.each_image_once()
    if len(declared):
        _require_both_labels_to_validate(declared, rule.classes)
        table = table.taken(~_is_in(table.ids, declared.ids))
    if rule.fraction < 1:
        table = table.taken(_lowest_fraction(table, rule.fraction))
    if rule.total_images is not None:
        table = table.taken(_even_total(table, rule.total_images))
    _require_both_labels(table)
    if len(declared):
        return Selection(table.rows(), declared.rows(), carved=False)
    is_validation = _carved(table, rule.validation_fraction)
    training = table.taken(~is_validation)
    _require_both_labels(training)
    return Selection(training.rows(), table.taken(is_validation).rows(), carved=True)


@dataclass(frozen=True)
class _Table:
    """Rows of several pools as columns of numbers."""

    ids: Words  # (n, 2)
    label: npt.NDArray[np.int8]
    source: Codes
    class_code: Codes
    pair: Codes  # -1 for an image that stands alone
    pool: npt.NDArray[np.int32]
    rank: npt.NDArray[np.int32]
    class_names: list[str]
    pair_names: list[str]
    image_ids: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.label)

    @classmethod
    def of(cls, pools: Sequence[PoolRows], first_pool: int = 0) -> "_Table":
        """All rows, pools in the order of their ids: nothing may depend on the caller's order."""
        order = sorted(range(len(pools)), key=lambda index: (pools[index].pool_id, index))
        lengths = [len(pools[index].image_ids) for index in order]
        for index in order:
            _require_equal_lengths(pools[index])
        image_ids = [image_id for index in order for image_id in pools[index].image_ids]
        class_code, class_names = _coded([name for i in order for name in pools[i].classes])
        pair_code, pair_names = _coded([name for i in order for name in pools[i].pairs])
        sources = {name: code for code, name in enumerate({pools[i].source for i in order})}
        return cls(
            ids=words(image_ids),
            label=np.repeat(np.array([pools[i].label for i in order], np.int8), lengths),
            source=np.repeat(np.array([sources[pools[i].source] for i in order], int), lengths),
            class_code=class_code,
            pair=_without_empty(pair_code, pair_names),
            pool=np.repeat(np.array(order, np.int32) + np.int32(first_pool), lengths),
            rank=np.concatenate([np.arange(0, dtype=np.int32), *map(_counting, lengths)]),
            class_names=class_names,
            pair_names=pair_names,
            image_ids=np.array(image_ids, dtype=object),
        )

    def taken(self, which: Mask | Codes) -> "_Table":
        """These rows only."""
        return _Table(
            self.ids[which],
            self.label[which],
            self.source[which],
            self.class_code[which],
            self.pair[which],
            self.pool[which],
            self.rank[which],
            self.class_names,
            self.pair_names,
            self.image_ids[which],
        )

    def each_image_once(self) -> "_Table":
        """Sorted by image_id; the sort is stable, so the first pool's row is kept."""
        table = self.taken(np.lexsort((self.ids[:, 1], self.ids[:, 0])))
        is_same = (table.ids[1:] == table.ids[:-1]).all(axis=1)
        conflicts = np.flatnonzero(is_same & (table.label[1:] != table.label[:-1]))
        if len(conflicts):
            raise SelectionError(
                f"image {table.image_ids[conflicts[0]]} is real in one pool and fake in another "
                f"({counted(len(conflicts), 'such image')}); remove the file from where it is "
                "wrong."
            )
        is_first = np.ones(len(table), bool)
        is_first[1:] = ~is_same
        return table.taken(is_first)

    def units(self, salt: str) -> tuple[Codes, Words]:
        """What is drawn as one, pairs or single images: a number and a draw for each row."""
        unit = np.arange(len(self), dtype=np.int64) + len(self.pair_names)
        drawn = draw(self.ids, salt)
        is_paired = self.pair >= 0
        if is_paired.any():
            unit = np.where(is_paired, self.pair, unit)
            by_pair = draw_by_name(self.pair_names, salt)
            drawn[is_paired] = by_pair[self.pair[is_paired]]
        return unit, drawn

    def rows(self) -> Rows:
        return Rows(self.pool, self.rank, self.image_ids.tolist(), self.label)


def _require_known(table: _Table, classes: tuple[str, ...]) -> None:
    known = [name for name in table.class_names if name]
    for name in classes:
        if name not in known:
            raise SelectionError(f"No training image has class {name!r}. {_listed(name, known)}")


def _of_classes(table: _Table, classes: tuple[str, ...]) -> Mask:
    wanted = [code for code, name in enumerate(table.class_names) if name in classes]
    return np.isin(table.class_code, wanted)


def _lowest_fraction(table: _Table, fraction: float) -> Mask:
    stratum = combined(table.label.astype(np.int64), table.source)
    unit, drawn = table.units("fraction")
    wanted = units_per_stratum(stratum, unit) * fraction
    return lowest_units(stratum, unit, drawn, np.maximum(1, np.rint(wanted)).astype(np.int64))


def _even_total(table: _Table, total: int) -> Mask:
    stratum = combined(table.label.astype(np.int64), table.source)
    label_of_stratum = np.zeros(int(stratum.max(initial=-1)) + 1, np.int64)
    label_of_stratum[stratum] = table.label
    available = np.bincount(stratum, minlength=len(label_of_stratum)).astype(np.int64)
    keep = np.zeros_like(available)
    for label, quota in ((0, total // 2), (1, total - total // 2)):
        strata = np.flatnonzero(label_of_stratum == label)
        if quota > available[strata].sum():
            raise SelectionError(
                f"total_images {total} wants {quota} {_WORD[label]} images, but there are "
                f"{available[strata].sum()}; ask for at most {2 * available[strata].sum()}."
            )
        keep[strata] = even_shares(quota, available[strata])
    # Images are counted, so a pair may be parted here; its halves have neighbouring draws.
    _, drawn = table.units("total images")
    return lowest_units(stratum, np.arange(len(table), dtype=np.int64), drawn, keep)


def _carved(table: _Table, fraction: float) -> Mask:
    coarse = combined(table.label.astype(np.int64), table.source)
    stratum = combined(coarse, table.class_code)
    unit, drawn = table.units("validation")
    is_single = (units_per_stratum(stratum, unit) == 1)[stratum]
    stratum = combined(coarse, np.where(is_single, 0, stratum + 1))
    count = units_per_stratum(stratum, unit)
    keep = np.maximum(1, np.rint(count * fraction)).astype(np.int64)
    taken = lowest_units(stratum, unit, drawn, keep)
    # A pair that was drawn in one stratum takes its images in the others along.
    return np.isin(unit, unit[taken])


def _require_both_labels(table: _Table) -> None:
    for label, word in enumerate(_WORD):
        if not (table.label == label).any():
            raise SelectionError(
                f"No {word} image is left to train on; a detector needs both classes: add images, "
                "or loosen classes, fraction, total_images or the limit."
            )


def _require_both_labels_to_validate(declared: _Table, classes: tuple[str, ...]) -> None:
    of_classes = f" of the classes {', '.join(classes)}" if classes else ""
    for label, word in enumerate(_WORD):
        if not (declared.label == label).any():
            raise SelectionError(
                f"The declared validation has no {word} image{of_classes}, so the epoch would be "
                f"selected by one class; add {word} images{of_classes} to its split, choose other "
                "classes, or rename the split so that validation is carved out of training."
            )


def _require_equal_lengths(pool: PoolRows) -> None:
    if not len(pool.image_ids) == len(pool.classes) == len(pool.pairs):
        raise SelectionError(
            f"Pool {pool.pool_id} has {len(pool.image_ids)} images, {len(pool.classes)} classes "
            f"and {len(pool.pairs)} pairs; give one of each per image."
        )


def _is_in(ids: Words, others: Words) -> Mask:
    rows = np.concatenate([others, ids])
    code = combined(*(np.unique(rows[:, i], return_inverse=True)[1].ravel() for i in (0, 1)))
    return np.isin(code[len(others) :], code[: len(others)])


def _coded(names: list[str]) -> tuple[Codes, list[str]]:
    coded = pa.array(names, pa.string()).dictionary_encode()
    return coded.indices.to_numpy().astype(np.int64), coded.dictionary.to_pylist()


def _without_empty(code: Codes, names: list[str]) -> Codes:
    return np.where(code == names.index(""), -1, code) if "" in names else code


def _counting(length: int) -> npt.NDArray[np.int32]:
    return np.arange(length, dtype=np.int32)


def _listed(name: str, known: list[str]) -> str:
    return did_you_mean(name, known) if len(known) <= 40 else f"{len(known)} classes are known."
