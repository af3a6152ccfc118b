"""A large file as Pillow's header readers see it: as much as any header has, and no more.

Most readers take a few hundred bytes and seek over the rest. Some look for the next marker byte by
byte, and WebP's takes the whole file; in a damaged file of gigabytes that is hours or all memory.
"""

import os
from typing import BinaryIO

# A WebP is read whole; no picture within the limit of pixels is longer than its bare RGBA pixels.
MOST_HEADER_BYTES = 4 * 89_478_485
MOST_HEADER_READS = 1_000_000


class HeaderTooLong(ValueError):
    """A file has no end of its header where any image has one."""


class HeaderReader:
    """A binary file whose reads are counted until its header is read.

    Attributes:
        fault: what the file's own `read` raised last.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self._bytes = 0
        self._reads = 0
        self._counts = True
        self.fault: OSError | None = None
        # Not a method: it moves through the file and is called as often as read.
        self.seek, self.tell, self.fileno = file.seek, file.tell, file.fileno

    def read(self, size: int = -1) -> bytes:
        """As the file's own.

        Raises:
            HeaderTooLong: more than any header has was read, or would be.
        """
        if self._counts:
            left = max(self._size - self._file.tell(), 0)
            self._bytes += left if size is None or size < 0 else min(size, left)
            self._reads += 1
            if self._bytes > MOST_HEADER_BYTES or self._reads > MOST_HEADER_READS:
                raise HeaderTooLong(f"no whole header in a file of {self._size} bytes")
        try:
            return self._file.read(size)
        except OSError as error:
            self.fault = error
            raise

    def readline(self, size: int = -1) -> bytes:
        """As the file's own; what makes this a file for Pillow."""
        return self._file.readline(size)

    def header_is_read(self) -> None:
        """From now on everything may be read: the pixels follow."""
        self._counts = False


def raise_fault_of(file: object) -> None:
    """Raise the OSError of the disk that a read through a `HeaderReader` met, if one did.

    Pillow's readers raise OSErrors of their own on malformed bytes; those are the image's.
    """
    if isinstance(file, HeaderReader) and file.fault is not None:
        raise file.fault
