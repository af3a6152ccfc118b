"""Which code a fit was made by: a commit's name is never given to anything else."""

import shutil
import subprocess

import pytest

from grid.trial.fit import provenance
from grid.trial.spec import without_share


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A repository with one file of ours, committed; `code_version` looks at it."""
    for package in provenance.OURS:
        (tmp_path / package).mkdir()
    (tmp_path / "grid" / "trial").mkdir()
    (tmp_path / "grid" / "trial" / "execute.py").write_text("VERSION = 1\n")
    (tmp_path / "README.md").write_text("words\n")
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    monkeypatch.setattr(provenance, "packages_root", lambda: tmp_path)

    def version():
        provenance.code_version.cache_clear()
        return provenance.code_version()

    yield tmp_path, version
    provenance.code_version.cache_clear()


pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def test_a_clean_checkout_is_its_commit_whatever_else_lies_there(checkout):
    folder, version = checkout
    commit = version()
    assert len(commit) == 12
    (folder / "README.md").write_text("other words\n")
    (folder / "notes.py").write_text("mine = 1\n")
    assert version() == commit


def test_changed_and_untracked_code_is_told_apart_by_its_content(checkout):
    folder, version = checkout
    commit = version()
    own = folder / "detectors" / "zoo" / "mine.py"
    own.parent.mkdir()
    own.write_text("log = True\n")
    first = version()
    assert first.startswith(f"{commit}-dirty-")
    own.write_text("log = False\n")
    second = version()
    assert second.startswith(f"{commit}-dirty-")
    assert second != first
    own.write_text("log = True\n")
    assert version() == first
    own.unlink()
    (folder / "grid" / "trial" / "execute.py").write_text("VERSION = 2\n")
    assert version() not in (commit, first, second)


@pytest.mark.parametrize(
    ("share", "kept"),
    [
        ({"cpu": 3.0, "gpu": 0.25, "node": 0.5}, {"cpu": 3.0, "gpu": 0.25}),
        (None, {"cpu": 2.0, "gpu": 0.0}),  # without Ray: what it takes
    ],
)
def test_the_share_of_an_attempt_is_told_and_is_none_of_the_specs(share, kept):
    spec = {"fit_id": "f", "experiment": "e", "threads": 2, "device": "cpu"}
    spec |= {} if share is None else {"share": share}
    with provenance.provenance(spec, "a") as facts:
        pass
    assert facts.record["share"] == kept
    assert "share" not in without_share(spec)
