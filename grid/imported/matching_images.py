"""Which images of an experiment's test sets the rows of a score file speak of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath, PurePosixPath

import numpy as np

from grid.imported.score_file import ForeignScoreFile, ScoredImage
from grid.records.pools.manifests import read_pool
from grid.refusal import Problems
from grid.store.base import Store

COLUMNS = ("image_id", "label", "path")


@dataclass(frozen=True)
class TestedPool:
    """The rows of a pool, by rank."""

    pool_id: str
    image_ids: list[str]
    label: int
    paths: list[str | None]


@dataclass
class MatchedScores:
    """Logits of each pool by rank, NaN where the file has none; and the rows that fit nothing."""

    logits: dict[str, np.ndarray] = field(default_factory=dict)
    without: dict[str, list[str]] = field(default_factory=dict)
    """By pool, the images that the file has no score for, as their paths."""
    strangers: list[ScoredImage] = field(default_factory=list)


def tested_pools(store: Store, pool_ids: Iterable[str]) -> list[TestedPool]:
    """Read the manifests of some pools.

    Raises:
        StoreMissing, CorruptRecord: a manifest is not there, or is damaged.
    """
    pools = []
    for pool_id in pool_ids:
        table = read_pool(store, pool_id, COLUMNS)
        label = int(table["label"][0].as_py()) if table.num_rows else 0
        pools.append(
            TestedPool(pool_id, table["image_id"].to_pylist(), label, table["path"].to_pylist())
        )
    return pools


def match_scores(file: ForeignScoreFile, pools: Sequence[TestedPool]) -> MatchedScores:
    """Give each image its logit; an image that several pools hold has it in each.

    Raises:
        Refused: two rows give one image two scores, a path is that of several images, or a label
            is not the one of the image's folder.
    """
    problems = Problems()
    by_id = _rows_by_image(file, pools, problems)
    found = MatchedScores()
    matched = {row.line for first, others in by_id.values() for row in (first, *others)}
    found.strangers = [row for row in file.rows if row.line not in matched]
    for pool in pools:
        logits = np.full(len(pool.image_ids), np.nan, np.float32)
        for rank, image_id in enumerate(pool.image_ids):
            row, _ = by_id.get(image_id, (None, []))
            if row is None or row.logit is None:
                continue
            logits[rank] = row.logit
        _check_labels(pool, by_id, problems)
        found.logits[pool.pool_id] = logits
        found.without[pool.pool_id] = [
            pool.paths[rank] or pool.image_ids[rank] for rank in np.flatnonzero(np.isnan(logits))
        ]
    problems.raise_if_any()
    return found


ByImage = dict[str, tuple[ScoredImage, list[ScoredImage]]]
"""By image_id: the first row that names the image, and further ones that say the same of it."""


def _rows_by_image(
    file: ForeignScoreFile, pools: Sequence[TestedPool], problems: Problems
) -> ByImage:
    known = {image_id for pool in pools for image_id in pool.image_ids}
    by_path = _ids_by_path(pools)
    found: ByImage = {}
    for row in file.rows:
        ids = ({row.image} & known) if file.by_id else _ids_of(row.image, by_path)
        if len(ids) > 1:
            problems.add(
                f"line {row.line}: {row.image}",
                f"it is the path of {len(ids)} images, in several datasets",
                "Write more of the path, or name images by image_id",
            )
            continue
        for image_id in ids:
            first, others = found.setdefault(image_id, (row, []))
            if first is row:
                continue
            if first.logit != row.logit:
                problems.add(
                    f"lines {first.line} and {row.line}: {row.image}",
                    "one image has two scores",
                    "Keep one of them",
                )
            others.append(row)
    return found


def _ids_by_path(pools: Sequence[TestedPool]) -> Mapping[str, set[str]]:
    """By the path as the manifest has it: relative to its dataset's root."""
    found: dict[str, set[str]] = {}
    for pool in pools:
        for image_id, path in zip(pool.image_ids, pool.paths, strict=True):
            if path is not None:
                found.setdefault(path, set()).add(image_id)
    return found


def _ids_of(image: str, by_path: Mapping[str, set[str]]) -> set[str]:
    """Images whose path the given one ends with, or is; the longest that is known."""
    parts = PurePosixPath(PurePath(image).as_posix()).parts
    for first in range(len(parts)):
        ids = by_path.get("/".join(parts[first:]))
        if ids is not None:
            return ids
    return set()


def _check_labels(pool: TestedPool, by_id: ByImage, problems: Problems) -> None:
    wrong = [
        row
        for image_id in pool.image_ids
        for row in (by_id[image_id][0] if image_id in by_id else None,)
        if row is not None and row.label is not None and row.label != pool.label
    ]
    if wrong:
        word = ("real", "fake")
        problems.add(
            f"{len(wrong)} labels, the first in line {wrong[0].line}",
            f"{wrong[0].image} is {word[pool.label]} by its folder and {word[1 - pool.label]} in "
            "the file",
            "Turn the labels (and see whether larger scores mean fake: --larger), or take the "
            "column out",
        )
