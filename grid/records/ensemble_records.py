"""What an experiment's record says of an ensemble: which of its fits, put together how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

from grid.records.identity import ID_DIGITS, IDENTITY_VERSION, digest

Joining = Literal["mean_logit", "mean_probability"]


class EnsembleRecord(TypedDict):
    """One ensemble: `members` are ids of the experiment's fits, `name` stands for a detector.

    `fit_id` is `ensemble-<16 hex>`, the digest of members and joining: the same everywhere.
    """

    fit_id: str
    name: str
    by: str
    members: list[str]


def ensemble_record(name: str, by: Joining, members: Sequence[str]) -> EnsembleRecord:
    """Return the record of fits that are put together; their order is that of the file."""
    whole = {"identity": IDENTITY_VERSION, "ensemble": {"by": by, "members": sorted(members)}}
    fit_id = f"ensemble-{digest(whole)[:ID_DIGITS]}"
    return EnsembleRecord(fit_id=fit_id, name=name, by=by, members=list(members))
