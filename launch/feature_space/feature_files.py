"""Features as files: all numbers as Parquet, the plane of two components as PNG.

The Parquet file has a row per image: image_id, label (0 real, 1 fake), generator (`real` for
photographs), logit, pc1 and pc2 (principal components), f0, f1, ... (features, float32). Its
footer's key `crossgen` holds JSON: fit_id, at, epoch, view, images (`test` or
`training`), sets (names; none: all), images_per_pool, draw_seed,
explained_variance (of pc1 and pc2, shares of 1) and separation (see `projection`).
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from detectors.explaining.read_features import ReadFeatures
from launch.feature_space.projection import Projection

# Okabe and Ito's palette, which colour-blind people tell apart; reals are grey.
FAKE_COLOURS = ("#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7", "#F0E442")
FAKE_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
REAL_COLOUR = "#6b6b6b"
NAMES_PER_LINE = 4


def features_parquet(
    image_ids: Sequence[str],
    labels: np.ndarray,
    generators: Sequence[str],
    read: ReadFeatures,
    plane: Projection,
    facts: dict[str, Any],
) -> bytes:
    """Return the Parquet file; its rows are images whose features are finite."""
    import pyarrow as pa

    from grid.records.proven.parquet_files import parquet_bytes

    columns: dict[str, Any] = {
        "image_id": pa.array(image_ids, pa.string()),
        "label": pa.array(labels, pa.int8()),
        "generator": pa.array(generators, pa.string()),
        "logit": pa.array(read.logits, pa.float32()),
        "pc1": pa.array(plane.points_NA[:, 0], pa.float64()),
        "pc2": pa.array(plane.points_NA[:, 1], pa.float64()),
    }
    for number in range(read.features.shape[1]):
        columns[f"f{number}"] = pa.array(read.features[:, number], pa.float32())
    measured = {"explained_variance": list(plane.explained), "separation": plane.separation}
    return parquet_bytes(pa.table(columns), {**facts, **measured})


def scatter_png(
    plane: Projection, labels: np.ndarray, generators: Sequence[str], title: str
) -> bytes:
    """Return the plane as a picture: reals as grey rings, each generator with colour and shape."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((7.2, 6.0), dpi=130, facecolor="white")
    FigureCanvasAgg(figure)
    names = np.array(generators)
    fakes = [name for name in dict.fromkeys(generators) if (labels[names == name] == 1).any()]
    below = 0.1 + 0.035 * math.ceil((1 + len(fakes)) / NAMES_PER_LINE)
    axes = figure.add_axes((0.1, below, 0.87, 0.94 - below))
    reals = labels == 0
    if reals.any():
        axes.scatter(
            plane.points_NA[reals, 0],
            plane.points_NA[reals, 1],
            s=16,
            facecolors="none",
            edgecolors=REAL_COLOUR,
            linewidths=0.8,
            label=f"real ({int(reals.sum()):,})",
        )
    for number, name in enumerate(fakes):
        own = (names == name) & (labels == 1)
        axes.scatter(
            plane.points_NA[own, 0],
            plane.points_NA[own, 1],
            s=16,
            c=FAKE_COLOURS[number % len(FAKE_COLOURS)],
            marker=FAKE_MARKERS[number // len(FAKE_COLOURS) % len(FAKE_MARKERS)],
            alpha=0.75,
            linewidths=0,
            label=f"{name} ({int(own.sum()):,})",
        )
    first, second = plane.explained
    axes.set_xlabel(f"component 1 ({first:.0%} of the variance)")
    axes.set_ylabel(f"component 2 ({second:.0%})")
    axes.set_title(title, fontsize=9, loc="left", parse_math=False)
    axes.tick_params(labelsize=7)
    figure.legend(loc="lower left", ncols=NAMES_PER_LINE, fontsize=7.5, frameon=False)
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()
