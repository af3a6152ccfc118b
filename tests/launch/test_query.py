"""`crossgen query` as it is typed: file and SQL, options, files written, views listed."""

import re
import resource
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from repository import ROOT

from analysis.measuring.metric_registry import known_metrics
from analysis.sql.views import schemas
from launch.show_views import type_name

COUNT = "SELECT count(*) AS n FROM cells"


def refused(result, *words):
    code, out, err = result
    assert (code, out) == (2, "")
    for each in words:
        assert each in err, err


def test_a_file_is_what_it_expands_to_now_run_or_not(crossgen, own_run):
    where = own_run.file, "--store", own_run.store
    assert crossgen("query", *where, COUNT, "--csv")[1].split() == ['"n"', "4"]
    seeds = *where, "--set", "seeds=[0, 7]"
    sql = "SELECT count(*) AS n, count(*) FILTER (committed) AS done FROM fits"
    _, out, err = crossgen("query", *seeds, sql, "--csv")
    assert (out.splitlines()[1], err) == ("4,2", "")
    assert crossgen("query", *where, "--only", "train=g/g1", COUNT, "--csv")[1].split()[1] == "2"
    _, out, err = crossgen("query", *where, "--limit", 4, COUNT, "--csv")
    assert out.split()[1] == "0"
    assert "no fit of" in err
    assert f"crossgen run {own_run.file}" in err


def test_the_file_tells_the_store(crossgen, own_run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    own_run.file.write_text(own_run.file.read_text() + "\nstore: store\n")
    assert crossgen("query", own_run.file, COUNT, "--csv")[1].split()[1] == "4"
    assert crossgen("query", COUNT, own_run.file, "--csv")[1].split()[1] == "4"


def test_arguments_that_are_no_file_and_no_sql_are_refused(crossgen, own_run):
    where = "--store", own_run.store
    refused(crossgen("query", "FROM", "cells", *where), "2 arguments", "Put the SQL in quotes")
    refused(crossgen("query", own_run.file, "FROM", "fits", *where), "Put the SQL in quotes")
    refused(crossgen("query", own_run.file, own_run.file, *where), "2 arguments")
    refused(crossgen("query", "no.yaml", COUNT, *where), "no.yaml: there is no such file")
    long = COUNT + " WHERE test_set IN ('" + "x" * 5000 + "')"
    assert crossgen("query", long, *where, "--csv")[0] == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["FILE", "--experiment", "two"], "--experiment: a file says itself"),
        (["FILE", "--digest", "0"], "--digest: a file says itself"),
        (["FILE", "--all-expansions"], "--all-expansions: a file says itself"),
        (["--only", "seed=0"], "without FILE"),
        (["--set", "seeds=[0]"], "without FILE"),
        (["--limit", "4"], "without FILE"),
        (["--digest", "0", "--all-expansions"], "Give one of them"),
        (["--digest", "zz"], "has no such expansion"),
        (["--experiment", "tow"], "Did you mean two"),
        (["--csv", "--parquet", "x.parquet"], "Give one of them"),
        (["--overwrite"], "Name one with --parquet"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    crossgen, own_run, options, words, monkeypatch
):
    monkeypatch.chdir(own_run.folder)
    given = [own_run.file if each == "FILE" else each for each in options]
    refused(crossgen("query", *given, COUNT, "--store", own_run.store), words)
    assert not Path("x.parquet").exists()


def test_rows_are_not_written_without_sql(crossgen, tmp_path):
    target = tmp_path / "x.parquet"
    refused(crossgen("query", "--parquet", target), "there is no SQL")
    assert not target.exists()
    refused(crossgen("query", "--csv"), "there is no SQL")


def test_a_parquet_file_is_overwritten_on_request_only(crossgen, own_run):
    target = own_run.folder / "answer.parquet"
    command = "query", COUNT, "--store", own_run.store, "--parquet", target
    assert crossgen(*command)[0] == 0
    first = target.read_bytes()
    refused(crossgen(*command), "not overwritten", "add --overwrite")
    assert target.read_bytes() == first
    more = "query", "FROM scores", *command[2:], "--overwrite"
    assert crossgen(*more)[0] == 0
    assert pq.read_table(target).num_rows == 48
    refused(crossgen("query", "FROM nothing", *more[2:]), "no view 'nothing'")
    assert pq.read_table(target).num_rows == 48
    refused(crossgen(*command[:-1], own_run.folder), "it is a folder")


@contextmanager
def no_file_above(size):
    """As on a full disk, a write fails midway."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_parquet_file_that_cannot_be_written_whole_is_a_refusal(crossgen, own_run):
    folder = own_run.folder / "answers"
    folder.mkdir()
    target = folder / "answer.parquet"
    target.write_bytes(b"an older answer")
    rows = "SELECT random() AS x FROM range(100000)"
    command = "query", rows, "--store", own_run.store, "--parquet"
    with no_file_above(100_000):
        refused(crossgen(*command, target, "--overwrite"), "cannot be written there")
    assert target.read_bytes() == b"an older answer"
    assert [path.name for path in folder.iterdir()] == ["answer.parquet"]
    refused(crossgen(*command, folder / "none" / "x.parquet"), "cannot be written there")


def test_the_views_are_listed_in_the_words_of_the_readme(crossgen, monkeypatch):
    text = (ROOT / "analysis" / "README.md").read_text()
    for view, schema in schemas().items():
        section = text.split(f"### `{view}`", 1)[1].split("\n### ", 1)[0]
        rows = re.findall(r"^\| (`.+?`) \| ([^|]+) \|", section, flags=re.MULTILINE)
        told = {
            name: kind.replace("JSON ", "")
            for names, kind in rows
            for name in re.findall(r"`(.+?)`", names)
        }
        for bound in ("low", "high"):
            kind = told.pop(f"<metric>_{bound}", None)
            told |= {f"{m.name}_{bound}": kind for m in known_metrics() if kind is not None}
        assert {f.name: type_name(f.type) for f in schema} == told
    for width in (80, 200):
        monkeypatch.setenv("COLUMNS", str(width))
        _, out, _ = crossgen("query")
        lines = out.splitlines()
        assert width - 40 < max(map(len, lines)) <= width
        assert not any(line.endswith(" ") for line in lines)
        said = re.sub(r"\n +", " ", out)
        cells = ", ".join(f"{f.name} {type_name(f.type)}" for f in schemas()["cells"])
        assert re.search(rf"^cells +{re.escape(cells)}$", said, flags=re.MULTILINE)
    assert type_name(pa.list_(pa.dictionary(pa.int32(), pa.string()))) == "list of text"
