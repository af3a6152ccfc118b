"""Copies of images on this machine's own disk, read instead of the shared ones.

With CROSSGEN_STAGED=DIR in the environment an image at the absolute path P is read from DIR + P,
where a copy lies there (`data.staging` makes them). What an image is, its bytes say: who reads a
copy holds it against the image_id, and where it is wrong reads the image itself. For an image whose
copy is right the shared folder is not even looked at.
"""

import os
import threading
from pathlib import Path

from data.refusals import Refused

VARIABLE = "CROSSGEN_STAGED"


def staged_folder() -> Path | None:
    """Where copies lie on this machine, None where it has none.

    Raises:
        Refused: the environment names a relative folder, and workers run in others.
    """
    stated = os.environ.get(VARIABLE, "").strip()
    if not stated:
        return None
    if not stated.startswith("/"):
        raise Refused.because(
            f"{VARIABLE}={stated!r}",
            "it is relative, and workers run in other folders",
            "Give the absolute path that `crossgen stage` names",
        )
    return Path(stated)


def copy_in(folder: Path, path: str | Path) -> str | None:
    """Where the copy of an image or of another file lies; None of a relative path."""
    text = os.fspath(path)
    if not text.startswith("/") or "/../" in text:
        return None
    return f"{folder}{text}"


class WrongCopies:
    """Copies that were passed over, since they hold other bytes or could not be read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._first = ""
        self._is_told = False

    def add(self, copy: str, error: Exception) -> None:
        """Note one; the image itself was read instead."""
        with self._lock:
            self._first = self._first or f"{copy}: {_why(error)}"
            self._count += 1

    def to_tell(self) -> str:
        """A sentence, once: "" where there were none, or they are told already."""
        with self._lock:
            count, first = self._count, self._first
            if not count or self._is_told:
                return ""
            self._is_told = True
        several = "a staged copy was" if count == 1 else f"{count:,} staged copies were"
        return (
            f"on {os.uname().nodename} {several} passed over and the images read where they lie "
            f"(first {first}); remove what is wrong and run `crossgen stage` there again"
        )


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "it holds other bytes"


WRONG_COPIES = WrongCopies()
"""Of this process."""
