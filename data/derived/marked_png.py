"""One image of a derived dataset: a lossless PNG that says what it was made from."""

import errno
import io
import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
from PIL.PngImagePlugin import PngInfo

from data.image_files import UnreadableImage, opened
from data.pipelines import Image
from data.regular_files import read_regular

_KEY = "crossgen"
# How a file system says that it knows no hard links.
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


class ForeignFile(ValueError):
    """A file lies where a derived image belongs and is none made from the same in the same way."""


def mark_of(source_id: str, made_by: Mapping[str, Any]) -> str:
    """What the file says: its source and how it was made. Of one length in a whole dataset."""
    return json.dumps({"source": source_id, **made_by}, separators=(",", ":"), sort_keys=True)


def png_bytes(image_HWC: Image, mark: str) -> bytes:
    """A PNG of uint8 RGB with a mark as its only text."""
    text = PngInfo()
    text.add_text(_KEY, mark)
    encoded = io.BytesIO()
    PIL.Image.fromarray(np.ascontiguousarray(image_HWC)).save(encoded, "PNG", pnginfo=text)
    return encoded.getvalue()


def read_if_there(path: Path, mark: str) -> bytes | None:
    """The bytes of a file that was written with this mark; None where there is no file.

    Raises:
        ForeignFile: the file is another, or cannot be read.
    """
    try:
        content = read_regular(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ForeignFile(f"what lies here cannot be read ({error.strerror})") from error
    try:
        found = opened(content, path).info.get(_KEY)
    except UnreadableImage as error:
        raise ForeignFile(f"another file lies here and is kept ({error.reason})") from error
    if found != mark:
        raise ForeignFile("another image lies here and is kept")
    return content


def put(content: bytes, path: Path, unfinished: Path) -> bool:
    """Write a file whole or not at all; False where one is there by now, which is left alone.

    Args:
        content: of the file.
        path: of the file; its folder is there.
        unfinished: a folder of the same file system for what is being written.

    Raises:
        OSError: it cannot be written.
    """
    temporary = unfinished / uuid.uuid4().hex
    try:
        temporary.write_bytes(content)
        try:
            os.link(temporary, path)  # unlike a rename it never replaces a file
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if path.exists():
                return False
            temporary.rename(path)
        return True
    finally:
        temporary.unlink(missing_ok=True)
