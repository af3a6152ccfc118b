"""Which videos are a group: a video, what it was made of, and what was made of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.frame_lists.originals import pairs_of

NAMES = st.sampled_from(["000", "003", "007", "000_003", "003_007", "007_000", "011", "011_012"])
VIDEOS = st.lists(st.tuples(st.sampled_from(["FF-real", "FF-DF", "FF-F2F", "DFDC_Real"]), NAMES))


@given(VIDEOS, st.randoms())
def test_groups_depend_on_no_order_and_hold_the_originals(
    videos: list[tuple[str, str]], random: Any
) -> None:
    pairs = pairs_of(videos)
    shuffled = list(videos)
    random.shuffle(shuffled)
    assert pairs_of(shuffled) == pairs
    for (label, name), pair in pairs.items():
        assert pair.split("/")[0] == label.split("_")[0].split("-")[0]
        if label.startswith("FF"):
            for original in name.split("_"):
                assert pairs.get(("FF-real", original), pair) == pair
        else:
            assert pair == f"DFDC/{name}"


@pytest.mark.parametrize(
    ("label", "fake", "original"),
    [
        ("CelebDFv1_fake", "id10_id11_0003", "CelebDFv1/id10_0003"),
        ("CelebDFv2_real", "id10_0003", "CelebDFv2/id10_0003"),
        ("DFD_fake", "01_02__outside_talking_still_laughing__YVGY8LOK",
         "DFD/01__outside_talking_still_laughing"),
        ("UADFV_Fake", "0012_fake", "UADFV/0012"),
        ("FF-NT", "953_974", "FF/953"),
        ("FF-FH", "974_953", "FF/953"),
        ("DF_fake", "000_M101", "DF/000_M101"),  # DeeperForensics' reals are others' videos
        ("DFDC_Fake", "0000_fake", "DFDC/0000_fake"),
    ],
)  # fmt: skip
def test_what_a_name_says(label: str, fake: str, original: str) -> None:
    assert pairs_of([(label, fake)]) == {(label, fake): original}


def test_a_label_without_a_collection_is_one() -> None:
    assert pairs_of([("real", "1"), ("fake", "1")]) == {
        ("real", "1"): "real/1",
        ("fake", "1"): "fake/1",
    }
