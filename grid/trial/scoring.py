"""One piece: a fitted network's logits for a whole pool under one degradation, committed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from grid.records.commits import Commit
from grid.records.pieces import Piece
from grid.records.scores.score_files import write_scores
from grid.store.base import Store
from grid.trial.contract import Stop
from grid.trial.device import name_of
from grid.trial.fit.provenance import code_version
from grid.trial.images import TrialImages

if TYPE_CHECKING:
    from torch import nn


def score_piece(
    piece: Piece,
    network: nn.Module,
    rows: TrialImages,
    commit: Commit,
    store: Store,
    attempt: str,
    stop: Stop,
) -> bool:
    """Score every row of the piece's pool and write the piece, unless another process did.

    Returns:
        False when `stop` said so between two batches; nothing is written then.

    Raises:
        UnreadableImage: an image does not decode and the experiment says `unreadable: refuse`.
        OtherVersion: an operation has another version here than where the trial was planned.
    """
    from detectors.image_batches import Stopped
    from detectors.prediction import predict

    started = time.monotonic()
    images = rows.pool(piece.pool_id)
    device = next(network.parameters()).device
    try:
        predictions = predict(
            network,
            images,
            piece.view,
            device=device,
            unreadable="raise" if rows.refuses_unreadable else "null",
            stop=stop,
        )
    except Stopped:
        return False
    write_scores(
        store,
        piece,
        image=np.arange(len(images.image_ids), dtype=np.int32),
        logit=predictions.logits,
        seen=rows.seen_flags(images.image_ids),
        weights_sha256=commit["weights"][str(piece.epoch)]["sha256"],
        attempt=attempt,
        seconds=round(time.monotonic() - started, 4),
        extra={
            "unreadable": [
                {"image": index, "reason": reason} for index, reason in predictions.unreadable
            ],
            "code": code_version(),
            "device": name_of(device),
        },
    )
    return True
