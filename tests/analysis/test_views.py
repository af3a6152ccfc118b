"""Views, cells and SQL over synthetic stores, held against the score files themselves."""

import json
import logging
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import textwrap
import threading

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from repository import ROOT
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.measuring import held_scores, row_masks
from analysis.measuring.cell_cache import COUNTS_KEY
from analysis.measuring.cell_measures import measure
from analysis.measuring.metric_registry import find_metric, known_metrics
from analysis.selecting.selection import StoreSelection
from analysis.sql.fits_view import fits_view
from analysis.sql.query import QueryRefused, connect, query
from analysis.sql.views import VIEWS, Views, schemas
from grid.records.commits import commit_fit, read_commits
from grid.records.experiments import pieces_of
from grid.records.failures import failure_of, write_failure
from grid.records.places import commit_key
from grid.records.pools import manifests
from grid.records.scores.compacted import compact
from grid.records.scores.score_files import write_scores
from grid.records.scores.score_reading import read_scores
from grid.records.stored_experiments import experiment_digest, write_experiment
from grid.store.errors import StoreUnwritable
from grid.store.opening import open_store

FOLDER = COUNTS_KEY.removesuffix("counts.parquet")

GRID = SyntheticGrid(
    name="trial",
    generators=3,
    seeds=2,
    images=40,
    shared_reals=True,
    unreadable=3,
    seen=5,
    degradations=("none", "jpeg(75)"),
)


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "store")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("written") / "store"
    return folder, write_synthetic_store(open_store(folder), GRID)


@pytest.fixture
def experiment(store, written):
    """The synthetic experiment, in a store of the test's own: nothing overwrites in place."""
    folder, experiment = written
    shutil.copytree(folder, store.root, copy_function=os.link)
    return experiment


def rows(store, sql, **which):
    return query(store, sql, **which).to_pylist()


def by_hand(store, experiment, cell):
    """The logits and flags of a cell's two sides, from the score files."""
    commit = read_commits(store)[cell["fit_id"]]
    [column] = [
        each
        for each in experiment["test_sets"]
        if each["name"] == cell["test_set"] and each["classes"] == cell["classes"]
    ]
    sides = []
    for pools in (column["real_pools"], column["fake_pools"]):
        logit, seen = [], []
        for piece in pieces_of(experiment, {cell["fit_id"]: commit}):
            if (
                piece.pool_id in pools
                and piece.degradation == cell["degradation"]
                and piece.epoch == cell["epoch"]
            ):
                table = read_scores(store, piece, commit)
                names = manifests.read_pool(store, piece.pool_id, ["class"])["class"].to_pylist()
                keep = [column["classes"] is None or name in column["classes"] for name in names]
                logit += [x for x, k in zip(table["logit"].to_pylist(), keep, strict=True) if k]
                seen += [x for x, k in zip(table["seen"].to_pylist(), keep, strict=True) if k]
        sides.append((logit, seen))
    return sides


@pytest.mark.parametrize("leakage", ["exclude", "allow", "refuse"])
def test_cells_are_what_the_score_files_say(store, leakage):
    experiment = write_synthetic_store(
        store, SyntheticGrid(**{**GRID.__dict__, "leakage": leakage})
    )
    found = rows(store, "SELECT * FROM cells")
    assert len(found) == 2 * 3 * 2 * 3 * 2
    for cell in found:
        sides = by_hand(store, experiment, cell)
        used = [
            [
                x
                for x, s in zip(logit, seen, strict=True)
                if x is not None and (leakage == "allow" or not s)
            ]
            for logit, seen in sides
        ]
        assert (cell["n_real"], cell["n_fake"]) == (len(used[0]), len(used[1]))
        assert cell["n_seen"] == sum(sum(seen) for _, seen in sides)
        assert cell["n_seen_fake"] == sum(sides[1][1])
        all_rows = sum(len(logit) for logit, _ in sides)
        left_out = 0 if leakage == "allow" else cell["n_seen"]
        assert cell["n_real"] + cell["n_fake"] + cell["n_null"] + left_out == all_rows == 80
        right = sum(x <= 0 for x in used[0]) + sum(x > 0 for x in used[1])
        assert cell["accuracy"] == pytest.approx(right / (len(used[0]) + len(used[1])))
        shares = np.mean([x <= 0 for x in used[0]]), np.mean([x > 0 for x in used[1]])
        assert cell["balanced_accuracy"] == pytest.approx(np.mean(shares))
        expected = np.mean([(f > r) + (f == r) / 2 for r in used[0] for f in used[1]])
        assert cell["auc"] == pytest.approx(expected)
        assert (cell["leakage"], cell["is_selected"], cell["simulated"]) == (leakage, True, True)
    assert {cell["n_seen"] for cell in found} >= {0, 5}


def test_cells_restricted_to_classes(store, experiment):
    column = {**experiment["test_sets"][0], "classes": ["class001", "class003", "class007"]}
    other = {**experiment, "name": "classes", "test_sets": [column], "digest": ""}
    other["digest"] = experiment_digest(other)
    write_experiment(store, other)
    found = rows(store, "SELECT * FROM cells", experiment="classes")
    whole = rows(store, "SELECT * FROM cells", experiment="trial")
    assert len(found) == 2 * 3 * 2 * 2
    for cell in found:
        sides = by_hand(store, other, cell)
        assert 0 < cell["n_real"] + cell["n_fake"] < 60
        used = [
            [x for x, s in zip(*side, strict=True) if x is not None and not s] for side in sides
        ]
        assert [cell["n_real"], cell["n_fake"]] == [len(side) for side in used]
    assert len(rows(store, "SELECT * FROM cells")) == len(found) + len(whole)


def test_an_image_of_several_pools_counts_in_the_first(store, monkeypatch):
    rng = np.random.default_rng(3)
    pools = {f"p{n}": sorted({f"{i:032x}" for i in rng.integers(0, 400, 60)}) for n in range(12)}
    classes = {
        name: [f"c{int(i, 16) % 3}" if int(i, 16) % 4 else "" for i in ids]
        for name, ids in pools.items()
    }
    columns = {"image_id": pools, "class": classes}
    read = []

    def read_pool(_, pool_id, names):
        read.append(pool_id)
        return pa.table({name: columns[name][pool_id] for name in names})

    monkeypatch.setattr(row_masks, "read_pool", read_pool)
    asked = []
    column = row_masks.RowMasks._column
    monkeypatch.setattr(row_masks.RowMasks, "_column", lambda *a: asked.append(a) or column(*a))
    masks = row_masks.RowMasks(store)
    for wanted in (None, row_masks.ClassFilter(("c1",)), row_masks.ClassFilter(("c1",), but=True)):
        seen, expected = set(), []
        for name, ids in pools.items():
            counts = [
                wanted is None or (c != "" and (c == "c1") != wanted.but) for c in classes[name]
            ]
            expected.append([i not in seen and c for i, c in zip(ids, counts, strict=True)])
            seen.update(ids)
        found = masks.of(list(pools), wanted, 0)
        assert found[0] is None or found[0].tolist() == expected[0]
        assert [mask.tolist() for mask in found[1:]] == expected[1:]
    assert sorted(read) == sorted(2 * [*pools]), "each column once"
    assert len(asked) == 3 * len(pools), "and no pool again for those that come after it"
    assert masks.of(["p0"], None, 0) == [None]


def test_the_fits_of_a_store_are_gone_through_once(store, experiment):
    class Counted(list):
        times = 0

        def __iter__(self):
            Counted.times += 1
            return super().__iter__()

    chosen = StoreSelection(store)
    chosen.experiments[0]["fits"] = Counted(chosen.experiments[0]["fits"])
    assert fits_view(chosen).num_rows == 12
    assert Counted.times <= 4, "not once per fit"


def test_an_empty_side_makes_a_null(store, experiment):
    column = {**experiment["test_sets"][0], "classes": ["no such class"]}
    other = {**experiment, "name": "empty", "test_sets": [column]}
    write_experiment(store, {**other, "digest": experiment_digest(other)})
    assert rows(
        store, "SELECT DISTINCT n_real, n_fake, accuracy, auc FROM cells", experiment="empty"
    ) == [{"n_real": 0, "n_fake": 0, "accuracy": None, "auc": None}]


def test_a_pool_of_one_logit_is_told_apart_from_chance():
    def side(*logits):
        return np.array(logits, np.float32), np.zeros(len(logits), bool)

    assert not measure([side(1, 2)], [side(1, 2)], leakage="exclude", metrics=()).counts.constant
    assert not measure([side(1)], [side(2)], leakage="exclude", metrics=()).counts.constant
    rows = [side(0.5, np.nan, 0.5)], [side(1, 2)]
    found = measure(*rows, leakage="exclude", metrics=[find_metric("auc")])
    assert found.counts.constant
    assert (found.counts.n_null, found.metrics) == (1, {"auc": 1.0})
    both = measure([side(1, 2)], [side(1, 2), side(3, 3)], leakage="exclude", metrics=())
    assert both.counts.constant


def test_measure_leaves_out_the_seen_before_the_unscored():
    side = (np.array([1.0, np.nan, np.nan, -1.0], "f4"), np.array([True, True, False, False]))
    found = measure([side], [side], leakage="exclude", metrics=()).counts
    assert (found.n_real, found.n_fake, found.n_seen, found.n_null) == (1, 1, 4, 2)
    assert found.n_seen_fake == 2
    found = measure([side], [side], leakage="allow", metrics=()).counts
    assert (found.n_real, found.n_fake, found.n_seen, found.n_null) == (2, 2, 4, 4)


def test_cells_are_computed_once_and_can_be_forgotten(store, experiment, monkeypatch):
    first = query(store, "SELECT * FROM cells")
    read = []
    monkeypatch.setattr(
        held_scores, "read_scores", lambda *a, **k: read.append(a) or read_scores(*a, **k)
    )
    assert query(store, "SELECT * FROM cells").equals(first)
    assert read == []
    store.delete(store.list("scores/")[0])
    fewer = query(store, "SELECT * FROM cells")
    assert fewer.num_rows < first.num_rows, "a cell without a piece is not shown from the cache"
    assert read == []
    write_synthetic_store(store, GRID)
    store.put_checkpoint(COUNTS_KEY, b"torn")
    assert query(store, "SELECT * FROM cells").equals(first)
    assert read
    read.clear()
    shutil.rmtree(store.root / FOLDER)
    store.put_checkpoint("derived/cells-v4.parquet", b"of an earlier version of crossgen")
    assert query(store, "SELECT * FROM cells").equals(first)
    assert read


def test_cells_of_other_weights_are_measured_again(store, experiment):
    """A fit that was set aside and trained otherwise has its pieces under the same names."""
    sql = "SELECT fit_id, auc FROM cells"
    before = rows(store, sql)
    commit = read_commits(store)[before[0]["fit_id"]]
    other = {epoch: {**kept, "sha256": "0" * 64} for epoch, kept in commit["weights"].items()}
    store.delete(commit_key(commit["fit_id"]))
    commit_fit(store, {**commit, "weights": other})
    for piece in pieces_of(experiment, {commit["fit_id"]: commit}):
        table = read_scores(store, piece, commit)
        store.delete(piece.key)
        columns = {name: table[name].to_numpy() for name in ("image", "logit", "seen")}
        columns["logit"] = -columns["logit"]
        of_other = {"weights_sha256": "0" * 64, "attempt": "b", "seconds": 1.0}
        write_scores(store, piece, **columns, **of_other)
    for old, new in zip(before, rows(store, sql), strict=True):
        flips = old["fit_id"] == commit["fit_id"]
        assert new["auc"] == pytest.approx(1 - old["auc"] if flips else old["auc"])


def test_another_leakage_rule_is_another_cell(store, experiment):
    other = {**experiment, "leakage": "allow", "name": "lenient"}
    write_experiment(store, {**other, "digest": experiment_digest(other)})
    strict = rows(store, "SELECT sum(n_real + n_fake) n FROM cells", experiment="trial")
    lenient = rows(store, "SELECT sum(n_real + n_fake) n FROM cells", experiment="lenient")
    assert lenient[0]["n"] > strict[0]["n"]


def test_a_read_only_store_is_analysed_all_the_same(store, experiment, monkeypatch):
    def refuses(key, data):
        raise StoreUnwritable(f"{key}: read-only")

    monkeypatch.setattr(store, "put_checkpoint", refuses)
    assert len(rows(store, "SELECT * FROM cells")) == 72
    assert store.list("derived/") == []


@pytest.mark.parametrize("compacted", [False, True])
def test_scores_are_the_files_rows(store, experiment, compacted):
    if compacted:
        assert compact(store).fits == 12
    commits = read_commits(store)
    pools = {pool["pool_id"]: pool for pool in experiment["pools"]}
    table = query(store, "SELECT * FROM scores")
    assert table.column_names == schemas()["scores"].names
    found = {}
    for row in table.to_pylist():
        key = (
            row["fit_id"],
            row["piece_id"],
            row["epoch"],
            row["pool_id"],
            row["label"],
            row["degradation"],
            row["test_pipeline"],
            row["equalise"],
        )
        found.setdefault(key, []).append((row["image"], row["logit"], row["seen"]))
    expected = {}
    for piece in pieces_of(experiment, commits):
        key = (
            piece.fit_id,
            piece.piece_id,
            piece.epoch,
            piece.pool_id,
            pools[piece.pool_id]["label"],
            piece.degradation,
            "none",
            "none",
        )
        scores = read_scores(store, piece, commits[piece.fit_id]).to_pydict()
        expected[key] = list(zip(*scores.values(), strict=True))
    assert {key: sorted(value) for key, value in found.items()} == expected


@pytest.mark.parametrize("compacted", [False, True])
def test_a_where_finds_its_rows(store, experiment, compacted):
    if compacted:
        compact(store)
    fit = experiment["fits"][3]["fit_id"]
    pool = experiment["pools"][1]["pool_id"]
    every = query(store, "SELECT * FROM scores").to_pylist()
    for where, keep in {
        f"fit_id = '{fit}'": lambda r: r["fit_id"] == fit,
        f"pool_id = '{pool}' AND degradation = 'none'": lambda r: (
            r["pool_id"] == pool and r["degradation"] == "none"
        ),
        "label = 1 AND image < 3": lambda r: r["label"] == 1 and r["image"] < 3,
        "degradation LIKE 'jpeg%' AND seen": lambda r: r["degradation"] != "none" and r["seen"],
        "logit IS NULL": lambda r: r["logit"] is None,
        f"fit_id IN ('{fit}', 'x') AND NOT label = 0": lambda r: (
            r["fit_id"] == fit and r["label"] == 1
        ),
        "epoch > 6": lambda r: False,
    }.items():
        [answer] = rows(store, f"SELECT count(*) n FROM scores WHERE {where}")
        assert answer["n"] == sum(map(keep, every)), where
    assert answer["n"] == 0


def test_scores_give_the_cells_by_sql(store, experiment):
    """AUC by ranks in SQL equals the cells', so both read the same rows."""
    by_sql = rows(
        store,
        """
        WITH used AS (
            SELECT c.fit_id, c.test_set, c.degradation, s.label, s.logit
            FROM cells c JOIN scores s USING (fit_id, epoch, degradation)
            JOIN pieces p USING (fit_id, piece_id)
            WHERE (p.source = c.generator OR s.label = 0) AND NOT s.seen AND s.logit IS NOT NULL)
        SELECT fit_id, test_set, degradation,
               avg((logit > 0)::INT = label) AS accuracy,
               list(logit) FILTER (label = 0) AS real, list(logit) FILTER (label = 1) AS fake
        FROM used GROUP BY ALL""".replace(
            "avg((logit > 0)::INT = label)", "avg(((logit > 0)::INT = label)::INT)"
        ),
    )
    expected = {
        (c["fit_id"], c["test_set"], c["degradation"]): c for c in rows(store, "FROM cells")
    }
    assert len(by_sql) == len(expected) == 72
    for row in by_sql:
        cell = expected[row["fit_id"], row["test_set"], row["degradation"]]
        assert row["accuracy"] == pytest.approx(cell["accuracy"])
        auc = find_metric("auc").compute(np.array(row["real"]), np.array(row["fake"]))
        assert auc == pytest.approx(cell["auc"])


def test_fits_pieces_images_history(store):
    grid = SyntheticGrid(generators=2, seeds=2, images=20, committed=0.75)
    experiment = write_synthetic_store(store, grid)
    fits = rows(store, "SELECT * FROM fits ORDER BY fit_id")
    assert len(fits) == 8
    assert sum(fit["committed"] for fit in fits) == 6
    known = {fit["fit_id"]: fit for fit in experiment["fits"]}
    for fit in fits:
        wanted = known[fit["fit_id"]]
        assert fit["train_generators"] == wanted["train"]["generators"]
        assert json.loads(fit["options"]) == wanted["options"]
        assert fit["selected_epoch"] == (6 if fit["committed"] else None)
        assert fit["kept_epochs"] == ([6, 8] if fit["committed"] else None)
        assert fit["experiments"] == ["synthetic"]
    pieces = rows(store, "SELECT committed, count(*) AS n FROM pieces GROUP BY ALL")
    assert pieces == [{"committed": True, "n": 6 * 4 * 2}]
    assert rows(store, "SELECT label, count(*) AS n FROM images GROUP BY ALL ORDER BY label") == [
        {"label": 0, "n": 40},
        {"label": 1, "n": 40},
    ]
    assert rows(store, "SELECT count(*) n FROM images WHERE class = 'class001'")[0]["n"] > 0
    history = rows(store, "SELECT fit_id, max(epoch) e, count(*) n FROM history GROUP BY ALL")
    assert {row["fit_id"] for row in history} == {f["fit_id"] for f in fits if f["committed"]}
    assert {(row["e"], row["n"]) for row in history} == {(8, 8)}
    assert rows(store, "FROM failures") == []
    failure = failure_of(ValueError("x"), fit_id=fits[0]["fit_id"], attempt="a", log_tail=["l"])
    write_failure(store, failure)
    [found] = rows(store, "FROM failures")
    assert (found["exception"], found["log_tail"]) == ("ValueError", ["l"])


def test_pieces_and_fits_open_no_score_file(store, experiment, monkeypatch):
    for key in store.list("scores/"):
        store.put_checkpoint(key, b"nothing that can be read")
    assert rows(store, "SELECT count(*) n FROM fits JOIN pieces USING (fit_id)")[0]["n"] == 96
    assert rows(store, "SELECT count(*) n FROM scores")[0]["n"] == 0


def test_scores_of_foreign_weights_are_in_no_view(store, experiment, caplog):
    commits = read_commits(store)
    piece = next(pieces_of(experiment, commits))
    store.delete(piece.key)
    write_scores(
        store,
        piece,
        image=np.arange(40),
        logit=np.full(40, 99.0),
        seen=np.zeros(40, bool),
        weights_sha256="e" * 64,
        attempt="x",
        seconds=0,
    )
    with caplog.at_level(logging.WARNING):
        assert rows(store, "SELECT count(*) n, max(logit) m FROM scores")[0]["n"] == 95 * 40
        touched = rows(store, f"SELECT count(*) n FROM cells WHERE fit_id = '{piece.fit_id}'")
    assert touched == [{"n": 3}], "the shared reals are in each of three cells of one condition"
    assert any("eeeeeeeeeeee" in message for message in caplog.messages)


def test_experiments_are_selected_by_name_and_digest(store, experiment):
    more = write_synthetic_store(
        store, SyntheticGrid(**{**GRID.__dict__, "name": "other", "seeds": 1, "images": 20})
    )
    assert rows(store, "SELECT count(*) n FROM fits")[0]["n"] == 18
    assert rows(store, "SELECT count(*) n FROM fits", experiment="other")[0]["n"] == 6
    assert rows(store, "SELECT DISTINCT experiments e FROM cells", experiment="other") == [
        {"e": ["other"]}
    ]
    digest = more["digest"][:8]
    assert rows(store, "SELECT count(*) n FROM fits", digest=digest)[0]["n"] == 6
    with pytest.raises(ValueError, match="Did you mean other"):
        query(store, "FROM fits", experiment="othre")


def test_of_two_records_the_one_that_says_more_is_taken_and_else_the_later(store, experiment):
    fakes = {pool["pool_id"]: pool for pool in experiment["pools"] if pool["label"]}
    silent = {**experiment, "pools": [{**each, "family": "unknown"} for each in fakes.values()]}
    for both in ([silent, experiment], [experiment, silent]):
        found = StoreSelection.of(store, both).pools
        assert {pool_id: found[pool_id] for pool_id in fakes} == fakes
    fits = {fit["fit_id"]: fit for fit in experiment["fits"]}
    renamed = {fit_id: {**fit, "label": "renamed"} for fit_id, fit in fits.items()}
    for one, other in ((fits, renamed), (renamed, fits)):
        both = [{**experiment, "fits": list(each.values())} for each in (one, other)]
        assert StoreSelection.of(store, both).fits == other


def test_an_empty_store_has_empty_views(store):
    for view in VIEWS:
        table = query(store, f"SELECT * FROM {view}")
        assert table.num_rows == 0
        assert table.column_names == schemas()[view].names


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("COPY (SELECT 1) TO 'x.csv'", "it is a COPY statement"),
        ("ATTACH 'x.db'", "ATTACH"),
        ("INSTALL httpfs", "may only read"),
        ("LOAD httpfs", "may only read"),
        ("PRAGMA version", "PRAGMA"),
        ("SET threads = 1", "SET"),
        ("RESET threads", "may only read"),
        ("CREATE TABLE x AS FROM fits", "CREATE"),
        ("INSERT INTO fits VALUES (1)", "INSERT"),
        ("EXPORT DATABASE 'x'", "EXPORT"),
        ("CALL pragma_version()", "CALL"),
        ("SELECT 1; SELECT 2", "2 statements"),
        ("SELECT 1; COPY (SELECT 1) TO 'x.csv'", "2 statements"),
        ("", "0 statements"),
        ("SELEC 1", "syntax error"),
        ("FROM fitz", "Did you mean fits"),
        ("SELECT * FROM fits JOIN score USING (fit_id)", "Did you mean scores"),
        ("SELECT aucc FROM cells", r"use the columns of cells \(experiments, fit_id"),
        ("SELECT train FROM cells JOIN fits USING (fit_id)", "leave out a JOIN of the two"),
        ("FROM 'pyproject.toml'", "there is no view"),
        ("FROM read_text('pyproject.toml')", "disabled"),
        ("FROM read_parquet('x.parquet')", "disabled"),
        ("FROM glob('*')", "disabled"),
        ("FROM store", "no view 'store'"),
        ("WITH x AS (COPY fits TO 'x.csv') FROM x", "read the views: fits"),
    ],
)
def test_sql_that_is_refused_in_three_parts(store, sql, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("secret")
    with pytest.raises(QueryRefused, match=f"(?i){words}") as refused:
        query(store, sql)
    [problem] = refused.value.problems
    assert problem.what.startswith("query ")
    assert problem.why
    assert problem.mend
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pyproject.toml"]


def test_files_in_the_folder_for_temporary_files_are_out_of_reach(store, experiment, tmp_path):
    # DuckDB lets SQL read the folder that it spills into.
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    with connect(Views(StoreSelection(store))) as connection:
        with pytest.raises(duckdb.Error, match="disabled"):
            connection.execute(f"FROM read_text('{secret}')").fetchall()
        with pytest.raises(duckdb.Error, match="disabled"):
            connection.execute(f"FROM read_text('{tempfile.gettempdir()}/*')").fetchall()


def test_sql_may_be_any_reading(store, experiment):
    assert rows(store, "FROM fits LIMIT 1")
    assert rows(store, "WITH a AS (SELECT 1 AS x) SELECT x + 1 AS y FROM a") == [{"y": 2}]
    assert len(rows(store, "DESCRIBE cells")) == len(schemas()["cells"])
    assert rows(store, "SUMMARIZE pieces")
    assert rows(store, "select COUNT(*) as n from FITS;") == [{"n": 12}]
    assert rows(store, "SELECT DISTINCT options->>'factor' f FROM fits WHERE detector = 'npr'") == [
        {"f": "0.5"}
    ]


def test_python_variables_are_out_of_reach(store):
    secrets = pa.table({"a": [1]})
    with pytest.raises(QueryRefused, match="no view 'secrets'"):
        query(store, "FROM secrets")
    assert duckdb.sql("FROM secrets").fetchall() == [(1,)], "which DuckDB would otherwise do"
    del secrets


def test_a_query_answers_while_another_process_writes(store):
    grid = SyntheticGrid(generators=3, seeds=2, images=200)
    script = f"""
        from grid.store.opening import open_store
        from synthetic_store import SyntheticGrid, write_synthetic_store
        write_synthetic_store(
            open_store({store.url!r}), SyntheticGrid(generators=3, seeds=2, images=200), workers=2)
    """
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests/support'}"},
    )
    counts = []
    while writer.poll() is None:
        [answer] = rows(store, "SELECT count(*) n, count(DISTINCT piece_id) p FROM scores")
        assert answer["n"] % grid.images == 0, "a piece is seen whole or not at all"
        counts.append(answer["n"])
    assert writer.returncode == 0
    assert counts == sorted(counts)
    assert rows(store, "SELECT count(*) n FROM scores") == [{"n": 12 * 12 * 200}]
    assert len(rows(store, "FROM cells")) == 12 * 3 * 2


def test_a_copy_that_vanishes_under_a_query_is_looked_for_again(store, experiment, monkeypatch):
    compact(store)
    made = Views.__getitem__
    removed = []

    def then_it_is_gone(self, name):
        view = made(self, name)
        if not removed:
            removed.extend(store.list("derived/scores/"))
            for key in removed:
                store.delete(key)
        return view

    monkeypatch.setattr(Views, "__getitem__", then_it_is_gone)
    assert rows(store, "SELECT count(*) n FROM scores") == [{"n": 96 * 40}]
    assert len(removed) == 12


def test_a_connection_is_for_more_than_one_question(store, experiment):
    with connect(Views(StoreSelection(store))) as connection:
        assert connection.execute("SELECT count(*) FROM fits").fetchall() == [(12,)]
        assert connection.execute("SELECT count(*) FROM cells").fetchall() == [(72,)]
        with pytest.raises(duckdb.Error, match="locked"):
            connection.execute("SET enable_external_access = true")
        with pytest.raises(duckdb.Error, match="disabled"):
            connection.execute("COPY (SELECT 1) TO 'x.csv'")


def test_every_column_is_explained_in_the_readme():
    text = (ROOT / "analysis" / "README.md").read_text()
    for view, schema in schemas().items():
        section = text.split(f"### `{view}`", 1)[1].split("\n### ", 1)[0]
        explained = set(re.findall(r"`([^`]+)`", section))
        if "`<metric>_low`, `<metric>_high`" in section:
            explained |= {
                f"{metric.name}{b}" for metric in known_metrics() for b in ("_low", "_high")
            }
        missing = [name for name in schema.names if name not in explained]
        assert not missing, f"{view}: {missing}"


@pytest.fixture
def blocks(own_run, monkeypatch):
    """The README's blocks, of the experiment `two`, where its file and its store `runs` lie."""
    monkeypatch.chdir(own_run.folder)
    monkeypatch.setenv("CROSSGEN_STORE", "runs")
    (own_run.folder / "runs").symlink_to(own_run.store)
    text = (ROOT / "analysis" / "README.md").read_text()
    text = re.sub(r"^## Adding .*?(?=^## )", "", text, flags=re.MULTILINE | re.DOTALL)
    text = text.replace("npr-factors", "two").replace("experiment.yaml", "two.yaml")
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def test_the_commands_of_the_readme_run(blocks, crossgen):
    shell = "".join(block for language, block in blocks if not language)
    each_command = re.split(r"^crossgen ", shell, flags=re.MULTILINE)[1:]
    # Those of comparisons, tables and figures name files that are not here: they have own tests.
    asked = ("matrix", "report", "query")
    commands = [shlex.split(each) for each in each_command if each.startswith(asked)]
    assert [command[0] for command in commands] == ["matrix", "matrix", "report", "query", "query"]
    said = []
    for command in commands:
        code, out, err = crossgen(*command)
        assert code == 0, err
        said.append(out)
    # The first query's means are over seeds and over nothing else.
    assert said[3].split().count("simple_cnn") == 4
    [header, *lines] = [line.split() for line in said[3].splitlines()]
    assert {line[header.index("seeds") - len(header)] for line in lines} == {"1"}
    assert [line.split()[0] for line in said[4].splitlines()] == ["train", "g/g1", "g/g2"]


def test_the_python_of_the_readme_runs(blocks):
    programs = [block for language, block in blocks if language == "python"]
    assert len(programs) == 4
    names: dict[str, object] = {}
    for program in programs:
        exec(program, names)


def test_s3_stores_answer_the_same(s3_server, tmp_path):
    s3_server.left = 0
    remote = open_store(f"s3://bucket/{tmp_path.name}")
    local = open_store(tmp_path / "local")
    small = SyntheticGrid(
        detectors=(SyntheticDetector(name="npr"),),
        generators=2,
        seeds=1,
        images=20,
        degradations=("none",),
        seen=2,
    )
    for each in (local, remote):
        write_synthetic_store(each, small)
    orders = {
        "fits": "fit_id",
        "pieces": "fit_id, piece_id",
        "cells": "fit_id, test_set",
        "scores": "fit_id, piece_id, image",
        "images": "pool_id, image",
        "history": "fit_id, epoch",
    }
    for _ in range(2):
        for view, order in orders.items():
            sql = f"SELECT * FROM {view} ORDER BY {order}"
            assert query(remote, sql).equals(query(local, sql)), view
        compact(remote)


def test_threads_may_ask_at_once(store, experiment):
    answers = []

    def ask():
        answers.append(rows(store, "SELECT count(*) n FROM cells")[0]["n"])

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [72] * 3
