"""ForenSynths in the shapes in which it lies on people's disks, and what is none."""

from collections import Counter
from pathlib import Path

import pytest

from data import folder_walk
from data.folder_walk import FolderListing
from data.index import index_root
from data.layout_detection import detect
from data.layouts import FoundImage, forensynths

CATEGORIES = [
    "airplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
    "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train",
    "tvmonitor",
]  # fmt: skip
PLAIN = {
    "biggan": "biggan", "crn": "crn", "deepfake": "deepfake", "gaugan": "gaugan", "imle": "imle",
    "san": "san", "seeingdark": "seeingdark", "stargan": "stargan",
    "whichfaceisreal": "whichfaceisreal",
    # As later benchmarks name theirs
    "stable_diffusion_v_1_4": "sd14", "Glide": "glide", "DALLE2": "dalle2", "AttGAN": "attgan",
}  # fmt: skip
WITH_CLASSES = {
    "progan": CATEGORIES,
    "cyclegan": ["apple", "horse", "orange", "summer", "winter", "zebra"],
    "stylegan": ["bedroom", "car", "cat"],
    "stylegan2": ["car", "cat", "church", "horse"],
}


def make(root: Path, *folders: str) -> Path:
    """Each folder with one real and one fake in it."""
    for folder in folders:
        for label in ("0_real", "1_fake"):
            (root / folder / label).mkdir(parents=True)
            (root / folder / label / "000.png").write_bytes(b"x")
    return root


def scan(root: Path) -> tuple[list[FoundImage], Counter[str]]:
    assert detect(root)[0] == "forensynths"
    skipped: Counter[str] = Counter()
    return list(forensynths.scan(root, skipped)), skipped


def kinds(root: Path) -> set[tuple[str, str, str]]:
    """(generator, split, class) of what is found, which is as many reals as fakes."""
    found, _ = scan(root)
    rows = [(image.generator, image.split, image.class_name, image.label) for image in found]
    reals = {row[:3] for row in rows if row[3] == 0}
    assert reals == {row[:3] for row in rows if row[3] == 1}
    return reals


def expected_tests() -> set[tuple[str, str, str]]:
    plain = {(name, "test", "") for name in PLAIN.values()}
    return plain | {(g, "test", c) for g, classes in WITH_CLASSES.items() for c in classes}


def folders_of_tests() -> list[str]:
    return [*PLAIN, *(f"{g}/{c}" for g, classes in WITH_CLASSES.items() for c in classes)]


@pytest.mark.parametrize("between", ["", "progan/"])
def test_the_whole_tree(tmp_path: Path, between: str) -> None:
    training = [f"{split}/{between}{c}" for split in ("train", "val") for c in CATEGORIES]
    root = make(tmp_path / "ForenSynths", *training, *(f"test/{f}" for f in folders_of_tests()))
    assert kinds(root) == expected_tests() | {
        ("progan", split, c) for split in ("train", "validation") for c in CATEGORIES
    }
    reason = detect(root)[1]
    assert "of 17 generators: " in reason
    assert reason.endswith("; taken as test, train, validation")


def test_the_test_sets_alone(tmp_path: Path) -> None:
    assert kinds(make(tmp_path / "CNN_synth_testset", *folders_of_tests())) == expected_tests()


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("progan_train", "train"),
        ("train", "train"),
        ("progan-val", "validation"),
        ("test", "test"),
        ("trainer", "test"),
        ("train_val", "test"),
    ],
)
@pytest.mark.parametrize("between", ["", "progan/"])
def test_one_split_alone_is_named_by_its_root(
    tmp_path: Path, name: str, split: str, between: str
) -> None:
    root = make(tmp_path / name, *(f"{between}{c}" for c in CATEGORIES))
    assert kinds(root) == {("progan", split, c) for c in CATEGORIES}
    assert detect(root)[1].endswith(f"taken as {split}")


@pytest.mark.parametrize("categories", [["car", "cat", "chair", "horse"], ["train", "cow"]])
def test_a_part_of_the_categories(tmp_path: Path, categories: list[str]) -> None:
    root = make(tmp_path, *(f"train/{c}" for c in categories))
    assert kinds(root) == {("progan", "train", c) for c in categories}


def test_other_generators_beside_the_categories(tmp_path: Path) -> None:
    root = make(tmp_path, "train/car", "train/sdv1.4", "val/car")
    assert kinds(root) == {
        ("progan", "train", "car"), ("sd14", "train", ""), ("progan", "validation", "car"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("place", "split"), [("test", "test"), ("train", "train"), ("mine", "test")]
)
def test_one_generator_alone(tmp_path: Path, place: str, split: str) -> None:
    assert kinds(make(tmp_path / place / "BigGAN", "")) == {("biggan", split, "")}
    root = make(tmp_path / place / "progan", *CATEGORIES)
    assert kinds(root) == {("progan", split, c) for c in CATEGORIES}
    root = make(tmp_path / place / "stylegan", "bedroom", "car", "cat")
    assert kinds(root) == {("stylegan", split, c) for c in ("bedroom", "car", "cat")}


def test_rows_say_what_the_folders_say(tmp_path: Path) -> None:
    root = make(tmp_path, "val/cat")
    fake, real = scan(root)[0][::-1]
    assert real == FoundImage(
        "val/cat/0_real/000.png", 0, "progan", "validation", "cat", "", "progan/0_real"
    )
    assert fake == FoundImage("val/cat/1_fake/000.png", 1, "progan", "validation", "cat", "", "")


def test_one_label_is_enough_beside_a_whole_generator(tmp_path: Path) -> None:
    root = make(tmp_path, "ldm")
    (root / "Guided/1_Fake").mkdir(parents=True)
    (root / "Guided/1_Fake/a.png").write_bytes(b"x")
    assert [(i.generator, i.label) for i in scan(root)[0]] == [
        ("guided", 1), ("ldm", 0), ("ldm", 1),
    ]  # fmt: skip


def test_a_folder_that_is_no_generator_is_named(tmp_path: Path) -> None:
    root = make(tmp_path, "test/ldm", "test/another_collection/some_gan", "test/progan/cat")
    (root / "test/masks").mkdir()
    (root / "test/progan/lists").mkdir()
    found, skipped = scan(root)
    assert {image.generator for image in found} == {"ldm", "progan"}
    assert skipped == {
        f"folder test/{name} without 0_real or 1_fake": 1
        for name in ("another_collection", "masks", "progan/lists")
    }


@pytest.mark.parametrize(
    "folders",
    [
        ["train/.", "test/."],  # Chameleon
        ["train/.", "val/.", "test/reddit", "test/twitter"],  # WildRF
        ["train/."],
    ],
)
def test_labels_in_other_places_are_another_layout(tmp_path: Path, folders: list[str]) -> None:
    assert detect(make(tmp_path, *folders))[0] == "real_fake"
    assert not forensynths.evidence(tmp_path, FolderListing(tmp_path)).is_claim


@pytest.mark.parametrize(
    "file",
    [
        "imagenet/0_real/1.png",  # UnivFD: reals and fakes lie apart and belong together by rule
        "ldm_100/1_fake/1.png",
        "ldm/real/1.png",
        "ldm/fake/1.png",
        "0_real.png",
    ],
)
def test_a_generator_needs_both_labels(tmp_path: Path, file: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_bytes(b"x")
    assert not forensynths.evidence(tmp_path, FolderListing(tmp_path)).is_claim


def test_genimage_is_still_genimage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("BigGAN/imagenet_ai_0419_biggan", "glide", "."):
        for split in ("train", "val"):
            for label in ("ai", "nature"):
                (tmp_path / folder / split / label).mkdir(parents=True)
                (tmp_path / folder / split / label / "1.png").write_bytes(b"x")
    for folder in ("", "BigGAN", "BigGAN/imagenet_ai_0419_biggan", "glide", "glide/train"):
        assert not forensynths.evidence(
            tmp_path / folder, FolderListing(tmp_path / folder)
        ).is_claim
    assert detect(tmp_path)[0] == "genimage"

    def refuse_labels(folder: Path, at_most: int | None = None) -> list[Path]:
        if folder.name in ("ai", "nature"):
            raise PermissionError(13, "Permission denied", str(folder))
        return list(folder.iterdir())

    # GenImage does not list these to detect itself; that they cannot be is no one's business.
    monkeypatch.setattr(folder_walk, "subfolders", refuse_labels)
    assert detect(tmp_path / "glide")[0] == "genimage"


def test_a_generator_that_cannot_be_listed_is_not_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(tmp_path, "test/biggan", "test/crn")

    def refuse_crn(folder: Path, at_most: int | None = None) -> list[Path]:
        if folder.name == "crn":
            raise PermissionError(13, "Permission denied", str(folder))
        return sorted(inner for inner in folder.iterdir() if inner.is_dir())

    monkeypatch.setattr(folder_walk, "subfolders", refuse_crn)
    found, skipped = scan(root)
    assert [(image.path, image.generator) for image in found if image.generator != "biggan"] == [
        ("test/crn", "")
    ]
    assert not skipped
    problems = index_root(root, None, tmp_path / "cache").problems
    assert ("test/crn", "a folder that cannot be listed") in [problem[:2] for problem in problems]


def test_photo_samples_are_test_sets(shared: Path) -> None:
    root = shared / "data" / "photo-samples"
    assert detect(root) == (
        "forensynths", "folders {0_real,1_fake} of 2 generators: ldm, sd1; taken as test",
    )  # fmt: skip
    found, skipped = scan(root)
    assert {(image.generator, image.split) for image in found} == {("ldm", "test"), ("sd1", "test")}
    assert {image.label for image in found} == {0, 1}
    assert not skipped
