"""The board on which array tasks hang their claims: a folder of the store."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

from grid.records.claim_records import (
    ClaimRecord,
    claimants,
    drop_claim,
    read_claims,
    write_claim,
)
from grid.records.proven.json_records import SCHEMA
from grid.run.claims import Claim
from grid.store.base import Store
from grid.store.errors import StoreError


class StoreBoard:
    """Claims as files; see `grid.run.claims.ClaimBoard`.

    Args:
        store: where claims are written, by more than one thread.
        patient: the same, to be read by the main thread; it may wait for it to come back.
    """

    def __init__(self, store: Store, patient: Store | None = None) -> None:
        self._store = store
        self._patient = store if patient is None else patient

    def claimants(self, fit_id: str | None = None) -> Mapping[str, Collection[str]]:
        """Return the runs that claim one fit or any, by fit id."""
        return claimants(self._patient, fit_id)

    def read(self, wanted: Iterable[tuple[str, str]]) -> list[Claim]:
        """Return the claims of these (fit id, run) that are there and can be read."""
        return [
            Claim(
                fit_id=each["fit_id"],
                run=each["run"],
                job=each["job"],
                restart=each["restart"],
                counter=each["counter"],
                given_up=each["given_up"],
            )
            for each in read_claims(self._patient, wanted)
        ]

    def write(self, claim: Claim) -> None:
        """Hang a claim up. Where that fails the trial's own writing will say so, if it lasts."""
        with suppress(StoreError):
            write_claim(
                self._store,
                ClaimRecord(
                    schema=SCHEMA,
                    fit_id=claim.fit_id,
                    run=claim.run,
                    host=socket.gethostname(),
                    pid=os.getpid(),
                    job=claim.job,
                    restart=claim.restart,
                    counter=claim.counter,
                    given_up=claim.given_up,
                ),
            )

    def drop(self, fit_id: str, run: str) -> None:
        """Take a claim down; one that stays is nobody's once its counter has stood for long."""
        with suppress(StoreError):
            drop_claim(self._store, fit_id, run)
