"""A file of a collection that cannot be used, and why. Loads nothing."""

from typing import NamedTuple

ACCESS, HEADER, PIXELS = "access", "header", "pixels"


class FileProblem(NamedTuple):
    """A file that could not be used.

    `kind` is ACCESS where it could not be looked at or read this time, HEADER where its bytes are
    no image that is taken here, PIXELS where they are one that does not decode. The last is found
    only by an index that decodes; such a file is a row of its manifest as well, since what an index
    has looked for must not change what a pool is.
    """

    path: str
    reason: str
    kind: str = HEADER
