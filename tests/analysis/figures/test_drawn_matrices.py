"""Heat maps and correlations show the matrix's numbers, in their places."""

import numpy as np
import pytest
from made_matrices import made_matrix
from matplotlib.patches import Rectangle

from analysis.comparing.evidence import Evidence
from analysis.figures.drawn import correlation, matrix

NAMES = ("progan", "stylegan", "adm", "sd14", "biggan", "glide", "vqdm", "sd15")


def of(*found):
    return Evidence(selection=None, experiment=None, matrices=found)


def texts_in_cells(axes):
    """The first text in each cell, by (row, column)."""
    found = {}
    for text in axes.texts:
        x, y = text.get_position()
        found.setdefault((round(y), round(x)), text.get_text())
    return found


def test_a_heat_map_has_the_means_and_their_spread():
    made = made_matrix(
        {
            "progan": {"progan": [0.9, 0.94], "adm": [0.5, 0.6]},
            "adm": {"progan": [None, None], "adm": [1.0, 1.0]},
        }
    )
    [picture] = matrix.FIGURE.pictures(of(made))
    axes = picture.canvas.axes[0]
    np.testing.assert_allclose(axes.images[0].get_array().filled(np.nan)[0], [0.92, 0.55])
    texts = [text.get_text() for text in axes.texts]
    assert texts_in_cells(axes)[0, 0] == ".92"
    assert texts_in_cells(axes)[1, 1] == "1.00"
    assert "±.03" in texts  # of .90 and .94
    assert "±.07" in texts
    boxes = [p for p in axes.patches if isinstance(p, Rectangle)]
    assert [p.get_hatch() for p in boxes].count("////") == 1
    boxed = [p.get_xy() for p in boxes if p.get_linewidth() > 1.2 and not p.get_hatch()]
    assert boxed == [pytest.approx((-0.46, -0.46)), pytest.approx((0.54, 0.54))]
    assert axes.images[0].get_clim() == (0, 1)
    assert ".96" in picture.alternative  # where trained on
    assert ".55" in picture.alternative


def test_of_one_seed_the_interval_over_images_is_shown():
    made = made_matrix({"progan": {"progan": [0.9]}})
    made.entries[0][0].cells[0].measured.intervals["auc"] = (0.85, 0.94)
    [picture] = matrix.FIGURE.pictures(of(made))
    assert ".85–.94" in [text.get_text() for text in picture.canvas.axes[0].texts]


def test_degraded_matrices_are_drawn_where_there_are_no_others():
    plain = made_matrix({"progan": {"progan": [0.9]}})
    degraded = made_matrix({"progan": {"progan": [0.8]}}, "npr, blur(1)", degradation="blur(1)")
    assert len(matrix.FIGURE.pictures(of(plain, degraded))) == 1
    [picture] = matrix.FIGURE.pictures(of(degraded))
    assert picture.caption.startswith("npr, blur(1)")


def random_matrix(seeds=2):
    rng = np.random.default_rng(4)
    return made_matrix(
        {row: {col: list(rng.uniform(0.4, 1, seeds)) for col in NAMES} for row in NAMES}
    )


def test_correlations_leave_out_what_was_trained_on():
    made = random_matrix()
    found = correlation.correlations_of(made, "auc")
    values = np.array([[entry.spread("auc").values for entry in row] for row in made.entries])
    for i, j in ((0, 1), (2, 7), (6, 3)):
        rows = [r for r in range(len(NAMES)) if r not in (i, j)]
        expected = np.corrcoef(values[rows, i].ravel(), values[rows, j].ravel())[0, 1]
        assert found.r_CC[i, j] == pytest.approx(expected)
    assert sorted(found.order) == list(range(len(NAMES)))


def test_alike_columns_are_neighbours():
    rng = np.random.default_rng(0)
    first, second = rng.uniform(0.4, 1, (2, len(NAMES)))
    values = {
        row: {
            col: [(first if c % 2 else second)[r] + 0.01 * rng.normal()]
            for c, col in enumerate(NAMES)
        }
        for r, row in enumerate(NAMES)
    }
    order = correlation.correlations_of(made_matrix(values), "auc").order
    odd = [place % 2 for place in order]
    assert odd in ([0] * 4 + [1] * 4, [1] * 4 + [0] * 4)


def test_too_few_rows_in_common_are_no_correlation():
    few = {row: {col: [0.5 + 0.01 * len(row)] for col in NAMES[:4]} for row in NAMES[:4]}
    assert correlation.correlations_of(made_matrix(few), "auc") is None
