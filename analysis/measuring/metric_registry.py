"""Metrics by name: a decorated function in `analysis/measuring/metrics.py` is all that a metric is.

The view `cells`, the kept cells of a store, `--metric`, matrices and the page read this registry,
so nothing else has to learn a new metric's name.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from grid.refusal import did_you_mean

Logits = npt.NDArray[np.floating]
Compute = Callable[[Logits, Logits], float | None]

DEFAULT = "auc"


@dataclass(frozen=True)
class Metric:
    """A number of one cell, in [0, 1], more being better.

    `name` is its column in SQL, `title` what people call it; `explained` says in a clause what it
    is and what chance gives. `compute` takes the logits of the reals and of the fakes, larger being
    more fake; it returns None where the metric is undefined.
    """

    name: str
    title: str
    version: int
    explained: str
    compute: Compute


class UnknownMetric(ValueError):
    """A name that no metric has."""


_registered: dict[str, Metric] = {}


def metric(
    name: str, title: str, version: int, *, explained: str
) -> Callable[[Callable[[Logits, Logits], float]], Compute]:
    """Register a function of the logits of a cell's reals and fakes, (n_real,) and (n_fake,).

    It is called with neither side empty and no NaN, and returns a number in [0, 1]. A cell with an
    empty side has None: a share of one class is nothing of a detector.

    Args:
        name: the column in SQL: small letters, digits and _.
        title: what people call it.
        version: raised when a number would come out differently, by which the kept ones of this
            metric, and of no other, are computed anew.
        explained: a clause for the page: what it is, and what chance gives.

    Raises:
        ValueError: the name is no column's, or taken. From the registered function: a logit is
            NaN, or the result is no number in [0, 1].
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(
            f"metric {name!r}: it becomes a column in SQL; use small letters, digits and _."
        )
    if name in _registered:
        raise ValueError(f"metric {name!r}: there is one of this name; give it another.")

    def register(function: Callable[[Logits, Logits], float]) -> Compute:
        @functools.wraps(function)
        def checked(real: Logits, fake: Logits) -> float | None:
            _refuse_nan(real, fake)
            if not real.size or not fake.size:
                return None
            value = float(function(real, fake))
            if not 0 <= value <= 1:  # NaN is refused, too
                raise ValueError(
                    f"metric {name!r}: it gave {value}, which is not in [0, 1]; correct its "
                    "function, or return a share."
                )
            return value

        _registered[name] = Metric(name, title, version, explained, checked)
        return checked

    return register


def known_metrics() -> tuple[Metric, ...]:
    """Return every metric, in the order of their functions."""
    importlib.import_module("analysis.measuring.metrics")
    return tuple(_registered.values())


def find_metric(name: str) -> Metric:
    """Return a metric by its name.

    Raises:
        UnknownMetric: none has this name.
    """
    found = {each.name: each for each in known_metrics()}
    if name not in found:
        raise UnknownMetric(f"Unknown metric {name!r}. {did_you_mean(name, list(found))}")
    return found[name]


def _refuse_nan(real: Logits, fake: Logits) -> None:
    if np.isnan(real).any() or np.isnan(fake).any():
        raise ValueError(
            "logits: NaN among them compares as false with everything and would count as real; "
            "leave the images without a score out, and count them."
        )
