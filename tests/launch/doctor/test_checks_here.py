"""The doctor's checks of this machine: each sees what is broken, for real where it can be."""

import os
import resource
import subprocess
import sys

import pytest
from repository import ROOT
from small_disk import small_disk

from launch.doctor import mounts
from launch.doctor.check_groups import checks_of, outcome
from launch.doctor.on_this_machine import capacity, packages
from launch.doctor.this_machine import ThisMachine

CHECKS = checks_of("on_this_machine")


def said(title, **machine):
    """The level of a check and all that it says."""
    found = outcome(CHECKS[title], ThisMachine(**machine))
    return None if found is None else (found.level, f"{found.seen} | {found.mend}")


@pytest.mark.parametrize("title", sorted(CHECKS))
def test_a_check_is_explained(title):
    assert (CHECKS[title].__doc__ or "").startswith(("Whether", "What", "How"))


@pytest.fixture
def stated(tmp_path, monkeypatch):
    """A checkout that states other needs than ours."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nrequires-python = ">=3.99"\n'
        'dependencies = ["numpy<1", "no-such-package>=2", "pyarrow>=1", "none; extra == \'x\'"]\n'
    )
    monkeypatch.setattr(packages, "packages_root", lambda: tmp_path)


def test_what_crossgen_needs_is_there():
    assert said("Python")[0] == "ok"
    assert said("packages")[0] == "ok"


def test_another_python_and_missing_packages_are_problems(stated):
    level, text = said("Python")
    assert (level, "is not in >=3.99" in text) == ("problem", True)
    level, text = said("packages")
    assert level == "problem"
    assert "no-such-package>=2 is missing" in text
    assert "is not <1" in text
    assert "pyarrow" not in text
    assert "none" not in text


def test_other_versions_than_the_pinned_ones_are_told(tmp_path):
    lock = tmp_path / "requirements.lock"
    numpy, arrow = (packages.installed_version(name) for name in ("numpy", "pyarrow"))
    lock.write_text(f"numpy=={numpy}\npyarrow=={arrow} ; python_version >= '3'\n# a comment\n")
    assert said("pinned versions", lock=lock) == (
        "ok",
        "2 packages as pinned in requirements.lock | ",
    )
    lock.write_text(
        f"numpy=={numpy}\npyarrow==0.1\nnot-here==1\npillow==0.1 ; python_version < '3'\n"
    )
    level, text = said("pinned versions", lock=lock)
    assert level == "warning"
    assert f"1 of 2 packages are not as pinned: pyarrow {arrow} (pinned ==0.1)" in text
    assert said("pinned versions", lock=None) is None


def test_a_torch_that_torchvision_is_not_made_for_is_a_problem(tmp_path, monkeypatch):
    about = tmp_path / "torchvision-9.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: torchvision\nVersion: 9.0\nRequires-Dist: torch (==0.1)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    level, text = said("torch")
    assert (level, "torchvision 9.0 is made for torch ==0.1" in text) == ("problem", True)


def test_a_folder_that_shadows_ours_is_a_problem(tmp_path):
    """In a process of its own: here `data` is imported already."""
    (tmp_path / "analysis").mkdir()
    (tmp_path / "analysis" / "__init__.py").write_text("")
    program = (
        "from launch.doctor.on_this_machine.packages import own_packages\n"
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "print(own_packages(None))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "level='problem'" in done.stdout
    assert f"analysis would be imported from {tmp_path}" in done.stdout


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo 'NVIDIA H100'; echo 'NVIDIA H100'", "lists 2 GPUs (NVIDIA H100)"),
        ("echo 'NVIDIA-SMI has failed'; exit 9", "nvidia-smi fails: NVIDIA-SMI has failed"),
    ],
)
def test_a_gpu_that_torch_does_not_see_is_a_problem(tmp_path, monkeypatch, script, why):
    import torch

    if torch.cuda.is_available():
        pytest.skip("torch sees a GPU here")
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    level, text = said("GPUs")
    assert (level, why in text) == ("problem", True), text


def test_fewer_cores_than_the_machine_has_are_told(monkeypatch):
    before = os.sched_getaffinity(0)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    os.sched_setaffinity(0, {min(before)})
    try:
        level, text = said("cores")
    finally:
        os.sched_setaffinity(0, before)
    assert (level, text.startswith("1 core of the machine's 64")) == ("warning", True)
    assert "--slots 1" in text


@pytest.mark.parametrize(
    ("limit", "level", "why"),
    [(10**9, "problem", "not even one trial"), (10**10, "warning", "`--slots 4`")],
)
def test_little_memory_is_told(monkeypatch, limit, level, why):
    monkeypatch.setattr(capacity, "machine_bytes", lambda: limit)
    monkeypatch.setattr(capacity, "usable_cpus", lambda: 32)
    found, text = said("memory")
    assert (found, why in text) == (level, True), text


def test_few_open_files_are_told():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    try:
        level, text = said("open files")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert (level, "1,024 may be open" in text) == ("warning", True)


def test_folders_that_cannot_be_written_to_are_problems(tmp_path):
    (tmp_path / "file").touch()
    level, text = said("cache", cache=tmp_path / "file" / "cache")
    assert (level, "is no folder" in text, "CROSSGEN_CACHE" in text) == ("problem", True, True)
    assert said("scratch", scratch=tmp_path / "new" / "decoded")[0] == "ok"
    assert not (tmp_path / "new").exists()


def test_a_full_disk_is_a_problem_and_a_small_one_is_told(tmp_path):
    with small_disk(tmp_path / "disk", "256k") as disk:
        assert said("cache", cache=disk / "cache")[0] == "warning"
        (disk / "fill").write_bytes(b"x" * (256 << 10))
        level, text = said("cache", cache=disk / "cache")
        assert (level, "No space left" in text) == ("problem", True)


def test_a_long_temporary_path_is_a_problem(tmp_path):
    long = tmp_path / ("x" * 60)
    long.mkdir()
    level, text = said("temporary folder", temporary=long)
    assert (level, "107 is the most" in text) == ("problem", True)


def test_the_kind_of_a_file_system_is_that_of_the_innermost_mount(tmp_path):
    table = tmp_path / "mounts"
    table.write_text(
        f"/dev/a / ext4 rw 0 0\nhost:/b {tmp_path} nfs4 rw 0 0\n"
        f"c {tmp_path}/with\\040space tmpfs rw 0 0\n"
    )
    (tmp_path / "with space").mkdir()
    assert mounts.kind_of(tmp_path / "with space" / "deeper", table) == "tmpfs"
    assert mounts.kind_of(tmp_path / "with", table) == "nfs4"
    assert mounts.kind_of(ROOT, table) == "ext4"
    assert mounts.kind_of(ROOT, tmp_path / "gone") == "unknown"


def test_what_a_check_raises_is_a_problem():
    def raises(_):
        raise KeyError("unforeseen")

    found = outcome(raises, None)
    assert (found.level, "KeyError: 'unforeseen'" in found.seen) == ("problem", True)
