"""Which part of a view is the same at every epoch, and so is worth keeping."""

import functools
from dataclasses import replace
from typing import NamedTuple

from data.pipelines import Pipeline
from data.view import NOTHING, View


class SplitView(NamedTuple):
    """A view in two: `rest` of `kept` gives the pixels of the whole, with the same draws.

    Attributes:
        kept: a function of the image alone: equalise, degradation and the geometry before the
            first operation that draws, in tests all of it. What a degradation draws is a function
            of the image, too.
        rest: the geometry from there on, in training with the augmentation in it, and what stands
            behind `input` in a degradation.
    """

    kept: View
    rest: View


@functools.lru_cache(maxsize=4096)
def split(view: View, *, is_test: bool = False) -> SplitView:
    """Cut a view before the first operation of its geometry that draws.

    Args:
        view: of a training or a test.
        is_test: then geometry that may draw there draws by the image, and is kept as well: a patch
            of 32 px takes little room.
    """
    if is_test and view.geometry.is_testable:
        return SplitView(view, View())
    steps = view.geometry.operations
    cut = next((place for place, step in enumerate(steps) if step.is_random), len(steps))
    if cut == len(steps):
        return SplitView(view, View())
    if view.at_input.operations:
        # What a degradation draws goes on over all of it, so it is not taken apart.
        return SplitView(View(equalise=view.equalise), replace(view, equalise=NOTHING))
    kept = replace(view, geometry=Pipeline(steps[:cut]))
    return SplitView(kept, View(geometry=Pipeline(steps[cut:])))
