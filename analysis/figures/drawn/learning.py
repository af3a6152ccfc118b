"""Learning curves: loss and validation AUC per epoch, a thin line per fit and their mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.comparing.evidence import Evidence
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.naming import file_names
from analysis.figures.style import BLACK, BLUE, COLUMN_IN, VERMILLION, head, new_canvas, share_axis
from analysis.matrices.main_matrices import main_matrices
from analysis.matrices.matrix import Matrix
from analysis.selecting.selection import StoreSelection
from data.counts import counted
from grid.records.readable import readable_histories

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Series = npt.NDArray[np.float64]
History = Mapping[str, Series]
"""Columns of a fit's history by name, a value per epoch; NaN where undefined."""

_LOSSES = {
    "train_loss": ("training", VERMILLION, "--"),
    "validation_loss": ("validation", BLUE, "-"),
}


def draw(evidence: Evidence) -> Iterator[Picture]:
    """Yield a figure of the fits of each main matrix that were trained here."""
    found = main_matrices(evidence.matrices)
    names = file_names("learning", (matrix.title for matrix in found))
    for matrix in found:
        histories = histories_of(matrix, evidence.selection)
        if histories:
            yield _picture(matrix, histories, evidence.selection, names[matrix.title])


def histories_of(matrix: Matrix, selection: StoreSelection) -> dict[str, History]:
    """Return the histories of a matrix's committed fits, by fit; damaged ones are left out."""
    fits = dict.fromkeys(cell.fit_id for entry in matrix.all_entries() for cell in entry.cells)
    commits = [
        selection.commits[fit_id]
        for fit_id in fits
        if fit_id in selection.commits and selection.commits[fit_id]["n_train"]
    ]
    tables, damaged = readable_histories(selection.store, commits)
    selection.damaged.update(damaged)
    wanted = ("epoch", "train_loss", "validation_loss", "validation_auc")
    return {
        fit_id: {name: _numbers(table[name]) for name in wanted}
        for fit_id, table in tables.items()
        if table.num_rows
    }


def _numbers(column: Any) -> Series:
    values = [np.nan if value is None else value for value in column.to_pylist()]
    return np.array(values, dtype=np.float64)


def _picture(
    matrix: Matrix, histories: Mapping[str, History], selection: StoreSelection, name: str
) -> Picture:
    canvas = new_canvas(COLUMN_IN, 2.2)
    left, right = canvas.subplots(1, 2)
    for column, (label, colour, dash) in _LOSSES.items():
        _lines(left, histories.values(), column, colour, dash, label)
    _lines(right, histories.values(), "validation_auc", BLUE, "-", "validation")
    aucs = np.concatenate([each["validation_auc"] for each in histories.values()])
    share_axis(right, aucs[np.isfinite(aucs)])
    epochs = max(int(each["epoch"].max()) for each in histories.values())
    selected = [selection.commits[fit_id]["selected_epoch"] for fit_id in histories]
    for axes, title in ((left, "loss"), (right, "validation AUC")):
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.set_xlim(0.5, max(epochs, 2) + 0.5)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.plot(
            selected,
            [0.02] * len(selected),
            "^",
            color=BLACK,
            markersize=2.5,
            transform=axes.get_xaxis_transform(),
            clip_on=False,
        )
    left.set_ylim(bottom=0)
    head(canvas, matrix.title)
    canvas.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    last = [float(each["validation_auc"][-1]) for each in histories.values()]
    return Picture(
        name=name,
        caption=f"{matrix.title}: loss and validation AUC after each epoch; thin: each of "
        f"{counted(len(histories), 'fit')}; thick: their mean, over the epochs that all of them "
        "have. Triangles: epochs selected. Validation images are of the training generators.",
        alternative=f"Learning curves of {counted(len(histories), 'fit')} over up to "
        f"{counted(epochs, 'epoch')}; AUC on validation images at the end "
        f"{np.nanmin(last):.2f} to {np.nanmax(last):.2f}."
        if np.isfinite(last).any()
        else f"Learning curves of {counted(len(histories), 'fit')}.",
        canvas=canvas,
    )


def _lines(axes: Axes, histories: Any, column: str, colour: str, dash: str, label: str) -> None:
    every: Sequence[History] = list(histories)
    for each in every:
        axes.plot(
            each["epoch"],
            each[column],
            color=colour,
            linewidth=0.4,
            alpha=0.5,
            linestyle=dash,
            marker="." if len(each["epoch"]) == 1 else "",
        )
    common = min(len(each[column]) for each in every)
    mean = np.mean([each[column][:common] for each in every], axis=0)
    marker = "o" if common == 1 else ""
    epochs = every[0]["epoch"][:common]
    axes.plot(epochs, mean, color=colour, linewidth=1.6, linestyle=dash, label=label, marker=marker)


FIGURE = FigureKind(
    title="learning curves: loss and validation AUC per epoch",
    needs="fits that were trained here; given weights have no history",
    draw=draw,
    page=70,
)
