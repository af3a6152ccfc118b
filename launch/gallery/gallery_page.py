"""One HTML page of the most confident mistakes: no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.statistics.temperature import probability
from data.counts import counted
from launch.gallery.mistakes import CellMistakes, Mistake
from launch.gallery.thumbnails import Thumbnails

if TYPE_CHECKING:
    import jinja2


def gallery_page(
    name: str,
    question: str,
    cells: Sequence[CellMistakes],
    thumbnails: Thumbnails,
    notes: Sequence[str] = (),
) -> str:
    """Return the page: per fit its test sets, of each both kinds of mistakes.

    Args:
        name: of the experiment.
        question: that it asks.
        cells: in the order in which they are shown; those of a fit follow each other.
        thumbnails: make the pictures.
        notes: what is left out, a sentence each.
    """
    fits: dict[str, dict[str, object]] = {}
    for each in cells:
        label = f"{each.fit_label}, epoch {each.cell.epoch}"
        fit = fits.setdefault(label, {"label": label, "id": each.cell.fit_id, "cells": []})
        shown = fit["cells"]
        assert isinstance(shown, list)
        shown.append(_cell(each, thumbnails))
    said = list(notes)
    if thumbnails.absent:
        lost = counted(len(thumbnails.absent), "image")
        said.append(f"{lost} not at hand where any run has found them: named only.")
    if thumbnails.full:
        said.append("Some pictures are left out, since the page would be too large: named only.")
    template = _templates().get_template("gallery.html.j2")
    return template.render(name=name, question=question, fits=fits.values(), notes=said)


def _cell(mistakes: CellMistakes, thumbnails: Thumbnails) -> dict[str, object]:
    cell = mistakes.cell
    sides = [
        ("Real, called fake", mistakes.false_positives),
        ("Fake, called real", mistakes.false_negatives),
    ]
    return {
        "title": cell.test_set + ("" if cell.degradation == "none" else f" / {cell.degradation}"),
        "sides": [
            {
                "title": f"{title}: {side.wrong:,} of {side.counted:,}",
                "images": [_image(each, thumbnails) for each in side.worst],
            }
            for title, side in sides
        ],
    }


def _image(mistake: Mistake, thumbnails: Thumbnails) -> dict[str, str]:
    share = float(probability(mistake.logit))
    return {
        "uri": thumbnails.of(mistake),
        "path": mistake.path or mistake.image_id,
        "said": f"logit {mistake.logit:+.2f}, P {share:.3f}",
    }


@lru_cache(maxsize=1)
def _templates() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
