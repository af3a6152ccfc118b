import os
from collections import Counter
from pathlib import Path

import pytest

from data import layouts
from data.folder_walk import files_below
from data.generators import generator
from data.imagenet_classes import imagenet_class
from data.index import index_root
from data.layout_detection import detect
from data.layouts import FoundImage, UnknownLayout


def make(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")
    return root


def scan(root: Path) -> tuple[list[FoundImage], Counter[str]]:
    skipped: Counter[str] = Counter()
    name, _ = detect(root)
    return list(layouts.load(name).scan(root, skipped)), skipped


def test_genimage_as_unzipped(tmp_path: Path) -> None:
    inner = "stable_diffusion_v_1_4/imagenet_ai_0419_sdv4"
    make(
        tmp_path,
        f"{inner}/train/ai/000_sdv4_00000.png",
        f"{inner}/train/nature/n01440764_10026.JPEG",
        f"{inner}/val/ai/999_sdv4_00001.png",
        f"{inner}/val/nature/ILSVRC2012_val_00000293.JPEG",
        "ADM/imagenet_ai_0508_adm/train/ai/3_adm_12.PNG",
    )
    assert detect(tmp_path) == (
        "genimage",
        "folders {train,val}/{ai,nature} of 2 generators: adm, sd14",
    )
    found, _ = scan(tmp_path)
    assert found == [
        FoundImage(
            "ADM/imagenet_ai_0508_adm/train/ai/3_adm_12.PNG", 1, "adm", "train", "n01491361", "", ""
        ),
        FoundImage(f"{inner}/train/ai/000_sdv4_00000.png", 1, "sd14", "train", "n01440764", "", ""),
        FoundImage(
            f"{inner}/train/nature/n01440764_10026.JPEG",
            0, "sd14", "train", "n01440764", "", "sd14/nature",
        ),
        FoundImage(f"{inner}/val/ai/999_sdv4_00001.png", 1, "sd14", "test", "n15075141", "", ""),
        FoundImage(
            f"{inner}/val/nature/ILSVRC2012_val_00000293.JPEG",
            0, "sd14", "test", "", "", "sd14/nature",
        ),
    ]  # fmt: skip


def test_genimage_without_the_archives_folder(tmp_path: Path) -> None:
    make(tmp_path, "Stable Diffusion V1.4/val/AI/a.png", "mine/train/Nature/b.png")
    found, _ = scan(tmp_path)
    assert [(f.generator, f.label, f.split) for f in found] == [
        ("sd14", 1, "test"),
        ("mine", 0, "train"),
    ]


def test_genimage_of_one_generator(tmp_path: Path) -> None:
    root = make(tmp_path / "BigGAN", "train/ai/a.png", "val/nature/b.png")
    found, _ = scan(root)
    assert [(f.generator, f.label, f.split, f.real_set) for f in found] == [
        ("biggan", 1, "train", ""),
        ("biggan", 0, "test", "biggan/nature"),
    ]


def test_the_archives_folder_names_the_generator_where_the_outer_one_does_not(
    tmp_path: Path,
) -> None:
    make(tmp_path, "part3/imagenet_ai_0424_wukong/val/ai/a.png")
    assert scan(tmp_path)[0][0].generator == "wukong"


def test_val_is_validation_only_beside_a_test_folder(tmp_path: Path) -> None:
    make(tmp_path, "a/val/ai/1.png", "b/val/ai/1.png", "b/test/ai/1.png", "b/train/ai/1.png")
    assert {(f.path, f.split) for f in scan(tmp_path)[0]} == {
        ("a/val/ai/1.png", "test"),
        ("b/train/ai/1.png", "train"),
        ("b/val/ai/1.png", "validation"),
        ("b/test/ai/1.png", "test"),
    }


def test_folders_below_the_label_belong_to_it(tmp_path: Path) -> None:
    make(tmp_path, "adm/train/nature/n01440764/photo.JPEG", "adm/train/ai/x/y/z.png")
    found, _ = scan(tmp_path)
    assert [(f.path, f.class_name) for f in found] == [
        ("adm/train/ai/x/y/z.png", ""),
        ("adm/train/nature/n01440764/photo.JPEG", "n01440764"),
    ]


@pytest.mark.parametrize("path", ["ldm/0_real/1.png", "a/b/c/ai/1.png", "train/1.png"])
def test_other_folders_have_no_layout_here(path: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownLayout, match="no layout that is known here"):
        detect(make(tmp_path, path))


def test_a_folder_that_holds_no_split_is_named(tmp_path: Path) -> None:
    make(
        tmp_path,
        "ADM/imagenet_ai_0508_adm/train/ai/a.png",
        "ADM/imagenet_ai_0508_adm/train/thumbnails/a.png",
        "ADM/imagenet_ai_0508_adm/val/fake/a.png",
        "ADM/lists/train.png",
        "Midjourney/disk2/imagenet_midjourney/train/ai/b.png",
    )
    found, skipped = scan(tmp_path)
    assert [image.generator for image in found] == ["adm"]
    assert skipped == {
        f"folder {name} outside {{train,val}}/{{ai,nature}}": 1
        for name in (
            "ADM/imagenet_ai_0508_adm/train/thumbnails",
            "ADM/imagenet_ai_0508_adm/val",
            "ADM/lists",
            "Midjourney",
        )
    }


def test_a_linked_root_is_called_as_the_link_is(tmp_path: Path) -> None:
    make(tmp_path, "disk7/train/ai/a.png", "BigGAN/train/ai/a.png")
    for link, target, name in (
        ("ADM", "disk7", "adm"),
        ("mine", "disk7", "mine"),
        ("data", "BigGAN", "biggan"),
    ):
        (tmp_path / link).symlink_to(tmp_path / target)
        assert scan(tmp_path / link)[0][0].generator == name


@pytest.mark.parametrize(
    "files", [["adm/train/ai/a.png", "sd14/train/ai/b.png"],
              ["adm/1_fake/a.png", "adm/0_real/b.png", "sd14/1_fake/c.png"]],
)  # fmt: skip
def test_a_folder_that_cannot_be_listed_is_a_problem_of_its_name(
    files: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make(tmp_path / "root", *files, "lost+found/c.png")
    scandir = os.scandir

    def refuse(place: str | Path) -> object:
        if Path(place).name in ("sd14", "lost+found"):
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", refuse)
    manifest = index_root(root, None, tmp_path / "cache")
    assert ("sd14", "a folder that cannot be listed", "access") in manifest.problems
    assert not any("lost" in problem.path for problem in manifest.problems)
    monkeypatch.setattr(os, "scandir", lambda place: refuse(Path("sd14")))
    with pytest.raises(PermissionError):
        index_root(root, None, tmp_path / "cache")


def test_a_wrong_layout_name_gets_a_suggestion() -> None:
    with pytest.raises(UnknownLayout, match="Did you mean genimage"):
        layouts.load("gen_image")
    assert "genimage" in layouts.names()


def test_what_is_left_out_by_rule_is_counted(tmp_path: Path) -> None:
    folder = "adm/train/ai"
    kept = ["a.b.png", "c", "d.HEIC", "e.jpg"]
    left_out = [".DS_Store", "x.SVG", "y.txt", "z.txt", "Thumbs.db", "__MACOSX/a.png"]
    make(tmp_path, *(f"{folder}/{name}" for name in kept + left_out))
    found, skipped = scan(tmp_path)
    assert [f.path for f in found] == [f"{folder}/{name}" for name in kept]
    assert skipped == {
        "dot file": 1, ".svg file": 1, ".txt file": 2, ".db file": 1, "__MACOSX": 1,
    }  # fmt: skip


def test_links_are_followed_but_not_in_circles(tmp_path: Path) -> None:
    make(tmp_path, "adm/train/nature/a.png", "photos/b.png")
    nature = tmp_path / "adm/train/nature"
    (nature / "circle").symlink_to(tmp_path / "adm")
    (nature / "linked").symlink_to(tmp_path / "photos")
    (nature / "again").symlink_to(tmp_path / "photos")
    (nature / "broken.png").symlink_to(tmp_path / "gone.png")
    skipped: Counter[str] = Counter()
    found = list(files_below(tmp_path, "adm", skipped))
    assert found == [
        f"adm/train/nature/{name}"
        for name in ("a.png", "again/b.png", "broken.png", "linked/b.png")
    ]
    assert skipped == {"symbolic link to a folder that contains it": 1}


@pytest.mark.parametrize("target", [".", "adm", "adm/train", ".."])
def test_a_link_upwards_does_not_give_the_other_label(target: str, tmp_path: Path) -> None:
    root = make(tmp_path / "root", "adm/train/ai/a.png", "adm/train/nature/b.png")
    (root / "adm/train/ai/up").symlink_to(root / target)
    found, skipped = scan(root)
    assert [(f.path, f.label) for f in found] == [
        ("adm/train/ai/a.png", 1),
        ("adm/train/nature/b.png", 0),
    ]
    assert skipped.total() == 1


def test_a_folder_that_cannot_be_listed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "a/1.png", "b/1.png")
    scandir = os.scandir

    def refuse_a(place: str) -> object:
        if place.endswith("/a"):
            raise PermissionError(13, "Permission denied")
        return scandir(place)

    monkeypatch.setattr(os, "scandir", refuse_a)
    assert list(files_below(tmp_path, "", Counter())) == ["a", "b/1.png"]


def test_a_link_to_itself_is_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "self.png").symlink_to(tmp_path / "self.png")
    assert list(files_below(tmp_path, "", Counter())) == ["self.png"]


@pytest.mark.parametrize(
    ("folder", "name", "family", "group"),
    [
        ("Stable Diffusion V1.4", "sd14", "diffusion", "sd1"),
        ("stable_diffusion_v_1_5", "sd15", "diffusion", "sd1"),
        ("wukong", "wukong", "diffusion", "sd1"),
        ("imagenet_ai_0508_adm", "adm", "diffusion", "adm"),
        ("guided", "guided", "diffusion", "adm"),
        ("ProGAN", "progan", "gan", "progan"),
        ("diff-stylegan", "diff_stylegan", "gan", "stylegan2"),
        ("stable-diffusion-xl", "sdxl", "diffusion", "sdxl"),
        ("glow", "glow", "flow", "glow"),
        ("Our Model 7", "Our Model 7", "unknown", "Our Model 7"),
    ],
)
def test_generators_are_known_by_many_names(
    folder: str, name: str, family: str, group: str
) -> None:
    assert generator(folder) == (name, family, group)


def test_no_alias_stands_for_two_generators() -> None:
    from data.generators import _TABLE, plain_name

    written = [alias for name, row in _TABLE.items() for alias in (name, *row.aliases)]
    assert len(written) == len(set(written))
    assert all(plain_name(alias) == alias for alias in written)


@pytest.mark.parametrize(
    ("file_name", "class_name"),
    [
        ("n01440764_10026.JPEG", "n01440764"),
        ("0_adm_12.PNG", "n01440764"),
        ("000_sdv4_00000.png", "n01440764"),
        ("1_midjourney_7.png", "n01443537"),
        ("VQDM_1000_200_00_001_vqdm_00000.png", "n01443537"),
        ("GLIDE_1000_200_00_999_glide_00003.png", "n15075141"),
        ("ILSVRC2012_val_00000293.JPEG", ""),
        ("0000.png", ""),
        ("0213_4.png", ""),
        ("12_dog.png", ""),
        ("12_dog_3.png", ""),
        ("7_stable_diffusion_v_1_4_00012.png", "n01514668"),
        ("12_3.png", ""),
        ("n0144076_1.png", ""),
    ],
)
def test_classes_are_read_from_file_names(file_name: str, class_name: str) -> None:
    assert imagenet_class(file_name) == class_name


def test_files_come_in_one_order(tmp_path: Path) -> None:
    make(tmp_path, *(f"adm/train/ai/{n}.png" for n in (10, 2, 1, 33)))
    assert [os.path.basename(f.path) for f in scan(tmp_path)[0]] == [  # noqa: PTH119
        "1.png", "10.png", "2.png", "33.png",
    ]  # fmt: skip
