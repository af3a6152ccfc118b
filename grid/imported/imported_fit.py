"""Scores from elsewhere as a committed fit and its pieces."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from grid.imported.matching_images import MatchedScores
from grid.imported.score_file import ForeignScoreFile
from grid.records.commits import Commit
from grid.records.identity import fit_id
from grid.records.pieces import Piece
from grid.records.places import weights_key
from grid.records.proven.json_records import SCHEMA
from grid.records.scores.score_files import write_scores
from grid.records.tables import write_provenance
from grid.store.base import Store
from grid.trial.attempt import new_attempt_id
from grid.trial.fit.first_commit import commit_first
from grid.trial.fit.provenance import code_version

OTHER_PROGRAM = "imported"
"""Stands for the geometry of training and of tests: what another program did is not known here."""

EPOCH = 0


def described(detector: str, file: ForeignScoreFile, scale: str, larger: str) -> dict[str, Any]:
    """The description that the fit's id is the hash of: the file's bytes, and how they are read."""
    return {
        "detector": detector,
        "imported": {"scale": scale, "larger": larger},
        "weights": {"sha256": file.sha256},
    }


def commit_imported(
    store: Store, description: Mapping[str, Any], file: ForeignScoreFile, experiment: str
) -> Commit:
    """Commit the fit; its "weights" are the file itself, as one tensor of bytes."""
    from safetensors.numpy import save

    identity, attempt = fit_id(description), new_attempt_id()
    content = save({"score_file": np.frombuffer(file.content, dtype=np.uint8)})
    store.put_new(weights_key(identity, attempt, EPOCH), content)
    facts = {
        "fit_id": identity,
        "attempt": attempt,
        "experiment": experiment,
        "started": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "code": code_version(),
        "imported": {"file": file.name, "sha256": file.sha256, "rows": len(file.rows)},
    }
    write_provenance(store, identity, attempt, facts)
    commit = Commit(
        schema=SCHEMA,
        fit_id=identity,
        attempt=attempt,
        description=dict(description),
        weights={str(EPOCH): _stored(content)},
        selected_epoch=EPOCH,
        last_epoch=EPOCH,
        kept_epochs=[EPOCH],
        threshold={"rule": "logit", "value": 0.0},
        n_train=0,
        n_validation=0,
        seconds=0.0,
        predicted_seconds=None,
        parent=None,
        warnings=[],
    )
    return commit_first(store, commit)


def write_pieces(
    store: Store,
    commit: Commit,
    pieces: Iterable[Piece],
    scores: MatchedScores,
    file: ForeignScoreFile,
) -> int:
    """Write the piece of each pool that has a score; return how many were written now."""
    written = 0
    for piece in pieces:
        logits = scores.logits[piece.pool_id]
        if np.isnan(logits).all():
            continue
        without = np.flatnonzero(np.isnan(logits)).tolist()
        written += write_scores(
            store,
            piece,
            image=np.arange(len(logits), dtype=np.int32),
            logit=logits,
            seen=np.zeros(len(logits), dtype=bool),
            weights_sha256=commit["weights"][str(EPOCH)]["sha256"],
            attempt=commit["attempt"],
            seconds=0.0,
            extra={
                "unreadable": [
                    {"image": rank, "reason": f"no score in {file.name}"} for rank in without
                ],
                "code": code_version(),
                "device": OTHER_PROGRAM,
            },
        )
    return written


def _stored(content: bytes) -> Any:
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
