"""What no commit names, and its removal: lost attempts, spent checkpoints, stale temporaries.

The rule that keeps running work safe is not a clock but the commit: *an attempt at a fit that is
not committed is not touched*, since it may be running, or be what the next one resumes from. Once
a fit is committed, every other attempt at it has lost for good: it can only find that out and
discard its part. A grace period on top (by the storage's own clock, longer than the ten minutes
between checkpoints) spares a loser that is still writing the surprise. Temporaries, which no reader
looks at and whose writing takes seconds, go after the same period wherever they lie.

Committed files are never removed: commits, the weights that they name, histories, validation
scores, provenance, scores, manifests, experiments, failures, runs. `derived/` is left to `compact`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from grid.records.commits import Commit, read_commits
from grid.records.places import CLAIMS, FITS, checkpoint_key, weights_key
from grid.store.base import Store, StoredFile
from grid.store.local import LocalStore

GRACE_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class Garbage:
    """One file that no commit names: what kind, how big, and why it may go."""

    key: str
    kind: str
    bytes: int
    why: str


def garbage(store: Store, grace_s: float = GRACE_S) -> list[Garbage]:
    """Return what `collect` would remove, sorted by key; removes nothing (`gc --dry-run`).

    Kinds: "attempt" (a file of an attempt that lost), "checkpoint" and "weights" (of the committed
    attempt, not named by its commit), "temporary" (a writer was killed), "claim" (its claimant
    has not touched it for that long). What is younger than `grace_s` is left; of an attempt, its
    youngest file counts.
    """
    # Commits first: a fit that is committed after this listing is left for the next time.
    commits = read_commits(store)
    now = store.now_s()
    entries = list(store.entries())
    newest: dict[str, float] = {}
    for entry in entries:
        attempt = _attempt_of(entry.key)
        if attempt is not None:
            name = "/".join(attempt)
            newest[name] = max(newest.get(name, 0.0), entry.modified_s)
    found: list[Garbage] = []
    for entry in entries:
        attempt = None if entry.temporary else _attempt_of(entry.key)
        latest = entry.modified_s if attempt is None else newest["/".join(attempt)]
        if now - latest >= grace_s:
            found.extend(_judged(entry, commits))
    return found


def collect(store: Store, grace_s: float = GRACE_S) -> list[Garbage]:
    """Remove what no commit names and return what was removed. Raises StoreUnwritable."""
    found = garbage(store, grace_s)
    for each in found:
        if each.kind == "temporary" and isinstance(store, LocalStore):
            store.delete_temporary(each.key)
        else:
            store.delete(each.key)
    return found


def _judged(entry: StoredFile, commits: Mapping[str, Commit]) -> Iterator[Garbage]:
    verdict = _verdict(entry, commits)
    if verdict is not None:
        kind, why = verdict
        yield Garbage(key=entry.key, kind=kind, bytes=entry.bytes, why=why)


def _verdict(entry: StoredFile, commits: Mapping[str, Commit]) -> tuple[str, str] | None:
    """Return the kind and the reason where a file of sufficient age may go, else None."""
    if entry.temporary:
        # Of any fit: nobody reads one, and its writer takes seconds.
        return "temporary", "its writer was killed before the file had a name"
    attempt = _attempt_of(entry.key)
    if attempt is not None:
        fit_id, name = attempt
        commit = commits.get(fit_id)
        if commit is None:
            return None
        if commit["attempt"] != name:
            return "attempt", f"{fit_id} is committed by attempt {commit['attempt']}"
        if entry.key == checkpoint_key(fit_id, name):
            return "checkpoint", f"{fit_id} is committed, nothing resumes from it"
        named = {weights_key(fit_id, name, int(epoch)) for epoch in commit["weights"]}
        if entry.key.endswith(".safetensors") and entry.key not in named:
            return "weights", f"the commit of {fit_id} does not name this epoch"
    if entry.key.startswith(CLAIMS):
        return "claim", "its claimant is gone: one that lives writes it again every few seconds"
    return None


def _attempt_of(key: str) -> tuple[str, str] | None:
    """Return (fit_id, attempt) of a key below fits/, None for any other."""
    if not key.startswith(FITS):
        return None
    parts = key.split("/")
    return (parts[1], parts[2]) if len(parts) == 4 else None
