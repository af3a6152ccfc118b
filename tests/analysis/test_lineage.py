"""A fit that began with weights from elsewhere: what it has seen is never said to be new to it."""

import pytest
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.matrices.lineage import seen_generators
from analysis.matrices.matrix_making import matrices
from analysis.page.overview import overview
from analysis.page.report import report_page
from analysis.page.sentences import matrix_sentence
from analysis.selecting.selection import StoreSelection
from analysis.sql.query import query
from grid.records.stored_experiments import experiment_digest, write_experiment
from grid.store.opening import open_store

# progan, adm, stylegan, sd14, biggan, sd15: two families, and sd14 and sd15 are near copies
FILE = {"sha256": "abcdef0123456789"}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A store of npr and cnn on six generators; `children` gives the cnn fits a parent."""
    store = open_store(tmp_path_factory.mktemp("lineage") / "store")
    detectors = (SyntheticDetector(name="npr"), SyntheticDetector(name="cnn"))
    grid = SyntheticGrid(
        detectors=detectors, generators=6, seeds=1, images=10, degradations=("none",)
    )
    return store, write_synthetic_store(store, grid)


def on(experiment, detector, generator):
    [found] = [
        fit
        for fit in experiment["fits"]
        if fit["detector"] == detector and fit["train"]["generators"] == [generator]
    ]
    return found


def children(experiment, parent, /, **of_parent):
    """All cnn fits begin with the weights of `parent`, which has the values of `of_parent`."""
    fits = []
    for fit in experiment["fits"]:
        if fit["fit_id"] == parent:
            fit = {**fit, **of_parent}
        if fit["detector"] == "cnn":
            fit = {**fit, "parent": parent, "weights": {"from": parent, "epoch": "selected"}}
        fits.append(fit)
    return renewed(experiment, fits)


def renewed(experiment, fits):
    changed = {**experiment, "fits": fits}
    return {**changed, "digest": experiment_digest(changed)}


def cnn_of(store, experiment):
    """The children's matrix; a child on its parent's own training set is in one of its own."""
    found = matrices(StoreSelection.of(store, [experiment]), experiment)
    return max((m for m in found if "cnn" in m.title), key=lambda matrix: len(matrix.rows))


def relations(matrix, row):
    [entries] = [e for r, e in zip(matrix.rows, matrix.entries, strict=True) if r.label == row]
    return {c.label: e.relation for c, e in zip(matrix.columns, entries, strict=True)}


def test_what_a_parent_was_trained_on_is_not_new_to_its_child(written):
    store, experiment = written
    cnn = cnn_of(store, children(experiment, on(experiment, "npr", "sd14")["fit_id"]))
    assert relations(cnn, "progan after sd14") == {
        "progan": "trained",
        "stylegan": "family",
        "biggan": "family",
        "adm": "family",
        "sd14": "before",
        "sd15": "related",
    }
    assert relations(cnn, "sd15 after sd14")["sd14"] == "before"
    assert [row.family for row in cnn.rows] == ["mixed"] * 3 + ["diffusion"] * 2


def test_a_parents_generator_is_in_no_mean_over_new_ones(written):
    store, experiment = written
    free = cnn_of(store, experiment)
    place = [column.label for column in free.columns].index("sd14")
    tuned = cnn_of(store, children(experiment, on(experiment, "npr", "sd14")["fit_id"]))
    assert free.column_mean(place, "auc") is not None
    assert tuned.column_mean(place, "auc") is None
    rows = [row.label for row in tuned.rows]
    for n, row in enumerate(rows):
        new = [
            entry.spread("auc").mean
            for entry, column in zip(tuned.entries[n], tuned.columns, strict=True)
            if column.label not in (row.partition(" ")[0], "sd14", "sd15")
        ]
        assert tuned.row_mean(n, "auc") == pytest.approx(sum(new) / len(new))
    said = matrix_sentence(tuned)
    assert "on those that a fit which it began from was trained on and" in said
    assert "on those that are new to it" in said
    assert "detect without training on it: sd1" not in said


def test_a_grandparents_generators_count_as_well(written):
    store, experiment = written
    first, parent = on(experiment, "npr", "adm"), on(experiment, "npr", "stylegan")
    began = {"parent": first["fit_id"], "weights": {"from": first["fit_id"], "epoch": "last"}}
    changed = children(experiment, parent["fit_id"], **began)
    found = relations(cnn_of(store, changed), "progan after stylegan after adm")
    assert (found["adm"], found["stylegan"], found["biggan"]) == ("before", "before", "family")


@pytest.mark.parametrize("of_parent", [False, True])
def test_after_a_file_of_weights_nothing_counts_as_new(written, of_parent):
    store, experiment = written
    if of_parent:
        changed = children(experiment, on(experiment, "npr", "adm")["fit_id"], weights=FILE)
    else:
        changed = renewed(experiment, [{**fit, "weights": FILE} for fit in experiment["fits"]])
    cnn = cnn_of(store, changed)
    found = relations(cnn, "sd14 after adm" if of_parent else "sd14")
    assert (found["sd14"], found["sd15"], found["progan"]) == ("trained", "related", "unknown")
    assert all(cnn.column_mean(n, "auc") is None for n in range(6))
    said = matrix_sentence(cnn)
    assert "it is not known whether the other generators are new to it" in said
    assert "new to it:" not in said
    assert "transfers best" not in said


def test_a_parent_that_no_record_names_is_not_known(written):
    _, experiment = written
    fit = {**on(experiment, "cnn", "adm"), "parent": "gone", "weights": {"from": "gone"}}
    assert not seen_generators(fit, {fit["fit_id"]: fit}).all_known


def test_sql_tells_of_the_whole_line(written):
    store, experiment = written
    parent = on(experiment, "npr", "adm")["fit_id"]
    write_experiment(store, changed := children(experiment, parent))
    sql = "SELECT DISTINCT train_generators g, train_groups, train_families FROM fits "
    child = on(changed, "cnn", "progan")["fit_id"]
    asked = {"experiment": "synthetic", "digest": changed["digest"]}
    [row] = query(store, f"{sql} WHERE fit_id = '{child}'", **asked).to_pylist()
    assert row == {
        "g": ["progan", "adm"],
        "train_groups": ["adm", "progan"],
        "train_families": ["diffusion", "gan"],
    }
    [row] = query(
        store, f"SELECT DISTINCT train_group FROM cells WHERE fit_id = '{child}'", **asked
    ).to_pylist()
    assert row == {"train_group": "adm+progan"}
    write_experiment(store, foreign := children(experiment, parent, weights=FILE))
    asked["digest"] = foreign["digest"]
    [row] = query(store, f"{sql} WHERE fit_id = '{child}'", **asked).to_pylist()
    assert row == {"g": None, "train_groups": None, "train_families": None}


def test_the_page_has_a_mean_of_its_own_for_them(written):
    store, experiment = written
    free = report_page(overview(store, experiment))
    tuned = children(experiment, on(experiment, "npr", "adm")["fit_id"])
    page = report_page(overview(store, tuned))
    assert "AUC, trained before" in page
    assert "trained on before, by a fit that it began from" in page
    assert "AUC, trained before" not in free
