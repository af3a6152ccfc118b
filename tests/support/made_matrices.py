"""Matrices of given numbers, for what only shows or puts together what is in one."""

from collections.abc import Mapping, Sequence

from analysis.matrices.heads import Column, Row
from analysis.matrices.matrix import Matrix, MatrixEntry, SeedCell
from analysis.matrices.training_facts import TrainingFacts
from analysis.measuring.cell_measures import Counts, Measured

FAMILIES = {"progan": "gan", "stylegan": "gan", "biggan": "gan", "adm": "diffusion"}
COUNTS = Counts(
    n_real=100,
    n_fake=100,
    n_seen=0,
    n_seen_fake=0,
    n_null=0,
    n_real_right=90,
    n_fake_right=60,
    constant=False,
)


def family_of(name: str) -> str:
    return FAMILIES.get(name, "diffusion")


def made_matrix(
    values: Mapping[str, Mapping[str, Sequence[float | None]]],
    title: str = "npr",
    **settings: str,
) -> Matrix:
    """Return a matrix of AUCs: values[trained on][tested on] has one per seed, None = missing."""
    columns = list(dict.fromkeys(name for row in values.values() for name in row))
    whole = {"detector": "npr", "degradation": "none", "epoch": "selected", **settings}
    return Matrix(
        title=title,
        settings=whole,
        facts=TrainingFacts((), ""),
        rows=tuple(Row(name, family_of(name)) for name in values),
        columns=tuple(Column(name, family_of(name), (name,)) for name in columns),
        entries=tuple(
            tuple(_entry(row, name, found[name]) if name in found else None for name in columns)
            for row, found in values.items()
        ),
    )


def _entry(row: str, column: str, values: Sequence[float | None]) -> MatrixEntry:
    near = "family" if family_of(row) == family_of(column) else "other"
    return MatrixEntry(
        "trained" if row == column else near,
        tuple(
            SeedCell(
                f"{row}-s{seed}",
                seed,
                None if value is None else Measured(COUNTS, {"auc": value}, {"auc": None}),
            )
            for seed, value in enumerate(values)
        ),
    )
