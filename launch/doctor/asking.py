"""What the nodes of a cluster are asked: of an experiment and a store, as seen from here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from grid.experiment_file.loading import load_experiment
from grid.trial.shared_store import store_token
from launch.doctor.node_report import AskedOfNode
from launch.doctor.on_this_machine.experiment import first_files
from launch.doctor.on_this_machine.packages import needed_by_us
from launch.doctor.this_machine import ThisMachine


@contextmanager
def asking(file: Path | None, store: str | None) -> Iterator[AskedOfNode]:
    """Give what to ask; while it holds, the store has a token that nodes must see.

    Raises:
        Refused: the file is no experiment.
        StoreError, StoreUrlRefused: the store cannot be used.
    """
    asked: AskedOfNode = {
        "packages": sorted(each.name for each in needed_by_us()),
        "roots": {},
        "files": {},
        "store": "",
        "token": "",
        "computes": True,
    }
    if file is not None:
        for alias, spec in load_experiment(file, {}).data.items():
            asked["roots"][alias] = str(spec.root)
            with suppress(OSError):  # the check of this machine tells of it
                for image in first_files(spec.root):
                    asked["files"][str(image)] = image.stat().st_size
    opened = ThisMachine(file=file, store=store).the_store()
    if opened is None:
        yield asked
        return
    with store_token(opened) as token:
        yield {**asked, "store": opened.url, "token": token}
