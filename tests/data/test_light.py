"""Importing data must cost little: every command of the house does it."""

import pkgutil
import subprocess
import sys

from repository import ROOT

import data
import data.layouts
import data.toy
import data.upsampled


def test_no_module_of_data_loads_a_heavy_library() -> None:
    modules = [f"data.{module.name}" for module in pkgutil.iter_modules(data.__path__)]
    modules += [f"data.layouts.{name}" for name in data.layouts.names()]
    modules += [f"data.toy.{module.name}" for module in pkgutil.iter_modules(data.toy.__path__)]
    modules += [f"data.upsampled.{m.name}" for m in pkgutil.iter_modules(data.upsampled.__path__)]
    code = (
        f"import sys, importlib; [importlib.import_module(name) for name in {modules!r}]; "
        "print(*{'torch', 'pandas', 'ray', 'scipy', 'duckdb', 'matplotlib', 'timm'} "
        "& set(sys.modules))"
    )
    house = ROOT
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=house, capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == []
