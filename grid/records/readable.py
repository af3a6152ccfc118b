"""What of a store can be read, where some of it is damaged: the rest, and what is left out, why.

Readers raise CorruptRecord at the first damaged file, which is right for one fit and wrong for a
matrix of five hundred. Here the damaged ones are found by halves, so a store without any costs
nothing more. A file that cannot be read at all (permission, I/O error) stays an error: it is not
known to be damaged.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

from grid.records.commits import Commit, read_commits
from grid.records.experiments import ExperimentRecord
from grid.records.failures import Failure, read_failures
from grid.records.places import (
    COMMITS,
    EXPERIMENTS,
    FAILURES,
    RUNS,
    SCORES,
    commit_key,
    history_key,
    provenance_key,
)
from grid.records.proven.json_records import CorruptRecord
from grid.records.runs import RunRecord, read_runs
from grid.records.stored_experiments import read_experiments
from grid.records.tables import read_histories, read_provenances
from grid.store.base import Store

if TYPE_CHECKING:
    import pyarrow as pa

Item = TypeVar("Item")
Found = TypeVar("Found")
Damaged = dict[str, str]
"""The reason by key."""

_COMMIT = re.compile(rf"{COMMITS}[^/]+\.json")
_EXPERIMENT = re.compile(rf"{EXPERIMENTS}([^/]+)/([^/]+)\.json")


@dataclass
class Present:
    """The pieces of a store by fit: those whose file is there, and those whose file is empty.

    An empty file is no piece: a link or a PUT makes whole files, so something happened to it since.
    """

    pieces: dict[str, set[str]] = field(default_factory=dict)
    empty: dict[str, set[str]] = field(default_factory=dict)


def present_pieces(store: Store) -> Present:
    """Return the pieces of a store, by one listing; their contents are not looked at."""
    pieces: defaultdict[str, set[str]] = defaultdict(set)
    empty: defaultdict[str, set[str]] = defaultdict(set)
    for key, size in store.sizes(SCORES).items():
        fit_id, _, name = key.removeprefix(SCORES).partition("/")
        if name.endswith(".parquet") and "/" not in name:
            (pieces if size else empty)[fit_id].add(name.removesuffix(".parquet"))
    return Present(dict(pieces), dict(empty))


def readable_commits(
    store: Store, fit_ids: Iterable[str] | None = None
) -> tuple[dict[str, Commit], Damaged]:
    """Return the commits of the given fits, or all, by fit id, and the damaged ones."""
    wanted = None if fit_ids is None else {commit_key(fit_id) for fit_id in fit_ids}
    # A stray file beside the commits is none of them: `check store` names it.
    keys = [
        key
        for key in store.list(COMMITS)
        if (key in wanted if wanted is not None else _COMMIT.fullmatch(key))
    ]
    found, damaged = by_halves(keys, lambda some: read_commits(only_keys(store, some)))
    return {fit_id: each for part in found for fit_id, each in part.items()}, damaged


def readable_experiments(
    store: Store, name: str | None = None, digest: str | None = None
) -> tuple[list[ExperimentRecord], Damaged]:
    """Return expansions as `read_experiments` does, and the damaged ones.

    Raises:
        Refused: the name or the digest is not in the store.
    """
    places = {
        key: place for key in store.list(EXPERIMENTS) if (place := _EXPERIMENT.fullmatch(key))
    }
    try:
        return read_experiments(only_keys(store, places), name, digest), {}
    except CorruptRecord:
        wanted = [
            key
            for key, place in places.items()
            if name in (None, place[1]) and (digest is None or place[2].startswith(digest))
        ]
    found, damaged = by_halves(wanted, lambda some: read_experiments(only_keys(store, some)))
    return [each for part in found for each in part], damaged


def readable_failures(store: Store) -> tuple[list[Failure], Damaged]:
    """Return the failures of all fits, by fit, attempt and number, and the damaged ones."""
    keys = store.list(FAILURES)
    found, damaged = by_halves(keys, lambda some: read_failures(only_keys(store, some)))
    return [each for part in found for each in part], damaged


def readable_runs(store: Store, experiment: str | None = None) -> tuple[list[RunRecord], Damaged]:
    """Return the records of an experiment's runs or of all, by their start, and the damaged ones.

    A damaged one counts as every experiment's: whose it is cannot be read.
    """
    keys = [key for key in store.list(RUNS) if key.endswith(".json")]
    found, damaged = by_halves(keys, lambda some: read_runs(only_keys(store, some)))
    runs = [each for part in found for each in part if experiment in (None, each["experiment"])]
    return sorted(runs, key=lambda each: each["started"]), damaged


def readable_provenances(
    store: Store, commits: Iterable[Commit]
) -> tuple[dict[str, dict[str, Any]], Damaged]:
    """Return the provenance of fits by id, and the damaged ones; a missing one is left out."""
    found, damaged = by_halves(
        list(commits),
        lambda some: read_provenances(store, some),
        lambda each: provenance_key(each["fit_id"], each["attempt"]),
    )
    return {fit_id: each for part in found for fit_id, each in part.items()}, damaged


def readable_histories(
    store: Store, commits: Iterable[Commit]
) -> tuple[dict[str, pa.Table], Damaged]:
    """Return the history of fits by id, and the damaged ones; a missing one is left out."""
    found, damaged = by_halves(
        list(commits),
        lambda some: read_histories(store, some),
        lambda each: history_key(each["fit_id"], each["attempt"]),
    )
    return {fit_id: each for part in found for fit_id, each in part.items()}, damaged


def by_halves(
    items: Sequence[Item],
    read: Callable[[Sequence[Item]], Found],
    key_of: Callable[[Item], str] = str,
) -> tuple[list[Found], Damaged]:
    """Read many at once; where one of them is damaged, each half of them, and so on."""
    try:
        return [read(items)], {}
    except CorruptRecord as error:
        if len(items) < 2:
            return [], {key_of(item): error.why for item in items}
    middle = len(items) // 2
    found, damaged = by_halves(items[:middle], read, key_of)
    more, others = by_halves(items[middle:], read, key_of)
    return found + more, {**damaged, **others}


def only_keys(store: Store, keys: Collection[str]) -> Store:
    """Return a store whose listings show these keys only; all else is the store's."""
    return cast(Store, _OnlyKeys(store, keys))


class _OnlyKeys:
    def __init__(self, store: Store, keys: Collection[str]) -> None:
        self._store = store
        self._keys = sorted(keys)

    def list(self, prefix: str = "") -> list[str]:
        return [key for key in self._keys if key.startswith(prefix)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
