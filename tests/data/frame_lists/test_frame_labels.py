"""Which labels of frame lists are real, what the others are called, what is refused."""

from pathlib import Path
from typing import Any

import pytest
from frame_lists import scan, video, write_frames, write_list

from data.generators import generator
from data.index import index_root
from data.layouts import UnclearLabels, UnknownLayout


def named(labels: dict[str, str]) -> dict[str, Any]:
    return {
        "mine": {
            label: {"train": {}, "test": {label: video(f"frames/{label}", own)}}
            for label, own in labels.items()
        }
    }


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"real": "real", "fake": "fake"}, {"real": 0, "fake": 1}),
        ({"DFDCP_Real": "DFDCP_Real", "DFDCP_FakeA": "DFDCP_FakeA"},
         {"DFDCP_Real": 0, "dfdcp_a": 1}),
        ({"DF_real": "DF_real", "DF_fake": "DF_fake"}, {"DF_real": 0, "deeperforensics": 1}),
        ({"original": "real", "MyMethod": "fake"}, {"original": 0, "MyMethod": 1}),
        ({"e4s_Real": "e4s_Real", "e4s_Fake": "e4s_Fake"}, {"e4s_Real": 0, "e4s": 1}),
        ({"FF-NT": "FF-NT"}, {"neuraltextures": 1}),
    ],
)  # fmt: skip
def test_labels_say_which_is_real(
    labels: dict[str, str], expected: dict[str, int], tmp_path: Path
) -> None:
    write_list(tmp_path / "mine.json", named(labels))
    found, _ = scan(write_frames(tmp_path, *(f"frames/{label}" for label in labels)))
    assert {(i.generator if i.label else i.real_set): i.label for i in found} == expected


def test_labels_that_say_nothing_are_refused_with_the_line_to_write(tmp_path: Path) -> None:
    write_list(tmp_path / "mine.json", named({"youtube": "youtube", "swapped": "swapped"}))
    root = write_frames(tmp_path, "frames/youtube", "frames/swapped")
    with pytest.raises(UnclearLabels, match="is unclear") as caught:
        index_root(root, None, tmp_path / "cache")
    assert caught.value.layout == "deepfakebench(real=LABEL)"
    found, _ = scan(root, "deepfakebench(real=youtube)")
    assert {(i.generator, i.label) for i in found} == {("swapped", 0), ("swapped", 1)}
    with pytest.raises(UnknownLayout, match="which have swapped, youtube"):
        scan(root, "deepfakebench(real=you)")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("FF-DF", ("deepfakes", "face_swap", "deepfake")),
        ("FF-DF_c23", ("deepfakes_c23", "face_swap", "deepfake")),
        ("deepfakes_c40", ("deepfakes_c40", "face_swap", "deepfake")),
        ("CelebDFv2_fake", ("celeb_df_v2", "face_swap", "celeb_df")),
        ("Mine_RAW", ("Mine_RAW", "unknown", "Mine")),  # its folder's name, as ever
        ("raw", ("raw", "unknown", "raw")),
    ],
)
def test_compressions_are_near_copies_by_their_names(
    name: str, expected: tuple[str, str, str]
) -> None:
    assert generator(name) == expected
    assert generator(generator(name).name) == expected
