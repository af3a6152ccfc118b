"""What the checks of this machine may look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from grid.cache_folder import default_cache_dir, default_weights_folder
from grid.experiment_file.loading import load_experiment
from grid.run.on_ray.ray_home import parent_folder
from grid.store.base import Store
from grid.trial.node_images import decoded_folder
from launch.desk import store_of
from launch.lock_file import lock_file


@dataclass(frozen=True, kw_only=True)
class ThisMachine:
    """Folders and files that a run would use here.

    Attributes:
        file: the experiment; None where none is given.
        store: as --store gives it; None: as a run would find it.
        lock: the file of pinned versions; None where the code came without it.
        cache: where indexes lie.
        scratch: where decoded images lie.
        temporary: below which Ray's own folder is made.
        weights: where weights to begin with lie.
    """

    file: Path | None = None
    store: str | None = None
    lock: Path | None = field(default_factory=lock_file)
    cache: Path = field(default_factory=default_cache_dir)
    scratch: Path = field(default_factory=decoded_folder)
    temporary: Path = field(default_factory=parent_folder)
    weights: Path = field(default_factory=default_weights_folder)

    def the_store(self) -> Store | None:
        """Open the store that a run would write to; None where neither file nor store is given."""
        if self.file is None:
            return None if self.store is None else store_of(self.store)
        experiment = load_experiment(self.file, {})
        return store_of(self.store, experiment.store, base=self.file.resolve().parent)
