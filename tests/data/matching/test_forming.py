"""The table list of two classes, the common square, and what is left out of both."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.matching.coding import LOSSLESS, Coding
from data.matching.forming import NotMatched, formed
from data.matching.left_out import FactsUnknown, left_out
from data.matching.sizes import NoCommonSize, common_square
from data.matching.table_list import (
    TableList,
    UnknownTables,
    is_known,
    remember,
    table_list_of,
    tables_named,
)
from data.operations import parse

FINE, COARSE = "01" * 64, "20" * 64


def files(*rows, start=0):
    """A manifest's table of (height, width, format, tables, subsampling, how many)."""
    columns = {name: [] for name in ("height", "width", "format", "jpeg_tables", "subsampling")}
    for *values, count in rows:
        for name, value in zip(columns, values, strict=True):
            columns[name] += [value] * count
    ids = [f"{start + i:032x}" for i in range(len(columns["height"]))]
    return pa.table(
        {
            "image_id": ids,
            **columns,
            "jpeg_tables": pa.array(columns["jpeg_tables"]).dictionary_encode(),
        }
    )


def jpegs(count, height=300, width=400, tables=FINE, subsampling="4:2:0", start=0):
    return files((height, width, "JPEG", tables, subsampling, count), start=start)


def pngs(count, height=256, width=256):
    return files((height, width, "PNG", "", "", count), start=10**6)


def test_the_list_is_of_the_reals_codings_as_often_as_they_have_them():
    reals = pa.concat_tables([jpegs(30), jpegs(10, tables=COARSE, subsampling="4:4:4", start=100)])
    found = formed([reals], [pngs(20)])
    assert found.table_list == TableList(
        240, ((Coding(FINE, "4:2:0"), 30), (Coding(COARSE, "4:4:4"), 10))
    )
    assert (found.reals.images, found.reals.left_out) == (40, 0)
    assert (found.fakes.images, found.fakes.left_out, found.coded_twice) == (20, 0, 0)


def test_an_image_of_two_pools_counts_once():
    found = formed([jpegs(30), jpegs(12, start=20)], [pngs(20)])
    assert found.reals.images == 32
    assert found.table_list.codings == ((Coding(FINE, "4:2:0"), 32),)


def test_reals_that_fakes_cannot_be_coded_like_are_left_out_and_counted_for_one_reason():
    reals = files(
        (300, 400, "JPEG", FINE, "4:2:0", 95),
        (300, 400, "JPEG", FINE, "grey", 3),
        (300, 400, "JPEG", FINE, "4:1:1", 2),
        (300, 400, "WEBP", "", "", 4),
        (300, 400, "PNG", "", "", 5),
        (90, 400, "JPEG", FINE, "4:2:0", 2),
        (90, 400, "JPEG", FINE, "grey", 1),
    )
    found = formed([reals], [pngs(20)])
    assert found.table_list.size_px == 240
    assert found.table_list.codings == ((LOSSLESS, 5), (Coding(FINE, "4:2:0"), 95))
    assert (found.reals.coded_otherwise, found.reals.too_small) == (10, 2)
    assert sum(n for _, n in found.table_list.codings) + found.reals.left_out == 112
    mask = left_out(0, reals, 240).either
    assert mask.sum() == 12
    # Of fakes only the size decides: they are coded anew.
    assert left_out(1, reals, 240).either.sum() == 3


def test_fakes_that_are_jpeg_already_are_counted():
    fakes = pa.concat_tables([pngs(20), jpegs(7, 256, 256, start=5000)])
    assert formed([jpegs(30)], [fakes]).coded_twice == 7


@pytest.mark.parametrize(
    ("reals", "fakes", "px", "why"),
    [
        (jpegs(3, subsampling="grey"), pngs(3), None, "each of its 3 reals is coded as no fake"),
        (jpegs(2, tables="00" * 64), pngs(3), None, "2 reals cannot be followed: its tables hold"),
        (pngs(3), jpegs(1, 256, 256), None, "no real was coded as JPEG and 1 fake was"),
        (jpegs(3, 100, 100), pngs(3), 128, "none of its 3 real images holds a square of 128 px"),
        (jpegs(3), pngs(3, 64, 64), 128, "none of its 3 fake images holds a square of 128 px"),
        (jpegs(3), pngs(3, 31, 31), None, "a shorter side below 32 px"),
    ],
)
def test_what_cannot_be_matched_is_refused(reals, fakes, px, why):
    with pytest.raises(NotMatched) as caught:
        formed([reals], [fakes], px)
    assert why in caught.value.why
    assert caught.value.mend


def test_lossless_classes_are_only_cropped():
    found = formed([pngs(5, 300, 200)], [pngs(5)])
    assert found.table_list == TableList(176, ((LOSSLESS, 5),))


def test_a_manifest_of_an_earlier_version_is_refused_by_its_columns():
    old = jpegs(3).drop_columns(["jpeg_tables", "subsampling"])
    with pytest.raises(FactsUnknown, match="does not say jpeg_tables, subsampling"):
        formed([old], [pngs(3)])
    empty = jpegs(3).set_column(5, "subsampling", pa.nulls(3, pa.string()))
    with pytest.raises(FactsUnknown, match="does not say subsampling"):
        left_out(0, empty, None)


lengths = st.lists(
    st.tuples(st.integers(32, 900), st.integers(32, 900)), min_size=1, max_size=60
).map(np.array)


@given(lengths, lengths)
def test_of_both_classes_nearly_all_hold_the_square_and_a_larger_one_fewer(real, fake):
    side = common_square(real, fake, None)
    if side is None:
        assert len({*map(tuple, real), *map(tuple, fake)}) == 1
        return
    assert side % 16 == 0
    for larger, is_enough in ((0, True), (16, False)):
        shares = [
            (each.min(axis=1) // 16 * 16 - 16 >= side + larger).mean() for each in (real, fake)
        ]
        assert (min(shares) >= 0.95) == is_enough


def test_one_size_of_all_is_not_cropped_and_a_size_asked_for_is_it():
    same = np.full((9, 2), 300)
    assert common_square(same, same, None) is None
    assert common_square(same, same, 224) == 224
    with pytest.raises(NoCommonSize, match="take these images out"):
        common_square(np.full((9, 2), 31), same, None)


@settings(max_examples=50)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=12))
def test_evenly_drawn_places_give_each_coding_as_often_as_the_reals_have_it(counts):
    codings = tuple((Coding(f"{i:02x}" * 64, "4:2:0"), n) for i, n in enumerate(counts, start=1))
    table_list = TableList(None, codings)
    total = sum(counts)
    drawn = [table_list.coding_at((i + 0.5) / total) for i in range(total)]
    assert [(c, drawn.count(c)) for c, _ in codings] == list(codings)
    assert table_list.coding_at(0.0) == codings[0][0]
    assert table_list.coding_at(np.nextafter(1, 0)) == codings[-1][0]


def test_a_list_is_known_by_its_digest_and_by_no_other():
    one = TableList(64, ((Coding(FINE, "4:2:0"), 3),))
    assert TableList.from_json(one.as_json()) == one
    assert TableList.from_json(one.as_json()).digest == one.digest
    others = [
        TableList(None, one.codings),
        TableList(64, ((Coding(FINE, "4:2:0"), 4),)),
        TableList(64, ((Coding(FINE, "4:4:4"), 3),)),
        TableList(64, ((Coding(COARSE, "4:2:0"), 3),)),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 5
    assert one.digest == "71a9300f4247d762"  # its text is part of ids: never change it
    assert not is_known(one.digest)
    with pytest.raises(UnknownTables, match="not known in this process"):
        table_list_of(one.digest)
    assert remember(one) == one.digest
    assert table_list_of(one.digest) == one
    with pytest.raises(UnknownTables, match="it is the plan that gives it one"):
        table_list_of("")


@pytest.mark.parametrize("record", [{}, {"size_px": 1, "codings": [1]}, {"codings": None}])
def test_what_is_no_list_is_refused(record):
    with pytest.raises(ValueError, match="it is no table list"):
        TableList.from_json(record)


@pytest.mark.parametrize(
    "codings",
    [
        (),
        ((Coding("b", ""), 1), (Coding("a", ""), 1)),
        ((Coding("a", ""), 1), (Coding("a", ""), 2)),
        ((Coding("a", ""), 0),),
    ],
)
def test_a_list_is_sorted_and_each_coding_is_of_a_real(codings):
    with pytest.raises(ValueError, match="a table list has at least one"):
        TableList(None, codings)


def test_a_pipeline_says_which_list_it_names():
    assert tables_named(parse('match(tables="ab")', "equalise")) == "ab"
    assert tables_named(parse("match(px=64)", "equalise")) == ""
    assert tables_named(parse("recompress(90)", "equalise")) is None
    assert tables_named(parse("none", "equalise")) is None
