"""Frames of videos on disk and DeepfakeBench's lists of them, as its rearrange.py writes them."""

import json
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

from PIL import Image

from data import layouts
from data.layout_detection import detect
from data.layouts import FoundImage

FRAMES = ("000.png", "010.png")
Listed = dict[str, Any]


def video(folder: str, label: str, frames: tuple[str, ...] = FRAMES) -> Listed:
    """An entry of a list; `folder` is as the list has it, with either slash."""
    slash = "\\" if "\\" in folder else "/"
    return {"label": label, "frames": [f"{folder}{slash}{name}" for name in frames]}


def write_list(file: Path, listed: Listed) -> None:
    """A list in a file, whose folder is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(listed))


def write_frames(root: Path, *folders: str, frames: tuple[str, ...] = FRAMES) -> Path:
    """Different images in each folder."""
    for folder in folders:
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name in frames:
            colour = (zlib.crc32(f"{folder}/{name}".encode()) % 2**24).to_bytes(3, "big")
            Image.new("RGB", (16, 16), tuple(colour)).save(root / folder / name)
    return root


def faceforensics(
    base: str, manipulation: str = "FF-DF", compressions: tuple[str, ...] = ("c23",)
) -> Listed:
    """FF-DF.json: the reals and one manipulation, of two videos in each split."""
    folder = {"FF-DF": "Deepfakes", "FF-F2F": "Face2Face", "FF-FH": "FaceShifter"}[manipulation]
    of_split = {"train": ("000", "003"), "val": ("071", "054"), "test": ("953", "974")}
    slash = "\\" if "\\" in base else "/"

    def labelled(label: str, where: str, names: dict[str, tuple[str, ...]]) -> Listed:
        return {
            split: {
                c: {
                    name: video(
                        slash.join(
                            [f"{base}FaceForensics++", *where.split("/"), c, "frames", name]
                        ),
                        label,
                    )
                    for name in names[split]
                }
                for c in compressions
            }
            for split in ("train", "test", "val")
        }

    fakes = {split: (f"{a}_{b}", f"{b}_{a}") for split, (a, b) in of_split.items()}
    return {
        manipulation: {
            "FF-real": labelled("FF-real", "original_sequences/youtube", of_split),
            manipulation: labelled(manipulation, f"manipulated_sequences/{folder}", fakes),
        }
    }


def folders_of(listed: Any, base: str) -> list[str]:
    """The folders of all listed frames, below what stands before them in the list."""
    if isinstance(listed, dict) and isinstance(listed.get("frames"), list):
        paths = [path.removeprefix(base).replace("\\", "/") for path in listed["frames"]]
        return sorted({path.rpartition("/")[0] for path in paths})
    inner = listed.values() if isinstance(listed, dict) else ()
    return sorted({folder for each in inner for folder in folders_of(each, base)})


def celeb_df(originals: int, tested: int) -> Listed:
    """Celeb-DF-v2.json: `train` holds all videos, `val` those of `test`; each original and a fake.

    The last ones are tested on.
    """

    def of(label: str, folder: str, name: str) -> Listed:
        names = [name.format(number) for number in range(originals)]
        every = {each: video(f"Celeb-DF-v2/{folder}/frames/{each}", label) for each in names}
        of_test = {each: every[each] for each in names[originals - tested :]}
        return {"train": every, "val": of_test, "test": of_test}

    return {
        "Celeb-DF-v2": {
            "CelebDFv2_real": of("CelebDFv2_real", "Celeb-real", "id0_{:04}"),
            "CelebDFv2_fake": of("CelebDFv2_fake", "Celeb-synthesis", "id0_id1_{:04}"),
        }
    }


def faceforensics_root(root: Path, base: str = "", **stated: Any) -> Path:
    """A root with `faceforensics`' list and its frames."""
    listed = faceforensics(base, **stated)
    write_list(root / f"{next(iter(listed))}.json", listed)
    return write_frames(root, *folders_of(listed, base))


def scan(root: Path, layout: str | None = None) -> tuple[list[FoundImage], Counter[str]]:
    """The images of a root and what is left out, by the layout that is stated or found."""
    skipped: Counter[str] = Counter()
    name = layout or detect(root)[0]
    return list(layouts.load(name).scan(root, skipped)), skipped
