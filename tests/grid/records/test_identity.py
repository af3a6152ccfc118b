"""Identity is content: one text per value, and pinned examples that may never change."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid.records.identity import (
    IDENTITY_VERSION,
    NotCanonical,
    canonical_json,
    digest,
    digest_bytes,
    fit_id,
    piece_digest,
)

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=10,
)


def test_the_text_is_pinned():
    value = {"b": [1, 1.0, True, None, "ü\n"], "a": {"y": 1e-3, "x": (0.1 + 0.2,)}, "z": -0.0}
    assert canonical_json(value) == (
        '{"a":{"x":[0.30000000000000004],"y":0.001},"b":[1,1.0,true,null,"ü\\n"],"z":0.0}'
    )


def test_ids_are_pinned():
    # These may never change: every store's fits and pieces are named by them.
    assert IDENTITY_VERSION == 1
    description = {"detector": "npr", "seed": 3, "options": {"factor": 0.25}, "rows": "abc"}
    assert fit_id(description) == "npr-s3-7e7e1633f694e451"
    assert fit_id({**description, "seed": None}) == "npr-given-dfc2b65ad8bac882"
    assert (
        piece_digest(
            pool_id="p0123456789abcdef0123",
            degradation="resize(112) | jpeg(75)",
            test_pipeline="resize(256,256)",
            equalise="none",
            operations={"resize": 1, "jpeg": 2},
        )
        == "72548dffe0a9bc67"
    )
    assert digest_bytes(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@given(VALUES)
def test_equal_values_have_equal_texts_and_come_back(value):
    import json

    text = canonical_json(value)
    assert canonical_json(json.loads(text)) == text


@given(st.dictionaries(st.text(max_size=3), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_matter(mapping):
    turned = dict(reversed(list(mapping.items())))
    assert digest(turned) == digest(mapping)


def test_what_differs_has_another_digest():
    values = [1, 1.0, "1", True, None, [1], {"1": 1}, [[1]], "", [], {}, 0, 0.0, False]
    assert len({digest(value) for value in values}) == len(values)
    assert digest((1, 2)) == digest([1, 2])
    assert digest(np.float64(0.1)) == digest(0.1)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": {"b": [1.0, math.nan]}}, r"value\.a\.b\[1\]"),
        (math.inf, "finite"),
        ({1: 2}, "a key must be text"),
        ({"a": {1, 2}}, r"value\.a"),
        (np.int64(1), "int64"),
        (b"bytes", "bytes"),
    ],
)
def test_what_has_no_canonical_text_is_refused_by_place(value, words):
    with pytest.raises(NotCanonical, match=words):
        digest(value)


def test_text_that_is_not_unicode_is_refused():
    with pytest.raises(NotCanonical, match="not valid Unicode"):
        digest("\udcff")


@pytest.mark.parametrize("change", [{"seed": 4}, {"options": {"factor": 0.5}}, {"more": 0}])
def test_every_field_is_in_a_fits_identity(change):
    description = {"detector": "npr", "seed": 3, "options": {"factor": 0.25}}
    assert fit_id({**description, **change}) != fit_id(description)


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ({"detector": "a/b", "seed": 1}, "folder's name"),
        ({"seed": 1}, "detector None"),
        ({"detector": "npr", "seed": True}, "whole number"),
        ({"detector": "npr", "seed": -1}, "whole number"),
    ],
)
def test_descriptions_that_cannot_name_a_fit(description, words):
    with pytest.raises(ValueError, match=words):
        fit_id(description)


def test_a_mended_operation_makes_other_pieces():
    same = {"pool_id": "p", "degradation": "jpeg(75)", "test_pipeline": "none", "equalise": "none"}
    first = piece_digest(**same, operations={"jpeg": 1})
    assert piece_digest(**same, operations={"jpeg": 2}) != first
    for name in same:
        assert piece_digest(**{**same, name: "other"}, operations={"jpeg": 1}) != first
