"""Frame lists as they are written: odd ones are read, those at fault are refused by the place."""

from pathlib import Path
from typing import Any

import pytest
from frame_lists import (
    FRAMES,
    faceforensics,
    faceforensics_root,
    folders_of,
    scan,
    video,
    write_frames,
    write_list,
)

from data.index import index_root
from data.layout_detection import detect
from data.layouts import UnknownLayout


def test_dfdcs_video_without_a_name_is_the_one_of_its_folder(tmp_path: Path) -> None:
    """Of DFDC `val` is written as one video, to which those of `train` are added."""
    real, fake = (
        video(f"DFDC/test/frames/{n}", f"DFDC_{w}") for n, w in (("aa", "Real"), ("bb", "Fake"))
    )
    trained = video("DFDC/train/dfdc_train_part_0/frames/cc", "DFDC_Fake")
    listed = {
        "DFDC": {
            "DFDC_Real": {"train": {}, "test": {"aa": real}, "val": real},
            "DFDC_Fake": {
                "train": {"cc": trained},
                "test": {"bb": fake},
                "val": {**fake, "cc": trained},
            },
        }
    }
    write_list(tmp_path / "DFDC.json", listed)
    root = write_frames(
        tmp_path,
        "DFDC/test/frames/aa",
        "DFDC/test/frames/bb",
        "DFDC/train/dfdc_train_part_0/frames/cc",
    )
    found, skipped = scan(root)
    assert {(i.pair, i.label, i.split) for i in found} == {
        ("DFDC/aa", 0, "test"), ("DFDC/bb", 1, "test"), ("DFDC/cc", 1, "train"),
    }  # fmt: skip
    assert skipped == {
        "frame listed in validation as well, taken as test": 2 * len(FRAMES),
        "frame listed in validation as well, taken as train": len(FRAMES),
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["FF-DF"]["FF-DF"]["test"]["c23"].update(x=[1]),
         r"has \[1\] at FF-DF / FF-DF / test / c23 / x"),
        (lambda d: d["FF-DF"]["FF-real"].update(test="none"), "'none' at FF-DF / FF-real / test"),
        (lambda d: d["FF-DF"]["FF-DF"]["train"]["c23"]["000_003"].update(label="FF-real"),
         "has video 000_003 below FF-DF, and says FF-real of it"),
        (lambda d: d["FF-DF"]["FF-DF"]["train"]["c23"]["000_003"]["frames"].append(7),
         "a frame is 7 and no path"),
        (lambda d: d["FF-DF"]["FF-DF"]["train"]["c23"].update(
            other=d["FF-DF"]["FF-real"]["train"]["c23"]["000"] | {"label": "FF-DF"}),
         "000.png is listed for two videos, FF-real/c23/000 and FF-DF/c23/other"),
    ],
)  # fmt: skip
def test_lists_at_fault_are_refused_by_the_place(change: Any, said: str, tmp_path: Path) -> None:
    listed = faceforensics("")
    write_frames(tmp_path, *folders_of(listed, ""))
    change(listed)
    write_list(tmp_path / "FF-DF.json", listed)
    with pytest.raises(UnknownLayout, match=said):
        index_root(tmp_path, None, tmp_path / "cache")


def test_a_list_that_breaks_off_is_refused(tmp_path: Path) -> None:
    root = faceforensics_root(tmp_path)
    text = (root / "FF-DF.json").read_text()
    (root / "FF-DF.json").write_text(text[: len(text) // 2])
    with pytest.raises(UnknownLayout, match=r"FF-DF.json is damaged \("):
        index_root(root, None, tmp_path / "cache")


@pytest.mark.parametrize(
    "text",
    ['{"000.mp4": {"label": "FAKE", "split": "train", "original": "aa.mp4"}}',  # DFDC's metadata
     '[["071", "054"], ["087", "081"]]',  # FaceForensics++'s train.json
     '{"method_A/1.mp4": {"label": "fake", "set": "train"}}', "{}", ""],
)  # fmt: skip
def test_other_json_beside_frames_is_no_list(text: str, tmp_path: Path) -> None:
    root = faceforensics_root(tmp_path)
    (root / "train.json").write_text(text)
    assert detect(root)[1].startswith("FF-DF.json: ")


def test_a_changed_list_is_read_again(tmp_path: Path) -> None:
    root = faceforensics_root(tmp_path)
    before = len(scan(root)[0])
    listed = faceforensics("")
    del listed["FF-DF"]["FF-DF"]["test"]["c23"]["953_974"]
    write_list(root / "FF-DF.json", listed)
    assert len(scan(root)[0]) == before - len(FRAMES)
