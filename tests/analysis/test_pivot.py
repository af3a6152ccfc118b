"""PIVOT is a SELECT too; nothing else comes in with it."""

import pytest
from synthetic_store import SyntheticGrid, write_synthetic_store

from analysis.sql.query import QueryRefused, query
from grid.store.opening import open_store

PIVOT = "PIVOT cells ON generator USING avg(auc) GROUP BY train"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    store = open_store(tmp_path_factory.mktemp("pivot") / "store")
    grid = SyntheticGrid(generators=2, seeds=2, images=10, degradations=("none",))
    write_synthetic_store(store, grid)
    return store


@pytest.mark.parametrize(
    "sql",
    [
        f"{PIVOT} ORDER BY train",
        f"{PIVOT} ORDER BY train;\n",
        f"{PIVOT} ORDER BY train -- by row",
        f"{PIVOT} ORDER BY train;; -- 'é'; by row\n /* ; */",
        "PIVOT cells ON generator IN ('progan', 'adm') USING avg(auc) GROUP BY train ORDER BY 1",
        f"WITH wide AS ({PIVOT}) SELECT train, progan, adm FROM wide ORDER BY train",
        f"SELECT * FROM ({PIVOT}) w JOIN (SELECT DISTINCT train FROM fits) f USING (train) "
        "ORDER BY train",
        "FROM (SELECT train, generator, auc FROM cells) "
        "PIVOT (avg(auc) FOR generator IN ('progan', 'adm') GROUP BY train) ORDER BY train",
    ],
)
def test_a_pivot_is_the_means_that_group_by_finds(store, sql):
    means = query(store, "SELECT train, generator, avg(auc) auc FROM cells GROUP BY ALL")
    expected = {}
    for row in means.to_pylist():
        expected.setdefault(row["train"], {})[row["generator"]] = pytest.approx(row["auc"])
    rows = query(store, sql).to_pylist()
    assert rows == [{"train": train, **expected[train]} for train in sorted(expected)]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (f"COPY ({PIVOT}) TO 'x.csv'", "it is a COPY statement"),
        (f"CREATE TABLE x AS {PIVOT}", "it is a CREATE statement"),
        (f"CREATE TEMP TABLE x AS {PIVOT}", "it is a CREATE statement"),
        (f"CREATE VIEW x AS {PIVOT}", "PIVOT values must be manually specified"),
        ("CREATE TYPE x AS ENUM (SELECT generator FROM cells)", "it is a CREATE statement"),
        (f"INSERT INTO fits {PIVOT}", "it is a INSERT statement"),
        (f"DELETE FROM fits USING ({PIVOT}) AS p", "it is a DELETE statement"),
        (f"UPDATE fits SET seed = 1 FROM ({PIVOT}) AS p", "it is a UPDATE statement"),
        (f"EXPLAIN {PIVOT}", "it is a EXPLAIN statement"),
        (f"EXPLAIN ANALYZE {PIVOT}", "it is a EXPLAIN statement"),
        (f"PREPARE p AS {PIVOT}", "it is a PREPARE statement"),
        (f"SET VARIABLE x = (SELECT count(*) FROM ({PIVOT}))", "it is a SET statement"),
        (f"CALL query((SELECT 1 FROM ({PIVOT})))", "it is a CALL statement"),
        (f"/* a comment */ COPY ({PIVOT}) TO 'x.csv'", "may only read"),
        (f"WITH x AS (FROM cells) INSERT INTO fits {PIVOT}", "may only read"),
        (f"{PIVOT}; ATTACH 'x.db'", "2 statements"),
        (f"INSTALL httpfs; {PIVOT}", "2 statements"),
        (f"SET threads = 1; {PIVOT}", "2 statements"),
        (f"{PIVOT}; {PIVOT}", "2 statements"),
        (f"{PIVOT}) AS a; COPY (SELECT 1) TO 'x.csv'; SELECT * FROM (SELECT 1", "syntax error"),
        (f"WITH c AS (COPY fits TO 'x.csv') {PIVOT}", "disabled"),
        ("WITH c AS (COPY fits TO 'x.csv') PIVOT c ON name USING count(*)", "disabled"),
        ("PIVOT (COPY fits TO 'x.csv') ON name USING count(*)", "syntax error"),
        ("PIVOT read_text('secret.txt') ON filename USING count(*)", "disabled"),
        ("PIVOT 'secret.txt' ON a USING count(*)", "no view"),
        ("PIVOT glob('*') ON file USING count(*)", "disabled"),
        ("PIVOT cels ON generator USING avg(auc)", "Did you mean cells"),
        ("PIVOT cells ON generatr USING avg(auc)", "generatr"),
        ("PIVOT cells ON getenv('HOME') USING avg(auc)", "getenv"),
    ],
)
def test_what_comes_with_a_pivot_is_refused(store, sql, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_text("secret")
    before = store.list()
    with pytest.raises(QueryRefused, match=words):
        query(store, sql)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.txt"]
    assert [key for key in store.list() if not key.startswith("derived/")] == [
        key for key in before if not key.startswith("derived/")
    ]


def test_a_pivot_of_no_rows_has_no_columns_of_theirs(tmp_path):
    table = query(open_store(tmp_path / "none"), PIVOT)
    assert (table.column_names, table.num_rows) == (["train"], 0)
