"""Where the images of one class stand among the others, counted once for all metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class MutualRanks:
    """Counts for each image of a side, sorted, of the images of a side below it, or up to it.

    Up to it are those below and those of the very same logit, itself included.
    """

    reals_below_fake: Places
    reals_up_to_fake: Places
    fakes_below_real: Places
    fakes_up_to_real: Places
    fakes_below_fake: Places
    fakes_up_to_fake: Places

    @classmethod
    def of(cls, real: npt.NDArray[np.floating], fake: npt.NDArray[np.floating]) -> Self:
        """Count them for sorted logits, (n_real,) and (n_fake,)."""
        below = np.searchsorted(real, fake, side="left")
        up_to = np.searchsorted(real, fake, side="right")
        # A fake is below the real at place j where no more than j reals are up to it, and up to it
        # where no more than j are below: counting these spares a second search.
        is_first = np.concatenate([[True], fake[1:] != fake[:-1]])[: fake.size]
        places = np.arange(fake.size)
        among_fakes = np.maximum.accumulate(np.where(is_first, places, 0))
        ends = np.append(np.flatnonzero(is_first)[1:], fake.size)
        return cls(
            below,
            up_to,
            np.bincount(up_to, minlength=real.size + 1).cumsum()[: real.size],
            np.bincount(below, minlength=real.size + 1).cumsum()[: real.size],
            among_fakes,
            ends[is_first.cumsum() - 1],
        )
