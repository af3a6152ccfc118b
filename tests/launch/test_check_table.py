"""`crossgen check-table` in a process of its own style: what it prints and how it ends."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from launch.cli import cli

FIXTURES = Path(__file__).parents[1] / "fixtures" / "published_tables"


LAST = "40 checks of 5 tables, 23 consistent, 8 doubtful, 9 inconsistent."


def run(*words):
    return CliRunner().invoke(cli, ["check-table", *map(str, words)])


@pytest.mark.parametrize(
    ("name", "code"), [("genimage_resnet50.csv", 0), ("three_detectors.md", 1)]
)
def test_it_ends_with_whether_something_disagrees(name, code):
    done = run(FIXTURES / name)
    assert done.exit_code == code
    assert ("inconsistent" in done.output) == bool(code)
    last = done.output.strip().splitlines()[-1]
    sound = "17 checks of 1 table, 17 consistent."
    assert last == (sound if not code else LAST)


def test_the_tables_of_crossgen_itself_are_read():
    done = run("grid/experiments/published/npr_suites.yaml")
    assert done.exit_code == 0, done.output
    assert "overall: npr, trained on progan, gangen" in done.output


def test_what_holds_no_table_is_refused(tmp_path):
    file = tmp_path / "words.txt"
    file.write_text("No table here.\n")
    assert "no table with figures" in str(run(file).exception)
    file.write_text("| Model | a |\n|--|--|\n| A | 1.0 |\n")
    assert "Did you mean recall_fake" in str(run(file, "--metric", "recal_fake").exception)
    assert "has such a column" in str(run(file, "--column", "b=auc").exception)
