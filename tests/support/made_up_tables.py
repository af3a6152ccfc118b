"""Made-up tables of results: matrices without a store, to try questions and refusals on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.comparing.compared_cells import compared_cells
from analysis.comparing.comparison import Material, answers
from analysis.comparing.drafts import corrected
from analysis.comparing.finding import Finding
from analysis.comparing.image_scores import ImageScores
from analysis.comparing.question import Question
from analysis.matrices.heads import Column, Row, set_key
from analysis.matrices.matrix import Matrix, MatrixEntry, SeedCell
from analysis.matrices.training_facts import TrainingFacts
from analysis.measuring.cell_measures import Counts, Measured

SETTINGS = {
    "augment": "none",
    "input": "none",
    "recipe": "small",
    "epoch": "selected",
    "degradation": "none",
    "test input": "none",
    "equalise": "none",
}


class NoScores(ImageScores):
    """Stands for scores of images, which a made-up table has not."""

    def __init__(self) -> None:
        """Hold nothing."""

    def common(self, cells: Any) -> Any:
        """Fail: a test that needs images has no place on a made-up table."""
        raise AssertionError("scores of images were asked for")


class MadeUp:
    """An experiment whose sides are arrays of a metric, (seeds, training sets, generators).

    `generators` are names, or (name, family, group); a training set that is called as a generator
    was trained on it. NaN is a cell that is missing. `settings` are of each side beside
    `SETTINGS`; `counts` (n_real, n_fake, n_seen) of each generator; `validation` AUCs of sides.
    """

    def __init__(
        self,
        sides: Mapping[str, npt.ArrayLike],
        *,
        generators: Sequence[str | tuple[str, str, str]],
        trained: Sequence[str] = ("photos",),
        settings: Mapping[str, Mapping[str, str]] | None = None,
        metric: str = "auc",
        counts: Sequence[tuple[int, int, int]] | None = None,
        pools: Mapping[str, str] | None = None,
        validation: Mapping[str, float] | None = None,
    ) -> None:
        self.validation = dict(validation or {})
        heads = [g if isinstance(g, tuple) else (g, "gan", g) for g in generators]
        self.fits: dict[str, Any] = {}
        self.sets: list[dict[str, Any]] = []
        self.matrices = []
        for side, values in sides.items():
            pool = (pools or {}).get(side, "")
            sets = [_test_set(*head, pool) for head in heads]
            self.sets.extend(each for each in sets if each not in self.sets)
            columns = tuple(
                Column(each["generator"], each["family"], set_key(each))  # type: ignore[arg-type]
                for each in sets
            )
            rows = []
            for t, name in enumerate(trained):
                entries = []
                for g, head in enumerate(heads):
                    cells = tuple(
                        SeedCell(
                            self._fit(side, name, seed),
                            seed,
                            _measured(metric, values_TG[t, g], (counts or [(50, 50, 0)] * 99)[g]),
                        )
                        for seed, values_TG in enumerate(np.asarray(values, float))
                    )
                    relation = "trained" if name == head[0] else "other"
                    entries.append(MatrixEntry(relation, cells))  # type: ignore[arg-type]
                rows.append(tuple(entries))
            self.matrices.append(
                Matrix(
                    title=side,
                    settings={"detector": side, **SETTINGS, **(settings or {}).get(side, {})},
                    facts=TrainingFacts((), ""),
                    rows=tuple(Row(name, "") for name in trained),
                    columns=columns,
                    entries=tuple(rows),
                )
            )

    def ask(self, *questions: Question) -> tuple[Finding, ...]:
        """Return the findings of some questions, corrected together."""
        experiment: Any = {"fits": list(self.fits.values()), "test_sets": self.sets}
        cells = tuple(compared_cells(experiment, self.fits, self.matrices))
        material = Material(cells, NoScores(), self._validation_auc, "Which is better?")
        return corrected([draft for each in questions for draft in answers(each, material)])

    def _validation_auc(self, cells: Sequence[Any]) -> float | None:
        return self.validation.get(cells[0].title)

    def _fit(self, side: str, name: str, seed: int) -> str:
        key = f"{side}/{name}/{seed}"
        self.fits[key] = {
            "fit_id": key,
            "label": key,
            "arms": [side],
            "detector": side,
            "train": {"label": name, "generators": [name], "groups": [], "families": []},
            "seed": seed,
            "parent": None,
            "weights": None,
            "description": {"training": name, "validation": name},
        }
        return key


def _test_set(name: str, family: str, group: str, pool: str) -> dict[str, Any]:
    return {
        "name": f"made/{name}",
        "dataset": "made",
        "generator": name,
        "family": family,
        "generator_group": group,
        "real_pools": [f"real{pool}"],
        "fake_pools": [f"{name}{pool}"],
        "classes": None,
    }


def _measured(metric: str, value: float, sizes: tuple[int, int, int]) -> Measured | None:
    n_real, n_fake, n_seen = sizes
    counts = Counts(n_real, n_fake, n_seen, 0, 0, n_real // 2, n_fake // 2, False)
    return None if np.isnan(value) else Measured(counts, {metric: float(value)})
