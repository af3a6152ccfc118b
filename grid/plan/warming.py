"""Decoding what a plan will read, ahead of it and in parallel, into this node's slabs."""

from __future__ import annotations

import functools
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice

import numpy as np

from data.decoded.filling import Filled, FillingPart, fill
from data.decoded.shared_rows import PoolSizes, pinned_part, result_sizes
from data.decoded.shelf import SlabShelf
from data.decoded.slab import slot_starts
from data.decoded.slab_key import SlabKey
from data.matching.table_list import table_list_of, tables_named
from grid.plan.wanted_images import WantedImages
from grid.sources.catalog import Catalog

IMAGES_PER_PART = 64


@dataclass(frozen=True)
class Warming:
    """The parts that will be filled; `left_out` images are those for which there is no room."""

    parts: Sequence[FillingPart]
    left_out: int

    @property
    def images(self) -> int:
        """How many will be filled."""
        return sum(len(part.images) for part in self.parts)


def warming(wanted: Sequence[WantedImages], catalog: Catalog, shelf: SlabShelf) -> Warming:
    """Make the slabs of some images, and choose those that are kept: all, or the lowest by hash.

    Args:
        wanted: by pool and view.
        catalog: knows where the images lie.
        shelf: this node's slabs.
    """
    keys = [SlabKey(each.pool.pool_id, each.kept) for each in wanted]
    ranks = [np.flatnonzero(each.is_wanted) for each in wanted]
    ids = [each.pool.table["image_id"].to_pylist() for each in wanted]
    room = shelf.room_beside({key.file_name for key in keys})
    slot_bytes = []
    for each, key in zip(wanted, keys, strict=True):
        sizes = result_sizes(_sizes(each), each.kept)
        slab = shelf.slab(key, functools.partial(np.copy, sizes))
        room -= slab.head_bytes if slab is not None else 0
        slot_bytes.append(np.diff(slot_starts(sizes)))
    wanted_ids = [i[rank] for i, own in zip(ids, ranks, strict=True) for rank in own]
    every = [own[which] for own, which in zip(slot_bytes, ranks, strict=True)]
    is_kept = pinned_part(wanted_ids, np.concatenate([np.zeros(0, np.int64), *every]), room)
    parts: list[FillingPart] = []
    start = 0
    for each, key, own, names in zip(wanted, keys, ranks, ids, strict=True):
        chosen = own[is_kept[start : start + len(own)]]
        start += len(own)
        root = catalog.dataset_of(each.pool.pool_id).root
        paths = each.pool.table["path"]
        named = tables_named(each.kept.equalise)
        tables = table_list_of(named) if named else None
        for first in range(0, len(chosen), IMAGES_PER_PART):
            images = tuple(
                (rank, names[rank], str(root / paths[rank].as_py()))
                for rank in chosen[first : first + IMAGES_PER_PART].tolist()
            )
            parts.append(FillingPart(key, each.pool.label, images, tables))
    return Warming(parts, int((~is_kept).sum()))


def fill_all(
    planned: Warming, shelf: SlabShelf, jobs: int, progress: Callable[[Filled], None]
) -> Filled:
    """Fill all parts in processes of their own.

    Args:
        planned: the parts.
        shelf: its folder and bound are used.
        jobs: processes; a single one is this one.
        progress: told after each part what all of them came to.
    """
    done = Filled()
    if jobs == 1:
        for part in planned.parts:
            done += fill(shelf.folder, shelf.max_bytes, part)
            progress(done)
        return done
    context = multiprocessing.get_context("spawn")  # threads of this process do not survive a fork
    with ProcessPoolExecutor(jobs, context, initializer=_quiet) as pool:

        def submit(part: FillingPart) -> Future[Filled]:
            return pool.submit(fill, shelf.folder, shelf.max_bytes, part)

        try:
            for filled in _in_turn(submit, iter(planned.parts), ahead=2 * jobs):
                done += filled
                progress(done)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return done


def _in_turn(
    submit: Callable[[FillingPart], Future[Filled]], parts: Iterator[FillingPart], ahead: int
) -> Iterator[Filled]:
    """Results as they come; never more than `ahead` parts are on their way."""
    running = {submit(part) for part in islice(parts, ahead)}
    while running:
        ended, running = wait(running, return_when=FIRST_COMPLETED)
        running |= {submit(part) for part in islice(parts, len(ended))}
        for future in ended:
            yield future.result()


def _quiet() -> None:
    """Ctrl-C reaches every process of a terminal: the one that was called ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _sizes(wanted: WantedImages) -> PoolSizes:
    table = wanted.pool.table
    heights, widths = (table[name].to_numpy().astype(np.int64) for name in ("height", "width"))
    return PoolSizes(wanted.pool.pool_id, heights, widths)
