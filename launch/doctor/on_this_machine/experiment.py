"""The experiment: its file, its plug-ins, its images, its weights, and whether plan refuses it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from data.counts import counted
from data.regular_files import open_regular
from detectors.contract import load_card
from detectors.plugins import registered
from detectors.weights_folder.proving import fault_of_name
from grid.experiment_file.loading import load_experiment
from grid.experiment_file.plugin_files import use_named_plugins
from grid.experiment_file.schema import Experiment
from grid.plan.known_failures import refuse_known_failures
from grid.refusal import Problems
from launch.desk import open_desk
from launch.doctor.diagnosis import Diagnosis, broken, fine
from launch.doctor.this_machine import ThisMachine

FILES_TRIED = 3


def experiment_file(machine: ThisMachine) -> Diagnosis | None:
    """Whether the file is an experiment."""
    if machine.file is None:
        return None
    experiment = load_experiment(machine.file, {})
    return fine(f"{experiment.name}, {counted(len(experiment.arms), 'arm')}")


def plugins(machine: ThisMachine) -> Diagnosis | None:
    """Whether the detectors that it brings along load; this runs their files."""
    experiment = _experiment(machine)
    if experiment is None or not experiment.plugins:
        return None
    problems = Problems()
    use_named_plugins(experiment.plugins, problems)
    problems.raise_if_any()
    return fine(", ".join(load_card(name).name for name in registered()))


def data_roots(machine: ThisMachine) -> Diagnosis | None:
    """Whether the folders of images are there, and files in them can be read."""
    experiment = _experiment(machine)
    if experiment is None:
        return None
    for alias, spec in experiment.data.items():
        try:
            for file in first_files(spec.root):
                with open_regular(file) as opened:
                    opened.read(1)
        except OSError as error:
            return broken(
                f"data.{alias}: {error.filename or spec.root} cannot be read ({error.strerror})",
                "Mount it, correct `root:` or the variable in it, or ask for the right to read it",
            )
    return fine(", ".join(str(spec.root) for spec in experiment.data.values()))


def weights(machine: ThisMachine) -> Diagnosis | None:
    """Whether weights that it names are there, byte by byte; `plan` reads their entries alone."""
    experiment = _experiment(machine)
    if experiment is None:
        return None
    folder = experiment.weights_folder or machine.weights
    names = sorted(
        {
            name
            for arm in experiment.arms
            for spec in arm.weights
            if spec is not None
            for name in (spec.name, *(part.name for part in spec.parts.values()))
            if name is not None and name != "paper"
        }
    )
    faults = [f"{name}: {fault}" for name in names if (fault := fault_of_name(folder, name))]
    if faults:
        return broken(
            "; ".join(faults), "Bring them in: `crossgen weights fetch NAME`, or `import FILE`"
        )
    return fine(f"{', '.join(names)} in {folder}") if names else None


def plan(machine: ThisMachine) -> Diagnosis | None:
    """Whether a run would be refused; images are indexed for it."""
    if machine.file is None:
        return None
    desk = open_desk(machine.file, store=machine.store)
    refuse_known_failures(desk.plan, desk.store)
    missing = len(desk.plan.missing)
    return fine(f"{counted(len(desk.plan.fits), 'fit')}, something is missing of {missing:,}")


def first_files(root: Path) -> Iterator[Path]:
    """Yield a few files below a root, or the root itself where it is a list.

    Raises:
        OSError: a folder cannot be listed, or the root is not there.
    """
    if root.is_file():
        yield root
        return
    found, waiting = 0, [root]
    while waiting and found < FILES_TRIED:
        with os.scandir(waiting.pop()) as entries:
            for entry in sorted(entries, key=lambda each: each.name)[:100]:
                if entry.is_dir():
                    waiting.append(Path(entry.path))
                elif entry.is_file() and found < FILES_TRIED:
                    found += 1
                    yield Path(entry.path)


def _experiment(machine: ThisMachine) -> Experiment | None:
    return None if machine.file is None else load_experiment(machine.file, {})


PLACE = 5
CHECKS = {
    "experiment file": experiment_file,
    "plug-ins": plugins,
    "data roots": data_roots,
    "weights": weights,
    "plan": plan,
}
