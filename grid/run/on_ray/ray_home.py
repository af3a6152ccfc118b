"""What a Ray of our own needs around it, without importing it: settings, a disposable folder."""

from __future__ import annotations

import fcntl
import functools
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from grid.packages import packages_root

TUNE_SETTINGS = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # signals are ours
    "TUNE_GLOBAL_CHECKPOINT_S": "1e9",  # Tune's own snapshots: the store remembers, not Tune
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_THRESHOLD_S": "10",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".*",  # the raylet's remarks on a dead worker go to stdout
    "RAY_USAGE_STATS_ENABLED": "0",
}

JOINED_SETTINGS = {
    # Until Ray speaks to a head that was away: time to find out whether it is still the same one.
    "RAY_grpc_client_check_connection_status_interval_milliseconds": "10000",
}

WORKER_SETTINGS = {
    # Activations of more than 32 MB are otherwise mapped and returned at every layer: half of a
    # forward pass at 224 px is page faults.
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
    "MALLOC_TOP_PAD_": str(256 << 20),
    # Tune runs each trial in a thread of its own; with an arena per thread, each of them would
    # keep what its largest trial took (2.5 GB in a worker of the demo).
    "MALLOC_ARENA_MAX": "2",
    # Threads are the experiment's to fix, not a share's (Ray would set the CPUs asked for).
    "OMP_NUM_THREADS": "1",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
    # Else a trial that asks for no GPU sees them all and computes on the first.
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "1",
}

REAL_HOME = "CROSSGEN_HOME"
PREFIX = "cg-"
MARK = ".crossgen-ray"
"""The file that makes a folder ours to remove; locked while its driver lives."""


def parent_folder() -> Path:
    """Return below which folder those of our own Rays are made: /tmp, whose name is short."""
    return Path("/tmp" if os.access("/tmp", os.W_OK) else tempfile.gettempdir())


@contextmanager
def disposable_folder() -> Iterator[Path]:
    """A short folder for one run's Ray, removed afterwards.

    Short, because Ray's sockets lie in it and their paths end at 107 bytes. Folders that a
    killed driver left are removed too: they bear our mark, and its lock is free.
    """
    parent = parent_folder()
    for stale in parent.glob(f"{PREFIX}*"):
        _remove_if_abandoned(stale)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    unlocked = folder / "new"
    with unlocked.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unlocked.rename(folder / MARK)  # so nobody ever sees the mark without its lock
        try:
            yield folder
        finally:
            remove_folder(folder)


def remove_folder(folder: Path) -> None:
    """Remove a disposable folder, its mark last: what is left of it can be known as ours.

    Something is left where workers that outlived their driver still write.
    """
    with suppress(OSError):
        for entry in _unmarked(folder):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink()
        if not _unmarked(folder):
            (folder / MARK).unlink()
            folder.rmdir()


def _unmarked(folder: Path) -> list[Path]:
    return [entry for entry in folder.iterdir() if entry.name != MARK]


def _remove_if_abandoned(folder: Path) -> None:
    """Only with our mark: other people's folders may begin with the same letters."""
    with suppress(OSError):
        if folder.is_symlink() or not (folder / MARK).is_file():
            return
        with (folder / MARK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove_folder(folder)


def own_cluster_settings(folder: Path) -> dict[str, str]:
    """The environment in which a cluster of our own is started; its workers inherit it.

    Inherited, because a runtime_env of the job would cost every first worker a second and more.
    Our packages go first on the workers' path, wherever the driver was started.

    With HOME at a folder that holds an (empty) ``ray_bootstrap_config.yaml``, Ray's head does not
    ask the cloud's metadata address who it is; workers get the real HOME back, see
    `restore_home`. Token authentication is on unless the user has decided about it.
    """
    home = folder / "home"
    home.mkdir(exist_ok=True)
    (home / "ray_bootstrap_config.yaml").write_text("{}\n")
    path = [str(packages_root()), *filter(None, [os.environ.get("PYTHONPATH")])]
    settings = {
        **WORKER_SETTINGS,
        "PYTHONPATH": os.pathsep.join(path),
        "HOME": str(home),
        REAL_HOME: os.environ.get(REAL_HOME) or os.environ.get("HOME", "/"),
    }
    if "RAY_AUTH_MODE" not in os.environ:
        token = folder / "token"
        token.touch(mode=0o600)
        token.write_text(_token())
        settings |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(token)}
    return settings


@functools.cache
def _token() -> str:
    """One per process: Ray's client reads it once and keeps it."""
    return secrets.token_hex(32)


def restore_home() -> None:
    """Give a worker of our own cluster the user's HOME (see `own_cluster_settings`)."""
    real = os.environ.pop(REAL_HOME, None)
    if real is not None:
        os.environ["HOME"] = real


@contextmanager
def environment(settings: Mapping[str, str]) -> Iterator[None]:
    """These variables are set inside, and as before outside."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def directory(folder: Path) -> Iterator[None]:
    """The working directory is this inside: Ray puts the driver's on its workers' paths."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
