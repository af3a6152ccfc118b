"""DeepfakeBench's lists: what is read of them, which videos are apart, what is refused."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from frame_lists import (
    FRAMES,
    celeb_df,
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
from data.layouts import FoundImage, RootTooHigh, UnclearList, UnknownLayout
from data.pools import pools_of

BASES = [
    "",  # as ForensicHub has them: relative to the root
    "./datasets/",
    "/data/home/someone/deepfake/datasets/rgb/",
    ".\\datasets\\",
    "I:\\deepfake\\",
    "../datasets/",
]


def sources(found: list[FoundImage]) -> Counter[tuple[str, str, int]]:
    """Frames by source, split and label."""
    return Counter((i.generator if i.label else i.real_set, i.split, i.label) for i in found)


@pytest.mark.parametrize("base", BASES)
def test_frames_are_found_whatever_machine_the_list_was_written_on(
    base: str, tmp_path: Path
) -> None:
    root = faceforensics_root(tmp_path / "mine", base)
    name, reason = detect(root)
    found, skipped = scan(root)
    assert name == "deepfakebench"
    assert skipped == {}
    assert sources(found) == {
        (source, split, label): 2 * len(FRAMES)
        for source, label in (("FF-real_c23", 0), ("deepfakes_c23", 1))
        for split in ("train", "validation", "test")
    }
    assert all((root / image.path).is_file() for image in found)
    assert len({image.path for image in found}) == len(found)
    assert {image.generator for image in found} == {"deepfakes_c23"}  # reals stand beside it
    plain = base.replace("\\", "/").removeprefix("./")
    assert (f"`{plain}` is taken off each path" in reason) == bool(plain)


@pytest.mark.parametrize("place", ["dataset_json", "preprocessing/dataset_json_v3"])
def test_lists_may_lie_where_deepfakebench_has_them(place: str, tmp_path: Path) -> None:
    listed = faceforensics("./datasets\\")
    write_list(tmp_path / place / "FF-DF.json", listed)
    write_frames(tmp_path / "datasets", *folders_of(listed, "./datasets\\"))
    assert len(scan(tmp_path)[0]) == 12 * len(FRAMES)
    assert all(image.path.startswith("datasets/FaceForensics++/") for image in scan(tmp_path)[0])


def test_what_was_decided_is_said(tmp_path: Path) -> None:
    root = faceforensics_root(tmp_path, "/far/away/", compressions=("c23", "c40"))
    first, *shown = detect(root)[1].split("\n    ")
    assert first == (
        "FF-DF.json: frames of 24 videos; FF-real is real; FF-DF is fake; compression c23, c40, "
        "each a generator of its own; `/far/away/` is taken off each path; pairs are 3 groups of "
        "videos and what is made of it"
    )
    assert shown[0] == (
        "FaceForensics++/original_sequences/youtube/c23/frames/000/000.png is real (FF-real_c23), "
        "train, pair FF/000"
    )


def test_compressions_are_near_copies_that_one_may_choose_from(tmp_path: Path) -> None:
    root = faceforensics_root(tmp_path / "mine", compressions=("c23", "c40"))
    both, _ = scan(root)
    assert {image.generator for image in both} == {"deepfakes_c23", "deepfakes_c40"}
    beside = {(image.real_set, image.generator) for image in both if not image.label}
    assert beside == {("FF-real_c23", "deepfakes_c23"), ("FF-real_c40", "deepfakes_c40")}
    one, skipped = scan(root, "deepfakebench(compression=c40)")
    assert one == [image for image in both if "/c40/" in image.path]
    assert skipped == {"frame of compression c23": 12 * len(FRAMES)}
    manifest = index_root(root, None, tmp_path / "cache")
    assert set(manifest.table["family"].to_pylist()) == {"face_swap"}
    assert set(manifest.table["generator_group"].to_pylist()) == {"deepfake"}
    with pytest.raises(UnknownLayout, match=r"'c32' is in none of the lists. Did you mean c23"):
        scan(root, "deepfakebench(compression=c32)")


def test_reals_of_several_lists_are_read_once_and_stand_beside_all(tmp_path: Path) -> None:
    for manipulation in ("FF-DF", "FF-F2F", "FF-FH"):
        faceforensics_root(tmp_path / "mine", manipulation=manipulation)
    found, skipped = scan(tmp_path / "mine")
    assert skipped == {}
    assert len(found) == len({image.path for image in found}) == 24 * len(FRAMES)
    reals = {image.generator for image in found if not image.label}
    assert reals == {"deepfakes_c23|face2face_c23|faceshifter_c23"}
    one, _ = scan(tmp_path / "mine", "deepfakebench(file=FF-F2F.json)")
    assert {image.generator for image in one} == {"face2face_c23"}


def test_a_video_and_what_is_made_of_it_are_a_group_in_every_compression(tmp_path: Path) -> None:
    root = faceforensics_root(tmp_path, compressions=("c23", "c40"))
    pairs: dict[str, set[str]] = {}
    for image in scan(root)[0]:
        pairs.setdefault(image.pair, set()).add(image.path.split("/")[-2])
    assert pairs == {
        "FF/000": {"000", "003", "000_003", "003_000"},
        "FF/054": {"071", "054", "071_054", "054_071"},
        "FF/953": {"953", "974", "953_974", "974_953"},
    }


def test_nothing_that_is_tested_on_is_trained_on(tmp_path: Path) -> None:
    listed = celeb_df(3, tested=1)
    write_list(tmp_path / "Celeb-DF-v2.json", listed)
    root = write_frames(tmp_path, *folders_of(listed, ""))
    found, skipped = scan(root)
    n = len(FRAMES)
    assert sources(found) == {
        ("CelebDFv2_real", "train", 0): 2 * n,
        ("CelebDFv2_real", "test", 0): n,
        ("celeb_df_v2", "train", 1): 2 * n,
        ("celeb_df_v2", "test", 1): n,
    }
    assert skipped == {
        "frame listed in train as well, taken as test": 2 * n,
        "frame listed in validation as well, taken as test": 2 * n,
    }
    assert "2 videos of several splits taken as test" in detect(root)[1]
    assert {i.pair for i in found} == {f"CelebDFv2/id0_000{i}" for i in range(3)}
    trained, _ = scan(root, "deepfakebench(repeated=train)")
    assert {image.split for image in trained} == {"train"}
    with pytest.raises(UnknownLayout, match=r"repeated=tain is no split. Did you mean train"):
        scan(root, "deepfakebench(repeated=tain)")


def test_groups_that_the_lists_part_are_counted(tmp_path: Path) -> None:
    listed = celeb_df(3, tested=1)
    del listed["Celeb-DF-v2"]["CelebDFv2_fake"]["test"]["id0_id1_0002"]
    write_list(tmp_path / "Celeb-DF-v2.json", listed)
    root = write_frames(tmp_path, *folders_of(listed, ""))
    assert (
        detect(root)[1].split("\n")[0].endswith("1 of them in several splits, as the lists have it")
    )


def test_the_same_videos_in_all_splits_are_a_test_set(tmp_path: Path) -> None:
    def of(label: str, folder: str, name: str) -> dict[str, Any]:
        listed = {name: video(f"UADFV/{folder}", label)}
        return {"train": listed, "test": listed, "val": listed}

    reals, fakes = (
        of("UADFV_Real", "real/frames/0000", "0000"),
        of("UADFV_Fake", "fake/frames/0000_fake", "0000_fake"),
    )
    write_list(tmp_path / "UADFV.json", {"UADFV": {"UADFV_Real": reals, "UADFV_Fake": fakes}})
    root = write_frames(tmp_path, "UADFV/real/frames/0000", "UADFV/fake/frames/0000_fake")
    found, _ = scan(root)
    assert {(i.label, i.generator, i.split, i.pair) for i in found} == {
        (0, "uadfv", "test", "UADFV/0000"), (1, "uadfv", "test", "UADFV/0000"),
    }  # fmt: skip


def test_what_is_not_on_disk_is_counted_by_source(tmp_path: Path) -> None:
    root = faceforensics_root(tmp_path, compressions=("c23", "c40"))
    below = root / "FaceForensics++/manipulated_sequences/Deepfakes"
    (below / "c23/frames/000_003/010.png").unlink()
    for frame in (below / "c40/frames/953_974").iterdir():
        frame.unlink()
    (below / "c40/frames/953_974").rmdir()
    other = celeb_df(3, tested=0)
    write_list(root / "Celeb-DF-v2.json", other)
    found, skipped = scan(root)
    assert skipped == {
        "frame of deepfakes_c23, not in its folder": 1,
        "frame of deepfakes_c40, whose folder is not here": len(FRAMES),
        "frame of CelebDFv2_real, of whose list nothing is here": 3 * len(FRAMES),
        "frame of celeb_df_v2, of whose list nothing is here": 3 * len(FRAMES),
    }
    assert len(found) + skipped.total() == (24 + 6) * len(FRAMES)


def test_a_video_that_another_list_has_here_is_not_counted_as_missing(tmp_path: Path) -> None:
    root = faceforensics_root(tmp_path)
    listed = json.dumps(faceforensics("", "FF-F2F"))
    (root / "FF-F2F.json").write_text(listed.replace("FaceForensics++/", "elsewhere/"))
    found, skipped = scan(root)
    assert len(found) == 12 * len(FRAMES)
    assert skipped == {"frame of face2face_c23, of whose list nothing is here": 6 * len(FRAMES)}


def test_the_least_is_taken_off(tmp_path: Path) -> None:
    root = faceforensics_root(tmp_path, "/far/rgb/")
    write_frames(root / "rgb", *folders_of(faceforensics(""), ""))
    assert all(image.path.startswith("rgb/") for image in scan(root)[0])


def test_a_root_above_the_lists_is_told_where_they_are(tmp_path: Path) -> None:
    root = faceforensics_root(tmp_path / "datasets")
    with pytest.raises(RootTooHigh) as caught:
        detect(tmp_path)
    assert caught.value.roots == (root,)


def test_a_folder_that_cannot_be_listed_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = faceforensics_root(tmp_path / "mine")
    refused = root / "FaceForensics++/original_sequences/youtube/c23/frames/000"
    plain = os.scandir

    def scandir(path: Any = ".") -> Any:
        if Path(path) == refused:
            raise PermissionError(13, "Permission denied")
        return plain(path)

    monkeypatch.setattr("data.frame_lists.on_disk.os.scandir", scandir)
    manifest = index_root(root, None, tmp_path / "cache")
    assert [p.path for p in manifest.problems] == [refused.relative_to(root).as_posix()]
    assert manifest.table.num_rows == 11 * len(FRAMES)


def test_a_compression_is_never_read_as_another_one(tmp_path: Path) -> None:
    """Below the folder of one, frames of the other would be found if more were taken off."""
    root = faceforensics_root(tmp_path, compressions=("c23", "c40"))
    inner = root / "FaceForensics++/manipulated_sequences/Deepfakes/c23"
    write_list(inner / "FF-DF.json", faceforensics("", compressions=("c23", "c40")))
    with pytest.raises(UnclearList, match=r"holds nothing of what FF-DF.json lists") as caught:
        scan(inner, "deepfakebench")
    assert caught.value.layout == "deepfakebench(prefix=PREFIX)"


def test_what_is_taken_off_may_be_stated(tmp_path: Path) -> None:
    root = faceforensics_root(tmp_path, "/a/b/")
    assert len(scan(root, "deepfakebench(prefix=/a/b)")[0]) == 12 * len(FRAMES)
    with pytest.raises(UnknownLayout, match="does not begin with '/a/c/'"):
        scan(root, "deepfakebench(prefix=/a/c)")


def test_pools_hold_the_frames_of_a_source_and_split(tmp_path: Path) -> None:
    root = faceforensics_root(tmp_path / "mine")
    manifest = index_root(root, None, tmp_path / "cache")
    pools = {(pool.source, pool.split): pool for pool in pools_of(manifest)}
    assert len(pools) == 6
    assert {pool.beside for pool in pools.values() if not pool.label} == {"deepfakes_c23"}
    assert set(pools["deepfakes_c23", "test"].table["pair"].to_pylist()) == {"FF/953"}
    assert sum(map(len, pools.values())) == manifest.table.num_rows
