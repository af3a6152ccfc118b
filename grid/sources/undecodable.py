"""Images whose pixels do not decode though their headers are sound: found among the pools."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.image_files import ImageChanged, UnreadableImage
from data.pools import Pool


@dataclass(frozen=True)
class Undecodable:
    """An image that does not decode, and the pools that hold it."""

    dataset: str
    path: str
    image_id: str
    reason: str
    pools: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.path} ({self.reason})"


def known_undecodable(
    pools: Sequence[tuple[str, Path, Pool]],
    reasons: Mapping[str, Mapping[str, str]],
    image_ids: Collection[str],
) -> list[Undecodable]:
    """Return which images of some pools do not decode, as far as it is known.

    Args:
        pools: to look into, each with its dataset's alias and root.
        reasons: by alias and path below the root, of images that an index has found.
        image_ids: of images that did not decode in an earlier run; each is decoded once more.
    """
    found = {image.image_id: image for image in undecodable_by_index(pools, reasons)}
    return [*found.values(), *undecodable_in(pools, set(image_ids) - found.keys())]


def undecodable_in(
    pools: Iterable[tuple[str, Path, Pool]], image_ids: Collection[str]
) -> list[Undecodable]:
    """Return which images of some pools are known not to decode; each is decoded once more.

    A repaired file has another id, and another Pillow may read it: then nothing is known.

    Args:
        pools: to look into, each with its dataset's alias and root.
        image_ids: of images that did not decode in an earlier run.
    """
    if not image_ids:
        return []
    wanted = pa.array(sorted(image_ids), pa.string())
    places: dict[str, tuple[str, Path, str]] = {}
    held_by: dict[str, list[str]] = {}
    for alias, root, pool in pools:
        ids, paths = pool.table["image_id"], pool.table["path"]
        for row in np.flatnonzero(pc.is_in(ids, value_set=wanted).to_numpy()).tolist():
            image_id = ids[row].as_py()
            places.setdefault(image_id, (alias, root, paths[row].as_py()))
            held_by.setdefault(image_id, []).append(pool.pool_id)
    found = []
    for image_id, (alias, root, path) in places.items():
        reason = _why_not(root / path, image_id)
        if reason:
            found.append(Undecodable(alias, path, image_id, reason, tuple(held_by[image_id])))
    return found


def undecodable_by_index(
    pools: Iterable[tuple[str, Path, Pool]], reasons: Mapping[str, Mapping[str, str]]
) -> list[Undecodable]:
    """Return which images of some pools an index that decoded has found not to decode.

    Args:
        pools: to look into, each with its dataset's alias and root.
        reasons: by alias and path below the root.
    """
    found: dict[str, Undecodable] = {}
    for alias, _, pool in pools:
        paths = pa.array(sorted(reasons.get(alias, ())), pa.string())
        if not len(paths):
            continue
        held = pool.table.filter(pc.is_in(pool.table["path"], value_set=paths))
        for image_id, path in zip(
            held["image_id"].to_pylist(), held["path"].to_pylist(), strict=True
        ):
            known = found.get(image_id)
            if known is None:
                reason = reasons[alias][path]
                found[image_id] = Undecodable(alias, path, image_id, reason, (pool.pool_id,))
            else:
                found[image_id] = replace(known, pools=(*known.pools, pool.pool_id))
    return list(found.values())


def _why_not(path: Path, image_id: str) -> str:
    from data.decode import decode

    try:
        decode(path, image_id)
    except UnreadableImage as error:
        return error.reason
    except (ImageChanged, OSError, MemoryError):  # nothing is known of the image any more
        return ""
    return ""
