"""Digests of all that a table would be made of, to compare stores by."""

import hashlib

from grid import records
from grid.records import Store


def digests(store: Store) -> dict[str, str]:
    """By piece of the store's one experiment: the digest of its logits."""
    commits = records.read_commits(store)
    [experiment] = records.read_experiments(store)
    found = {}
    for piece in records.pieces_of(experiment, commits):
        logits = records.read_scores(store, piece, commits[piece.fit_id])["logit"].to_numpy()
        found[piece.key] = hashlib.sha256(logits.tobytes()).hexdigest()
    return found
