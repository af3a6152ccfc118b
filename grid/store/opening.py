"""A store opened by its address: a folder, `file:///...`, `s3://bucket/prefix` or a bundle."""

from __future__ import annotations

import os
from pathlib import Path

from grid.store.base import Store
from grid.store.errors import StoreUrlRefused
from grid.store.local import LocalStore

# Ray sets the first for what `ray job submit` starts (and strips the second from it), the second
# in every worker.
_RAY_JOB_VARIABLES = ("RAY_JOB_CONFIG_JSON_ENV_VAR", "RAY_JOB_ID")


def open_store(url: str | os.PathLike[str]) -> Store:
    """Open a store by its address: a folder, `file:///...`, `s3://bucket/prefix`, or a bundle.

    A relative folder is made absolute here, at the door, since Tune changes its workers' working
    directory. Inside a Ray job it is refused: it would land in the job's disposable copy of the
    code. Nothing is created before the first write. A bundle (`FILE.zip`) can only be read.
    Raises StoreUrlRefused.
    """
    text = os.fspath(url)
    if not text:
        raise StoreUrlRefused(
            "store '': no address was given; pass --store, set CROSSGEN_STORE or write `store:`."
        )
    scheme, found, rest = text.partition("://")
    if not found:
        return _on_disk(_absolute(text))
    if scheme == "file":
        return _on_disk(_absolute("/" + rest.lstrip("/")))
    if scheme == "s3":
        from grid.store.s3 import S3Store

        return S3Store(text)
    raise StoreUrlRefused(
        f"store {text!r}: `{scheme}://` has not passed the test that a file is never overwritten "
        "when two processes create it at once; use a folder (local or NFS) or s3://bucket/prefix."
    )


def _on_disk(path: Path) -> Store:
    if path.suffix == ".zip" and not path.is_dir():
        from grid.store.archive import ArchiveStore

        return ArchiveStore(path)
    return LocalStore(path)


def inside_ray_job() -> str:
    """Return the variable that tells that this process belongs to a Ray job, "" outside of one."""
    return next((name for name in _RAY_JOB_VARIABLES if os.environ.get(name)), "")


def _absolute(folder: str) -> Path:
    path = Path(folder).expanduser()
    if path.is_absolute():
        return Path(os.path.normpath(path))
    inside = inside_ray_job()
    if inside:
        raise StoreUrlRefused(
            f"store {folder!r}: it is relative, and inside a Ray job ({inside} is set) it would "
            "land in the job's disposable copy of the code; give an absolute path or s3://."
        )
    return Path(os.path.normpath(Path.cwd() / path))
