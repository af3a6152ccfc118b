"""Metrics by name: a decorated function in `analysis/measuring/metrics/` is all that a metric is.

The view `cells`, the kept cells of a store, `--metric`, matrices and the page read this registry,
so nothing else has to learn a new metric's name.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from analysis.measuring.intervals import Bounds
from analysis.measuring.sorted_scores import Logits, Needs, SortedScores
from grid.refusal import did_you_mean

BoundsOf = Callable[..., Bounds | None]
Function = TypeVar("Function", bound=Callable[..., float | None])
Better = Literal["higher", "lower"]

DEFAULT = "auc"


@dataclass(frozen=True)
class MetricEstimate:
    """A metric of one cell: its value, and the bounds of its 95 % interval.

    Each is None where it is undefined; the bounds also where the metric has no interval.
    """

    value: float | None
    bounds: Bounds | None


@dataclass(frozen=True)
class Metric:
    """A number of one cell, in [0, 1].

    `name` is its column in SQL, `title` what people call it; `explained` says in a clause what it
    is and what chance gives. `better` says which values are better; `on_page`, whether the page
    draws matrices of it; `needs`, what it is computed from besides the cell's logits.
    """

    name: str
    title: str
    version: int
    explained: str
    function: Callable[..., float | None]
    interval: BoundsOf | None = None
    better: Better = "higher"
    on_page: bool = True
    needs: Needs = "scores"

    def estimate(self, scores: SortedScores) -> MetricEstimate:
        """Return the value and its 95 % interval.

        Raises:
            ValueError: the value is no share; the interval does not hold the value, or has no
                width: images are a sample, so nothing is known exactly.
        """
        arguments = scores.arguments(self.needs)
        found = None if arguments is None else self.function(*arguments)
        if arguments is None or found is None:
            return MetricEstimate(None, None)
        value = float(found)
        if not 0 <= value <= 1:  # NaN is refused, too
            raise ValueError(
                f"metric {self.name!r}: it gave {value}, which is not in [0, 1]; correct its "
                "function, or return a share."
            )
        bounds = None if self.interval is None else self.interval(*arguments)
        if bounds is None:
            return MetricEstimate(value, None)
        low, high = float(bounds[0]), float(bounds[1])
        if not (0 <= low <= value <= high <= 1 and low < high):
            raise ValueError(
                f"metric {self.name!r}: its interval of {value} is {low} to {high}; one has a "
                "width, lies in [0, 1] and holds the value. Correct its function."
            )
        return MetricEstimate(value, (low, high))

    def compute(self, real: Logits, fake: Logits) -> float | None:
        """Return the value of logits in any order, (n_real,) and (n_fake,); None where undefined.

        So is whatever needs more than these.
        """
        return replace(self, interval=None).estimate(SortedScores.of(real, fake)).value

    def goodness(self, value: float) -> float:
        """Return a value so that more is better, in [0, 1]: what colours and rankings go by."""
        return value if self.better == "higher" else 1 - value


class UnknownMetric(ValueError):
    """A name that no metric has."""


_registered: dict[str, Metric] = {}


def metric(
    name: str,
    title: str,
    version: int,
    *,
    explained: str,
    interval: BoundsOf | None = None,
    better: Better = "higher",
    on_page: bool = True,
    needs: Needs = "scores",
) -> Callable[[Function], Function]:
    """Register a function of the logits of a cell's reals and fakes, (n_real,) and (n_fake,).

    It is called with both sides sorted, the smallest first, so that all metrics share one sort;
    neither side is empty and none has a NaN. It returns a number in [0, 1], or None where it is
    undefined. A cell with an empty side has None: a share of one class is nothing of a detector.

    Args:
        name: the column in SQL: small letters, digits and _.
        title: what people call it.
        version: raised when a number or a bound would come out differently, by which the kept ones
            of this metric, and of no other, are computed anew.
        explained: a clause for the page: what it is, and what chance gives.
        interval: a function of the same arguments that returns the bounds of a 95 % interval.
            Without one the metric has none: no bounds are made up for it.
        better: whether higher or lower values are better.
        on_page: whether the page draws matrices of it.
        needs: what the function gets as a third argument. `ranks`: where each image stands among
            those of the other side (`MutualRanks`). `probabilities`, `calibrated`: P(fake) of each
            image, as it is or after temperature scaling (`ImageProbabilities`). `validation`: the
            fit's scores of its own validation (`ValidationScores`). `reals_apart`: the sorted
            logits of the reals that are kept apart to set a threshold; the first argument then has
            the others alone. Where that is not there, the metric is None and the function is not
            called.

    Raises:
        ValueError: the name is no column's, or taken.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(
            f"metric {name!r}: it becomes a column in SQL; use small letters, digits and _."
        )
    if name in _registered:
        raise ValueError(f"metric {name!r}: there is one of this name; give it another.")

    def register(function: Function) -> Function:
        _registered[name] = Metric(
            name, title, version, explained, function, interval, better, on_page, needs
        )
        return function

    return register


def known_metrics() -> tuple[Metric, ...]:
    """Return every metric, in the order of their files and functions."""
    package = importlib.import_module("analysis.measuring.metrics")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
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
