"""Expanded experiments in the store: written once, proved by their own digest when read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from grid.records.experiments import ExperimentRecord
from grid.records.identity import digest, digest_of_json
from grid.records.places import EXPERIMENTS, experiment_key
from grid.records.proven.checksums import CorruptRecord
from grid.records.proven.json_records import from_json, to_json
from grid.refusal import Refused, did_you_mean
from grid.store.base import Store

DIGEST_DIGITS = 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_REQUIRED = frozenset(ExperimentRecord.__required_keys__)
# Who wrote a record and whom it cites changes nothing of what is wanted.
_NOT_IN_THE_DIGEST = ("digest", "created_by", "papers")


def experiment_digest(experiment: Mapping[str, Any]) -> str:
    """Return the digest of an expansion: of what it wants, not of who wrote or what it cites."""
    return _digest_of(experiment, digest)


def write_experiment(store: Store, experiment: ExperimentRecord | Mapping[str, Any]) -> bool:
    """Store an expansion; False where this very one is there already."""
    missing = sorted(_REQUIRED - experiment.keys())
    if missing:
        raise ValueError(
            f"experiment {experiment.get('name')!r}: its record lacks {', '.join(missing)}; give "
            "every field."
        )
    if not _NAME.fullmatch(experiment["name"]):
        raise ValueError(
            f"experiment {experiment['name']!r}: the name is a folder's name in the store; use "
            "letters, digits, '_', '.' and '-'."
        )
    return store.put_new(
        experiment_key(experiment["name"], experiment["digest"]), to_json(experiment)
    )


def read_experiments(
    store: Store, name: str | None = None, digest: str | None = None
) -> list[ExperimentRecord]:
    """Return the expansions of one name (or all), of one digest (a beginning is enough) or all.

    Raises ValueError, with a suggestion, where a name or a digest is not in the store.
    """
    keys = store.list(EXPERIMENTS)
    places = {key: tuple(key.removeprefix(EXPERIMENTS).split("/", 1)) for key in keys}
    names = {place[0] for place in places.values()}
    if name is not None and name not in names:
        raise Refused.because(
            f"experiment {name!r}",
            f"the store {store.url} has none of this name",
            did_you_mean(name, names),
        )
    chosen = [
        key
        for key, place in places.items()
        if (name is None or place[0] == name) and (digest is None or place[1].startswith(digest))
    ]
    if digest is not None and not chosen:
        known = sorted(place[1].removesuffix(".json") for place in places.values())
        raise Refused.because(
            f"experiment digest {digest!r}",
            f"the store {store.url} has no such expansion",
            f"Known are {', '.join(known) or 'none'}",
        )
    return [_experiment(key, data) for key, data in sorted(store.get_many(chosen).items())]


def _experiment(key: str, data: bytes) -> ExperimentRecord:
    experiment = cast(ExperimentRecord, from_json(key, data, _REQUIRED, ExperimentRecord))
    stated = experiment_key(experiment["name"], experiment["digest"])
    if key != stated or _digest_of(experiment, digest_of_json) != experiment["digest"]:
        raise CorruptRecord(key, "its digest is not that of what it holds")
    return experiment


def _digest_of(experiment: Mapping[str, Any], digest: Callable[[object], str]) -> str:
    content = {key: value for key, value in experiment.items() if key not in _NOT_IN_THE_DIGEST}
    return digest(content)[:DIGEST_DIGITS]
