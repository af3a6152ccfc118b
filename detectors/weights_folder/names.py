"""Names of weights: `timm/resnet50.a1_in1k`, `open_clip/ViT-L-14/openai`, or one's own."""

from __future__ import annotations

import re
from typing import Literal

TIMM, OPEN_CLIP = "timm/", "open_clip/"
Library = Literal["timm", "open_clip"]

FILE_ENDINGS = (".safetensors", ".pth", ".pt", ".ckpt", ".tar", ".bin")
FOREIGN_ENDINGS = FILE_ENDINGS[1:]
"""Of files that hold a pickle: they are imported, and never read by a trial."""

_STEP = r"[A-Za-z0-9][A-Za-z0-9._+-]*"
_NAME = re.compile(rf"{_STEP}(/{_STEP})*")
_PHOTOGRAPHS = re.compile(r"([a-z0-9]+_)?in(1|12|21|22)k(_ft_in1k)?(_\d+)?")
_NO_RECIPES = ("clip", "openai", "dino", "dinov2", "mae", "swag", "seer", "ns", "jft", "ig")


def library_of(name: str) -> Library | None:
    """Return the library that publishes weights of this name; None for a name of one's own."""
    if name.startswith(TIMM):
        return "timm"
    return "open_clip" if name.startswith(OPEN_CLIP) else None


def looks_like_path(text: str) -> bool:
    """Whether a text in an experiment file names a file: by its beginning or its ending."""
    return text.startswith(("/", "./", "../", "~")) or text.endswith(FILE_ENDINGS)


def fault_of(name: str) -> str:
    """Return why a name cannot be one, "" where it can."""
    if name in ("none", "paper"):
        return f"{name} is a word of the experiment file"
    if not _NAME.fullmatch(name) or ".." in name:
        return "names are letters, digits, dots, dashes and underscores, in steps parted by /"
    if looks_like_path(f"{name}") or name.endswith(".json"):
        return "it looks like a file"
    if name.startswith(TIMM) and not re.fullmatch(rf"{_STEP}\.{_STEP}", name.removeprefix(TIMM)):
        return "timm's names are timm/<model>.<tag>, such as timm/resnet50.a1_in1k"
    if name.startswith(OPEN_CLIP) and name.count("/") != 2:
        return "open_clip's names are open_clip/<model>/<tag>, such as open_clip/ViT-L-14/openai"
    return ""


def timm_dataset(name: str) -> str | None:
    """Return the photographs that timm's tag says the weights were trained on; None if others too.

    A tag ends with its data: `a1_in1k` is ImageNet-1k, `in22k_ft_in1k` ImageNet-22k and then
    ImageNet-1k. A tag that names anything else (web images, a teacher's) says nothing here.
    """
    _, _, tag = name.partition(".")
    found = _PHOTOGRAPHS.fullmatch(tag)
    if library_of(name) != "timm" or found is None or tag.split("_")[0] in _NO_RECIPES:
        return None
    first = f"ImageNet-{found[2]}k"
    return f"{first} and ImageNet-1k" if found[3] and first != "ImageNet-1k" else first
