"""The packages that a cluster with Ray alone is told to install."""

import pytest
from packaging.requirements import Requirement
from repository import ROOT

from grid.refusal import Refused
from launch.ray_job.locked_packages import locked_packages, without


def test_a_run_gets_its_packages_and_no_developers_tool():
    lines = locked_packages(ROOT / "requirements.lock")
    names = {Requirement(line).name for line in lines}
    assert {"torch", "pyarrow", "duckdb", "s3fs", "timm", "numpy"} <= names
    assert not names & {"ray", "mypy", "pytest", "ruff", "moto", "hypothesis", "pandas-stubs"}
    lock = (ROOT / "requirements.lock").read_text().splitlines()
    assert set(lines) <= {line.strip() for line in lock}


def test_markers_and_spellings():
    lines = ["# a comment", "", "Foo_Bar==1 ; sys_platform == 'linux'", "ray==2", "-e .", "b==2"]
    assert without(lines, {"ray", "foo-bar"}) == ["b==2"]


def test_without_a_lock_it_is_refused():
    with pytest.raises(Refused, match=r"requirements\.lock"):
        locked_packages(None)
