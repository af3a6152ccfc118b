"""From a file to pixels. Pillow is the reference decoder; the policies are in `data/README.md`.

Nothing is ever replaced by another image, and nothing is guessed: a file either gives the pixels
that its policy says, or an error.
"""

from io import BufferedReader
from pathlib import Path

import numpy as np
import PIL.Image
from PIL import ImageFile

from data.header_reader import raise_fault_of
from data.image_files import ImageChanged, UnreadableImage, id_of, opened
from data.image_sources import opened_image
from data.pipelines import Image
from data.staged_images import WRONG_COPIES, copy_in, staged_folder

__all__ = ["ImageChanged", "UnreadableImage", "decode", "decoded"]


def decode(path: str | Path, image_id: str | None = None) -> Image:
    """The pixels of a file, or of its staged copy where one with the bytes of its id lies here.

    Args:
        path: of the file, or of a row in one (`data.image_sources`).
        image_id: refuse the file unless its bytes have this id; without it no copy is read.

    Returns:
        uint8 RGB of shape (height, width, 3), as stored: an EXIF orientation is not applied.

    Raises:
        UnreadableImage: the bytes are no whole image that is taken here.
        ImageChanged: the bytes are not those of `image_id`.
        NotARegularFile: a pipe, a socket or a device has taken the file's place.
        OSError: the file could not be read, which says nothing about the image.
        MemoryError: there was no room for the pixels, which says nothing about it either.
    """
    folder = staged_folder() if image_id is not None else None
    copy = copy_in(folder, path) if folder is not None else None
    if copy is None:
        return _decode(path, image_id)
    try:
        return _decode(copy, image_id)
    except (FileNotFoundError, NotADirectoryError):  # nobody staged it
        return _decode(path, image_id)
    except (OSError, ImageChanged, UnreadableImage) as error:
        image_HWC = _decode(path, image_id)
        WRONG_COPIES.add(copy, error)
        return image_HWC


def _decode(path: str | Path, image_id: str | None) -> Image:
    with opened_image(path) as content:
        fault = None
        try:
            image_HWC = decoded(content, path)
        except UnreadableImage as error:
            fault = error
        # Last: a large file is read again for it, and may have changed while it was decoded.
        if image_id is not None and (found := id_of(content)) != image_id:
            raise ImageChanged(path, image_id, found)
    if fault is not None:
        raise UnreadableImage(path, fault.reason, image_id or "") from fault
    return image_HWC


def decoded(content: bytes | BufferedReader, path: str | Path) -> Image:
    """The pixels of a file with these bytes; `path` is for the message.

    Raises:
        UnreadableImage: as `decode`.
        RuntimeError: somebody told Pillow to fill truncated images with grey.
    """
    if ImageFile.LOAD_TRUNCATED_IMAGES:
        raise RuntimeError(
            "PIL.ImageFile.LOAD_TRUNCATED_IMAGES is set, so half an image would count as a whole "
            "one; leave it False (look for the module that sets it)."
        )
    with opened(content, path) as picture:
        try:
            picture.load()
            return _rgb(picture)
        except MemoryError:
            raise
        # Pillow's decoders raise almost anything on malformed bytes: OSError, SyntaxError, ...
        except Exception as error:
            raise_fault_of(getattr(picture, "fp", None))
            raise UnreadableImage(
                path, f"broken or truncated pixels ({type(error).__name__}: {error})"
            ) from error


def _rgb(picture: PIL.Image.Image) -> Image:
    if picture.mode.startswith("I;16"):
        # Pillow's conversion would clip at 255. The high byte is what its PNG reader keeps of
        # 16-bit colour, so grey and colour files are treated alike.
        grey_HW = (np.asarray(picture) >> 8).astype(np.uint8)
        return np.repeat(grey_HW[:, :, None], 3, axis=2)
    # A palette with several degrees of transparency makes Pillow warn; alpha is dropped anyway.
    picture.info.pop("transparency", None)
    return np.array(picture if picture.mode == "RGB" else picture.convert("RGB"))
