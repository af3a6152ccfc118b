"""Ensembles: rows of cells and matrices, computed from the scores of their members."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_store import SyntheticGrid, write_synthetic_store

from analysis import load
from analysis.matrices.matrix_making import matrices
from analysis.measuring.joining import joined, logit_of_mean_probability
from analysis.page.overview import overview
from analysis.page.report import report_page
from analysis.selecting.selection import StoreSelection
from analysis.sql.query import query
from grid.records.commits import read_commits
from grid.records.ensemble_records import ensemble_record
from grid.records.ensembles import ensemble_cells_of, ensemble_fits
from grid.records.oracles import is_oracle
from grid.records.stored_experiments import experiment_digest, write_experiment
from grid.store.opening import open_store

GRID = SyntheticGrid(
    name="joined", generators=2, seeds=2, images=60, unreadable=2, seen=5, degradations=("none",)
)


def with_ensembles(experiment, by="mean_logit"):
    """Both detectors' fits of each training set and seed, put together."""
    pairs = {}
    for fit in experiment["fits"]:
        pairs.setdefault((fit["train"]["label"], fit["seed"]), []).append(fit["fit_id"])
    ensembles = [ensemble_record("both", by, pair) for pair in pairs.values()]
    made = {**experiment, "name": f"joined-{by}", "ensembles": ensembles}
    made["digest"] = experiment_digest(made)
    return made


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = open_store(tmp_path_factory.mktemp("ensembles") / "store")
    experiment = write_synthetic_store(opened, GRID)
    for by in ("mean_logit", "mean_probability"):
        write_experiment(opened, with_ensembles(experiment, by))
    return opened


@pytest.mark.parametrize("by", ["mean_logit", "mean_probability"])
def test_a_cell_is_computed_from_the_scores_of_its_members(store, by):
    frames = load(store, experiment=f"joined-{by}")
    cells, scores = frames.cells[frames.cells.detector == "both"], frames.scores()
    assert len(cells) == 2 * 2 * 2
    pools = frames.query(
        "SELECT DISTINCT pool_id, generator, label FROM images ORDER BY label, generator"
    )
    for cell in cells.itertuples():
        logits = []
        for label in (0, 1):
            pool = pools[
                (pools.generator == cell.generator) & (pools.label == label)
            ].pool_id.item()
            rows = [
                scores[(scores.fit_id == fit) & (scores.pool_id == pool)].sort_values("image")
                for fit in cell.members
            ]
            each = np.stack([row.logit.to_numpy() for row in rows])
            seen = np.any([row.seen for row in rows], axis=0)
            if by == "mean_logit":
                mean = each.astype(np.float64).mean(axis=0)
            else:
                p = (1 / (1 + np.exp(-each.astype(np.float64)))).mean(axis=0)
                mean = np.log(p / (1 - p))
            logits.append(mean[~seen & ~np.isnan(mean)])
        real, fake = logits
        assert (cell.n_real, cell.n_fake) == (len(real), len(fake))
        wins = (fake[:, None] > real[None, :]).mean()
        assert cell.auc == pytest.approx(wins, abs=1e-9)
        right = (real <= 0).sum() + (fake > 0).sum()
        assert cell.accuracy == pytest.approx(right / (len(real) + len(fake)))
        assert cell.fit_id.startswith("ensemble-")
        assert cell.n_null == 4
        assert cell.is_selected


def test_an_ensemble_is_a_row_of_cells_alone(store):
    for view in ("fits", "pieces", "scores"):
        found = query(
            store,
            f"SELECT count(*) AS n FROM {view} WHERE fit_id LIKE 'ensemble-%'",
            experiment="joined-mean_logit",
        )
        assert found["n"][0].as_py() == 0
    kinds = query(
        store,
        "SELECT members IS NULL AS is_fit, epoch IS NULL AS no_epoch, count(*) AS n FROM cells "
        "GROUP BY ALL ORDER BY n",
        experiment="joined-mean_logit",
    ).to_pylist()
    assert [tuple(row.values()) for row in kinds] == [(False, True, 8), (True, False, 16)]


def test_it_is_a_matrix_of_its_own_with_both_seeds(store):
    selection = StoreSelection(store, "joined-mean_logit")
    made = {m.title: m for m in matrices(selection, selection.experiments[0])}
    assert len(made) == 3
    both = made["both"]
    assert both.measured_seeds == (0, 1)
    assert both.is_complete
    assert dict(both.facts.named)["ensemble of"] == "npr and simple_cnn"
    relations = {entry.relation for entry in both.all_entries()}
    assert relations == {entry.relation for entry in made["npr"].all_entries()}


@pytest.mark.slow
def test_it_is_a_row_of_the_page_and_of_its_contrasts(store):
    [experiment] = StoreSelection(store, "joined-mean_logit").experiments
    contrast = {"compare": {"detector": ["both", "npr"]}, "claim": "these files on these images"}
    asked = {**experiment, "contrasts": [{**experiment["contrasts"][0], **contrast}]}
    shown = overview(store, {**asked, "digest": experiment_digest(asked)})
    assert shown.findings
    page = report_page(shown)
    assert "mean logit of npr and simple_cnn" in page or "ensemble of" in page


def test_it_is_missing_where_a_piece_of_a_member_is(store, tmp_path):
    own = open_store(tmp_path / "store")
    experiment = write_synthetic_store(own, replace(GRID, seeds=1, images=10, unreadable=0, seen=0))
    made = with_ensembles(experiment)
    write_experiment(own, made)
    gone = next(iter(ensemble_cells_of(made, read_commits(own)))).members[1].fake[0]
    own.delete(gone.key)
    selection = StoreSelection(own, made["name"])
    both = next(m for m in matrices(selection, made) if m.title == "both")
    missing = [cell for entry in both.all_entries() for cell in entry.cells if not cell.measured]
    assert len(missing) == 1
    assert not both.is_complete


def test_a_member_that_is_not_committed_leaves_its_ensembles_missing(tmp_path):
    own = open_store(tmp_path / "store")
    small = replace(
        GRID, seeds=1, images=10, unreadable=0, seen=0, committed=0.5
    )  # npr alone is done
    made = with_ensembles(write_synthetic_store(own, small))
    write_experiment(own, made)
    selection = StoreSelection(own, made["name"])
    both = next(m for m in matrices(selection, made) if m.title == "both")
    assert both.measured_seeds == ()
    assert sum(entry.missing for entry in both.all_entries()) == 4


def test_its_id_is_of_its_members_and_how_they_are_joined(store):
    one = ensemble_record("x", "mean_logit", ["a", "b"])
    assert one["fit_id"] == ensemble_record("y", "mean_logit", ["b", "a"])["fit_id"]
    assert one["fit_id"] != ensemble_record("x", "mean_probability", ["a", "b"])["fit_id"]
    assert one["fit_id"] == "ensemble-743ff2827c3cb59f"


def test_it_has_seen_what_any_member_has(store):
    experiment = StoreSelection(store, "joined-mean_logit").experiments[0]
    for fit in experiment["fits"]:
        if fit["detector"] == "npr":
            fit["train"] = {**fit["train"], "classes": ["other"]}
    for fit in ensemble_fits(experiment).values():
        assert "other" in fit["train"]["classes"]
        assert len(fit["train"]["classes"]) == 11


def test_it_is_of_all_groups_and_an_oracle_where_one_member_is(store):
    experiment = StoreSelection(store, "joined-mean_logit").experiments[0]
    for fit in experiment["fits"]:
        if fit["detector"] == "simple_cnn":
            more = {name: [*fit["train"][name], "other"] for name in ("groups", "families")}
            fit["train"] = {**fit["train"], **more}
            fit["recipe"] = {**fit["recipe"], "validate_on": "test_sets"}
    for fit in ensemble_fits(experiment).values():
        assert "other" in fit["train"]["groups"]
        assert "other" in fit["train"]["families"]
        assert is_oracle(fit["recipe"])


def test_untrained_classes_are_those_that_no_member_saw(tmp_path):
    """Members of one training set may have seen other classes: one began with another's weights."""
    own = open_store(tmp_path / "store")
    made = with_ensembles(write_synthetic_store(own, replace(GRID, seeds=1, unreadable=0, seen=0)))
    for fit in made["fits"]:
        first = 0 if fit["detector"] == "npr" else 3
        fit["train"]["classes"] = [f"class{n:03d}" for n in range(first, first + 5)]
    for test_set in made["test_sets"]:
        test_set["classes"] = "not_trained_classes"
    made["digest"] = experiment_digest(made)
    write_experiment(own, made)
    counts = query(
        own,
        "SELECT count(*) AS n FROM images WHERE label = 0 AND generator = 'progan' "
        "AND class IN ('class008', 'class009')",
        digest=made["digest"],
    )
    cells = load(own, digest=made["digest"]).cells
    both = cells[(cells.detector == "both") & (cells.generator == "progan")]
    assert set(both.n_real) == {counts["n"][0].as_py()}
    assert set(cells[cells.detector == "npr"].n_real) != set(both.n_real)


NUMBER = st.floats(-80, 80, width=32)


@given(st.lists(st.tuples(NUMBER, NUMBER, NUMBER), min_size=1, max_size=20))
def test_joined_logits_lie_between_those_of_the_members(rows):
    members = [
        (np.array(column, np.float32), np.zeros(len(rows), bool))
        for column in zip(*rows, strict=True)
    ]
    for by in ("mean_logit", "mean_probability"):
        found, _ = joined(members, by)
        lowest, highest = np.min(rows, axis=1), np.max(rows, axis=1)
        assert (found >= lowest - 1e-4).all()
        assert (found <= highest + 1e-4).all()


def test_probabilities_that_round_to_one_still_order_images():
    found = logit_of_mean_probability(np.array([[40.0, 50.0, -60.0], [40.0, 60.0, -60.0]]))
    assert found[0] == pytest.approx(40)
    assert found[0] < found[1]
    assert found[1] == pytest.approx(50 + math.log(2), abs=1e-3)
    assert found[2] == pytest.approx(-60)


def test_a_null_of_one_member_is_a_null_of_the_ensemble():
    one = np.array([1.0, np.nan], np.float32), np.array([False, True])
    other = np.array([3.0, 4.0], np.float32), np.array([True, False])
    for by in ("mean_logit", "mean_probability"):
        logit, seen = joined([one, other], by)
        assert np.isnan(logit).tolist() == [False, True]
        assert seen.tolist() == [True, True]
    with pytest.raises(ValueError, match="must be the same"):
        joined([one, (other[0][:1], other[1][:1])], "mean_logit")
