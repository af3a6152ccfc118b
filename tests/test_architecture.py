"""Rules of the house that are worth a test: imports, what stays light, what git ignores."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("data", "detectors", "grid", "analysis", "launch")
MAY_IMPORT = {
    "data": set(),
    "detectors": {"data"},
    "grid": {"data", "detectors"},
    "analysis": {"grid"},
    "launch": set(PACKAGES),
}
RAY_LIVES_IN = {"grid/driver.py", "grid/cluster.py", "grid/head_table.py"}


def modules(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, package
    return found


def imported(path: Path) -> set[str]:
    """Dotted names that a module imports anywhere, inside functions as well."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are absolute"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
            names.add(node.module)
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_point_one_way(package):
    for path in modules(package):
        for name in imported(path):
            top = name.split(".")[0]
            if top in PACKAGES and top != package:
                assert top in MAY_IMPORT[package], f"{path.relative_to(ROOT)} imports {name}"


def test_analysis_knows_only_the_records():
    for path in modules("analysis"):
        for name in imported(path):
            if name.split(".")[0] == "grid":
                assert name == "grid" or name.startswith("grid.records"), f"{path}: {name}"


def test_ray_is_imported_in_one_place_of_the_science():
    for package in ("data", "detectors", "grid", "analysis"):
        for path in modules(package):
            where = str(path.relative_to(ROOT))
            if any(n.split(".")[0] == "ray" for n in imported(path)):
                assert where in RAY_LIVES_IN, where


def loaded_after(code: str) -> set[str]:
    """Top-level modules that are loaded once `code` has run in a fresh interpreter."""
    script = f"{code}\nimport sys; print(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    return set(done.stdout.split("\n")[-2].split())


@pytest.mark.parametrize(
    "code",
    [
        "import launch.cli",
        "import launch.desk, launch.show_plan, launch.show_status, launch.run_command",
        "import grid.plan, grid.execute, grid.attempt, grid.local",
        "import analysis.query, analysis.cells",
        "import analysis.overview, analysis.terminal, analysis.report, launch.show_experiment",
        "import launch.demo_command",
        "from detectors.contract import load_card, names; [load_card(n) for n in names()]",
        "import detectors.recipes",
    ],
)
def test_what_plans_and_answers_loads_neither_torch_nor_ray(code):
    loaded = loaded_after(code)
    assert "sys" in loaded  # the list was read
    assert not loaded & {"torch", "torchvision", "timm", "ray", "pandas", "sklearn"}


def test_help_is_light():
    loaded = loaded_after(
        "from launch.cli import cli\ntry: cli(['--help'])\nexcept SystemExit: pass"
    )
    assert not loaded & {"torch", "ray", "pandas", "pyarrow", "duckdb", "PIL", "matplotlib"}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_is_ignored_by_git(package):
    """Ray's upload follows .gitignore: an ignored package would be missing on every worker."""
    files = [str(p.relative_to(ROOT)) for p in modules(package)]
    done = subprocess.run(["git", "check-ignore", *files], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1, f"ignored: {done.stdout}{done.stderr}"


def test_tests_are_flat():
    """A tests/data/__init__.py would shadow our package `data`."""
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_every_command_has_help():
    from launch.cli import cli

    assert set(cli.commands) >= {
        "plan",
        "run",
        "status",
        "query",
        "verify",
        "diff",
        "check",
        "init",
        "compact",
        "gc",
        "demo",
        "matrix",
        "report",
    }
    for name, command in cli.commands.items():
        assert command.help, name
        for parameter in command.params:
            assert parameter.param_type_name == "argument" or parameter.help, (name, parameter.name)
