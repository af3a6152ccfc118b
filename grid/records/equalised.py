"""What `equalise: match` made of an experiment's comparisons, as its record keeps it."""

from __future__ import annotations

from typing import TypedDict


class _Required(TypedDict):
    comparison: str
    tables: str
    size_px: int | None
    codings: int
    reals: int
    reals_too_small: int
    reals_coded_otherwise: int
    fakes: int
    fakes_too_small: int
    coded_twice: int


class EqualisedRecord(_Required, total=False):
    """One training set or test set: how many images of each class, and what was left out of them.

    `tables` is the digest of its table list, which holds the square and the codings. What is left
    out has no part in training, validation or cells. `coded_twice` are fakes that were JPEG before
    they were coded as a real. `asked` is the equalise as the file says it; it stands only where
    arms state theirs.
    """

    asked: str
