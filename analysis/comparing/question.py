"""What is asked: levels of one setting, over which generators, by which metric, for which claim."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from analysis.comparing.finding import CLAIMS, Claim
from analysis.matrices.arms import said
from analysis.matrices.relations import RELATIONS, UNSEEN, Relation
from analysis.measuring.metric_registry import DEFAULT, UnknownMetric, find_metric
from grid.refusal import did_you_mean

By = Literal["family", "generator_group", "generator", "degradation", "train"]
Units = Literal["images", "seeds", "generators", "cells"]
Correction = Literal["holm", "bh"]
Scope = Literal["unseen", "family", "other", "related", "trained", "all"]

SCOPES: dict[Scope, tuple[Relation, ...]] = {
    "unseen": UNSEEN,
    "family": ("family",),
    "other": ("other",),
    "related": ("related",),
    "trained": ("trained",),
    "all": tuple(RELATIONS),
}
"""Which relations of a tested generator to the training set are part of a comparison."""

DEFAULT_CLAIM: Claim = "this procedure on new generators"


class Unanswerable(ValueError):
    """A question that the experiment cannot answer as it is put; its text says what to do."""

    def __init__(self, why: str, mend: str) -> None:
        super().__init__(f"{why}. {mend}.")
        self.why = why
        self.mend = mend


@dataclass(frozen=True, kw_only=True)
class Question:
    """One declared comparison: `levels` of `key`, pair by pair, all else being equal.

    `where` narrows what is compared, values as settings say them. `margin` is the largest
    difference, a share of 1, that would be no difference in practice. `units` is what somebody
    wants counted as independent; None leaves it to the claim.
    """

    key: str
    levels: tuple[str, ...]
    by: By | None = None
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    claim: Claim = DEFAULT_CLAIM
    metric: str = DEFAULT
    on: Scope = "unseen"
    margin: float | None = None
    is_ordered: bool = False
    correction: Correction = "holm"
    units: Units | None = None

    @property
    def name(self) -> str:
        """The levels and what they are of, as the file writes them."""
        return f"{self.key}: {' / '.join(self.levels)}"


def question_of(contrast: Mapping[str, Any]) -> Question:
    """Read a contrast of an experiment's record.

    Raises:
        Unanswerable: its words are those of no claim, metric or scope; earlier versions took any.
    """
    compare = contrast["compare"]
    if len(compare) != 1:
        raise Unanswerable(
            f"It compares {len(compare)} settings at once ({', '.join(compare)})",
            "Declare a contrast for each, so that one thing differs at a time",
        )
    [(key, levels)] = compare.items()
    metric = contrast.get("metric") or DEFAULT
    try:
        find_metric(metric)
    except UnknownMetric as error:
        raise Unanswerable(f"{error}".rstrip("."), "Name a metric that is measured") from None
    return Question(
        key=key,
        levels=tuple(dict.fromkeys(said(level) for level in levels)),
        by=contrast.get("by"),
        where={
            name: tuple(said(v) for v in (value if isinstance(value, list | tuple) else [value]))
            for name, value in contrast.get("where", {}).items()
        },
        claim=cast(Claim, _one_of("claim", contrast.get("claim") or DEFAULT_CLAIM, CLAIMS)),
        metric=metric,
        on=cast(Scope, _one_of("on", contrast.get("on") or "unseen", tuple(SCOPES))),
        margin=contrast.get("margin"),
        is_ordered=contrast.get("ordered", False),
        correction=cast(
            Correction,
            _one_of("correction", contrast.get("correction") or "holm", get_args(Correction)),
        ),
        units=contrast.get("units"),
    )


def same_value(one: str, other: str) -> bool:
    """Say whether two texts say one value: .25 and 0.25, with spaces or without."""
    return _plain(one) == _plain(other)


def _plain(text: str) -> str:
    """Return a text without spaces, its numbers in one form."""
    return re.sub(
        r"(?<![\w.])(\d+\.?\d*|\.\d+)(?![\w.])",
        lambda found: f"{float(found.group()):g}",
        re.sub(r"\s", "", text),
    )


def _one_of(key: str, word: str, known: tuple[str, ...]) -> str:
    if word not in known:
        raise Unanswerable(
            f"{key}: {word!r} is none that this version knows",
            did_you_mean(word, list(known)).rstrip("."),
        )
    return word
