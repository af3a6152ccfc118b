"""The folder that is uploaded: our packages, the experiment, nothing else, and not too much."""

import subprocess

import pytest
from repository import ROOT

from grid.packages import CODE_VERSION_FILE, PACKAGES
from grid.refusal import Refused
from launch.ray_job import upload
from launch.ray_job.upload import package_files, upload_folder


def test_a_checkout_is_uploaded_without_what_is_no_code():
    with upload_folder(ROOT, {"two.yaml": "schema: 1\n"}, "abc") as (folder, size):
        held = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
        assert {name.split("/")[0] for name in held} == {
            *PACKAGES,
            "experiment",
            CODE_VERSION_FILE,
        }
        assert not [name for name in held if "__pycache__" in name]
        assert {"experiment/two.yaml", "grid/experiments/example.yaml"} <= held
        assert "launch/gallery/gallery.html.j2" in held
        assert (folder / CODE_VERSION_FILE).read_text() == "abc"
        assert size == sum((folder / name).stat().st_size for name in held)
    assert not folder.exists()


def checkout(folder):
    for name in PACKAGES:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("")
    (folder / "data" / "images").mkdir()
    (folder / "data" / "images" / "a.png").write_bytes(b"x" * 1000)
    (folder / "results").mkdir()
    (folder / "results" / "b.parquet").write_bytes(b"x")
    (folder / "detectors" / "mine.py").write_text("not committed yet")
    return folder


def test_what_git_ignores_stays_and_what_it_does_not_know_yet_goes(tmp_path):
    checkout(tmp_path)
    (tmp_path / ".gitignore").write_text("/data/images/\n")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "add", "data", "grid"], check=True)
    (tmp_path / "grid" / "__init__.py").unlink()  # deleted, and git does not know it yet
    assert package_files(tmp_path) == [
        "analysis/__init__.py",
        "data/__init__.py",
        "detectors/__init__.py",
        "detectors/mine.py",
        "launch/__init__.py",
    ]


def test_an_installed_package_is_copied_whole(tmp_path):
    checkout(tmp_path)
    (tmp_path / "grid" / "__pycache__").mkdir()
    (tmp_path / "grid" / "__pycache__" / "x.pyc").write_bytes(b"")
    (tmp_path / "torch").mkdir()  # site-packages hold others
    files = package_files(tmp_path)
    assert len(files) == 7
    assert "data/images/a.png" in files


def test_too_large_an_upload_is_refused_before_it_begins(tmp_path, monkeypatch):
    checkout(tmp_path)
    monkeypatch.setattr(upload, "LARGEST_BYTES", 1000)
    with pytest.raises(Refused) as refused, upload_folder(tmp_path, {}, ""):
        pass
    [problem] = refused.value.problems
    assert problem.details[0].startswith(f"{tmp_path}/data/images  ")
    monkeypatch.setattr(upload, "LARGEST_BYTES", 1100)
    with upload_folder(tmp_path, {}, ""):
        pass
