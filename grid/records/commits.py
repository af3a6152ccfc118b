"""The commit protocol: which attempt is the fit, and which pieces exist.

An attempt writes its weights, history, validation scores and provenance below its own folder and
then, last, tries to create `commits/<fit_id>.json`. The first to do so is the fit; the others
discard what they wrote. A piece needs no record of its own: its file is the commit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypedDict, cast

from grid.records.identity import digest_bytes
from grid.records.places import COMMITS, SCORES, commit_key, scores_of, weights_key
from grid.records.proven.json_records import SCHEMA, CorruptRecord, from_json, to_json
from grid.store.base import Store
from grid.store.errors import StoreMissing


class StoredWeights(TypedDict):
    """One epoch's weights: the checksum that everything built on them is held against."""

    sha256: str
    bytes: int


class Threshold(TypedDict):
    """How a logit becomes "fake": rule "logit" compares it with `value`."""

    rule: str
    value: float


class Commit(TypedDict):
    """A committed fit, as it lies in `commits/<fit_id>.json`. Epochs are keys as text."""

    schema: int
    fit_id: str
    attempt: str
    description: dict[str, Any]
    weights: dict[str, StoredWeights]
    selected_epoch: int
    last_epoch: int
    kept_epochs: list[int]
    threshold: Threshold
    n_train: int
    n_validation: int
    seconds: float
    predicted_seconds: float | None
    warnings: list[str]
    parent: str | None


_REQUIRED = frozenset(Commit.__required_keys__)


class WeightsChanged(CorruptRecord):
    """Committed weights are gone, or their bytes are not those that were committed."""


def commit_fit(store: Store, commit: Commit) -> bool:
    """Commit a fit: True when this attempt is the fit now, False when another one was first.

    Raises ValueError where the record is incomplete or names weights that were not written, since
    a commit can never be corrected; StoreUnwritable where nothing can be written.
    """
    missing = sorted(_REQUIRED - commit.keys())
    if missing or commit["schema"] != SCHEMA:
        raise ValueError(
            f"commit of {commit.get('fit_id')}: it lacks {', '.join(missing) or 'our schema'}, and "
            f"a commit is final; give every field and schema {SCHEMA}."
        )
    for epoch in commit["weights"]:
        key = weights_key(commit["fit_id"], commit["attempt"], int(epoch))
        if not store.exists(key):
            raise ValueError(
                f"commit of {commit['fit_id']}: {key} is not in the store, and a commit is final; "
                "write the weights first."
            )
    return store.put_new(commit_key(commit["fit_id"]), to_json(commit))


def read_commit(store: Store, fit_id: str) -> Commit | None:
    """Return a fit's commit, None where it is not committed."""
    key = commit_key(fit_id)
    try:
        return _commit(key, store.get(key))
    except StoreMissing:
        return None


def read_commits(store: Store, fit_ids: Iterable[str] | None = None) -> dict[str, Commit]:
    """Return the commits by fit id: of the given fits, or all."""
    keys = store.list(COMMITS)
    if fit_ids is not None:
        wanted = {commit_key(fit_id) for fit_id in fit_ids}
        keys = [key for key in keys if key in wanted]
    commits = (_commit(key, data) for key, data in store.get_many(keys).items())
    return {commit["fit_id"]: commit for commit in commits}


def committed_fits(store: Store) -> set[str]:
    """Return the ids of the committed fits, by one listing."""
    return {key.removeprefix(COMMITS).removesuffix(".json") for key in store.list(COMMITS)}


def committed_pieces(store: Store) -> dict[str, set[str]]:
    """Return the ids of the pieces that exist, by fit id, by one listing and no file opened."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for key in store.list(SCORES):
        fit_id, slash, name = key.removeprefix(SCORES).partition("/")
        if slash and name.endswith(".parquet"):
            found[fit_id].add(name.removesuffix(".parquet"))
    return dict(found)


def committed_pieces_of(store: Store, fit_id: str) -> set[str]:
    """Return the ids of the pieces of one fit that exist, by one listing."""
    prefix = scores_of(fit_id)
    return {key.removeprefix(prefix).removesuffix(".parquet") for key in store.list(prefix)}


def write_weights(
    store: Store, fit_id: str, attempt: str, epoch: int, data: bytes
) -> StoredWeights:
    """Store an attempt's weights after `epoch`; return what its commit says of them."""
    store.put_new(weights_key(fit_id, attempt, epoch), data)
    return StoredWeights(sha256=digest_bytes(data), bytes=len(data))


def read_weights(store: Store, commit: Commit, epoch: int) -> bytes:
    """Return committed weights, checked against the commit; raise WeightsChanged or ValueError."""
    expected = commit["weights"].get(str(epoch))
    if expected is None:
        raise ValueError(
            f"{commit['fit_id']} epoch {epoch}: its weights were not kept; kept are "
            f"{', '.join(sorted(commit['weights'], key=int)) or 'none'}. Add the epoch to "
            "`keep_epochs` of the recipe, which makes a new fit."
        )
    key = weights_key(commit["fit_id"], commit["attempt"], epoch)
    mend = (
        f"restore the file from a copy, or delete {commit_key(commit['fit_id'])} and the fit's "
        "scores to train it again"
    )
    try:
        data = store.get(key)
    except StoreMissing as error:
        raise WeightsChanged(key, "the weights that were committed are gone", mend) from error
    found = digest_bytes(data)
    if found != expected["sha256"]:
        raise WeightsChanged(
            key,
            f"its bytes are not those that were committed ({len(data):,} bytes with sha256 "
            f"{found[:12]}..., the commit names {expected['bytes']:,} with "
            f"{expected['sha256'][:12]}...)",
            mend,
        )
    return data


def weights_damage(store: Store, commit: Commit, epochs: Iterable[int] | None = None) -> list[str]:
    """Return a sentence for each epoch, of all that are kept, whose weights cannot be used."""
    if epochs is None:
        epochs = sorted({*commit["kept_epochs"], *map(int, commit["weights"])})
    found = []
    for epoch in epochs:
        try:
            read_weights(store, commit, epoch)
        except (WeightsChanged, ValueError) as error:
            found.append(f"epoch {epoch}: {error}")
    return found


def _commit(key: str, data: bytes) -> Commit:
    commit = cast(Commit, from_json(key, data, _REQUIRED, Commit))
    if commit_key(commit["fit_id"]) != key:
        raise CorruptRecord(key, f"it is the commit of {commit['fit_id']}")
    return commit
