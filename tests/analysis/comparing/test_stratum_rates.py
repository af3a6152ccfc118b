"""Rates by stratum over seeds; extremes are told by intervals that lie apart, and no others."""

import numpy as np
import pytest
from page_reader import Page
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.comparing.stratum_rates import EntryRates, Rate, differences, entry_rates
from analysis.page import page_budget
from analysis.page.overview import overview
from analysis.sections import strata
from analysis.sql.query import query
from analysis.statistics.proportions import wilson
from grid.store.opening import open_store

GRID = SyntheticGrid(
    name="rates",
    detectors=(SyntheticDetector(name="npr", skill=2.0),),
    generators=2,
    seeds=2,
    images=80,
    classes=2,
    seen=6,
)


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    store = open_store(tmp_path_factory.mktemp("rates") / "store")
    return overview(store, write_synthetic_store(store, GRID))


def entry(tested="b", **rates):
    return EntryRates("npr", "a", tested, ("p",), {("tpr", "class"): rates})


def test_rates_are_the_means_of_the_view(shown):
    rows = query(
        shown.evidence.selection.store,
        "SELECT train, test_set, axis, stratum, avg(tpr) tpr, avg(fpr) fpr, min(n_fake) n "
        "FROM strata WHERE degradation = 'none' AND is_selected GROUP BY ALL",
    ).to_pylist()
    wanted = {(r["train"], r["test_set"], r["axis"], r["stratum"]): r for r in rows}
    found = {
        (each.train, f"synthetic/{each.tested}", axis, name, side): rate
        for each in entry_rates(shown.evidence)
        for (side, axis), by_name in each.rates.items()
        for name, rate in by_name.items()
    }
    assert len(found) == 4 * (2 * (1 + 1 + 1 + 2) + 1)
    for (*place, side), rate in found.items():
        row = wanted[tuple(place)]
        assert rate.mean == pytest.approx(row[side], abs=1e-12)
        assert len(rate.images) == 2
        assert side == "fpr" or rate.n == row["n"]


def test_extremes_have_the_interval_of_the_images_of_one_seed():
    low, high = Rate([100, 100], [10, 20]), Rate([50, 50], [40, 45])
    [found] = differences(entry(x=high, y=low, z=Rate([60, 60], [30, 30])))
    assert (found.lowest[0], found.highest[0], found.strata) == ("y", "x", 3)
    level = 1 - 0.05 / 3
    below, above = wilson(15, 100, level), wilson(42.5, 50, level)
    assert (found.lowest[2].low, found.lowest[2].high) == pytest.approx((below.low, below.high))
    assert (found.highest[2].low, found.highest[2].high) == pytest.approx((above.low, above.high))
    assert found.gap == pytest.approx(above.low - below.high)


def test_small_strata_and_single_ones_are_not_held_against_others():
    few, many = Rate([19], [0]), Rate([100], [90])
    assert list(differences(entry(few=few, many=many))) == []
    assert list(differences(entry(many=many))) == []
    assert len(list(differences(entry(twenty=Rate([20], [0]), many=many)))) == 1


def test_strata_that_are_alike_are_seldom_told_apart():
    """Of 300 entries with 10 classes of one rate, hardly any has intervals that lie apart."""
    rng = np.random.default_rng(0)
    apart = 0
    for _ in range(300):
        rates = {f"c{n}": Rate([200], [int(rng.binomial(200, 0.8))]) for n in range(10)}
        [found] = differences(entry(**rates))
        apart += found.gap > 0
    assert apart <= 3


def test_the_page_shows_the_farthest_and_counts_the_rest(shown, monkeypatch):
    entries = [
        entry(tested=f"g{n}", x=Rate([500], [10 * n]), y=Rate([500], [490])) for n in (3, 1, 2)
    ]
    monkeypatch.setattr(strata, "entry_rates", lambda evidence: iter(entries))
    monkeypatch.setattr(page_budget, "STRATA_SHOWN", 2)
    page = Page(strata.SECTION.page.make(shown, None))
    [(_, lines)] = page.tables
    assert [line[2][1] for line in lines[1:]] == ["g1", "g2"]
    assert "Of 3 comparisons of strata" in page.text
    assert "3 have a lowest and a highest rate" in page.text
    assert "shown are the 2 farthest" in page.text
    assert "[.01, .04]" in page.text


def test_false_positives_by_source_keep_other_images_apart():
    def of(tested, pools, called):
        rate = Rate([100], [called])
        return EntryRates("npr", "a", tested, pools, {("fpr", "real_source"): {"nature": rate}})

    shared = strata.false_positives([of("g1", ("p1",), 3), of("g2", ("p1",), 3)])
    assert {k: v.mean for k, v in shared["npr"]["a"].items()} == {"nature": 0.03}
    apart = strata.false_positives([of("g1", ("p1",), 3), of("g2", ("p2",), 5)])
    assert {k: v.mean for k, v in apart["npr"]["a"].items()} == {
        "nature (g1)": 0.03,
        "nature (g2)": 0.05,
    }
