"""Rules of the house that are worth a test: imports, what stays light, what git ignores."""

import ast
import functools
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from repository import ROOT

PACKAGES = ("data", "detectors", "grid", "analysis", "launch")
MAY_IMPORT = {
    "data": set(),
    "detectors": {"data"},
    "grid": {"data", "detectors"},
    "analysis": {"grid", "data"},
    "launch": set(PACKAGES),
}
# Rooms of grid/, each with those that it may import besides the ground (the files at its top).
ROOMS = {
    "store": set(),
    "records": {"store"},
    "integrity": {"records", "store"},
    "trial": {"integrity", "records", "store"},
    "run": {"trial", "store"},
    "experiment_file": set(),
    "smoke": {"experiment_file", "records"},
    "sources": {"experiment_file", "records"},
    "expansion": {"sources", "experiment_file", "records"},
    "checks": {"expansion", "sources", "records"},
    "plan": {
        *("checks", "expansion", "sources", "experiment_file"),
        *("trial", "integrity", "records", "store"),
    },
    "upkeep": {"trial", "integrity", "records", "store"},
    "imported": {"trial", "integrity", "records", "store"},
}
# Rooms of analysis/: each may import those above it.
ANALYSIS_ROOMS = (
    *("statistics", "selecting", "measuring", "matrices", "sql", "comparing"),
    *("tables", "figures", "page", "sections"),
)
GROUND = {"refusal", "durations", "packages", "console", "visible", "cache_folder"}
ANALYSIS_READS = (
    "grid.records.",
    "grid.store.",
    "grid.refusal.",
    "grid.durations.",
    "data.counts.",
)


def modules(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, package
    return found


@functools.cache
def parsed(path: Path) -> ast.Module:
    """A module's syntax tree; each is parsed once for all tests."""
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def imported(path: Path) -> frozenset[str]:
    """Dotted names that a module imports anywhere, inside functions as well."""
    names: set[str] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports are absolute"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
            names.add(node.module)
    return frozenset(names)


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_point_one_way(package):
    for path in modules(package):
        for name in imported(path):
            top = name.split(".")[0]
            if top in PACKAGES and top != package:
                assert top in MAY_IMPORT[package], f"{path.relative_to(ROOT)} imports {name}"


def test_analysis_knows_only_what_is_stored():
    for path in modules("analysis"):
        for name in imported(path):
            if name.split(".")[0] in ("grid", "data"):
                assert f"{name}.".startswith(ANALYSIS_READS), f"{path}: {name}"


def modules_of_grid() -> dict[str, Path]:
    """Every module of grid/ by its dotted name."""
    paths = [p for p in modules("grid") if p.name != "__init__.py"]
    return {".".join(p.relative_to(ROOT).with_suffix("").parts): p for p in paths}


def room_of(module: str) -> str:
    _, room, *rest = module.split(".")
    return room if rest else "ground"


def test_the_rooms_of_grid_import_one_way():
    known = modules_of_grid()
    assert {room_of(m) for m in known} == {*ROOMS, "ground"}
    assert {m.split(".")[1] for m in known if room_of(m) == "ground"} == GROUND
    for module, path in known.items():
        may = ROOMS.get(room_of(module), set()) | {"ground", room_of(module)}
        for name in imported(path) & set(known):
            assert room_of(name) in may, f"{module} imports {name}"
    above: set[str] = set()
    for room, others in ROOMS.items():  # in this order no room needs one that comes after it
        assert others <= above, room
        above.add(room)


def test_the_rooms_of_analysis_import_one_way():
    paths = {p: p.relative_to(ROOT / "analysis").parts for p in modules("analysis")}
    inner = {path: parts[0] for path, parts in paths.items() if len(parts) > 1}
    assert set(inner.values()) == set(ANALYSIS_ROOMS)
    for path, room in inner.items():
        above = ANALYSIS_ROOMS[: ANALYSIS_ROOMS.index(room) + 1]
        for name in imported(path):
            package, _, rest = name.partition(".")
            if package == "analysis" and rest:
                allowed = (
                    rest.split(".")[0] in (*above, "by_presence") or name == "analysis.sections"
                )
                assert allowed, f"{path.relative_to(ROOT)} imports {name}"


def test_every_key_of_a_store_is_made_in_one_place():
    """Elsewhere no text begins with a folder of the store, by name or by its constant."""
    places = ROOT / "grid" / "records" / "places.py"
    tree = parsed(places)
    folders = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    names = tuple(v.value for v in folders.values() if isinstance(v, ast.Constant))
    assert "commits/" in names
    own = {places, ROOT / "grid" / "store" / "base.py"}  # whose probe lies among the claims
    for path in {p for package in ("grid", "analysis", "launch") for p in modules(package)} - own:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not node.value.startswith(names), f"{path}:{node.lineno}"
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.FormattedValue):
                if getattr(node.values[0].value, "id", "") not in folders:
                    continue
                text = ast.get_source_segment(path.read_text(encoding="utf-8"), node) or ""
                # A pattern reads keys and makes none.
                assert text.startswith("rf"), f"{path}:{node.lineno}"


def test_a_run_knows_of_a_trial_only_what_they_exchange():
    for module, path in modules_of_grid().items():
        if room_of(module) == "run":
            trial = {n for n in imported(path) if n.startswith("grid.trial.")}
            assert all(f"{n}.".startswith("grid.trial.contract.") for n in trial), module


def test_a_run_knows_no_ray():
    for module, path in modules_of_grid().items():
        if room_of(module) == "run" and not module.startswith("grid.run.on_ray."):
            assert not any(n.startswith("grid.run.on_ray") for n in imported(path)), module


def test_no_module_of_grid_needs_itself():
    known = modules_of_grid()
    arrows = {m: imported(p) & set(known) for m, p in known.items()}
    while free := [m for m, needs in arrows.items() if not needs & set(arrows)]:
        for module in free:
            del arrows[module]
    assert not arrows, f"in circles, or above one: {sorted(arrows)}"


def test_each_room_says_what_it_holds_and_may_import():
    for room in sorted({path.parent for path in modules_of_grid().values()}):
        text = ast.get_docstring(parsed(room / "__init__.py"))
        assert text is not None, room
        assert len(text.splitlines()) >= 2, room


def test_no_class_and_no_module_bears_the_name_of_another():
    """Public classes of all packages; modules of grid/, whatever their rooms."""
    classes: dict[str, list[str]] = {}
    for package in PACKAGES:
        for path in modules(package):
            for node in parsed(path).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    classes.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert not {name: where for name, where in classes.items() if len(where) > 1}
    names = [path.stem for path in modules_of_grid().values()]
    assert len(names) == len(set(names)), sorted(n for n in names if names.count(n) > 1)


def test_ray_is_imported_in_one_place_of_the_science():
    for package in ("data", "detectors", "grid", "analysis"):
        for path in modules(package):
            where = str(path.relative_to(ROOT))
            if any(n.split(".")[0] == "ray" for n in imported(path)):
                assert where.startswith("grid/run/on_ray/"), where


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
        "import launch.desk, launch.show_plan, launch.show_status, launch.watch_status",
        "import launch.run_command, grid.run.array_task",
        "import grid.plan.plan, grid.trial.execute, grid.trial.attempt, grid.run.here",
        "import analysis.sql.query, analysis.measuring.cells",
        "import analysis.page.overview, analysis.page.terminal, analysis.page.report",
        "import launch.show_experiment",
        "from analysis.page.section import all_sections; assert all_sections()",
        "import launch.demo_command",
        "from detectors.contract import load_card, names; [load_card(n) for n in names()]",
        "import detectors.recipes",
    ],
)
def test_what_plans_and_answers_loads_neither_torch_nor_ray(code):
    loaded = loaded_after(code)
    assert "sys" in loaded  # the list was read
    assert not loaded & {"torch", "torchvision", "timm", "ray", "pandas", "sklearn"}


def test_what_benchmarks_import_is_there():
    """They are run by hand, so nothing else would say that what they measure has moved."""
    paths = sorted((ROOT / "tests" / "benchmarks").glob("*.py"))
    assert paths
    for path in paths:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] in PACKAGES:
                module = importlib.import_module(str(node.module))
                for name in node.names:
                    inner = f"{node.module}.{name.name}"
                    there = hasattr(module, name.name) or importlib.util.find_spec(inner)
                    assert there, f"{path.name}: {inner}"


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


def test_tests_are_no_packages():
    """A tests/data/__init__.py would shadow our package `data`."""
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_every_command_has_help():
    from launch.cli import cli

    context = click.Context(cli)
    commands = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    assert set(commands) >= {
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
    for name, command in commands.items():
        assert command.help, name
        for parameter in command.params:
            assert parameter.param_type_name == "argument" or parameter.help, (name, parameter.name)
