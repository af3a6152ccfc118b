"""What must be seen before the numbers of an experiment are: each warning says why, and of what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from analysis.accepted_bias import accepted_bias
from analysis.cells import Measured
from analysis.matrix import Entry, Matrix, SeedCell
from analysis.provenance import Provenance
from analysis.selection import Selection
from analysis.sentences import number
from data.counts import counted
from grid.records.experiments import Experiment

WORST_AUC = 0.5
LOWEST_ACCURACY = 0.8
FEWEST_IMAGES = 20
SIMULATED = "simulated images, no evidence about real generators"


@dataclass(frozen=True)
class Caution:
    """A warning: its kind, a sentence, and what it is about, one line each."""

    kind: str
    text: str
    details: tuple[str, ...] = ()


def cautions(
    selection: Selection,
    experiment: Experiment,
    found: Sequence[Matrix],
    provenance: Provenance,
) -> list[Caution]:
    """Return the warnings of an experiment, the gravest first; none is a good sign.

    Args:
        selection: of this experiment alone.
        experiment: its expansion.
        found: its matrices.
        provenance: of its fits.
    """
    return [
        *_accepted_bias(selection, experiment),
        *_simulated(experiment),
        *_limited(experiment),
        *_missing(selection, experiment, found),
        *_refused(selection, found),
        *_damaged(selection),
        *_constant(found),
        *_of_training(selection, experiment),
        *_below_chance(found),
        *_weak(found),
        *_mixed(provenance),
        *_seen(experiment, found),
        *_left_out(experiment, found),
        *_unreadable(found),
    ]


def _accepted_bias(selection: Selection, experiment: Experiment) -> Iterator[Caution]:
    found = accepted_bias(selection, experiment)
    if found is not None:
        yield Caution("one_sided", *found)


def _simulated(experiment: Experiment) -> Iterator[Caution]:
    if experiment["simulated"]:
        yield Caution("simulated", f"{SIMULATED[0].upper()}{SIMULATED[1:]}.")


def _limited(experiment: Experiment) -> Iterator[Caution]:
    if experiment["limit"] is not None:
        yield Caution(
            "limited",
            f"Partial run: at most {experiment['limit']} images per pool were used "
            "(--limit). It shows that the experiment runs, not how well anything works.",
        )


def _missing(
    selection: Selection, experiment: Experiment, found: Sequence[Matrix]
) -> Iterator[Caution]:
    fits = [fit for fit in experiment["fits"] if fit["fit_id"] not in selection.commits]
    cells = [cell for matrix in found for entry in matrix.all_entries() for cell in entry.cells]
    missing = sum(cell.measured is None for cell in cells)
    unused = sum(bool(cell.unused) for cell in cells)
    if fits or missing:
        text = (
            f"Partial run: {len(fits)} of {len(experiment['fits'])} fits and {missing} of "
            f"{len(cells)} cells are missing. Means are over what is there"
        )
        if missing > unused or fits:
            text += "; running the experiment again makes the rest"
        if unused:
            text += f"; {unused} of the missing cells have scores that cannot be used"
        yield Caution(
            "incomplete", f"{text}.", tuple(f"not trained yet: {fit['label']}" for fit in fits)
        )


def _refused(selection: Selection, found: Sequence[Matrix]) -> Iterator[Caution]:
    """Score files that are there and are not used: of cells that are missing all the same."""
    pieces = {
        piece.key: piece
        for matrix in found
        for entry in matrix.all_entries()
        for cell in entry.cells
        for piece in cell.unused
    }
    reasons = selection.refuse(list(pieces.values()))
    if reasons:
        yield Caution(
            "refused",
            f"{len(reasons)} score files are not used: they are damaged, or made by weights other "
            "than the committed ones.",
            tuple(reasons.values()),
        )


def _damaged(selection: Selection) -> Iterator[Caution]:
    """Of what the page reads; score files that are refused have a warning of their own."""
    lines = [
        f"{key}: {why}"
        for key, why in sorted(selection.damaged.items())
        if key not in selection.refused
    ]
    if lines:
        yield Caution(
            "damaged",
            f"Damaged and left out: {counted(len(lines), 'file')} of the store. `crossgen check "
            "store --repair` sets them aside, and the next run makes them again.",
            tuple(lines),
        )


def _constant(found: Sequence[Matrix]) -> Iterator[Caution]:
    lines = _lines(found, lambda cell: cell.measured is not None and cell.measured.constant)
    if lines:
        yield Caution(
            "constant",
            "Constant logits: these fits give every image of a pool the same logit, so they do not "
            "look at the images.",
            tuple(lines),
        )


def _of_training(selection: Selection, experiment: Experiment) -> Iterator[Caution]:
    lines = [
        f"{fit['label']}: {text}"
        for fit in experiment["fits"]
        if fit["fit_id"] in selection.commits
        for text in selection.commits[fit["fit_id"]]["warnings"]
    ]
    if lines:
        yield Caution("training", "Training itself raised warnings for these fits.", tuple(lines))


def _below_chance(found: Sequence[Matrix]) -> Iterator[Caution]:
    def below(cell: SeedCell) -> bool:
        auc = cell.measured.auc if cell.measured is not None else None
        return auc is not None and auc < WORST_AUC

    lines = _lines(_plain(found), below, trained=True)
    if lines:
        yield Caution(
            "below_chance",
            f"AUC not above {number(WORST_AUC, 1)} on the trained generator: no evidence that "
            f"anything was learned; far below {number(WORST_AUC, 1)}, labels may be swapped.",
            tuple(lines),
        )


def _weak(found: Sequence[Matrix]) -> Iterator[Caution]:
    def weak(cell: SeedCell) -> bool:
        accuracy = cell.measured.balanced_accuracy if cell.measured is not None else None
        return accuracy is not None and accuracy < LOWEST_ACCURACY

    lines = _lines(_plain(found), weak, trained=True)
    if lines:
        yield Caution(
            "weak",
            f"Balanced accuracy below {number(LOWEST_ACCURACY, 1)} on the trained generator. "
            "Where AUC is high the threshold is off, where it is low the fit did not "
            "learn its own task; neither is evidence that the detector does not generalise.",
            tuple(lines),
        )


def _mixed(provenance: Provenance) -> Iterator[Caution]:
    if provenance.mixed:
        yield Caution(
            "mixed_versions",
            "Mixed versions: the fits were not all made with the same packages and code, which can "
            "change numbers as a seed does.",
            tuple(
                f"{name}: " + ", ".join(f"{v} ({n} fits)" for v, n in versions.most_common())
                for name, versions in provenance.mixed.items()
            ),
        )


def _seen(experiment: Experiment, found: Sequence[Matrix]) -> Iterator[Caution]:
    if experiment["leakage"] != "allow":
        return
    lines = _lines(found, lambda cell: cell.measured is not None and cell.measured.n_seen > 0)
    if lines:
        yield Caution(
            "seen",
            "Test images that a fit was trained or validated on are counted (leakage: allow), "
            "which flatters it.",
            tuple(lines),
        )


def _left_out(experiment: Experiment, found: Sequence[Matrix]) -> Iterator[Caution]:
    if experiment["leakage"] == "allow":
        return
    lines = []
    for matrix, on, entry in _entries(found):
        cells = [_counts_left_out(cell) for cell in entry.cells if _leaves_too_few(cell)]
        if cells:
            lines.append(f"{matrix.title}, {on}: {'; '.join(cells)}")
    if lines:
        yield Caution(
            "left_out",
            "Few images remain: more than half of a side was left out because the fit was trained "
            f"or validated on these images, or fewer than {FEWEST_IMAGES} are left on a side.",
            tuple(lines),
        )


def _leaves_too_few(cell: SeedCell) -> bool:
    return cell.measured is not None and any(
        out and (out > left or left < FEWEST_IMAGES) for out, left in _sides(cell.measured)
    )


def _counts_left_out(cell: SeedCell) -> str:
    if cell.measured is None:
        return "missing"
    (real_out, real), (fake_out, fake) = _sides(cell.measured)
    return f"{real_out} real and {fake_out} fake left out, {real} and {fake} remain{_of_seed(cell)}"


def _sides(measured: Measured) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the images left out as seen, and those that remain, of the reals and of the fakes."""
    fake_out = measured.n_seen_fake
    return (measured.n_seen - fake_out, measured.n_real), (fake_out, measured.n_fake)


def _unreadable(found: Sequence[Matrix]) -> Iterator[Caution]:
    lines = []
    for matrix in found:
        for n, column in enumerate(matrix.columns):
            counts = [e.count("n_null") for row in matrix.entries if (e := row[n]) is not None]
            told = [count for count in counts if count not in ("", "0")]
            if told:
                lines.append(f"{matrix.title} on {column.label}: {told[0]}")
    if lines:
        yield Caution(
            "unreadable",
            "Images without a logit, because they could not be read, are left out.",
            tuple(lines),
        )


def _plain(found: Sequence[Matrix]) -> list[Matrix]:
    """Keep undegraded matrices of the selected epoch, where an experiment has such.

    What a degradation or an earlier epoch does to a detector is a result, not a failed training.
    """
    kept = list(found)
    for name, value in (("degradation", "none"), ("epoch", "selected")):
        kept = [matrix for matrix in kept if matrix.settings[name] == value] or kept
    return kept


def _entries(found: Sequence[Matrix]) -> Iterator[tuple[Matrix, str, Entry]]:
    """Give each wanted entry with its matrix, and its row and column in words."""
    for matrix in found:
        for row, entries in zip(matrix.rows, matrix.entries, strict=True):
            for column, entry in zip(matrix.columns, entries, strict=True):
                if entry is not None:
                    on = "" if row.label == column.label else f", tested on {column.label}"
                    yield matrix, f"{row.label}{on}", entry


def _lines(
    found: Sequence[Matrix], told: Callable[[SeedCell], bool], *, trained: bool = False
) -> list[str]:
    """Return a line per entry with the cells that something is to be told of, seed by seed.

    Those of trained generators come in the order of their lowest AUC.
    """
    lines = []
    for matrix, on, entry in _entries(found):
        if trained and entry.relation != "trained":
            continue
        cells = [cell for cell in entry.cells if told(cell)]
        if cells:
            aucs = [c.measured.auc for c in cells if c.measured and c.measured.auc is not None]
            line = f"{matrix.title}, {on}: {'; '.join(map(_cell, cells))}"
            lines.append((min(aucs, default=0.0) if trained else 0.0, line))
    return [line for _, line in sorted(lines, key=lambda each: each[0])]


def _cell(cell: SeedCell) -> str:
    if cell.measured is None:
        return "missing"
    auc, accuracy = cell.measured.auc, cell.measured.accuracy
    balanced = cell.measured.balanced_accuracy
    said = f"AUC {_below(auc, WORST_AUC)}, accuracy {_below(accuracy, LOWEST_ACCURACY)}"
    if balanced is not None and accuracy is not None and abs(balanced - accuracy) >= 0.005:
        said += f", balanced accuracy {_below(balanced, LOWEST_ACCURACY)}"
    return said + _of_seed(cell)


def _of_seed(cell: SeedCell) -> str:
    return "" if cell.seed is None else f" (seed {cell.seed})"


def _below(value: float | None, bound: float) -> str:
    """Write a number with two digits, or more where it would look like the bound it is below."""
    digits = 2
    while value is not None and value < bound <= round(value, digits) and digits < 6:
        digits += 1
    return number(value, digits)
