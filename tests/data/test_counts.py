"""One of a thing is not called several."""

import pytest

from data.counts import counted


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (0, ("fit",), "0 fits"),
        (1, ("fit",), "1 fit"),
        (2, ("test set",), "2 test sets"),
        (1200, ("matrix is", "matrices are"), "1,200 matrices are"),
        (1, ("matrix is", "matrices are"), "1 matrix is"),
    ],
)
def test_a_noun_follows_its_number(number, noun, said):
    assert counted(number, *noun) == said
