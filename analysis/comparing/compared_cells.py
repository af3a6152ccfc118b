"""The cells of an experiment in a row, each with all that a comparison may ask of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from analysis.comparing.question import Question, Unanswerable, same_value
from analysis.matrices.heads import Column, row_name, set_key
from analysis.matrices.matrix import Matrix
from analysis.matrices.relations import Relation
from analysis.measuring.cell_measures import Measured
from grid.records.experiments import ExperimentRecord, FitRecord, SetRecord
from grid.refusal import did_you_mean

OF_FITS = ("arm", "train", "seed", "matrix")
OF_TEST_SETS = ("generator", "family", "generator_group", "test_set")
GIVEN = "given weights"


@dataclass(frozen=True)
class ComparedCell:
    """One fit on one test set: `settings` and `title` are its matrix's, `seed` its own.

    `train` names what it was trained on; all given weights, which nobody trained here, have
    `GIVEN`. `measured` is None while its scores are missing.
    """

    title: str
    settings: Mapping[str, str]
    fit: FitRecord
    train: str
    column: Column
    test_set: SetRecord
    relation: Relation
    measured: Measured | None

    @property
    def seed(self) -> int | None:
        """The seed of its fit, None of given weights."""
        return self.fit["seed"]

    def values(self, key: str) -> tuple[str, ...]:
        """Return what it has of a setting, of its fit or of its test set; () where it has none."""
        if key == "arm":
            return tuple(self.fit["arms"])
        if key == "matrix":
            return (self.title,)
        if key == "train":
            return (self.train,)
        if key == "seed":
            return (str(self.seed),)
        if key == "test_set":
            return (self.test_set["name"],)
        if key in OF_TEST_SETS:
            return (str(self.test_set[key]),)  # type: ignore[literal-required]
        return (self.settings[key],) if key in self.settings else ()

    def has(self, key: str, level: str) -> bool:
        """Say whether it has a value of a setting."""
        return any(same_value(value, level) for value in self.values(key))


def compared_cells(
    experiment: ExperimentRecord, fits: Mapping[str, FitRecord], matrices: Sequence[Matrix]
) -> Iterator[ComparedCell]:
    """Yield the cells of some matrices, missing ones too.

    Args:
        experiment: whose expansion the matrices are of.
        fits: its fits and ensembles by id.
        matrices: all of them, or some.
    """
    sets = {set_key(record): record for record in experiment["test_sets"]}
    for matrix in matrices:
        for entries in matrix.entries:
            for column, entry in zip(matrix.columns, entries, strict=True):
                for cell in entry.cells if entry is not None else ():
                    fit = fits[cell.fit_id]
                    yield ComparedCell(
                        title=matrix.title,
                        settings=matrix.settings,
                        fit=fit,
                        train=row_name(fit) if fit["train"] is not None else GIVEN,
                        column=column,
                        test_set=sets[column.key],
                        relation=entry.relation if entry is not None else "unknown",
                        measured=cell.measured,
                    )


_DETECTORS = ("detector", "arm", "matrix")  # settings whose levels may be unlike detectors


def narrowed(cells: Sequence[ComparedCell], question: Question) -> list[ComparedCell]:
    """Return the cells that a question is about.

    Where it says nothing of them: undegraded images and the selected epoch, if there are such. An
    option of one detector says nothing of another: `npr.factor: 0.5` leaves simple_cnn in where
    the two are compared.

    Raises:
        Unanswerable: nothing has such a setting, or such a value of it.
    """
    where = dict(question.where)
    open_keys = {question.key, "degradation" if question.by == "degradation" else ""}
    for key, usual in (("degradation", "none"), ("epoch", "selected")):
        if key not in (*where, *open_keys) and any(cell.has(key, usual) for cell in cells):
            where[key] = (usual,)
    kept = list(cells)
    for key, levels in where.items():
        known = {value for cell in cells for value in cell.values(key)}
        if not known:
            raise Unanswerable(
                f"where: nothing has a setting {key!r}",
                did_you_mean(key, _keys(cells)).rstrip("."),
            )
        has_another_detector = question.key in _DETECTORS and "." in key
        kept = [
            cell
            for cell in kept
            if any(cell.has(key, level) for level in levels)
            or (has_another_detector and not cell.values(key))
        ]
        if not kept:
            raise Unanswerable(
                f"where: nothing that is compared has {key} {' or '.join(levels)}",
                did_you_mean(levels[0], known).rstrip("."),
            )
    return kept


def of_level(cells: Sequence[ComparedCell], question: Question, level: str) -> list[ComparedCell]:
    """Return the cells of one level.

    Raises:
        Unanswerable: nothing has it.
    """
    found = [cell for cell in cells if cell.has(question.key, level)]
    if not found:
        known = {value for cell in cells for value in cell.values(question.key)}
        what, names = (level, known) if known else (question.key, _keys(cells))
        raise Unanswerable(
            f"Nothing that is compared has {question.key} {level}",
            did_you_mean(what, names).rstrip("."),
        )
    return found


def _keys(cells: Sequence[ComparedCell]) -> set[str]:
    return {key for cell in cells for key in cell.settings} | {*OF_FITS, *OF_TEST_SETS}
