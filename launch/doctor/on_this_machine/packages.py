"""Python and the packages: what crossgen asks for, what is pinned, whose modules are imported."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from data.counts import counted
from grid.packages import ForeignPackages, packages_root, require_own_packages
from launch.doctor.diagnosis import Diagnosis, broken, doubtful, fine
from launch.doctor.this_machine import ThisMachine

SHOWN = 6


def python_version(machine: ThisMachine) -> Diagnosis:
    """Whether this Python is one that crossgen is made for."""
    asked, found = SpecifierSet(_pythons()), platform.python_version()
    if found in asked:
        return fine(f"{found} ({sys.executable})")
    return broken(
        f"{found} is not in {asked} ({sys.executable})",
        f"Make a virtual environment with a Python of {asked}, and install crossgen there",
    )


def needed_packages(machine: ThisMachine) -> Diagnosis | None:
    """Whether what crossgen imports is there, in versions that it is made for."""
    wrong, stated = [], needed_by_us()
    for needed in stated:
        found = installed_version(needed.name)
        if found is None:
            wrong.append(f"{needed} is missing")
        elif not needed.specifier.contains(found, prereleases=True):
            wrong.append(f"{needed.name} {found} is not {needed.specifier}")
    if not stated:  # the code alone came here, as a Ray job's: nodes are held against each other
        return None
    if wrong:
        return broken(_some(wrong), _how_to_install(machine.lock))
    return fine(f"all {len(stated)} that crossgen imports")


def pinned_versions(machine: ThisMachine) -> Diagnosis | None:
    """Whether what is installed is what was tested together; other versions may still do."""
    if machine.lock is None:
        return None
    others, count = [], 0
    for pin in _pins(machine.lock):
        found = installed_version(pin.name)
        if found is None:  # a missing one that is needed is told of above
            continue
        count += 1
        if not pin.specifier.contains(Version(found).public, prereleases=True):
            others.append(f"{pin.name} {found} (pinned {pin.specifier})")
    if others:
        return doubtful(
            f"{len(others)} of {counted(count, 'package')} are not as pinned: {_some(others)}",
            f"{_how_to_install(machine.lock)}, or know that logits may move in their last digits",
        )
    return fine(f"{counted(count, 'package')} as pinned in {machine.lock.name}")


def own_packages(machine: ThisMachine) -> Diagnosis:
    """Whether `data`, `grid` and their sisters are ours, whatever else bears these names."""
    try:
        require_own_packages()
    except ForeignPackages as error:
        return broken(str(error), "Start crossgen elsewhere, or mend PYTHONPATH")
    return fine(f"from {packages_root()}")


def torch_and_torchvision(machine: ThisMachine) -> Diagnosis:
    """Whether both were made for each other, and load together."""
    for needed in importlib.metadata.requires("torchvision") or ():
        asked = Requirement(needed)
        found = installed_version("torch")
        if asked.name == "torch" and found and Version(found).public not in asked.specifier:
            return broken(
                f"torchvision {installed_version('torchvision')} is made for torch "
                f"{asked.specifier}, and torch {found} is installed",
                _how_to_install(machine.lock),
            )
    import torch
    import torchvision

    _ = torchvision.ops.nms  # its compiled part is looked up now
    return fine(f"torch {torch.__version__}, torchvision {torchvision.__version__}")


def installed_version(name: str) -> str | None:
    """Return the version of an installed package, None where there is none."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def needed_by_us() -> list[Requirement]:
    """Return what crossgen states that it imports here; nothing where only its code is there."""
    project = _project()
    if project is not None:
        texts = project["dependencies"]
    else:
        texts = importlib.metadata.requires("crossgen") if installed_version("crossgen") else []
    asked = [Requirement(text) for text in texts or ()]
    return [each for each in asked if each.marker is None or each.marker.evaluate({"extra": ""})]


def _pythons() -> str:
    project = _project()
    if project is not None:
        return str(project["requires-python"])
    if installed_version("crossgen"):
        return importlib.metadata.metadata("crossgen")["Requires-Python"] or ""
    return ""


def _project() -> dict[str, Any] | None:
    """What a checkout says of itself; None outside of one."""
    file = packages_root() / "pyproject.toml"
    if not file.is_file():
        return None
    project: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    return project


def _pins(lock: Path) -> Iterator[Requirement]:
    for line in lock.read_text(encoding="utf-8").splitlines():
        text = line.partition("#")[0].strip()
        if text:
            pin = Requirement(text)
            if pin.marker is None or pin.marker.evaluate():
                yield pin


def _how_to_install(lock: Path | None) -> str:
    return "pip install -r " + (str(lock) if lock is not None else "requirements.lock")


def _some(texts: list[str]) -> str:
    more = f", and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return ", ".join(texts[:SHOWN]) + more


PLACE = 1
CHECKS = {
    "Python": python_version,
    "packages": needed_packages,
    "pinned versions": pinned_versions,
    "own packages": own_packages,
    "torch": torch_and_torchvision,
}
