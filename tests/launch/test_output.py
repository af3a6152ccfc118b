"""What is printed: output that goes away, and text that would command a terminal."""

import os
import subprocess
import sys

import pytest
import yaml
from repository import ROOT

from grid.records.commits import committed_fits
from grid.records.failures import read_failures
from grid.store.opening import open_store
from grid.visible import visible

CLEAR = "\x1b[2J\x1b]0;mine\x07"


def shell(command, tmp_path, **names):
    """Run a line of bash in which `crossgen` is ours."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "CROSSGEN_CACHE": str(tmp_path / "cache")}
    env |= {name: str(value) for name, value in names.items()}
    function = f'crossgen() {{ {sys.executable} -m launch "$@"; }}\n'
    return subprocess.run(
        ["bash", "-c", function + command], cwd=tmp_path, env=env, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    "ending",
    [
        "2>&1 | head -c 1; exit ${PIPESTATUS[0]}",
        pytest.param("2>/dev/full", marks=pytest.mark.slow),
        ">/dev/full 2>&1",
        pytest.param("2>&-", marks=pytest.mark.slow),
    ],
)
def test_a_run_goes_on_when_nobody_hears_it(own_run, tmp_path, ending):
    line = f'crossgen run "$FILE" --no-ray --store "$STORE" --set seeds=[7] {ending}'
    done = shell(line, tmp_path, FILE=own_run.file, STORE=tmp_path / "new")
    assert done.returncode == 0, done.stderr
    store = open_store(tmp_path / "new")
    assert len(committed_fits(store)) == 2
    assert read_failures(store) == []


@pytest.mark.slow
@pytest.mark.ray
def test_a_run_on_ray_goes_on_when_nobody_hears_it(own_run, tmp_path):
    line = 'crossgen run "$FILE" --store "$STORE" 2>&1 | head -1; exit ${PIPESTATUS[0]}'
    done = shell(line, tmp_path, FILE=own_run.file, STORE=tmp_path / "new")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1
    store = open_store(tmp_path / "new")
    assert len(committed_fits(store)) == 2
    assert read_failures(store) == []


def test_an_answer_that_cannot_be_written_whole_is_an_error(own_run, tmp_path):
    """A reader who has seen enough is none."""
    query = 'crossgen query "SELECT * FROM scores" --csv --store "$STORE"'
    full = shell(f"{query} >/dev/full", tmp_path, STORE=own_run.store)
    assert full.returncode == 1
    assert "the output is not whole" in full.stderr
    assert "No space left on device" in full.stderr
    enough = shell(f"{query} | head -1; exit ${{PIPESTATUS[0]}}", tmp_path, STORE=own_run.store)
    assert (enough.returncode, enough.stderr) == (0, "")


def test_what_people_wrote_commands_no_terminal(own_run, crossgen):
    """In a file's name, a question, a value of SQL, an error; each is shown as what it is."""
    raw = yaml.safe_load(own_run.file.read_text())
    own_run.file.write_text(yaml.safe_dump({**raw, "question": f"Is it{CLEAR}?"}))
    store = ("--store", own_run.store)
    seen = [
        crossgen("plan", own_run.file, *store),
        crossgen("matrix", own_run.file, *store),
        crossgen("run", own_run.file, *store, "--no-ray", "--set", "seeds=[5]"),
        crossgen("query", "SELECT chr(27) || '[2J' AS x", *store),
    ]
    assert all(code == 0 for code, _, _ in seen), seen
    assert r"Is it\x1b[2J" in seen[0][1]
    assert r"\x1b[2J" in seen[3][1]
    bad = own_run.folder / "images" / "g1" / "train" / "ai" / f"a{CLEAR}b.png"
    bad.write_bytes(b"no image")
    code, _, err = crossgen("plan", own_run.file, *store)
    assert code == 2
    assert r"a\x1b[2J" in err
    assert "\x1b" not in "".join(out + said for _, out, said in seen) + err


def test_control_characters_are_named_and_others_kept():
    assert visible("a\tb\nc \u00e9 \u6587 \U0001f600") == "a\tb\nc \u00e9 \u6587 \U0001f600"
    assert visible("\x1b[2J\r\x07\x9b1m\u202eevil") == r"\x1b[2J\r\x07\x9b1m\u202eevil"
