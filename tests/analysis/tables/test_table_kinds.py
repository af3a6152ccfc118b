"""Tables of an experiment hold the numbers of the store: means, marks, rankings, rates."""

from dataclasses import replace
from statistics import fmean

import pytest
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.comparing.evidence import Evidence
from analysis.matrices.matrix import MatrixEntry, SeedCell, Spread
from analysis.matrices.matrix_making import matrices
from analysis.measuring.cell_measures import Counts, Measured
from analysis.selecting.selection import StoreSelection
from analysis.sql.query import query
from analysis.tables.averages import average, pooled, prevalence_note
from analysis.tables.marking import contender, mark_column
from analysis.tables.over_seeds import over_seeds
from analysis.tables.table import Table, TableCell
from analysis.tables.table_kind import Asked, all_tables
from grid.refusal import Refused
from grid.store.opening import open_store

# progan, adm, stylegan, sd14, biggan, sd15: two families, and sd14 and sd15 are near copies
GRID = SyntheticGrid(
    name="six",
    generators=6,
    trained=4,
    seeds=2,
    images=30,
    degradations=("none",),
    detectors=(
        SyntheticDetector(name="npr", options={"factor": 0.25}, skill=4.0),
        SyntheticDetector(name="npr", options={"factor": 0.5}, skill=4.0),
        SyntheticDetector(name="simple_cnn", skill=0.5),
    ),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return open_store(tmp_path_factory.mktemp("six") / "store")


@pytest.fixture(scope="module")
def experiment(store):
    return write_synthetic_store(store, GRID)


@pytest.fixture(scope="module")
def evidence(store, experiment):
    selection = StoreSelection.of(store, [experiment])
    return Evidence(selection, experiment, tuple(matrices(selection, experiment)))


def made(evidence, kind, metric="auc", average="macro") -> list[Table]:
    return list(all_tables()[kind].make(evidence, Asked(metric, average)))


def cell(table: Table, row: str, head: str) -> TableCell:
    [line] = [each for each in table.rows if each[0].text == row]
    return line[table.heads.index(head)]


def sql(store, text):
    [[value]] = [row.values() for row in query(store, text).to_pylist()]
    return value


def test_every_kind_says_what_it_is_and_makes_tables_of_one_width(evidence):
    for name, kind in all_tables().items():
        assert kind.title
        assert kind.needs
        for table in kind.make(evidence, Asked("auc")):
            assert {len(row) for row in table.rows} <= {len(table.heads)}, name
            assert len(set(table.heads)) == len(table.heads), name
    assert {name for name in all_tables() if made(evidence, name)} == set(all_tables()) - {
        "published"
    }


def test_the_matrix_has_the_means_of_sql_and_tells_the_diagonal(store, evidence):
    table = made(evidence, "matrix")[0]
    own, copy = cell(table, "sd14", "sd14"), cell(table, "sd14", "sd15")
    assert (own.text, copy.text, cell(table, "sd14", "adm").text) == ("†", "‡", "")
    where = "detector='npr' AND options->>'factor'='0.25'"
    own_mean = sql(
        store, f"SELECT avg(auc) a FROM cells WHERE {where} AND train='sd14' AND generator='sd14'"
    )
    assert own.value == pytest.approx(own_mean, abs=1e-12)
    row = f"SELECT avg(auc) a FROM cells WHERE {where} AND train='sd14'"
    assert cell(table, "sd14", "mean, all, diagonal in").value == pytest.approx(sql(store, row))
    outside = sql(store, f"{row} AND generator<>'sd14'")
    assert cell(table, "sd14", "mean, all, diagonal out").value == pytest.approx(outside)
    new = sql(store, f"{row} AND generator NOT IN ('sd14', 'sd15')")
    assert cell(table, "sd14", "mean, new").value == pytest.approx(new)
    column = f"SELECT avg(auc) a FROM cells WHERE {where} AND generator='adm' AND train<>'adm'"
    assert cell(table, "mean, new", "adm").value == pytest.approx(sql(store, column))


def test_macro_and_pooled_differ_and_are_labelled(store, evidence):
    macro = made(evidence, "means", "accuracy")[0]
    pooled = made(evidence, "means", "accuracy", "pooled")[0]
    assert "macro" in " ".join(macro.notes)
    assert "pooled" in " ".join(pooled.notes)
    right = sql(
        store,
        "SELECT sum(accuracy * (n_real + n_fake)) / sum(n_real + n_fake) a FROM cells "
        "WHERE detector='simple_cnn'",
    )
    head = "mean, all, diagonal in"
    assert cell(pooled, "simple_cnn", head).value == pytest.approx(right)
    with pytest.raises(Refused, match="no share of images"):
        made(evidence, "means", "auc", "pooled")


def test_pooled_means_weigh_each_side_by_its_images():
    def seed_cell(n_real, n_fake, **metrics):
        counts = Counts(n_real, n_fake, 0, 0, 0, 0, 0, False)
        return SeedCell("fit", 0, Measured(counts, metrics))

    cells = [
        seed_cell(10, 30, accuracy=0.5, specificity=0.4, sensitivity=0.8),
        seed_cell(90, 30, accuracy=0.9, specificity=0.8, sensitivity=0.6),
        SeedCell("missing", 0, None),
    ]
    assert pooled(cells, "accuracy") == pytest.approx((0.5 * 40 + 0.9 * 120) / 160)
    assert pooled(cells, "specificity") == pytest.approx((0.4 * 10 + 0.8 * 90) / 100)
    assert pooled(cells, "sensitivity") == pytest.approx(0.7)
    assert pooled([], "accuracy") is None


def test_seeds_that_differ_have_one_mean():
    def entry(*values_of_seeds):
        counts = Counts(10, 10, 0, 0, 0, 0, 0, False)
        cells = [SeedCell("fit", s, Measured(counts, {"accuracy": v})) for s, v in values_of_seeds]
        return MatrixEntry("other", tuple(cells))

    asked = Asked("accuracy", "pooled")
    alike = [entry((0, 0.5), (1, 0.6)), entry((0, 0.7), (1, 0.8))]
    assert average(alike, asked).values == pytest.approx((0.6, 0.7))
    unlike = [alike[0], entry((1, 0.7), (2, 0.8))]
    assert average(unlike, asked).values == pytest.approx((0.65,))
    macro = Asked("accuracy")
    assert average(alike, macro).values == pytest.approx((0.6, 0.7))
    assert average(unlike, macro).values == pytest.approx((0.65,))


def test_test_sets_of_unlike_shares_of_fakes_are_warned_of():
    def entry(n_fake):
        counts = Counts(30, n_fake, 0, 0, 0, 0, 0, False)
        return MatrixEntry("other", (SeedCell("fit", 0, Measured(counts, {})),))

    unlike = [entry(30), entry(10)]
    [note] = prevalence_note(unlike, "average_precision")
    assert "25 to 50 % fakes" in note
    assert not prevalence_note(unlike, "auc")
    assert not prevalence_note([entry(30), entry(29)], "average_precision")


def test_marks_follow_the_test_and_not_the_rounding(evidence):
    table = made(evidence, "means")[0]
    marks = [cell(table, row[0].text, "mean, new").mark for row in table.rows]
    values = [cell(table, row[0].text, "mean, new").value for row in table.rows]
    assert marks[2] == ""  # simple_cnn is far behind
    assert sorted(marks[:2]) == ["best", "not_worse"]
    assert marks.index("best") == values.index(max(values))
    assert any("crossed two-way t" in note for note in table.notes)


def test_a_difference_below_the_last_digit_has_one_best(evidence):
    found = evidence.matrices
    cells = [TableCell(value=0.90001), TableCell(value=0.90002)]
    marked, _ = mark_column(cells, [contender(m) for m in found[:2]], "auc")
    assert [each.mark == "best" for each in marked] == [False, True]
    less_is_better, _ = mark_column(cells, [contender(m) for m in found[:2]], "brier")
    assert less_is_better[0].mark == "best"
    oracle, _ = mark_column(cells, [contender(m) for m in found[:2]], "oracle_accuracy")
    assert {each.mark for each in oracle} == {""}


def test_lines_over_other_cells_and_oracles_are_not_compared(evidence):
    whole = evidence.matrices[:2]
    cells = [TableCell(value=0.9), TableCell(value=0.8)]
    unlike = [contender(whole[0], ("trained",)), contender(whole[1])]
    assert {each.mark for each in mark_column(cells, unlike, "auc")[0]} == {""}
    whole[0].settings["recipe.validate_on"] = "test_sets"
    try:
        assert contender(whole[0]).entries is None
        marked, _ = mark_column(cells, [contender(m) for m in whole], "auc")
    finally:
        del whole[0].settings["recipe.validate_on"]
    assert {each.mark for each in marked} == {""}


def test_the_sweep_is_of_one_axis_by_family(store, evidence):
    table = made(evidence, "sweep")[0]
    assert table.title == "npr: AUC by npr.factor"
    assert table.heads[:3] == ("npr.factor", "trained", "new, gan")
    assert [row[0].text for row in table.rows] == ["0.25", "0.5"]
    gans = sql(
        store,
        "SELECT avg(auc) a FROM cells WHERE detector='npr' AND options->>'factor'='0.5' AND "
        "family='gan' AND train<>generator",
    )
    assert cell(table, "0.5", "new, gan").value == pytest.approx(gans)
    assert [each.heads[0] for each in made(evidence, "sweep")] == ["npr.factor"]


def test_degraded_images_are_a_table_of_means_and_a_sweep_of_their_own(evidence):
    degraded = tuple(
        replace(m, title=f"{m.title}, {d}", settings={**m.settings, "degradation": d})
        for m in evidence.matrices
        for d in ("none", "jpeg(75)")
    )
    both = replace(evidence, matrices=degraded)
    first, second = made(both, "means")
    assert [row[0].text.endswith("none") for row in first.rows] == [True] * 3
    assert second.title.endswith("images degraded by jpeg(75)")
    by_degradation = [t for t in made(both, "sweep") if t.heads[0] == "degradation"]
    assert len(by_degradation) == 3
    assert [row[0].text for row in by_degradation[0].rows] == ["none", "jpeg(75)"]
    assert not any("oracle" in note for note in by_degradation[0].notes)
    assert any("oracle" in note for note in made(evidence, "sweep")[0].notes)


def test_one_generator_compares_all_detectors_trained_on_it(evidence):
    tables = made(evidence, "one_generator")
    assert tables[0].title == "AUC, all trained on progan"
    assert len(tables) == 4
    assert [row[0].text for row in tables[0].rows] == [
        m.title for m in evidence.matrices if m.settings["degradation"] == "none"
    ]


def test_ranks_go_from_the_best_and_the_hardest(evidence):
    best, trained, hardest, *_ = made(evidence, "rankings")
    assert best.rows[-1][0].text == "simple_cnn"
    assert best.rows[-1][best.heads.index("rank")].text == "3"
    means = [row[hardest.heads.index("mean")].value for row in hardest.rows]
    assert means == sorted(means)
    means = [row[trained.heads.index("mean")].value for row in trained.rows]
    assert means == sorted(means, reverse=True)


def test_detectors_are_ranked_by_what_is_new_to_them_and_oracles_are_not(store, evidence):
    best = made(evidence, "rankings")[0]
    new = (
        "SELECT avg(m) a FROM (SELECT generator, avg(auc) m FROM cells WHERE detector='simple_cnn' "
        "AND train<>generator AND NOT (train='sd14' AND generator='sd15') GROUP BY generator)"
    )
    assert cell(best, "simple_cnn", "mean").value == pytest.approx(sql(store, new))
    oracle = evidence.matrices[2]
    known = replace(oracle, settings={**oracle.settings, "recipe.validate_on": "test_sets"})
    best = made(replace(evidence, matrices=(*evidence.matrices[:2], known)), "rankings")[0]
    assert "simple_cnn" not in [row[0].text for row in best.rows]
    assert any("Oracles are not ranked" in note for note in best.notes)


def test_rates_are_shares_called_fake_of_each_side(store, evidence):
    table = made(evidence, "rates")[0]
    [tpr] = [row for row in table.rows if (row[0].text, row[1].text) == ("TPR", "adm")]
    [fpr] = [row for row in table.rows if row[1].text == "synthetic/adm/nature"]
    at = table.heads.index("progan")
    counted = "SELECT avg(CASE WHEN logit > 0 THEN 1.0 ELSE 0.0 END) a FROM scores JOIN pieces p "
    counted += "USING (fit_id, piece_id, pool_id) JOIN fits f USING (fit_id) "
    counted += "WHERE f.detector='npr' AND f.options->>'factor'='0.25' AND f.train='progan' "
    counted += "AND p.source='{}'"
    assert tpr[at].value == pytest.approx(sql(store, counted.format("adm")))
    assert fpr[at].value == pytest.approx(sql(store, counted.format("adm/nature")))
    assert (tpr[0].text, fpr[0].text) == ("TPR", "FPR")


def test_the_interval_over_seeds_is_students():
    from scipy.stats import t

    values = (0.90, 0.92, 0.97)
    low, high = over_seeds(Spread(values))
    half = t.ppf(0.975, 2) * Spread(values).sd / 3**0.5
    assert (low, high) == pytest.approx((fmean(values) - half, min(1, fmean(values) + half)))
    assert over_seeds(Spread((0.9,))) is None
    assert over_seeds(Spread((0.9, 0.9))) is None
