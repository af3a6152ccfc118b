"""Counting and drawing by columns is what counting and drawing row by row is."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data.strata import combined, in_order_of_appearance, lowest_units, units_per_stratum

ROWS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)), min_size=1, max_size=40)
# Draws that differ in their last bits only, and draws that differ in all.
DRAWS = st.lists(
    st.sampled_from([0, 1, 2, 2**61, 2**64 - 1, 2**64 - 2]) | st.integers(0, 2**64 - 1)
)


@given(ROWS)
def test_combinations_are_numbered_as_they_appear(rows: list[tuple[int, int]]) -> None:
    first, second = (np.array(column) for column in zip(*rows, strict=True))
    numbers = {row: number for number, row in enumerate(dict.fromkeys(rows))}
    assert combined(first, second).tolist() == [numbers[row] for row in rows]
    appeared = in_order_of_appearance(first, 5).tolist()
    assert appeared == list(dict.fromkeys(first.tolist()))


@given(ROWS, st.booleans())
def test_units_are_counted_once_in_each_stratum(
    rows: list[tuple[int, int]], are_different: bool
) -> None:
    rows = [(s, i if are_different else unit) for i, (s, unit) in enumerate(rows)]
    stratum, unit = (np.array(column) for column in zip(*rows, strict=True))
    counts = Counter(s for s, _ in set(rows))
    expected = [counts[s] for s in range(max(counts) + 1)]
    assert units_per_stratum(stratum, unit).tolist() == expected


@given(ROWS, DRAWS, st.booleans(), st.lists(st.integers(0, 6), min_size=5, max_size=5))
def test_the_units_with_the_lowest_draws_are_taken_whole(
    rows: list[tuple[int, int]], draws: list[int], are_different: bool, keep: list[int]
) -> None:
    rows = [(s, i if are_different else unit) for i, (s, unit) in enumerate(rows)]
    draw_of = {unit: (draws[unit] if unit < len(draws) else 3 * unit) for _, unit in rows}
    stratum, unit = (np.array(column) for column in zip(*rows, strict=True))
    drawn = np.array([draw_of[unit] for _, unit in rows], np.uint64)
    lowest = set()
    for s, number in enumerate(keep):
        units = sorted({u for of, u in rows if of == s}, key=lambda u: (draw_of[u], u))
        lowest |= {(s, u) for u in units[:number]}
    taken = lowest_units(stratum, unit, drawn, np.array(keep))
    assert taken.tolist() == [row in lowest for row in rows]
