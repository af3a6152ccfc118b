"""First commit wins: what is committed, and what becomes of an attempt that came second."""

from __future__ import annotations

from grid.records.attempts import discard_attempt
from grid.records.commits import Commit, commit_fit, read_commit
from grid.records.places import checkpoint_key, commit_key
from grid.store.base import Store


def commit_first(store: Store, commit: Commit) -> Commit:
    """Commit a fit, or discard the attempt where another was first; return the fit's commit."""
    winner = commit if commit_fit(store, commit) else read_commit(store, commit["fit_id"])
    if winner is None:
        raise RuntimeError(
            f"{commit_key(commit['fit_id'])} existed and was gone a moment later: somebody "
            "deletes files of the store while it is in use. Stop that, then run again"
        )
    # By its attempt: what the commit names must not be discarded, whatever the store answered.
    if winner["attempt"] == commit["attempt"]:
        store.delete(checkpoint_key(commit["fit_id"], commit["attempt"]))
    else:
        discard_attempt(store, commit["fit_id"], commit["attempt"])
    return winner
