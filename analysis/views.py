"""The views that SQL sees: fits, pieces, cells, scores, images, history, failures.

Small ones are Arrow tables; `scores`, `images` and `history` are Arrow datasets whose fragments
carry what their files stand for (fit, pool, degradation ...) as expressions, so that a query opens
only the files that its WHERE can be about, and none is opened before the query runs. DuckDB reads
them in memory; no database file, no locks, and on S3 the bytes come through fsspec.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from analysis.cells_view import cells_schema, cells_table
from analysis.fit_facts import fit_facts
from analysis.selection import Selection
from data.counts import counted
from grid.records.pieces import Piece
from grid.records.places import history_key, manifest_key
from grid.records.pools.manifests import manifest_schema, pool_of_bytes
from grid.records.readable import readable_failures
from grid.records.scores.compacted import check_copy, compacted_key, compacted_keys
from grid.records.tables import history_of_bytes, history_schema

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset

VIEWS = ("fits", "pieces", "cells", "scores", "images", "history", "failures")


class Views:
    """The views of a selection, each made when it is first asked for and then kept."""

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> pa.Table | pyarrow.dataset.Dataset:
        """Return a view by its name; raise KeyError for one that is not in VIEWS."""
        if name not in self._made:
            self._made[name] = _MAKERS[name](self.selection)
        return self._made[name]


def fits_view(selection: Selection) -> pa.Table:
    """Return one row per wanted fit, committed or not; opens the commits, not a fit's files."""
    import pyarrow as pa

    arms: dict[str, list[str]] = {}
    for each in selection.experiments:
        for fit in each["fits"]:
            arms.setdefault(fit["fit_id"], []).extend(fit["arms"])
    rows = []
    for fit_id, fit in selection.fits.items():
        commit = selection.commits.get(fit_id)
        experiments = selection.experiments_of(fit_id)
        rows.append(
            {
                "fit_id": fit_id,
                "experiments": list(dict.fromkeys(each["name"] for each in experiments)),
                "arms": list(dict.fromkeys(arms[fit_id])),
                **fit_facts(fit),
                "partial": any(each["limit"] is not None for each in experiments),
                "simulated": any(each["simulated"] for each in experiments),
                "committed": commit is not None,
                **(
                    {
                        "attempt": commit["attempt"],
                        "selected_epoch": commit["selected_epoch"],
                        "last_epoch": commit["last_epoch"],
                        "kept_epochs": commit["kept_epochs"],
                        "threshold_rule": commit["threshold"]["rule"],
                        "threshold": commit["threshold"]["value"],
                        "seconds": commit["seconds"],
                        "predicted_seconds": commit["predicted_seconds"],
                        "warnings": commit["warnings"],
                    }
                    if commit is not None
                    else {}
                ),
            }
        )
    return pa.Table.from_pylist(rows, schema=fits_schema())


def pieces_view(selection: Selection) -> pa.Table:
    """Return one row per wanted piece of the committed fits; one listing, no file opened."""
    import pyarrow as pa

    rows = []
    for piece in selection.wanted_pieces:
        pool = selection.pools[piece.pool_id]
        rows.append(
            {
                "fit_id": piece.fit_id,
                "piece_id": piece.piece_id,
                "epoch": piece.epoch,
                "pool_id": piece.pool_id,
                "dataset": pool["dataset"],
                "source": pool["source"],
                "label": pool["label"],
                "split": pool["split"],
                "family": pool["family"],
                "generator_group": pool["generator_group"],
                "n": pool["n"],
                "degradation": piece.degradation,
                "test_pipeline": piece.test_pipeline,
                "equalise": piece.equalise,
                "committed": selection.is_committed(piece),
            }
        )
    return pa.Table.from_pylist(rows, schema=pieces_schema())


def scores_view(selection: Selection) -> pyarrow.dataset.Dataset:
    """Return every score of the selection as a dataset; scores of foreign weights are not in it.

    A fit whose pieces have a valid copy by `compact` is read from that one file, and from the
    pieces where the copy is damaged.
    """
    import pyarrow.dataset as ds

    from analysis.proven_dataset import ProvenDataset

    by_fit: dict[str, list[Piece]] = {}
    for piece in selection.committed:
        by_fit.setdefault(piece.fit_id, []).append(piece)
    copies = compacted_keys(selection.store)
    conditions = _Conditions(selection)
    copied: dict[str, list[Piece]] = {}
    single: dict[str, Piece] = {}
    places: dict[str, Any] = {}
    for fit_id, pieces in by_fit.items():
        # A copy holds all pieces of its fit, so a selection of fewer reads the pieces themselves.
        every = selection.present[fit_id]
        copy = compacted_key(fit_id, every, selection.commits[fit_id])
        if copy in copies and len(pieces) == len(every):
            copied[copy] = pieces
            places[copy] = ds.field("fit_id") == fit_id
        else:
            places.update((piece.key, conditions.of(piece)) for piece in pieces)
        single.update((piece.key, piece) for piece in pieces)

    def check(key: str, data: bytes) -> None:
        if key in copied:
            check_copy(key, data)
        else:
            selection.check_scores(single[key], data)

    def instead(key: str) -> dict[str, Any]:
        return {piece.key: conditions.of(piece) for piece in copied.get(key, ())}

    return ProvenDataset(
        selection.store, places, scores_schema(), check, selection.leave_out, instead
    )


def images_view(selection: Selection) -> pyarrow.dataset.Dataset:
    """Return the rows of the selected experiments' pools; `image` is what scores refer to.

    Family and group are the experiments'; a manifest has those of the day it was written.
    """
    import pyarrow.dataset as ds

    from analysis.proven_dataset import ProvenDataset

    wanted = {
        manifest_key(pool_id): (ds.field("family") == pool["family"])
        & (ds.field("generator_group") == pool["generator_group"])
        for pool_id, pool in selection.pools.items()
    }
    existing = set(selection.store.list("manifests/"))
    absent = [key for key in wanted if key not in existing]
    if absent:
        selection.notes.append(
            f"images are left out of {counted(len(absent), 'pool')} without a manifest, e.g. "
            f"{absent[0]}: nothing of it has run, or it was deleted; `crossgen run FILE` writes it."
        )
    found = {key: facts for key, facts in wanted.items() if key in existing}
    return ProvenDataset(
        selection.store, found, manifest_schema(), pool_of_bytes, selection.leave_out
    )


def history_view(selection: Selection) -> pyarrow.dataset.Dataset:
    """Return the rows per epoch of the committed fits."""
    import pyarrow.dataset as ds

    from analysis.proven_dataset import ProvenDataset

    wanted = {
        history_key(fit_id, commit["attempt"]): ds.field("fit_id") == fit_id
        for fit_id, commit in selection.commits.items()
        if commit["n_train"] > 0  # given weights were not trained here and have no history
    }
    return ProvenDataset(
        selection.store, wanted, schemas()["history"], history_of_bytes, selection.leave_out
    )


def failures_view(selection: Selection) -> pa.Table:
    """Return the failures of the wanted fits, oldest of an attempt first."""
    import pyarrow as pa

    failures, damaged = readable_failures(selection.store)
    selection.damaged.update(damaged)
    rows = [each for each in failures if each["fit_id"] in selection.fits]
    return pa.Table.from_pylist(rows, schema=failures_schema())


@lru_cache(maxsize=1)
def fits_schema() -> Any:
    """Return the columns of the view `fits`."""
    import pyarrow as pa

    words = pa.list_(pa.string())
    return pa.schema(
        [
            ("fit_id", pa.string()),
            ("name", pa.string()),
            ("experiments", words),
            ("arms", words),
            ("detector", pa.string()),
            ("card_version", pa.int32()),
            ("options", pa.string()),
            ("train", pa.string()),
            ("train_generators", words),
            ("train_groups", words),
            ("train_families", words),
            ("n_train", pa.int64()),
            ("n_validation", pa.int64()),
            ("augment", pa.string()),
            ("input", pa.string()),
            ("recipe", pa.string()),
            ("recipe_values", pa.string()),
            ("seed", pa.int64()),
            ("weights", pa.string()),
            ("parent", pa.string()),
            ("partial", pa.bool_()),
            ("simulated", pa.bool_()),
            ("committed", pa.bool_()),
            ("attempt", pa.string()),
            ("selected_epoch", pa.int32()),
            ("last_epoch", pa.int32()),
            ("kept_epochs", pa.list_(pa.int32())),
            ("threshold_rule", pa.string()),
            ("threshold", pa.float64()),
            ("seconds", pa.float64()),
            ("predicted_seconds", pa.float64()),
            ("warnings", words),
        ]
    )


@lru_cache(maxsize=1)
def pieces_schema() -> Any:
    """Return the columns of the view `pieces`."""
    import pyarrow as pa

    return pa.schema(
        [
            ("fit_id", pa.string()),
            ("piece_id", pa.string()),
            ("epoch", pa.int32()),
            ("pool_id", pa.string()),
            ("dataset", pa.string()),
            ("source", pa.string()),
            ("label", pa.int8()),
            ("split", pa.string()),
            ("family", pa.string()),
            ("generator_group", pa.string()),
            ("n", pa.int64()),
            ("degradation", pa.string()),
            ("test_pipeline", pa.string()),
            ("equalise", pa.string()),
            ("committed", pa.bool_()),
        ]
    )


@lru_cache(maxsize=1)
def scores_schema() -> Any:
    """Return the columns of the view `scores`."""
    import pyarrow as pa

    return pa.schema(
        [
            ("fit_id", pa.string()),
            ("piece_id", pa.string()),
            ("epoch", pa.int32()),
            ("pool_id", pa.string()),
            ("label", pa.int8()),
            ("degradation", pa.string()),
            ("test_pipeline", pa.string()),
            ("equalise", pa.string()),
            ("image", pa.int32()),
            ("logit", pa.float32()),
            ("seen", pa.bool_()),
        ]
    )


@lru_cache(maxsize=1)
def failures_schema() -> Any:
    """Return the columns of the view `failures`."""
    import pyarrow as pa

    words = pa.list_(pa.string())
    return pa.schema(
        [
            ("fit_id", pa.string()),
            ("attempt", pa.string()),
            ("host", pa.string()),
            ("pid", pa.int64()),
            ("when", pa.string()),
            ("kind", pa.string()),
            ("exception", pa.string()),
            ("message", pa.string()),
            ("traceback", pa.string()),
            ("log_tail", words),
            ("log_note", pa.string()),
            ("image_ids", words),
        ]
    )


class _Conditions:
    """What a score file stands for, as an expression; shared parts are built once for 30,000."""

    def __init__(self, selection: Selection) -> None:
        self._labels = {pool_id: pool["label"] for pool_id, pool in selection.pools.items()}
        self._made: dict[tuple[object, ...], Any] = {}

    def of(self, piece: Piece) -> Any:
        condition = (piece.pool_id, piece.degradation, piece.test_pipeline, piece.equalise)
        whole = self._equal("fit_id", piece.fit_id) & self._equal("epoch", piece.epoch)
        return whole & self._made_once(condition, piece) & self._field("piece_id", piece.piece_id)

    def _made_once(self, condition: tuple[object, ...], piece: Piece) -> Any:
        if condition not in self._made:
            self._made[condition] = (
                self._field("pool_id", piece.pool_id)
                & self._field("label", self._labels[piece.pool_id])
                & self._field("degradation", piece.degradation)
                & self._field("test_pipeline", piece.test_pipeline)
                & self._field("equalise", piece.equalise)
            )
        return self._made[condition]

    def _equal(self, name: str, value: object) -> Any:
        if (name, value) not in self._made:
            self._made[name, value] = self._field(name, value)
        return self._made[name, value]

    @staticmethod
    def _field(name: str, value: object) -> Any:
        import pyarrow as pa
        import pyarrow.dataset as ds

        return ds.field(name) == pa.scalar(value, scores_schema().field(name).type)


_MAKERS: dict[str, Callable[[Selection], Any]] = {
    "fits": fits_view,
    "pieces": pieces_view,
    "cells": cells_table,
    "scores": scores_view,
    "images": images_view,
    "history": history_view,
    "failures": failures_view,
}


def schemas() -> dict[str, Any]:
    """Return the pyarrow schema of each view, without reading a store."""
    import pyarrow as pa

    return {
        "fits": fits_schema(),
        "pieces": pieces_schema(),
        "cells": cells_schema(),
        "scores": scores_schema(),
        "images": manifest_schema(),
        "history": pa.schema([pa.field("fit_id", pa.string()), *history_schema()]),
        "failures": failures_schema(),
    }
