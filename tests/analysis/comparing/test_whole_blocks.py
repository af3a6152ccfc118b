"""What is left out so that nothing is missing: whatever is missing, and no more than has to."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.comparing.whole_blocks import numbered, whole_block

MISSING = st.lists(st.booleans(), min_size=24, max_size=24)


@settings(max_examples=40, deadline=None)
@given(MISSING, MISSING)
def test_what_remains_is_whole(a, b):
    missing_a, missing_b = (np.array(each).reshape(2, 12) for each in (a, b))
    rows, columns = np.repeat(range(3), 4), np.tile(range(4), 3)
    kept = whole_block(missing_a, missing_b, rows, columns)
    if not (kept.seeds_a.any() and kept.seeds_b.any() and kept.places.any()):
        return  # nothing remains, and whoever asks is told so
    assert not missing_a[kept.seeds_a][:, kept.places].any()
    assert not missing_b[kept.seeds_b][:, kept.places].any()
    if not missing_a.any() and not missing_b.any():
        assert not kept.dropped
        assert kept.places.all()


def test_the_one_goes_that_takes_least_with_it():
    rows, columns = np.repeat(range(3), 4), np.tile(range(4), 3)
    nothing = np.zeros((2, 12), bool)
    one_fit = nothing.copy()
    one_fit[1] = True
    assert whole_block(one_fit, nothing, rows, columns).dropped == (("a", 1),)
    one_set = nothing | (columns == 2)
    assert whole_block(one_set, nothing, rows, columns).dropped == (("column", 2),)
    one_training = nothing | (rows == 0)
    assert whole_block(nothing, one_training, rows, columns).dropped == (("row", 0),)


def test_values_are_numbered_as_they_come():
    assert numbered(["b", "a", "b", "c"]) == [0, 1, 0, 2]
