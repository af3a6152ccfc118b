"""At most so many images per pool: `limit:` of an experiment, `--limit`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from data.pools import Pool, limit
from grid.sources.undecodable import known_undecodable


def limited(
    located: Sequence[tuple[str, Path, Pool]],
    n: int | None,
    reasons: Mapping[str, Mapping[str, str]],
    left_out: Collection[str] | None,
) -> list[Pool]:
    """Return pools with at most n images each, and with those among them that count in no limit.

    Where `unreadable: leave_out` holds, an image that does not decode is drawn and takes no
    other's place. So fits are trained on as many images as were asked for, the same that are drawn
    once the file is gone; and the image stays a row, with a null logit where it is tested.

    Args:
        located: the pools, each with its dataset's alias and root.
        n: images per pool, None for all.
        reasons: see `known_undecodable`.
        left_out: ids of images that did not decode in an earlier run; None where such images are
            not left out, and count.
    """
    pools = [pool for *_, pool in located]
    if n is None:
        return pools
    known = [] if left_out is None else known_undecodable(located, reasons, left_out)
    return [limit(pool, n, "limit", {image.image_id for image in known}) for pool in pools]
