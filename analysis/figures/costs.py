"""What the fits of a matrix cost: time to score an image, time to train, size of the network."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from analysis.matrices.matrix import Matrix
from analysis.selecting.selection import StoreSelection
from grid.records.commits import Commit
from grid.records.pieces import Piece
from grid.records.places import weights_key
from grid.records.readable import readable_provenances
from grid.records.scores.score_reading import read_score_footer
from grid.store.base import Store
from grid.store.errors import StoreError

PIECES_READ = 16
"""Score files of a matrix whose time is looked at, spread over its fits."""

_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
_LENGTH_BYTES = 8  # a safetensors file begins with the length of its header


@dataclass(frozen=True)
class ArmCosts:
    """Medians over fits and score files, None where the store does not tell.

    `parameters` counts the numbers in the weights, running statistics left out. `devices` are what
    times were measured on.
    """

    ms_per_image: float | None
    training_hours: float | None
    parameters: int | None
    devices: frozenset[str]


def costs_of(matrix: Matrix, selection: StoreSelection) -> ArmCosts:
    """Return what the committed fits of a matrix cost; reads some score files and one header."""
    fits = dict.fromkeys(cell.fit_id for entry in matrix.all_entries() for cell in entry.cells)
    commits = [selection.commits[fit_id] for fit_id in fits if fit_id in selection.commits]
    trained = [each for each in commits if each["n_train"]]
    provenances, damaged = readable_provenances(selection.store, trained)
    selection.damaged.update(damaged)
    timed = list(_timed(_some_pieces(matrix, selection, set(fits)), selection))
    devices = {str(each["device"]) for each in provenances.values() if each.get("device")}
    return ArmCosts(
        ms_per_image=median(ms for ms, _ in timed) if timed else None,
        training_hours=median(each["seconds"] for each in trained) / 3600 if trained else None,
        parameters=_parameters(selection.store, commits[0]) if commits else None,
        devices=frozenset(devices | {device for _, device in timed if device}),
    )


def _some_pieces(matrix: Matrix, selection: StoreSelection, fits: set[str]) -> Sequence[Piece]:
    degradation = matrix.settings["degradation"]
    pieces = sorted(
        (p for p in selection.committed if p.fit_id in fits and p.degradation == degradation),
        key=lambda piece: piece.key,
    )
    return pieces[:: max(1, math.ceil(len(pieces) / PIECES_READ))]


def _timed(pieces: Sequence[Piece], selection: StoreSelection) -> Iterator[tuple[float, str]]:
    """Yield milliseconds per image and device of score files; a damaged one is left out."""
    for piece in pieces:
        try:
            footer = read_score_footer(selection.store, piece.key)
        except StoreError as error:
            selection.leave_out(piece.key, error)
            continue
        if footer["rows"] and footer["seconds"]:
            yield 1000 * footer["seconds"] / footer["rows"], str(footer.get("device", ""))


def _parameters(store: Store, commit: Commit) -> int | None:
    """Count the numbers in a fit's weights by their header alone; None where there is none."""
    epoch = commit["selected_epoch"]
    filesystem, root = store.arrow_location()
    key = weights_key(commit["fit_id"], commit["attempt"], epoch)
    try:
        with filesystem.open_input_file(f"{root}/{key}") as file:
            length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            header = json.loads(file.read(min(length, file.size())))
    except (OSError, ValueError):  # gone, or no weights: `check store` says so, a figure goes on
        return None
    count = sum(
        math.prod(tensor["shape"])
        for name, tensor in header.items()
        if name != "__metadata__" and not name.endswith(_STATISTICS)
    )
    return count or None
