"""Names of frozen backbones, read without torch: which library, which model, which activation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

TINY = "tiny"
LIBRARIES = ("open_clip", "timm")

QUICK = "-quickgelu"
"""Ends the names of open_clip's models that have QuickGELU for all weights."""

_NAME = re.compile(r"(open_clip|timm)/([\w.\-]+)(?:/([\w.\-]+))?")


class BadBackboneName(ValueError):
    """A name that means no backbone; the message says how one is written."""


@dataclass(frozen=True)
class BackboneName:
    """A backbone's name in its parts.

    Attributes:
        library: that builds it.
        model: the library's own name; for timm with its tag, `vit_small_patch14_dinov2.lvd142m`.
        tag: of open_clip's pretrained weights, or "". One model has weights that were trained with
            QuickGELU (OpenAI's) and others with GELU: where there is a tag it decides, else the
            model (`ViT-L-14-quickgelu` has it, `ViT-L-14` has not).
    """

    library: Literal["open_clip", "timm", "tiny"]
    model: str
    tag: str = ""


def parse_backbone_name(text: str) -> BackboneName:
    """Read `open_clip/MODEL`, `open_clip/MODEL/TAG`, `timm/MODEL`, `timm/MODEL.TAG` or `tiny`.

    Whether the library has such a model is known when it is built.

    Raises:
        BadBackboneName: none of these.
    """
    if text == TINY:
        return BackboneName("tiny", TINY)
    found = _NAME.fullmatch(text)
    if found is None or (found[1] == "timm" and found[3]):
        raise BadBackboneName(
            f"{text!r} is no name of a backbone; write open_clip/MODEL (or open_clip/MODEL/TAG), "
            f"timm/MODEL, or {TINY}, such as open_clip/ViT-L-14/openai."
        )
    return BackboneName(cast(Literal["open_clip", "timm"], found[1]), found[2], found[3] or "")


def fits_backbone(weights: str, backbone: str) -> bool:
    """Whether weights of that name are a backbone's: of its model, and of its activation.

    Tensors of one shape load into both activations of a CLIP, and nothing would fail. A name that
    is no library's says nothing, so it fits.
    """
    try:
        given, asked = parse_backbone_name(weights), parse_backbone_name(backbone)
    except BadBackboneName:
        return True
    if given.library != asked.library:
        return False
    if given.library == "timm":
        return given.model == asked.model or given.model.partition(".")[0] == asked.model
    same_model = given.model.removesuffix(QUICK) == asked.model.removesuffix(QUICK)
    return same_model and asked.tag in ("", given.tag)
