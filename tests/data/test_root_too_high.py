"""A root above the collections that are meant, a folder of another layout, and an empty one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from data import folder_walk, layout_detection, layouts
from data.folder_glimpse import glimpse
from data.layout_detection import collections_below, detect
from data.layouts import RootTooHigh, UnknownLayout, unbiased_genimage


def genimage(root: Path, *generators: str) -> Path:
    for generator in generators:
        for split in ("train", "val"):
            for label in ("ai", "nature"):
                (root / generator / split / label).mkdir(parents=True)
                (root / generator / split / label / "1.png").write_bytes(b"x")
    return root


def forensynths(root: Path, *homes: str) -> Path:
    for home in homes:
        for label in ("0_real", "1_fake"):
            (root / home / label).mkdir(parents=True)
            (root / home / label / "1.png").write_bytes(b"x")
    return root


def roots_said(root: Path) -> set[str]:
    with pytest.raises(RootTooHigh) as caught:
        detect(root)
    for path in caught.value.roots:
        assert detect(path)  # what is proposed is read
        assert any(str(path) in line for line in caught.value.details)
    return {path.relative_to(root).as_posix() for path in caught.value.roots}


CIFAR = ("cifar/cgan", "cifar/dcgan", "cifar/karlo", "cifar/vqgan")
TEST_SETS = ("testset/biggan", "testset/crn", "testset/progan/cat")


@pytest.mark.parametrize(
    ("write", "folders", "roots"),
    [
        (genimage, [*CIFAR, "photo/ldm", "photo/sd1"], {"cifar", "photo"}),
        (genimage, [*CIFAR, "photo/ldm"], {"cifar", "photo"}),  # no generator is called photo
        (genimage, ["faces/stylegan"], {"faces"}),
        (genimage, [*CIFAR], {"cifar"}),
        (genimage, ["a/one", "a/two"], {"a"}),
        (genimage, ["san/dcgan", "san/ddpm", "san/glow"], {"san"}),  # a city, a generator too
        (genimage, ["up/mine/cifar/cgan", "up/mine/cifar/dcgan"], {"up/mine/cifar"}),
        (forensynths, TEST_SETS, {"testset"}),
        (forensynths, [*TEST_SETS, "progan_train/car", "progan_train/cat"],
         {"testset", "progan_train"}),
        (forensynths, ["ForenSynths/train/cat", "ForenSynths/test/biggan"], {"ForenSynths"}),
        (forensynths, ["photo/ldm", "photo/sd1"], {"photo"}),
        (forensynths, ["a/photo/ldm", "b/photo/sd1"], {"a/photo", "b/photo"}),
    ],
)  # fmt: skip
def test_the_roots_below_are_named(
    write: Callable[..., Path], folders: list[str], roots: set[str], tmp_path: Path
) -> None:
    assert roots_said(write(tmp_path, *folders)) == roots


def test_collections_of_both_layouts_are_named(tmp_path: Path) -> None:
    forensynths(genimage(tmp_path, *CIFAR), "photo/ldm", "photo/sd1")
    assert roots_said(tmp_path) == {"cifar", "photo"}


@pytest.mark.parametrize(
    "folders",
    [
        # GenImage as unzipped: generator and the folder of its one archive
        ["ADM/imagenet_ai_0508_adm", "BigGAN/imagenet_ai_0419_biggan", "glide/imagenet_glide",
         "Midjourney/imagenet_midjourney", "stable_diffusion_v_1_4/imagenet_ai_0419_sdv4",
         "stable_diffusion_v_1_5/imagenet_ai_0424_sdv5", "VQDM/imagenet_ai_0419_vqdm",
         "wukong/imagenet_ai_0424_wukong"],
        ["Stable Diffusion V1.4/imagenet_ai_0419_sdv4"],
        ["part3/imagenet_ai_0424_wukong"],
        ["mine/archive"],
        ["Midjourney/disk1", "Midjourney/disk2"],
        ["part3/wukong", "part3/imagenet_ai_0424_wukong"],
        ["cgan", "dcgan"],
        ["."],
    ],
)  # fmt: skip
def test_a_collection_of_genimage_is_one_root(folders: list[str], tmp_path: Path) -> None:
    assert detect(genimage(tmp_path, *folders))[0] == "genimage"


@pytest.mark.parametrize(
    "folders",
    [
        ["progan/cat", "progan/dog", "cyclegan/horse", "biggan"],
        ["train/cat", "val/cat", "test/biggan"],
        ["stylegan2_test/cat", "stylegan2_test/church"],  # called as a split, and no ProGAN's
        ["biggan", "masks/one"],  # left out and named, as before
    ],
)
def test_a_collection_like_forensynths_is_one_root(folders: list[str], tmp_path: Path) -> None:
    assert detect(forensynths(tmp_path, *folders))[0] == "forensynths"


def test_generators_beside_a_collection_are_no_roots_of_their_own(tmp_path: Path) -> None:
    genimage(tmp_path, "ADM/imagenet_ai_0508_adm", "BigGAN", "extra/one", "extra/two")
    with pytest.raises(RootTooHigh) as caught:
        detect(tmp_path)
    assert caught.value.roots == (tmp_path / "extra",)
    assert caught.value.mixed == (tmp_path / "ADM", tmp_path / "BigGAN")


def test_a_named_layout_overrules(tmp_path: Path) -> None:
    from data.index import index_root

    manifest = index_root(genimage(tmp_path / "r", *CIFAR), "genimage", tmp_path / "cache")
    assert {problem.path.split("/")[0] for problem in manifest.problems} == {"cifar"}


GENERAL = ("parquet", "real_fake", "table", "photographs")


def test_an_unknown_folder_is_shown_with_the_trees_that_are_read(tmp_path: Path) -> None:
    for name in ("a.JPG", "b.jpg", "c.txt", ".hidden"):
        (tmp_path / "photos" / "old").mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / name).write_bytes(b"x")
    (tmp_path / "drawn").mkdir()
    with pytest.raises(UnknownLayout, match="no layout that is known here") as caught:
        detect(tmp_path)
    shown = "\n".join(caught.value.details)
    assert "photos/  2 .jpg, 1 .txt" in shown
    assert "old/" in shown
    # Trees for anybody's images; those of published collections would fill two screens.
    for name in layouts.names():
        lines = {f"    {line}" for line in layouts.load(name).TREE.splitlines()}
        assert lines.isdisjoint(caught.value.details) == (name not in GENERAL)
        assert name in GENERAL or f" {name}" in shown


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "train" / "ai").mkdir(parents=True)
    (tmp_path / ".DS_Store").write_bytes(b"x")
    with pytest.raises(UnknownLayout, match="is empty: there is no file in it") as caught:
        detect(tmp_path / "train")
    assert any("GENERATOR/" in line for line in caught.value.details)


def test_a_glimpse_is_short_and_looks_at_few_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for a in range(9):
        for b in range(9):
            for c in range(9):
                (tmp_path / f"{a}/{b}/{c}/d").mkdir(parents=True)
                (tmp_path / f"{a}/{b}/{c}/d/1.png").write_bytes(b"x")
    monkeypatch.setattr("data.folder_glimpse.ENTRIES_COUNTED", 8)
    seen = glimpse(tmp_path)
    assert len(seen.lines) < 50
    assert "(8 entries were looked at)" in seen.lines[0]
    assert not seen.is_empty  # what was not looked at may hold files


def test_the_search_for_collections_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for a in range(30):
        for b in range(30):
            (tmp_path / f"{a:02}/{b:02}").mkdir(parents=True)
    listed = []
    subfolders = folder_walk.subfolders

    def counted(folder: Path, at_most: int | None = None) -> list[Path]:
        listed.append(at_most)
        return subfolders(folder, at_most)

    monkeypatch.setattr(folder_walk, "subfolders", counted)
    monkeypatch.setattr(layout_detection, "LOOKED_AT", 100)
    assert collections_below(tmp_path) == {}
    assert listed == [100] * 100


def test_a_folder_that_cannot_be_looked_into_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for label in ("real", "fake"):
        (tmp_path / "flux" / label).mkdir(parents=True)
        (tmp_path / "flux" / label / "0.png").write_bytes(b"x")
    metadata = unbiased_genimage._metadata

    def locked(root: Path) -> object:
        if root.name == "real":
            raise PermissionError(13, "Permission denied", str(root / "metadata.csv"))
        return metadata(root)

    monkeypatch.setattr(unbiased_genimage, "_metadata", locked)
    assert detect(tmp_path)[0] == "real_fake"
