"""`crossgen profile`: each kind of work measured in a process of its own, shown and stored."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import click

from grid.records.memory_profiles import MemoryProfile, memory_profile, replace_profile
from grid.run.exit_codes import EXIT_DONE, EXIT_FAILED
from grid.store.base import Store
from grid.store.opening import open_store
from grid.trial.gpu import kind_of
from launch.desk import open_desk
from launch.profiling.kinds_of_work import KindOfWork, kinds_of_work
from launch.profiling.noise_experiment import write_noise_experiment
from launch.profiling.show_profiles import MeasuredNeed, print_profiles
from launch.waiting import waiting


def run_profile(words: Sequence[str], *, batch: int | None, **given: Any) -> int:
    """Measure the kinds of work of an experiment, or of detectors; return the exit code.

    Args:
        words: one experiment file, or detectors by name or file.
        batch: images per step in place of each recipe's own.
        given: the words of the command, as `launch.desk.open_desk` takes them.

    Raises:
        Refused: the file, its data or a detector's name.
        StoreError: the store cannot be opened or written.
    """
    files = [word for word in words if word.endswith((".yaml", ".yml")) or _is_other_file(word)]
    if files and len(words) > 1:
        raise click.UsageError("Give one experiment file, or detectors, not both.")
    with tempfile.TemporaryDirectory(prefix="crossgen-profile-") as folder:
        if files:
            file = Path(files[0])
            if not file.is_file():
                raise click.UsageError(f"{files[0]} is not there.")
        else:
            file = write_noise_experiment(Path(folder) / "noise", words)
        desk = open_desk(file, **given)
        desk.store.check_writable()
        discarded = open_store(str(Path(folder) / "store"))
        kinds = kinds_of_work(desk.plan.expansion, discarded, batch)
        results = [
            _measured(work, desk.store, place, len(kinds)) for place, work in enumerate(kinds)
        ]
    print_profiles(results, desk.store.url)
    return EXIT_FAILED if any(each.profile is None for each in results) else EXIT_DONE


def _is_other_file(word: str) -> bool:
    return not word.endswith(".py") and Path(word).is_file()


def _measured(work: KindOfWork, store: Store, place: int, of: int) -> MeasuredNeed:
    """Measure in a fresh process: its peak is of this work alone, and its end frees the device."""
    from launch.profiling.measuring import measured

    said = f"measuring {work.label} ({place + 1} of {of})"
    with waiting(said), ProcessPoolExecutor(1, get_context("spawn")) as pool:
        try:
            found = pool.submit(measured, work).result()
        except BrokenProcessPool:
            return MeasuredNeed(work, None, why="its process was killed, as for want of memory")
        except Exception as error:  # whatever a trial of it would raise, too
            why = (str(error).strip().splitlines() or [""])[0]
            full = "out of memory: " if kind_of(error) == "out_of_memory" else ""
            return MeasuredNeed(work, None, why=f"{full}{type(error).__name__}: {why}")
    card_bytes = found.pop("card_bytes", None)
    profile: MemoryProfile = memory_profile(
        work.spec["memory_work"], made_by="profile", host=socket.gethostname(), **found
    )
    replace_profile(store, profile)
    return MeasuredNeed(work, profile, card_bytes=card_bytes)
