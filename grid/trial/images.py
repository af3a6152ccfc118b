"""The images of a trial on the worker: manifests and paths from the store, rows selected again."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from data.decoded.feature_rows import FeatureRows
from data.decoded.shared_rows import PoolSizes, SharedRows
from data.images import DecodedCache, ImageRows
from data.selection import PoolRows, Selection, TrainingRule, select
from data.selection import Rows as SelectedRows
from data.unseen_validation import as_described
from detectors.memory_limits import cache_bytes
from grid.records.pools.file_tables import read_files
from grid.records.pools.manifests import read_pool
from grid.records.table_lists import kept_of_pool
from grid.store.base import Store
from grid.store.errors import StoreMissing
from grid.trial.node_images import features_shelf, node_shelf
from grid.trial.spec import PoolSpec, TrainingSpec, TrialSpec
from grid.trial.visible_images import require_seen

# Decoded images are kept over the trials of a process: detectors and seeds share their pools. As
# many as its share of memory allows, once a trial has told it.
_DECODED = DecodedCache(max_bytes=0)
MOST_CACHED = 2 * 1024**3


class RowsChanged(RuntimeError):
    """The rows that a worker selects are not those that the plan described."""


class TrialImages:
    """The rows of one trial, read when they are asked for."""

    def __init__(self, store: Store, spec: TrialSpec) -> None:
        self._store = store
        self._spec = spec
        self._has_room = False
        self._shelf = None if spec.get("from_files") else node_shelf()
        self._features = None if spec.get("from_files") else features_shelf()

    def training(self) -> tuple[ImageRows, ImageRows]:
        """Return the images to train on and those to validate on.

        Raises:
            RowsChanged: the selection gives other rows than when the trial was planned.
        """
        block = self._spec["training"]
        assert block is not None, f"{self._spec['fit_id']} has given weights and is not trained"
        selection = as_described(
            self._selection(block),
            block["digest"],
            block["validation_digest"],
            self._trained_before,
        )
        if selection is None:
            raise RowsChanged(
                f"fit {self._spec['fit_id']}: the training rows selected here are not those of its "
                "identity; the worker runs another version of crossgen than the planner, "
                "bring both to one version and run again"
            )
        self._make_room([*selection.train.image_ids, *selection.validation.image_ids])
        pools = [*block["pools"], *block["validation_pools"]]
        return self._rows(selection.train, pools), self._rows(selection.validation, pools)

    def require_seen(self, *, is_trained: bool) -> None:
        """Look whether this host has the images that are still to be read.

        Raises:
            ImagesNotSeen: of a pool it has none.
        """
        block = None if is_trained else self._spec["training"]
        pools = [] if block is None else [*block["pools"], *block["validation_pools"]]
        for key in {*self._spec["paths"].values(), *(pool["paths"] for pool in pools)}:
            _require_seen(self._store, key)

    @property
    def refuses_unreadable(self) -> bool:
        """Whether an image that does not decode fails the trial; else its logit is null."""
        return bool(self._spec["unreadable"] == "refuse")

    def pool(self, pool_id: str) -> ImageRows:
        """Return a whole pool, in the order of its ranks."""
        self._make_room()
        manifest = _manifest(self._store, pool_id)
        image_ids, count = manifest["image_id"].to_pylist(), manifest.num_rows
        return ImageRows(
            image_ids=image_ids,
            labels=manifest["label"].to_numpy(),
            paths=_paths(self._store, self._spec["paths"][pool_id]),
            cache=_DECODED,
            pixels=_pixels(manifest),
            shared=self._shared([pool_id], np.zeros(count, int), np.arange(count), image_ids),
            features=self._kept_features(
                [pool_id], np.zeros(count, int), np.arange(count), image_ids
            ),
        )

    @functools.cached_property
    def seen(self) -> frozenset[str]:
        """Ids of every image that the fit, or one it descends from, trained or validated on.

        Not of those that an oracle was selected on: they are all that it is tested on, and that
        its numbers are an oracle's is said with each of them.
        """
        ids: set[str] = set()
        for block in (self._spec["training"], *self._spec["lineage"]):
            if block is not None:
                selection = self._selection(block)
                ids.update(selection.train.image_ids)
                if not block.get("oracle"):
                    ids.update(selection.validation.image_ids)
        return frozenset(ids)

    def _trained_before(self) -> set[str]:
        """Return the ids of the images that the fit's ancestors were trained on."""
        return {
            image_id
            for block in self._spec["lineage"]
            if block is not None
            for image_id in self._selection(block).train.image_ids
        }

    def seen_flags(self, image_ids: Sequence[str]) -> np.ndarray:
        """Return, for each image, whether the fit saw it before the test."""
        return np.fromiter((i in self.seen for i in image_ids), dtype=bool, count=len(image_ids))

    def _rows(self, selected: SelectedRows, pools: Sequence[PoolSpec]) -> ImageRows:
        """The selected rows, with what is known of each from its pool."""
        paths = [_paths(self._store, pool["paths"]) for pool in pools]
        pool_ids = [pool["pool_id"] for pool in pools]
        pixels = [_pixels(_manifest(self._store, pool_id)) for pool_id in pool_ids]
        places = list(zip(selected.pools.tolist(), selected.ranks.tolist(), strict=True))
        image_ids = list(selected.image_ids)
        return ImageRows(
            image_ids=image_ids,
            labels=np.asarray(selected.labels),
            paths=[paths[pool][rank] for pool, rank in places],
            cache=_DECODED,
            pixels=np.array([pixels[pool][rank] for pool, rank in places], np.int64),
            shared=self._shared(pool_ids, selected.pools, selected.ranks, image_ids),
            features=self._kept_features(pool_ids, selected.pools, selected.ranks, image_ids),
        )

    def _shared(
        self,
        pool_ids: Sequence[str],
        pool_of_row: np.ndarray,
        rank_of_row: np.ndarray,
        image_ids: Sequence[str],
    ) -> SharedRows | None:
        """Where the node keeps some rows; None where nothing is kept, or all is to be decoded."""
        if self._shelf is None or not self._shelf.max_bytes:
            return None
        pools = [_pool_sizes(_manifest(self._store, pool_id), pool_id) for pool_id in pool_ids]
        return SharedRows(self._shelf, pools, pool_of_row, rank_of_row, image_ids)

    def _kept_features(
        self,
        pool_ids: Sequence[str],
        pool_of_row: np.ndarray,
        rank_of_row: np.ndarray,
        image_ids: Sequence[str],
    ) -> FeatureRows | None:
        """Where the node keeps features of some rows; None as in `_shared`."""
        if self._features is None or not self._features.max_bytes:
            return None
        pools = [(pool_id, _manifest(self._store, pool_id).num_rows) for pool_id in pool_ids]
        return FeatureRows(self._features, pools, pool_of_row, rank_of_row, image_ids)

    def _make_room(self, trained: Sequence[str] = ()) -> None:
        """Drop, once, the decoded images that this trial does not read.

        What came first would stay for ever otherwise, and a process that is used again decode
        every image of a later fit at each epoch.
        """
        if self._has_room:
            return
        self._has_room = True
        _DECODED.max_bytes = min(cache_bytes(), MOST_CACHED)
        if len(_DECODED):
            wanted = set(trained)
            for pool_id in self._spec["paths"]:
                wanted.update(_manifest(self._store, pool_id)["image_id"].to_pylist())
            _DECODED.retain(wanted)

    def _selection(self, block: TrainingSpec) -> Selection:
        equalise = block.get("equalise", "none")
        return select(
            [self._pool_rows(p, equalise) for p in block["pools"]],
            TrainingRule(**{**block["rule"], "classes": tuple(block["rule"]["classes"])}),
            [self._pool_rows(p, equalise) for p in block["validation_pools"]],
            block.get("undecodable", ()),
        )

    def _pool_rows(self, pool: Mapping[str, Any], equalise: str) -> PoolRows:
        # Not the manifest's: folders may name other classes than when it was first written.
        today = _today(self._store, pool["paths"])
        return PoolRows(
            pool_id=pool["pool_id"],
            label=pool["label"],
            source=pool["source"],
            image_ids=_manifest(self._store, pool["pool_id"])["image_id"].to_pylist(),
            classes=today["class"].to_pylist(),
            pairs=today["pair"].to_pylist(),
            kept=kept_of_pool(self._store, pool["pool_id"], pool["label"], equalise),
        )


def _pool_sizes(manifest: pa.Table, pool_id: str) -> PoolSizes:
    heights, widths = (manifest[name].to_numpy().astype(np.int64) for name in ("height", "width"))
    return PoolSizes(pool_id, heights, widths)


def _pixels(manifest: pa.Table) -> np.ndarray:
    width, height = (manifest[name].to_numpy().astype(np.int64) for name in ("width", "height"))
    pixels: np.ndarray = width * height
    return pixels


@functools.lru_cache(maxsize=256)
def _manifest(store: Store, pool_id: str) -> pa.Table:
    return read_pool(store, pool_id, ["image_id", "label", "width", "height"])


@functools.lru_cache(maxsize=256)
def _require_seen(store: Store, key: str) -> None:
    """Once per process and pool: where it raises, it is asked again."""
    require_seen(_paths(store, key))


def _paths(store: Store, key: str) -> list[str]:
    paths: list[str] = _today(store, key)["path"].to_pylist()
    return paths


@functools.lru_cache(maxsize=256)
def _today(store: Store, key: str) -> pa.Table:
    """Path, class and pair of a pool's images as the plan found them."""
    try:
        return read_files(store, key)
    except StoreMissing as error:
        raise StoreMissing(
            f"{key} says where the images of a pool lie, and it is gone from the store. "
            "Run the experiment's command again: planning writes it anew"
        ) from error
