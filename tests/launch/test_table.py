"""`crossgen table`: kinds by name, formats, files; what is refused."""

import csv

import pytest
from click.testing import CliRunner
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from grid.refusal import Refused
from grid.store.opening import open_store
from launch.cli import cli

GRID = SyntheticGrid(
    name="small",
    generators=3,
    trained=2,
    seeds=1,
    images=20,
    degradations=("none",),
    detectors=(SyntheticDetector(name="npr"), SyntheticDetector(name="simple_cnn", skill=1.0)),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small") / "store"
    write_synthetic_store(open_store(folder), GRID)
    return folder


def run(store, *words):
    done = CliRunner().invoke(cli, ["table", "--store", str(store), *map(str, words)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_without_a_name_it_prints_the_means_with_what_they_are(store):
    done = run(store)
    assert done.exit_code == 0
    assert done.output.startswith("AUC of each detector")
    assert max(map(len, done.output.splitlines())) <= 80
    assert "macro" in done.output
    assert "In percent." in done.output


def test_each_format_has_its_own_signs(store):
    latex = run(store, "one_generator", "--format", "latex").output
    assert latex.count(r"\begin{table}") == latex.count(r"\end{table}") == 2
    markdown = run(store, "one-generator", "--format", "markdown").output
    assert "| --- |" in markdown
    assert "**" in markdown
    [head, *_] = run(store, "means", "--format", "csv").output.splitlines()
    assert head.startswith("detector,seeds,")


def test_several_tables_as_csv_are_several_files(store, tmp_path):
    with pytest.raises(Refused, match="are no one CSV"):
        run(store, "matrix", "--format", "csv")
    run(store, "matrix", "--format", "csv", "-o", tmp_path / "m.csv", "--metric", "accuracy")
    written = sorted(path.name for path in tmp_path.iterdir())
    assert written == ["m-matrix-1.csv", "m-matrix-2.csv"]
    rows = list(csv.reader((tmp_path / written[0]).read_text().splitlines()))
    assert rows[0][0] == "trained on"
    assert len({len(row) for row in rows}) == 1


def test_what_is_wrong_is_refused_with_what_to_do(store):
    with pytest.raises(Refused, match="Did you mean rankings"):
        run(store, "ranking")
    with pytest.raises(Refused, match="no share of images"):
        run(store, "means", "--average", "pooled")
    with pytest.raises(Refused, match="no such table"):
        run(store, "published")
    assert "`published:` in the experiment's file" in run(store, "--list").output
