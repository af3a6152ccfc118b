"""The house imports its own `data`, from a directory that holds another."""

import os
import subprocess
import sys
from pathlib import Path

from repository import ROOT


def run_from(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )


def foreign_data(folder: Path) -> Path:
    (folder / "data").mkdir()
    (folder / "data" / "__init__.py").write_text("FOREIGN = True\n")
    return folder


def test_the_installed_command_uses_our_data(tmp_path):
    """An installed script has its own folder first on the path, not the working directory."""
    command = Path(sys.executable).parent / "crossgen"
    done = run_from(foreign_data(tmp_path), str(command), "--help")
    assert done.returncode == 0, done.stderr
    assert "Experiment grids" in done.stdout


def test_a_shadowed_package_is_refused_with_its_place(tmp_path):
    foreign_data(tmp_path)
    code = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]\n" + (
        "from launch.cli import main; main(['plan', 'x.yaml'])"
    )
    done = run_from(tmp_path, sys.executable, "-c", code)
    assert done.returncode == 2
    assert str(tmp_path / "data") in done.stderr
    assert "start crossgen from another directory" in done.stderr
