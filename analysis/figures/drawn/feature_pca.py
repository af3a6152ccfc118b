"""Features before the last layer, before and after training, in the plane of two components."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from analysis.comparing.evidence import Evidence
from analysis.figures.figure import FigureKind, Picture
from analysis.figures.naming import file_words
from analysis.figures.style import (
    FONT_POINTS,
    PAGE_IN,
    REAL,
    Stroke,
    new_canvas,
    shortened,
    strokes,
)
from analysis.figures.test_set_sides import readable
from data.counts import counted
from grid.records.artifacts.feature_planes import FeaturePlane, FeaturePlanes, readable_planes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IN_WORDS = {"init": "initial weights", "final": "final weights"}


def draw(evidence: Evidence) -> Iterator[Picture]:
    """Yield a picture of each fit and choice of images that features are kept of."""
    labels = {fit["fit_id"]: fit["label"] for fit in evidence.experiment["fits"]}
    found = readable(evidence, readable_planes(evidence.selection.store, labels.keys()))
    order = list(labels)
    kept = sorted(found, key=lambda each: order.index(each.fit_id))
    plain = [f"{labels[each.fit_id]}, {each.made_from['images']} images" for each in kept]
    for title, each in zip(plain, kept, strict=True):
        # Only where features of several draws are kept is a draw part of the name.
        named = title if plain.count(title) == 1 else f"{title}, {_draw_of(each)}"
        file = file_words(f"feature-pca-{named}")
        yield _picture(each, f"{title}, {_draw_of(each)}", file)


def _draw_of(planes: FeaturePlanes) -> str:
    """How the images were chosen, and from which tests."""
    made = planes.made_from
    sets = f"of {', '.join(made['sets'])}, " if made["sets"] else ""
    return f"{sets}at most {made['images_per_pool']:,} of each pool, draw {made['draw_seed']}"


def _picture(planes: FeaturePlanes, title: str, name: str) -> Picture:
    first = next(iter(planes.planes.values()))
    fakes = np.array(first.generators)[first.labels == 1].tolist()
    known = strokes(dict.fromkeys(fakes))
    below = 0.16 * -(-(len(known) + 1) // 4)
    canvas = new_canvas(PAGE_IN, 3.3 + below)
    for axes, plane in zip(canvas.subplots(1, 2), planes.planes.values(), strict=True):
        _scatter(axes, plane, known)
    canvas.suptitle(shortened(title, 100), fontsize=FONT_POINTS, x=0.01, ha="left")
    handles, texts = canvas.axes[0].get_legend_handles_labels()
    canvas.legend(handles, texts, loc="outside lower left", ncols=4, markerscale=1.6)
    count = counted(len(first.labels), "image")
    lost = f" {counted(planes.unreadable, 'image')} not decoded." if planes.unreadable else ""
    return Picture(
        name=name,
        caption=f"Features before the last layer of {title}: {count}, by the first two principal "
        "components, fitted on these images at each weights apart, so axes on the left and right "
        "are not the same. AUC: real against fake by a linear discriminant in all features, on "
        f"images that it was not fitted on, with its 95 % interval.{lost} How much variance two "
        "components explain says nothing of it.",
        alternative=_in_words(planes),
        canvas=canvas,
    )


def _scatter(axes: Axes, plane: FeaturePlane, known: Mapping[str, Stroke]) -> None:
    """Reals as grey rings below; of fakes each generator with a colour and a shape of its own."""
    names = np.array(plane.generators)
    real = plane.labels == 0
    axes.scatter(
        plane.points[real, 0],
        plane.points[real, 1],
        s=7,
        facecolors="none",
        edgecolors=REAL,
        linewidths=0.5,
        label=f"real ({int(real.sum()):,})",
    )
    for name, stroke in known.items():
        own = (names == name) & (plane.labels == 1)
        axes.scatter(
            plane.points[own, 0],
            plane.points[own, 1],
            s=7,
            color=stroke.color,
            marker=stroke.marker,
            alpha=0.65,
            linewidths=0,
            label=f"{shortened(name, 22)} ({int(own.sum()):,})",
        )
    first, second = plane.facts.explained[:2]
    axes.set_xlabel(f"component 1, {first:.0%} of the variance")
    axes.set_ylabel(f"component 2, {second:.0%} of the variance")
    axes.set_title(f"{IN_WORDS[plane.at]}: {_separation(plane)}", loc="left")


def _separation(plane: FeaturePlane) -> str:
    facts = plane.facts
    if facts.auc is None or facts.auc_low is None or facts.auc_high is None:
        return "too few images for an AUC"
    return f"AUC {facts.auc:.2f} [{facts.auc_low:.2f}, {facts.auc_high:.2f}]"


def _in_words(planes: FeaturePlanes) -> str:
    said = [f"at {IN_WORDS[at]} {_separation(each)}" for at, each in planes.planes.items()]
    return f"Real and fake images told apart by a linear rule in all features: {'; '.join(said)}."


FIGURE = FigureKind(
    title="Features before and after training, by principal components, with a separation",
    needs="features of a fit at both weights: crossgen features --fit FIT --at both",
    draw=draw,
    page=130,
)
