"""Published collections as they lie on disk: which layout reads each, and what it makes of it."""

from collections import Counter
from pathlib import Path

import pytest

from data import layouts
from data.generators import generator
from data.index import index_root
from data.known_collections import recognition
from data.layout_detection import detect
from data.layouts import FoundImage, UnknownLayout
from data.manifest import Manifest


def make(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")
    return root


def scan(root: Path, layout: str | None = None) -> tuple[list[FoundImage], Counter[str]]:
    skipped: Counter[str] = Counter()
    name = layout or detect(root)[0]
    return list(layouts.load(name).scan(root, skipped)), skipped


def pairs(*folders: str, real: str = "0_real", fake: str = "1_fake") -> list[str]:
    return [f"{folder}/{label}/1.png" for folder in folders for label in (real, fake)]


def rows(root: Path, layout: str | None = None) -> set[tuple[int, str, str, str]]:
    """(label, generator, split, class) of what is found."""
    return {(i.label, i.generator, i.split, i.class_name) for i in scan(root, layout)[0]}


GANGEN = [
    "AttGAN", "BEGAN", "CramerGAN", "InfoMaxGAN", "MMDGAN", "RelGAN", "S3GAN", "SNGAN", "STGAN",
]  # fmt: skip
ONE_K_STEP = ["DALLE", "ddpm", "guided-diffusion", "improved-diffusion", "midjourney"]
NPR_REPACK = ["adm", "ddpm", "iddpm", "ldm", "pndm", "sdv1_new", "sdv2", "vqdiffusion"]
AIGC = [
    "ADM", "biggan", "DALLE2", "gaugan", "Glide", "Midjourney", "stable_diffusion_v_1_4",
    "stable_diffusion_v_1_5", "stargan", "VQDM", "whichfaceisreal", "wukong", "SDXL",
]  # fmt: skip
AIGI = [
    "R3GAN", "IP-Adapter", "SocialRF", "CommunityAI", "StyleGAN-XL", "Midjourney", "FLUX1-dev",
    "E4S", "Imagen3", "BLIP", "SDXL", "DALLE-3", "GLIDE", "InSwap", "FaceSwap", "StyleSwim",
    "ProGAN", "BlendFace", "PhotoMaker", "SD3", "Infinite-ID", "WFIR", "SimSwap", "InstantID",
    "StyleGAN3",
]  # fmt: skip
UNIVFD = [
    "imagenet/0_real/1.png", "laion/0_real/1.png",
    *(f"{g}/1_fake/1.png" for g in ("guided", "ldm_100", "ldm_200", "ldm_200_cfg", "glide_50_27",
                                    "glide_100_10", "glide_100_27", "dalle")),
]  # fmt: skip
SYNTHBUSTER = [
    f"{g}/r000da54ft.png"
    for g in ("dalle2", "dalle3", "firefly", "glide", "midjourney-v5", "stable-diffusion-1-3",
              "stable-diffusion-1-4", "stable-diffusion-2", "stable-diffusion-xl")
]  # fmt: skip
FORENSICS = [
    f"images/test/{folder}/1.png"
    for folder in ("lsun_bedroom/real", "lsun_bedroom/ddpm", "lsun_bedroom/adm",
                   "imagenet/real/n01440764", "imagenet/adm/n01440764")
]  # fmt: skip
CORVI = [
    "train/latent_diffusion_text2img_set0/1.jpg", "train/latent_diffusion_class2img/1.jpg",
    "valid/latent_diffusion_text2img_set0/1.jpg", "train/real_coco.txt", "valid/real_lsun.txt",
]  # fmt: skip
DRCT = [
    f"{g}/{s}/000000000139.png"
    for g in ("ldm-text2im-large-256", "stable-diffusion-xl-base-1.0", "sdxl-turbo")
    for s in ("train2017", "val2017")
]


@pytest.mark.parametrize(
    ("files", "layout", "said"),
    [
        (pairs(*GANGEN), "forensynths", "generators of GANGen-Detection, without ganimation"),
        (pairs(*ONE_K_STEP), "forensynths", "generators of Diffusion1kStep"),
        (pairs(*NPR_REPACK), "forensynths", "of DiffusionForensics as NPR repacked it, without"),
        (pairs(*AIGC, "progan/car", "cyclegan/horse", "stylegan/cat", "stylegan2/cat"),
         "forensynths", "generators of AIGCDetectBenchmark (arXiv 2311.12397)"),
        (pairs(*(f"test/{g}" for g in AIGI), "train/car", "train/cat"),
         "forensynths", "generators of AIGIBench"),
        (pairs(*(g.rsplit("/", 2)[0] for g in UNIVFD[2:])), "forensynths", "UnivFD's diffusion"),
        (UNIVFD, "univfd", "guided is paired with imagenet, others with laion; these are gen"),
        (SYNTHBUSTER, "synthbuster", "9 generators: dalle2, dalle3, firefly, glide, midjourney_v5"),
        (FORENSICS, "diffusion_forensics", "2 generators: adm, ddpm; in imagenet, lsun_bedroom"),
        ([f.removeprefix("images/") for f in FORENSICS], "diffusion_forensics", "taken as test"),
        (CORVI, "corvi_ldm", "2 lists of them): name them with `reals:`"),
        (DRCT, "drct", "3 generators: ldm, sdxl, sdxl_turbo; val2017 taken as test"),
        (pairs("train", "test"), "real_fake", "as Chameleon lies on disk"),
        (pairs("train", "test", real="REAL", fake="FAKE"), "real_fake", "as CIFAKE lies on disk"),
        (pairs("train", "val", "test/reddit", "test/twitter", "test/facebook"), "real_fake",
         "WildRF's platforms"),
        (pairs("sdxl", "flux", real="Real", fake="Fake"), "real_fake", "2 generators: flux, sdxl"),
        (pairs(".", real="real", fake="fake"), "real_fake", "folders fake, real of 1 generator"),
    ],
)  # fmt: skip
def test_each_collection_is_recognised(
    files: list[str], layout: str, said: str, tmp_path: Path
) -> None:
    name, reason = detect(make(tmp_path / "collection", *files))
    assert name == layout
    assert said in reason


@pytest.mark.parametrize("files", [UNIVFD, SYNTHBUSTER, FORENSICS, CORVI, DRCT])
def test_stray_files_and_folders_are_counted_and_do_not_hide_a_collection(
    files: list[str], tmp_path: Path
) -> None:
    stray = ["README.md", "prompts.csv", "photo.png", ".cache/1.png", "__MACOSX/a/1_fake/1.png"]
    clean = scan(make(tmp_path / "clean", *files))[0]
    root = make(tmp_path / "stray", *files, *stray)
    assert scan(root)[0] == clean


@pytest.mark.parametrize("files", [UNIVFD, SYNTHBUSTER, FORENSICS, CORVI, DRCT])
def test_half_unpacked_collections_are_read_as_far_as_they_go(
    files: list[str], tmp_path: Path
) -> None:
    part = [f for f in files if not f.startswith(("ldm", "dalle3", "glide", "valid", "laion"))]
    whole = {image.path for image in scan(make(tmp_path / "whole", *files))[0]}
    found = {image.path for image in scan(make(tmp_path / "part", *part))[0]}
    assert found == whole & set(part)


@pytest.mark.parametrize(
    "files",
    [
        ["imagenet/0_real/1.png", "laion/0_real/1.png"],  # UnivFD without any fakes
        ["guided/1_fake/1.png", "ldm_100/1_fake/1.png"],  # and without reals
        ["dalle2/0001.png", "dalle3/0002.png"],  # called as nothing of RAISE's
        ["test/lsun_bedroom/real/1.png"],
        ["train/real_coco.txt"],
        ["sdxl/val/1.png"],
        ["real/1.png"],
        ["0_real.png", "1_fake.png"],
    ],
)
def test_what_is_no_collection_is_refused_with_a_list_that_would_do(
    files: list[str], tmp_path: Path
) -> None:
    with pytest.raises(UnknownLayout, match="no layout that is known here") as caught:
        detect(make(tmp_path, *files))
    lines = caught.value.details
    for name in layouts.names():
        assert any(line.startswith(f"  {name}: ") for line in lines)
    if any(not file.endswith(".txt") for file in files):
        header = lines.index("  path,label,generator,split")
        assert lines[header + 1].split(",")[0].strip() in files


def test_the_nearest_rule_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownLayout) as caught:
        detect(make(tmp_path, "imagenet/0_real/1.png", "laion/0_real/1.png"))
    [nearest] = [line for line in caught.value.details if line.startswith("nearest: ")]
    assert "forensynths" in nearest


@pytest.mark.parametrize("files", [UNIVFD, SYNTHBUSTER, DRCT, CORVI])
def test_a_collection_inside_a_folder_is_named(files: list[str], tmp_path: Path) -> None:
    with pytest.raises(UnknownLayout) as caught:
        detect(make(tmp_path, *(f"mine/{file}" for file in files)))
    assert getattr(caught.value, "roots", ()) == (tmp_path / "mine",)


@pytest.mark.parametrize("files", [UNIVFD, FORENSICS, CORVI, DRCT, pairs("train", "test/reddit")])
def test_names_are_read_in_any_case(files: list[str], tmp_path: Path) -> None:
    shouted = ["/".join([*(p.upper() for p in f.split("/")[:-1]), f.split("/")[-1]]) for f in files]
    as_is, upper = make(tmp_path / "a" / "c", *files), make(tmp_path / "b" / "c", *shouted)
    assert detect(upper)[0] == detect(as_is)[0]
    assert {row[:3] for row in rows(upper) if row[0]} == {row[:3] for row in rows(as_is) if row[0]}


def test_univfd_pairs_by_rule(tmp_path: Path) -> None:
    found, _ = scan(make(tmp_path, *UNIVFD))
    reals = {image.real_set: image.generator for image in found if image.label == 0}
    assert reals == {"imagenet": "guided", "laion": ""}


def test_diffusion_forensics_pairs_within_a_subset(tmp_path: Path) -> None:
    root = make(tmp_path, *FORENSICS, "recons/test/imagenet/adm/1.png", "dire/test/a/real/1.png")
    found, skipped = scan(root)
    reals = {image.real_set: image.generator for image in found if image.label == 0}
    assert reals == {"lsun_bedroom/real": "adm|ddpm", "imagenet/real": "adm"}
    assert {image.class_name for image in found} == {"lsun_bedroom", "n01440764"}
    assert set(skipped) == {f"folder {n}, made from the images" for n in ("dire", "recons")}


def test_synthbuster_pairs_with_photographs_by_stem(tmp_path: Path) -> None:
    root = make(tmp_path / "sb", *SYNTHBUSTER)
    raise_1k = make(tmp_path / "RAISE", "r000da54ft.TIF", "deep/r0a.png")
    fakes, reals = scan(root)[0], scan(raise_1k, "photographs")[0]
    assert {image.pair for image in fakes} == {"r000da54ft"}
    assert [(i.label, i.split, i.pair, i.real_set) for i in reals] == [
        (0, "test", "r0a", "RAISE"), (0, "test", "r000da54ft", "RAISE"),
    ]  # fmt: skip
    with pytest.raises(UnknownLayout, match="no layout"):  # no folder says that it is real
        detect(raise_1k)


def test_photographs_may_lie_beside_the_fakes(tmp_path: Path) -> None:
    root = make(tmp_path, *SYNTHBUSTER, "RAISE-1k/r000da54ft.png")
    assert (0, "", "test", "") in rows(root)
    assert "reals in RAISE-1k" in detect(root)[1]


def test_cocos_validation_photographs_are_tested_on(tmp_path: Path) -> None:
    coco = make(tmp_path / "coco", "train2017/1.jpg", "val2017/2.jpg")
    assert rows(coco, "photographs") == {(0, "", "train", ""), (0, "", "test", "")}
    assert {row[2] for row in rows(make(tmp_path / "drct", *DRCT))} == {"train", "test"}


def test_photographs_are_not_taken_from_folders_of_fakes(tmp_path: Path) -> None:
    found, skipped = scan(make(tmp_path, "a/real/1.png", "a/fake/2.png"), "photographs")
    assert [image.path for image in found] == ["a/real/1.png"]
    assert skipped == {"in a folder that says fake": 1}


def test_labels_come_from_names_and_not_from_their_order(tmp_path: Path) -> None:
    """REAL sorts after FAKE, `nature` after `ai`, 0_real before 1_fake."""
    for real, fake in (("REAL", "FAKE"), ("nature", "ai"), ("0_real", "1_fake"), ("real", "fake")):
        root = make(tmp_path / real, *pairs("train", real=real, fake=fake))
        labels = {Path(i.path).parts[-2]: i.label for i in scan(root, "real_fake")[0]}
        assert labels == {real: 0, fake: 1}


def test_cifake_is_called_as_its_root_is(tmp_path: Path) -> None:
    root = make(tmp_path / "CIFAKE", *pairs("train", "test", real="REAL", fake="FAKE"))
    assert rows(root) == {(n, "cifake", s, "") for n in (0, 1) for s in ("train", "test")}


def test_real_fake_reads_split_generator_and_class_from_the_folders_above(tmp_path: Path) -> None:
    root = make(tmp_path, *pairs("train/mygan/cat", "val/mygan/cat"), *pairs("train/other/dog"))
    assert rows(root, "real_fake") == {
        (n, *rest)
        for n in (0, 1)
        for rest in (("mygan", "train", "cat"), ("mygan", "validation", "cat"),
                     ("other", "train", "dog"))
    }  # fmt: skip


def test_a_folder_that_ends_without_a_label_is_counted(tmp_path: Path) -> None:
    root = make(tmp_path, *pairs("train", real="real", fake="fake"), "test/masks/1.png")
    _, skipped = scan(root)
    assert skipped == {"folder test/masks without reals or fakes": 1}


@pytest.mark.parametrize(
    ("files", "layout"),
    [
        (UNIVFD, "univfd"),
        (SYNTHBUSTER, "synthbuster"),
        (FORENSICS, "diffusion_forensics"),
        (CORVI, "corvi_ldm"),
        (DRCT, "drct"),
    ],
)
def test_a_folder_that_cannot_be_listed_is_a_problem(
    files: list[str], layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from data import folder_walk

    root = make(tmp_path / "root", *files)
    closed = min(path for path in root.iterdir() if path.is_dir())
    if layout == "diffusion_forensics":
        closed = root / "images" / "test" / "imagenet"
    subfolders = folder_walk.subfolders

    def refuse(folder: Path, at_most: int | None = None) -> list[Path]:
        if folder == closed:
            raise PermissionError(13, "Permission denied", str(folder))
        return subfolders(folder, at_most)

    monkeypatch.setattr(folder_walk, "subfolders", refuse)
    manifest: Manifest = index_root(root, layout, tmp_path / "cache")
    relative = closed.relative_to(root).as_posix()
    named = [p for p in manifest.problems if p.path == relative]
    files_there = [p for p in manifest.problems if p.path.startswith(f"{relative}/")]
    assert named or files_there  # said by name, or its files were read all the same


def test_aigibench_is_known_whole_by_the_folders_of_its_archive() -> None:
    names = {generator(folder).name for folder in AIGI}
    assert recognition(names) == "; these are generators of AIGIBench (arXiv 2505.12335)"
    assert {generator(folder).family for folder in AIGI} == {
        "gan",
        "diffusion",
        "face_swap",
        "mixed",
    }
