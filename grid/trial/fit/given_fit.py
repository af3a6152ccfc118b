"""Given weights brought into the store: the fit of an arm with `train: none`."""

from __future__ import annotations

import hashlib

from grid.records.commits import Commit
from grid.records.places import weights_key
from grid.records.proven.json_records import SCHEMA
from grid.records.tables import write_provenance
from grid.store.base import Store
from grid.trial.fit.first_commit import commit_first
from grid.trial.fit.provenance import provenance
from grid.trial.network import given_network
from grid.trial.spec import TrialSpec, without_share


def commit_given_weights(spec: TrialSpec, store: Store, attempt: str) -> Commit:
    """Bring a given checkpoint into the store as epoch 0 of an untrained fit."""
    from detectors import weights

    content = weights.to_bytes(given_network(spec))
    store.put_new(weights_key(spec["fit_id"], attempt, 0), content)
    with provenance(spec, attempt) as facts:
        pass
    write_provenance(store, spec["fit_id"], attempt, {**facts.record, "spec": without_share(spec)})
    commit = Commit(
        schema=SCHEMA,
        fit_id=spec["fit_id"],
        attempt=attempt,
        description=dict(spec["description"]),
        weights={"0": {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}},
        selected_epoch=0,
        last_epoch=0,
        kept_epochs=[0],
        threshold={"rule": "logit", "value": 0.0},
        n_train=0,
        n_validation=0,
        seconds=0.0,
        predicted_seconds=None,
        parent=None,
        warnings=[],
    )
    return commit_first(store, commit)
