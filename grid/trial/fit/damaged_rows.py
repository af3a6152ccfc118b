"""A training that met an image which does not decode: the others are found before it ends.

Else each would be found by a training of its own, an epoch or a night apart.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from data.image_files import ImageChanged, UnreadableImage
from grid.records.failures import read_failures
from grid.store.base import Store
from grid.store.errors import StoreError
from grid.trial.contract import Stop

if TYPE_CHECKING:
    from data.images import ImageRows

log = logging.getLogger(__name__)

_THREADS = 4
_AT_ONCE = 64
"""Images between two questions whether to stop."""

LEFT_OUT = (
    "Run again: `unreadable: leave_out` leaves what does not decode out of training from the next "
    "plan on. The fit then has another id, since it is trained on other images, and begins anew. "
    "Or mend or replace the files."
)


def name_all(
    fault: UnreadableImage, rows: list[ImageRows], store: Store, stop: Stop, *, leaves_out: bool
) -> None:
    """Add to a fault every other image of some rows that does not decode.

    Nothing is looked for where a failure in the store names the image: who recorded it has looked.

    Args:
        fault: raised by a training.
        rows: that the fit trains and is validated on.
        store: where failures are recorded.
        stop: asked again and again; then what is known is what is named.
        leaves_out: the experiment says `unreadable: leave_out`.
    """
    if leaves_out:
        fault.advice = LEFT_OUT
    if _is_recorded(fault, store):
        return
    log.info("%s does not decode; looking through all images of the fit", fault.path)
    fault.add_others(_undecodable(rows, stop))


def _is_recorded(fault: UnreadableImage, store: Store) -> bool:
    try:
        return any(fault.image_id in failure["image_ids"] for failure in read_failures(store))
    except StoreError:  # what ends this attempt is the image
        return False


def _undecodable(rows: list[ImageRows], stop: Stop) -> Iterator[UnreadableImage]:
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="damaged") as pool:
        for images in rows:
            for start in range(0, len(images), _AT_ONCE):
                if stop():
                    return
                part = range(start, min(start + _AT_ONCE, len(images)))
                faults = pool.map(partial(_fault, images), part)
                yield from (fault for fault in faults if fault is not None)


def _fault(images: ImageRows, index: int) -> UnreadableImage | None:
    try:
        images.load(index)
    except UnreadableImage as error:
        return error
    except (ImageChanged, OSError, MemoryError):  # says nothing about the image
        return None
    return None
