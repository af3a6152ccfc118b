"""Claims: which array task is at work on which fit, `claims/<fit_id>/<run>.json`.

Advice only: two who work on one fit at once do no harm, since the first commit wins. So a claim
that cannot be read is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict, cast

from grid.records.places import CLAIMS, claim_key, claims_of
from grid.records.proven.json_records import CorruptRecord, from_json, to_json
from grid.store.base import Store


class ClaimRecord(TypedDict):
    """A claim of one run on one fit.

    `counter` goes up every few seconds while the claimant lives. `given_up` says why the claimant
    gave the fit up, "" while it works. `job` and `restart` are those of a batch system: "" and 0
    without one.
    """

    schema: int
    fit_id: str
    run: str
    host: str
    pid: int
    job: str
    restart: int
    counter: int
    given_up: str


def write_claim(store: Store, claim: ClaimRecord) -> None:
    """Store a claim in place of its last state. Raises StoreError."""
    store.put_checkpoint(claim_key(claim["fit_id"], claim["run"]), to_json(claim))


def drop_claim(store: Store, fit_id: str, run: str) -> None:
    """Take a claim back. Raises StoreError."""
    store.delete(claim_key(fit_id, run))


def claimants(store: Store, fit_id: str | None = None) -> dict[str, set[str]]:
    """Return the runs that claim a fit, or any: by fit id, by one listing."""
    found: dict[str, set[str]] = {}
    for key in store.list(CLAIMS if fit_id is None else claims_of(fit_id)):
        claimed, slash, name = key.removeprefix(CLAIMS).partition("/")
        if slash and name.endswith(".json"):
            found.setdefault(claimed, set()).add(name.removesuffix(".json"))
    return found


def read_claims(store: Store, wanted: Iterable[tuple[str, str]]) -> list[ClaimRecord]:
    """Return the claims of these (fit id, run) that are there and can be read."""
    keys = [claim_key(fit_id, run) for fit_id, run in wanted]
    found = []
    for key, data in store.get_many(keys).items():
        try:
            shape = ClaimRecord.__required_keys__
            found.append(cast(ClaimRecord, from_json(key, data, shape, ClaimRecord)))
        except CorruptRecord:
            continue
    return found
