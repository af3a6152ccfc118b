"""One trial, from its spec to its committed fit and scores. Read this file first.

A trial is a fit and the pieces it is still to be scored on. It runs the same with and without
Ray, on any host that sees the store and the images. It asks the store what is missing, does
that, and commits each part as soon as it is whole: so it can be killed at any moment and run
again, by anybody, at the same time even, and nothing committed is done twice or lost.

    manifest -> fit (resume, or read the committed weights) -> each missing piece: predict -> write

Its neighbours: `fit.fitting` trains and commits a fit, `scoring` scores a piece, `attempt` wraps
this in the recording of failures.
"""

from __future__ import annotations

from data.image_files import UnreadableImage
from grid.integrity.set_aside import set_aside_foreign
from grid.records.commits import Commit, committed_pieces_of, read_commit
from grid.records.experiments import pieces_of_scoring
from grid.records.pieces import Piece
from grid.records.table_lists import make_known
from grid.store.base import Store
from grid.store.opening import open_store
from grid.trial.contract import Report, Stop
from grid.trial.fit.fitting import fit_detector
from grid.trial.images import TrialImages
from grid.trial.network import load_fitted
from grid.trial.scoring import score_piece
from grid.trial.spec import TrialSpec, equalises_of


def run_trial(
    spec: TrialSpec, attempt: str, report: Report, stop: Stop, store: Store | None = None
) -> bool:
    """Train what is not trained, score what is not scored.

    Args:
        spec: made by a plan.
        attempt: an id that no other attempt has; this one writes only under it.
        report: told about progress, for people.
        stop: asked at every step; when it says so, a checkpoint is written and the trial ends.
        store: the spec's, as opened by who has patience with it; None opens it.

    Returns:
        True when nothing is missing any more, False when it was stopped before.

    Raises:
        UnreadableImage: an image is at fault; the pieces that do not need it are scored.
        Exception: whatever else went wrong; nothing committed is touched by it.
    """
    store = store or open_store(spec["store"])
    make_known(store, equalises_of(spec))
    rows = TrialImages(store, spec)

    commit = read_commit(store, spec["fit_id"])
    rows.require_seen(is_trained=commit is not None)
    if commit is None:
        commit = fit_detector(spec, rows, store, attempt, report, stop)
        if commit is not None:
            set_aside_foreign(store, commit)  # of a fit whose earlier commit was set aside
    if commit is None:
        return False

    missing = missing_pieces(spec, commit, store)
    faults: list[UnreadableImage] = []
    for done, piece in enumerate(missing):
        if done == 0 or piece.epoch != missing[done - 1].epoch:
            network = load_fitted(spec, commit, piece.epoch, store)  # committed, read back
        report({"phase": "score", "pieces_done": done, "pieces": len(missing)})
        try:
            if not score_piece(piece, network, rows, commit, store, attempt, stop):
                return False
        except UnreadableImage as fault:  # the other pieces do not need this image
            faults.append(fault)
    if faults:
        first, *later = faults
        first.add_others(later)
        raise first
    return True


def missing_pieces(spec: TrialSpec, commit: Commit, store: Store) -> list[Piece]:
    """Return the pieces of a trial that the store does not hold, epoch by epoch."""
    committed = committed_pieces_of(store, spec["fit_id"])
    wanted = {
        piece.piece_id: piece
        for scoring in spec["scoring"]
        for piece in pieces_of_scoring(scoring, commit)
    }
    missing = [piece for key, piece in wanted.items() if key not in committed]
    return sorted(missing, key=lambda piece: piece.epoch)
