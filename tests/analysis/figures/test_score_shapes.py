"""What is drawn of scores: held against the metrics, and against counting by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from analysis.comparing.evidence import Evidence
from analysis.figures.costs import ArmCosts, costs_of
from analysis.figures.drawn import confusion, histograms, learning, reliability, roc, sweep
from analysis.figures.rate_curves import rate_curves
from analysis.figures.score_shapes import (
    BINS,
    FPR_G,
    RECALL_G,
    ScoreShape,
    precisions,
    shapes_of,
    true_positive_rates,
)
from analysis.matrices.matrix_making import matrices
from analysis.selecting.selection import StoreSelection
from grid.records.ensemble_records import ensemble_record

LOGITS = arrays(np.float32, st.integers(1, 30), elements=st.integers(-5, 5).map(float))


@settings(max_examples=20)
@given(LOGITS, LOGITS)
def test_true_positive_rates_are_the_best_within_the_false_ones(real, fake):
    thresholds = [-np.inf, *real, *fake]
    rates = [(np.mean(real > t), np.mean(fake > t)) for t in thresholds]
    tpr_G = true_positive_rates(real, fake)
    for fpr, tpr in zip(FPR_G[::7], tpr_G[::7], strict=True):
        assert tpr == pytest.approx(max(t for f, t in rates if f <= fpr + 1e-9))


@settings(max_examples=20)
@given(LOGITS, LOGITS)
def test_precisions_are_of_the_highest_threshold_that_finds_enough(real, fake):
    for recall, precision in zip(RECALL_G[::9], precisions(real, fake)[::9], strict=True):
        t = max(t for t in fake if np.mean(fake >= t) >= recall - 1e-9)
        true, false = np.sum(fake >= t), np.sum(real >= t)
        assert precision == pytest.approx(true / (true + false))


def test_bins_of_probability_are_counted():
    shape = ScoreShape.of(np.array([-9, -9, 0], np.float32), np.array([9, 200], np.float32))
    assert shape.bin_images.tolist() == [2, *[0] * 6, 1, *[0] * 6, 2]
    assert shape.bin_fakes.tolist() == [0] * 14 + [2]
    assert shape.bin_probability.sum() == pytest.approx(0.5 + 2, abs=1e-3)
    assert (shape.n_real_right, shape.n_fake_right) == (3, 2)
    assert shape.histogram_fake[-1] == 1  # 200, beyond the last edge
    assert shape.histogram_real.sum() == 3


def measured_seed(matrix, place):
    return matrix.entries[place[0]][place[1]].cells[0].measured


def test_a_shape_is_of_the_rows_that_a_cell_counts(evidence):
    """Unreadable images and those seen in training are left out, as in the metrics."""
    for matrix in (evidence.matrices[0], evidence.matrices[-1]):
        shapes = shapes_of(evidence, matrix)
        assert len(shapes) == 9
        for place, shape in shapes.items():
            measured = measured_seed(matrix, place)
            counts = measured.counts
            assert counts.n_seen + counts.n_null > 0
            assert (shape.n_real, shape.n_fake) == (counts.n_real, counts.n_fake)
            assert shape.n_fake_right == counts.n_fake_right
            at = int(np.flatnonzero(np.isclose(FPR_G, 0.05))[0])
            assert shape.tpr_G[at] == pytest.approx(measured.metrics["tpr_at_5_fpr"])
            assert np.trapezoid(shape.tpr_G, FPR_G) == pytest.approx(
                measured.metrics["auc"], abs=0.03
            )


def test_curves_are_averaged_over_training_sets(evidence):
    matrix = evidence.matrices[0]
    shapes = shapes_of(evidence, matrix)
    curves = rate_curves(matrix, shapes, "tpr_G")
    assert set(curves) == {"gan", "diffusion", "trained generators"}
    [adm] = [n for n, column in enumerate(matrix.columns) if column.label == "adm"]
    rows = [r for r, row in enumerate(matrix.rows) if row.label != "adm"]
    expected = np.mean([shapes[r, adm].tpr_G for r in rows], 0)
    np.testing.assert_allclose(curves["diffusion"].mean_G, expected)
    own = [shapes[r, c].tpr_G for r, c in shapes if matrix.entries[r][c].relation == "trained"]
    np.testing.assert_allclose(curves["trained generators"].mean_G, np.mean(own, 0))
    drawn = {
        line.get_label(): line
        for line in roc.FIGURE.pictures(evidence)[0].canvas.axes[0].get_lines()
    }
    np.testing.assert_allclose(drawn["diffusion"].get_ydata(), expected)


def test_calibration_is_over_all_images_of_a_side(evidence):
    matrix = evidence.matrices[0]
    shapes = shapes_of(evidence, matrix)
    sides = reliability.calibrations(matrix, shapes)
    images = sum(int(side.images.sum()) for side in sides.values())
    assert images == sum(each.n_real + each.n_fake for each in shapes.values())
    for place, each in shapes.items():
        alone = reliability.Calibration(each.bin_images, each.bin_fakes, each.bin_probability)
        metric = measured_seed(matrix, place).metrics["ece"]
        assert alone.expected_error == pytest.approx(metric)
    perfect = reliability.Calibration(np.array([10, 30]), np.array([2, 24]), np.array([2.0, 24.0]))
    assert perfect.expected_error == 0
    wrong = reliability.Calibration(np.array([10, 30]), np.array([4, 24]), np.array([2.0, 27.0]))
    assert wrong.expected_error == pytest.approx((2 + 3) / 40)
    assert wrong.points()[1] == pytest.approx([24 / 30])  # ten images are too few to draw


def test_confusions_count_all_seeds(evidence):
    matrix = evidence.matrices[0]
    [[real_right, false], [missed, fake_right]] = confusion.images_called(matrix, ("trained",))
    cells = [c for e in matrix.all_entries() if e.relation == "trained" for c in e.cells]
    assert len(cells) == 6
    assert real_right == sum(c.measured.counts.n_real_right for c in cells)
    assert real_right + false == sum(c.measured.counts.n_real for c in cells)
    assert fake_right + missed == sum(c.measured.counts.n_fake for c in cells)
    assert missed == sum(c.measured.counts.n_fake - c.measured.counts.n_fake_right for c in cells)


@pytest.mark.parametrize(("largest", "limit"), [(4, 5), (10, 16), (40, 50), (900, 50)])
def test_a_histogram_reaches_as_far_as_it_must(largest, limit):
    spread = np.linspace(-largest, largest, 101, dtype=np.float32)
    shape = ScoreShape.of(spread, spread[60:])
    drawn = histograms.narrowest_range([shape], 40)
    assert drawn.logit == pytest.approx(limit, rel=0.02)
    assert drawn.drawn(shape.histogram_real).sum() == 101
    assert drawn.drawn(np.ones(BINS, np.int64)).sum() == BINS


def test_an_ensemble_is_drawn_of_its_members_scores(drawn_store):
    store, experiment, _ = drawn_store
    pairs = {}
    for fit in experiment["fits"]:
        if fit["options"] != {"factor": 0.25}:
            pairs.setdefault((fit["train"]["label"], fit["seed"]), []).append(fit["fit_id"])
    made = {
        **experiment,
        "ensembles": [ensemble_record("all", "mean_logit", each) for each in pairs.values()],
    }
    selection = StoreSelection.of(store, [made])
    found = tuple(m for m in matrices(selection, made) if m.settings["detector"] == "all")
    seen = Evidence(selection, made, found)
    [matrix, *_] = found
    shapes = shapes_of(seen, matrix)
    assert len(shapes) == 9
    for place, shape in shapes.items():
        measured = measured_seed(matrix, place)
        assert (shape.n_real, shape.n_fake_right) == (
            measured.counts.n_real,
            measured.counts.n_fake_right,
        )
    assert roc.FIGURE.pictures(seen)
    assert costs_of(matrix, selection) == ArmCosts(None, None, None, frozenset())
    assert not learning.FIGURE.pictures(seen)
    assert not sweep.FIGURE.pictures(seen)
