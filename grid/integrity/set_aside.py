"""What is damaged is set aside, never deleted: below `aside/<n>/`, under its own key.

No reader looks there, so what was set aside counts as missing, and the next run makes it again.
Each time has a number of its own, which `why.json` claims by put_new before anything is moved: so
no two processes write below one number, and nothing is overwritten.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from grid.records.commits import Commit
from grid.records.places import ASIDE, aside_folder, scores_of
from grid.records.proven.json_records import SCHEMA, to_json
from grid.records.scores.score_reading import ForeignScores, check_weights, read_score_footer
from grid.store.base import Store
from grid.store.errors import StoreError, StoreUnwritable


def set_aside(store: Store, why: Mapping[str, str]) -> str:
    """Move keys below a folder of their own and return it, with its slash.

    Args:
        store: the store.
        why: the reason of each key, which is written down beside them. A key that is gone
            meanwhile is passed over: another process has set it aside.

    Raises:
        StoreUnwritable: something cannot be moved; it is where it was, or it is aside.
    """
    record = to_json({"schema": SCHEMA, "files": dict(sorted(why.items()))})
    number = max(_numbers(store), default=0) + 1
    while not store.put_new(f"{aside_folder(number)}why.json", record):
        number += 1
    folder = aside_folder(number)
    for key in sorted(why):
        _move(store, key, folder + key)
    return folder


def set_aside_foreign(store: Store, commit: Commit) -> int:
    """Set aside scores that a fit, trained again, has of other weights; return how many.

    Trained again on the same CPU it has the same weights, and keeps its scores. On other hardware
    it may not, and a score file under its final name could never be written anew.
    """
    foreign = {}
    for key in store.list(scores_of(commit["fit_id"])):
        try:
            check_weights(key, read_score_footer(store, key), commit)
        except ForeignScores as error:
            foreign[key] = str(error)
        except StoreError:  # damaged in another way: `crossgen check store` says how
            continue
    if foreign:
        set_aside(store, foreign)
    return len(foreign)


def _numbers(store: Store) -> Iterable[int]:
    for key in store.list(ASIDE):
        number = key.removeprefix(ASIDE).partition("/")[0]
        if number.isdecimal():
            yield int(number)


def _move(store: Store, key: str, to: str) -> None:
    source, target = store.local_path(key), store.local_path(to)
    try:
        if source is not None and target is not None:
            _move_file(source, target)
        else:
            filesystem, root = store.arrow_location()
            filesystem.copy_file(f"{root}/{key}", f"{root}/{to}")
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreUnwritable(
            f"{key}: it cannot be set aside in the store {store.url} ({error.strerror or error}); "
            "check that the store is writable and yours, then run the same command again."
        ) from error
    store.delete(key)  # on S3 the original; on a disk the folders that it leaves empty


def _move_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:  # a folder of the store may be a link to another disk
            raise
        with source.open("rb") as old, target.open("xb") as new:
            shutil.copyfileobj(old, new)
            new.flush()
            os.fsync(new.fileno())
