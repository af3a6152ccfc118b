import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.pixel_maps.running_mean import RunningMean


@given(seed=st.integers(0, 1000), count=st.integers(2, 30), offset=st.sampled_from([0.0, 1e6]))
def test_mean_and_standard_error_are_those_of_all_values(seed, count, offset):
    values = np.random.default_rng(seed).normal(offset, 2.0, (count, 3, 4))
    running = RunningMean()
    for each in values:
        running.add(each)
    assert running.count == count
    assert np.allclose(running.mean, values.mean(axis=0), rtol=1e-12)
    expected = values.std(axis=0, ddof=1) / np.sqrt(count)
    assert np.allclose(running.standard_error, expected, rtol=1e-6)


def test_of_one_value_there_is_no_error_and_of_none_no_mean():
    running = RunningMean()
    with pytest.raises(ValueError, match="undefined"):
        _ = running.mean
    running.add([1.0, 2.0])
    assert running.mean.tolist() == [1, 2]
    assert np.isnan(running.standard_error).all()
