"""What a degradation takes is the difference of means per seed, of whole entries alone."""

from dataclasses import replace
from statistics import fmean

import pytest
from page_reader import Page
from scipy.stats import ttest_1samp
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.comparing.robustness import robustness
from analysis.page.overview import overview
from analysis.sections.robustness import SECTION
from analysis.sql.query import query
from grid.store.opening import open_store

GRID = SyntheticGrid(
    name="robust",
    detectors=(SyntheticDetector(name="npr", skill=2.0),),
    generators=3,
    seeds=3,
    images=50,
    degradations=("none", "jpeg(75)", "resize(112)"),
)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    store = open_store(tmp_path_factory.mktemp("robust") / "store")
    return store, write_synthetic_store(store, GRID)


@pytest.fixture(scope="module")
def shown(stored):
    return overview(*stored)


def aucs(store, degradation, own):
    sign = "=" if own else "!="
    found = query(
        store,
        f"SELECT seed, avg(auc) AS auc FROM cells WHERE degradation = '{degradation}' "
        f"AND train {sign} generator GROUP BY seed ORDER BY seed",
    )
    return found["auc"].to_pylist()


def test_drops_are_those_of_sql(stored, shown):
    store, _ = stored
    found = robustness(shown.matrices, ["auc"])
    assert [(each.degradation, each.scope) for each in found] == [
        (degradation, scope)
        for degradation in ("jpeg(75)", "resize(112)")
        for scope in ("trained generators", "other generators")
    ]
    for each in found:
        own = each.scope == "trained generators"
        plain, degraded = (aucs(store, d, own) for d in ("none", each.degradation))
        assert each.detector == "npr"
        assert each.spread.values == pytest.approx(degraded, abs=1e-12)
        assert each.undegraded.values == pytest.approx(plain, abs=1e-12)
        drops = [a - b for a, b in zip(plain, degraded, strict=True)]
        assert each.dropped_by == pytest.approx(fmean(drops), abs=1e-12)
        interval = ttest_1samp(drops, 0).confidence_interval()
        assert (each.drop.low, each.drop.high) == pytest.approx(tuple(interval), abs=1e-9)
        assert (each.entries, each.left_out) == ((3, 0) if own else (6, 0))


def test_an_entry_with_a_missing_seed_is_left_out_of_both_sides(shown):
    plain, jpeg, _ = shown.matrices
    first = jpeg.entries[0][1]
    cells = (replace(first.cells[0], measured=None), *first.cells[1:])
    row = (jpeg.entries[0][0], replace(first, cells=cells), jpeg.entries[0][2])
    broken = replace(jpeg, entries=(row, *jpeg.entries[1:]))
    [_, others] = robustness([plain, broken], ["auc"])
    [_, whole] = robustness([plain, jpeg], ["auc"])
    assert (others.entries, others.left_out) == (5, 1)
    gone = plain.entries[0][1].spread("auc").values
    assert others.undegraded.values == pytest.approx(
        [(6 * w - g) / 5 for w, g in zip(whole.undegraded.values, gone, strict=True)], abs=1e-12
    )


def test_one_seed_has_no_interval(stored):
    store, experiment = stored
    fits = [fit for fit in experiment["fits"] if fit["seed"] == 0]
    scoring = [s for s in experiment["scoring"] if s["fit_id"] in {f["fit_id"] for f in fits}]
    one = overview(store, {**experiment, "fits": fits, "scoring": scoring})
    found = robustness(one.matrices, ["auc"])
    assert [each.drop for each in found] == [None] * 4


def test_without_undegraded_images_there_is_no_drop(shown):
    assert robustness(shown.matrices[1:], ["auc"]) == []
    assert robustness(shown.matrices[:1], ["auc"]) == []


def test_the_page_has_a_line_per_detector_and_degradation(shown):
    [(_, lines)] = Page(SECTION.page.make(shown, None)).tables
    assert [[text for _, text in line[:2]] for line in lines] == [
        ["detector", "degradation"],
        ["npr", "jpeg(75)"],
        ["npr", "resize(112)"],
    ]
    first = robustness(shown.matrices, ["auc", "accuracy"])[0]
    assert float(lines[1][2][1]) == pytest.approx(first.spread.mean, abs=0.0005)
    assert float(lines[1][3][1]) == pytest.approx(first.dropped_by, abs=0.0005)
