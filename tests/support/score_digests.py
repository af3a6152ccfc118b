"""Digests of all that a table would be made of, to compare stores by."""

import hashlib

from grid.records.commits import read_commits
from grid.records.experiments import pieces_of
from grid.records.scores.score_reading import read_scores
from grid.records.stored_experiments import read_experiments
from grid.store.base import Store


def digests(store: Store) -> dict[str, str]:
    """By piece of the store's one experiment: the digest of its logits."""
    commits = read_commits(store)
    [experiment] = read_experiments(store)
    found = {}
    for piece in pieces_of(experiment, commits):
        logits = read_scores(store, piece, commits[piece.fit_id])["logit"].to_numpy()
        found[piece.key] = hashlib.sha256(logits.tobytes()).hexdigest()
    return found
