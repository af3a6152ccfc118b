"""Which images of a pool count in an artifact, and which do not, why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class CountedImages:
    """Images of a pool, drawn by hash of the image.

    Attributes:
        images: how many count: the n of every mean.
        unreadable: how many of the drawn do not decode.
        too_small: how many of the drawn are smaller than the crop.
        left_out: how many of the drawn the experiment's equalise leaves out.
    """

    images: int
    unreadable: int = 0
    too_small: int = 0
    left_out: int = 0

    @classmethod
    def of(cls, measured: Mapping[str, Any]) -> CountedImages:
        """Return the counts that an artifact's footer states."""
        return cls(**{name: int(measured[name]) for name in cls.__dataclass_fields__})

    def as_json(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)
