"""Whether ``data`` and its sisters are ours: the names are plain, and other folders bear them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

PACKAGES = ("data", "detectors", "grid", "launch", "analysis")

CODE_VERSION_FILE = "crossgen-code-version"
"""Beside the packages of a copy that travelled: what its provenance is to call this code."""


class ForeignPackages(RuntimeError):
    """Another package of one of our names is imported instead of ours."""


def packages_root() -> Path:
    """The folder that holds our packages: a checkout, site-packages, or a job's working folder."""
    return Path(__file__).resolve().parents[1]


def require_own_packages() -> None:
    """Check that all packages come from one folder.

    Raises:
        ForeignPackages: Some do not; all of them are listed with where they come from.
    """
    root = packages_root()
    foreign = []
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        places = list(spec.submodule_search_locations or ()) if spec else []
        if not places or Path(places[0]).resolve() != root / name:
            foreign.append(f"{name} would be imported from {places[0] if places else 'nowhere'}")
    if foreign:
        raise ForeignPackages(
            f"{'; '.join(foreign)}, while crossgen is in {root}. A folder of that name comes first "
            "on Python's path: start crossgen from another directory, or take it off PYTHONPATH"
        )
