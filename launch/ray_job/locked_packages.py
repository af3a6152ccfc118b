"""The packages of the lock, for a cluster that has Ray and nothing else."""

from __future__ import annotations

import functools
import importlib.metadata
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from grid.refusal import Refused


def locked_packages(lock: Path | None) -> list[str]:
    """Return the lines of the lock that a run needs: not Ray itself, and no developer's tools.

    Raises:
        Refused: there is no lock.
    """
    if lock is None:
        raise Refused.because(
            "--packages lock",
            "this crossgen has no requirements.lock with it",
            "Give --packages none and install crossgen's packages on the cluster",
        )
    lines = lock.read_text(encoding="utf-8").splitlines()
    return without(lines, developers_packages() | {"ray"})


def without(lines: Iterable[str], left_out: set[str]) -> list[str]:
    """Return the requirements among lines, without those of some names."""
    kept = []
    for line in lines:
        text = line.split(" #")[0].strip()
        if text and not text.startswith(("#", "-")):
            name = canonicalize_name(Requirement(text).name)
            kept += [text] if name not in left_out else []
    return kept


@functools.cache
def developers_packages() -> set[str]:
    """Return the names that the extra `dev` alone asks for, as far as they are installed here.

    Exclusion errs on the side of one package too many; an inclusion by what is installed here
    would lack what only the cluster's machines need (CUDA).
    """
    return _needed("crossgen", {"dev"}) - _needed("crossgen", set())


def _needed(package: str, extras: set[str]) -> set[str]:
    """Return the names of all that a package needs, and what these need."""
    found: set[str] = set()
    waiting = [(package, frozenset(extras))]
    seen = set(waiting)
    while waiting:
        name, asked = waiting.pop()
        try:
            requirements = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for requirement in map(Requirement, requirements):
            marker = requirement.marker
            if marker and not any(marker.evaluate({"extra": e}) for e in asked | {""}):
                continue
            inner = (canonicalize_name(requirement.name), frozenset(requirement.extras))
            found.add(inner[0])
            if inner not in seen:
                seen.add(inner)
                waiting.append(inner)
    return found
