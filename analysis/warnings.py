"""What must be seen before the numbers of an experiment are: each warning says why, and of what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from analysis.matrix import Matrix, SeedCell
from analysis.provenance import Provenance
from analysis.selection import Selection
from analysis.sentences import number
from grid.records import Experiment

WORST_AUC = 0.5
LOWEST_ACCURACY = 0.8
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
        *_simulated(experiment),
        *_limited(experiment),
        *_missing(selection, experiment, found),
        *_refused(selection, found),
        *_constant(found),
        *_of_training(selection, experiment),
        *_below_chance(found),
        *_weak(found),
        *_mixed(provenance),
        *_seen(experiment, found),
        *_unreadable(found),
    ]


def _simulated(experiment: Experiment) -> Iterator[Caution]:
    if experiment["simulated"]:
        yield Caution("simulated", f"{SIMULATED[0].upper()}{SIMULATED[1:]}.")


def _limited(experiment: Experiment) -> Iterator[Caution]:
    if experiment["limit"] is not None:
        yield Caution(
            "limited",
            f"Partial run: at most {experiment['limit']} images per pool and class were used "
            "(--limit). It shows that the experiment runs, not how well anything works.",
        )


def _missing(
    selection: Selection, experiment: Experiment, found: Sequence[Matrix]
) -> Iterator[Caution]:
    fits = [fit for fit in experiment["fits"] if fit["fit_id"] not in selection.commits]
    cells = [cell for matrix in found for entry in matrix.all_entries() for cell in entry.cells]
    missing = sum(cell.measured is None for cell in cells)
    if fits or missing:
        yield Caution(
            "incomplete",
            f"Partial run: {len(fits)} of {len(experiment['fits'])} fits and {missing} of "
            f"{len(cells)} cells are missing. Means are over what is there; running the experiment "
            "again makes the rest.",
            tuple(f"not trained yet: {fit['label']}" for fit in fits),
        )


def _refused(selection: Selection, found: Sequence[Matrix]) -> Iterator[Caution]:
    """Score files that are there and are not used; only looked for where a cell is missing."""
    if any(entry.missing for matrix in found for entry in matrix.all_entries()):
        reasons = selection.refuse(selection.committed)
        if reasons:
            yield Caution(
                "refused",
                f"{len(reasons)} score files are not used: they are torn, or of other weights than "
                "those that were committed.",
                tuple(reasons.values()),
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
        yield Caution("training", "Fits that their own training warned of.", tuple(lines))


def _below_chance(found: Sequence[Matrix]) -> Iterator[Caution]:
    def below(cell: SeedCell) -> bool:
        auc = cell.measured.auc if cell.measured is not None else None
        return auc is not None and auc < WORST_AUC

    lines = _lines(_plain(found), below, trained=True)
    if lines:
        yield Caution(
            "below_chance",
            f"AUC below {number(WORST_AUC, 1)} on the trained generator: these fits do worse than "
            "guessing at what they were trained for. They learned nothing, or labels are swapped.",
            tuple(lines),
        )


def _weak(found: Sequence[Matrix]) -> Iterator[Caution]:
    def weak(cell: SeedCell) -> bool:
        accuracy = cell.measured.accuracy if cell.measured is not None else None
        return accuracy is not None and accuracy < LOWEST_ACCURACY

    lines = _lines(_plain(found), weak, trained=True)
    if lines:
        yield Caution(
            "weak",
            f"Accuracy below {number(LOWEST_ACCURACY, 1)} on the trained generator: these fits did "
            "not learn their own task, so what they say of other generators is no evidence that "
            "the detector does not generalise.",
            tuple(lines),
        )


def _mixed(provenance: Provenance) -> Iterator[Caution]:
    if provenance.mixed:
        yield Caution(
            "mixed_versions",
            "Mixed package versions: the fits were not all made with the same software, which can "
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


def _unreadable(found: Sequence[Matrix]) -> Iterator[Caution]:
    lines = [
        f"{matrix.title} on {column.label}: {entry.count('n_null')}"
        for matrix in found
        for n, column in enumerate(matrix.columns)
        for entry in [next((row[n] for row in matrix.entries if row[n] is not None), None)]
        if entry is not None and entry.count("n_null") not in ("", "0")
    ]
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


def _lines(
    found: Sequence[Matrix], told: Callable[[SeedCell], bool], *, trained: bool = False
) -> list[str]:
    """Return a line per entry with the cells that something is to be told of, seed by seed."""
    lines = []
    for matrix in found:
        for row, entries in zip(matrix.rows, matrix.entries, strict=True):
            for column, entry in zip(matrix.columns, entries, strict=True):
                if entry is None or (trained and entry.relation != "trained"):
                    continue
                cells = [_cell(cell) for cell in entry.cells if told(cell)]
                if cells:
                    on = "" if row.label == column.label else f", tested on {column.label}"
                    lines.append(f"{matrix.title}, {row.label}{on}: {'; '.join(cells)}")
    return lines


def _cell(cell: SeedCell) -> str:
    if cell.measured is None:
        return "missing"
    seed = "" if cell.seed is None else f" (seed {cell.seed})"
    return f"AUC {number(cell.measured.auc)}, accuracy {number(cell.measured.accuracy)}{seed}"
