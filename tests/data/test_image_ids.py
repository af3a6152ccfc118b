import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.image_ids import draw, draw_by_name, image_id_of, order_of, repeats, words

image_ids = st.binary(min_size=16, max_size=16).map(bytes.hex)


def test_an_image_id_is_the_start_of_the_sha256_of_the_bytes() -> None:
    assert image_id_of(b"abc") == hashlib.sha256(b"abc").hexdigest()[:32]


@given(st.lists(image_ids))
def test_words_sort_as_the_ids_do(ids: list[str]) -> None:
    high, low = words(ids).T
    assert [ids[index] for index in np.lexsort((low, high))] == sorted(ids)


@pytest.mark.parametrize(
    "ids",
    [
        ["ab"],
        ["A" * 32],
        ["0" * 31 + "g"],
        ["0" * 31, "0" * 33],
        [" " * 32],
        ["0" * 31 + " "],
        [""],
    ],
)
def test_what_is_no_image_id_is_refused(ids: list[str]) -> None:
    with pytest.raises(ValueError, match="32 lower-case hexadecimal"):
        words(ids)


def test_no_ids_are_no_words() -> None:
    assert words([]).shape == (0, 2)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30))
def test_ids_are_ordered_by_both_words_and_equal_ones_stay(ids: list[tuple[int, int]]) -> None:
    as_words = np.array(ids, np.uint64).reshape(-1, 2)
    order = sorted(range(len(ids)), key=lambda row: ids[row])
    assert order_of(as_words).tolist() == order
    ordered = [ids[row] for row in order]
    expected = [place > 0 and each == ordered[place - 1] for place, each in enumerate(ordered)]
    assert repeats(as_words[order]).tolist() == expected


def test_draws_are_pinned() -> None:
    # A change here changes which images are carved out of every training set.
    assert draw(words(["0" * 32, "f" * 32]), "validation").tolist() == [
        10018961493246628573,
        8085940986845497208,
    ]
    assert draw_by_name(["pair"], "validation").tolist() == [14340401132788573720]


def test_draws_are_uniform_and_salts_are_independent() -> None:
    ids = words([image_id_of(bytes([n % 256, n // 256])) for n in range(4000)])
    one, other = (draw(ids, salt) / 2.0**64 for salt in ("limit", "validation"))
    for drawn in (one, other):
        counts, _ = np.histogram(drawn, bins=10, range=(0, 1))
        assert counts.min() > 320
        assert counts.max() < 480
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.06
    # Ids that differ in one digit only are told apart as well.
    close = words([f"{n:032x}" for n in range(4000)])
    assert abs(np.corrcoef(draw(close, "a") / 2.0**64, np.arange(4000))[0, 1]) < 0.06
    assert len(np.unique(draw(close, "a"))) == 4000
