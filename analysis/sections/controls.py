"""Where a simple control beats a detector that was trained and tested on the same images.

The rule: of each training set and test set, in each condition, the best control's mean AUC over
seeds is held against each detector's; more than `MARGIN` above it is told. A card says that a
detector is a control, and the experiment's record repeats it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from analysis.comparing.evidence import Evidence
from analysis.matrices.matrix import Matrix
from analysis.page.overview import Overview
from analysis.page.section import Caution, Placed, Section
from analysis.page.sentences import number

MARGIN = 0.05
"""Of mean AUC. Closer than that, two detectors that learned the same differ by their seeds."""
_CONDITION = ("degradation", "equalise", "epoch")


@dataclass(frozen=True)
class Contest:
    """A detector and the best control on one training set and test set, by mean AUC over seeds."""

    detector: str
    on: str
    auc: float
    control: str
    control_auc: float

    @property
    def lost_by(self) -> float:
        """How far the control is above the detector; negative where it is below."""
        return round(self.control_auc - self.auc, 9)  # .90 - .85 is .05 and no more


@dataclass(frozen=True)
class Contests:
    """All of an experiment; `has_control` says whether it trains any, `has_detector` likewise."""

    contests: tuple[Contest, ...]
    has_control: bool
    has_detector: bool

    @property
    def lost(self) -> list[Contest]:
        """Those that the control wins by more than the margin, the clearest first."""
        lost = [contest for contest in self.contests if contest.lost_by > MARGIN]
        return sorted(lost, key=lambda contest: -contest.lost_by)


@dataclass(frozen=True)
class _Side:
    title: str
    on: str
    auc: float


def _find(evidence: Evidence) -> Contests:
    controls: dict[tuple[object, ...], list[_Side]] = {}
    detectors: dict[tuple[object, ...], list[_Side]] = {}
    fits = evidence.selection.fits_of(evidence.experiment).values()
    is_control = {fit["fit_id"]: fit.get("is_control", False) for fit in fits}
    for matrix in evidence.matrices:
        for fit_id, place, side in _sides(evidence, matrix):
            (controls if is_control[fit_id] else detectors).setdefault(place, []).append(side)
    best = {place: max(sides, key=lambda side: side.auc) for place, sides in controls.items()}
    return Contests(
        contests=tuple(
            Contest(side.title, side.on, side.auc, best[place].title, best[place].auc)
            for place, sides in detectors.items()
            if place in best
            for side in sides
        ),
        has_control=any(is_control.values()),
        has_detector=not all(is_control.values()),
    )


def _sides(evidence: Evidence, matrix: Matrix) -> Iterator[tuple[str, tuple[object, ...], _Side]]:
    """Give a fit of each measured entry, what has to be equal in a comparison, and its AUC."""
    fits = evidence.selection.fits_of(evidence.experiment)
    trains = {fit["fit_id"]: fit["train"] for fit in fits.values()}
    condition = tuple(matrix.settings[name] for name in _CONDITION)
    for row, entries in zip(matrix.rows, matrix.entries, strict=True):
        for column, entry in zip(matrix.columns, entries, strict=True):
            spread = entry.spread("auc") if entry is not None else None
            if entry is None or spread is None:
                continue
            fit_id = entry.cells[0].fit_id
            train = trains[fit_id]
            if train is None:
                continue
            images = (train["label"], train["n"] + train["n_validation"])
            on = "" if row.label == column.label else f", tested on {column.label}"
            side = _Side(matrix.title, f"{row.label}{on}", spread.mean)
            yield fit_id, (*images, column.key, *condition), side


def _cautions(evidence: Evidence, found: Contests) -> Iterator[Caution]:
    lost = found.lost
    if lost:
        yield Caution(
            "control_wins",
            f"A simple control is better by more than {number(MARGIN)} AUC in {len(lost)} of "
            f"{len(found.contests)} comparisons on the same training and test images: there the "
            "detector found less than the control reads off each image, so its number says "
            "little of the generator. Mean AUC over seeds.",
            tuple(
                f"{each.detector}, {each.on}: {number(each.auc)}, "
                f"{each.control} {number(each.control_auc)}"
                for each in lost
            ),
        )


def _html(shown: Overview, found: Contests) -> Markup:
    """Say in one quiet line that no control is there, or that none wins."""
    if not found.has_detector:
        return Markup("")
    if not found.has_control:
        text = (
            "No control stands beside the detectors. A linear model on spectra (log_dct_linear, "
            "log_fft_linear) as one more arm shows what is to be had without them."
        )
    elif found.contests and not found.lost:
        text = (
            f"No control is better than a detector by more than {number(MARGIN)} AUC, in "
            f"{len(found.contests)} comparisons on the same training and test images."
        )
    else:
        return Markup("")
    return Markup('<p class="dim">{}</p>\n').format(text)


SECTION = Section(
    find=_find,
    cautions=Placed(55, _cautions),
    page=Placed(45, _html),
    numbers=lambda shown, found: found,
)
