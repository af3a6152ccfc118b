"""The visual towers of open_clip as frozen backbones; the text towers are not built.

Importing open_clip costs about 4 CPU seconds, nearly all of it timm and torchvision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from torch import Tensor, nn

from data.suggestions import did_you_mean
from detectors.backbone_names import BackboneName, BadBackboneName
from detectors.networks.frozen_backbone import FrozenBackbone

VISUAL, TRUNK, HEAD = "visual.", "trunk.", "head."
OF_TEXT = (
    "text.",
    "transformer.",
    "token_embedding.",
    "positional_embedding",
    "ln_final.",
    "text_projection",
    "attn_mask",
    "logit_scale",
    "logit_bias",
    # in OpenAI's own files
    "input_resolution",
    "context_length",
    "vocab_size",
)
"""Beginnings of the keys that a whole CLIP has beside those of its visual tower."""


def open_clip_tower(
    asked: BackboneName, output: Literal["embedding", "trunk"] | None
) -> FrozenBackbone:
    """Build the visual tower of a model of open_clip.

    Args:
        asked: its model, and the tag of the weights that it is for.
        output: see `detectors.networks.backbones.frozen_backbone`.

    Raises:
        BadBackboneName: open_clip has no such model, or no such weights of it; or its weights
            want different activations or inputs and the name has no tag.
    """
    import open_clip
    from open_clip.model import CLIPVisionCfg, _build_vision_tower

    config = open_clip.get_model_config(asked.model)
    if config is None:
        known = did_you_mean(asked.model, open_clip.list_models())
        raise BadBackboneName(f"open_clip has no model {asked.model!r}. {known}")
    quick_gelu, mean, std = _meant(asked, bool(config.get("quick_gelu")))
    vision = CLIPVisionCfg(**config["vision_cfg"])
    tower = _build_vision_tower(config["embed_dim"], vision, quick_gelu=quick_gelu)
    name = "/".join(part for part in ("open_clip", asked.model, asked.tag) if part)
    network, keys, count = _with_output(tower, output, int(config["embed_dim"]))
    return FrozenBackbone(
        name,
        network,
        num_features=count,
        input_px=None if vision.timm_model_name else int(vision.image_size),
        mean=mean,
        std=std,
        own_keys=keys,
    )


def _meant(
    asked: BackboneName, model_quick_gelu: bool
) -> tuple[bool, tuple[float, ...], tuple[float, ...]]:
    """Whether it has QuickGELU, and mean and deviation of its input, by the tag's weights.

    OpenAI's weights are for x * sigmoid(1.702 x) and most others for the exact GELU, both under
    one model's name. With the wrong one the features are wrong by some percent, and nothing fails.
    """
    import open_clip

    tags = open_clip.list_pretrained_tags_by_model(asked.model)
    if asked.tag and asked.tag not in tags:
        known = did_you_mean(asked.tag, tags)
        raise BadBackboneName(f"open_clip has no weights {asked.tag!r} of {asked.model}. {known}")
    found: dict[Any, str] = {}
    for tag in [asked.tag] if asked.tag else tags:
        cfg = open_clip.get_pretrained_cfg(asked.model, tag)
        mean = cfg.get("mean") or open_clip.OPENAI_DATASET_MEAN
        std = cfg.get("std") or open_clip.OPENAI_DATASET_STD
        quick_gelu = model_quick_gelu or bool(cfg.get("quick_gelu"))
        found.setdefault((quick_gelu, tuple(mean), tuple(std)), tag)
    if len(found) > 1:
        some = " or ".join(f"open_clip/{asked.model}/{tag}" for tag in found.values())
        raise BadBackboneName(
            f"open_clip/{asked.model} has weights that want different activations or inputs, so "
            f"say which are meant: {some}."
        )
    default = (model_quick_gelu, open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD)
    meant: tuple[bool, tuple[float, ...], tuple[float, ...]] = next(iter(found), default)
    return meant


def _with_output(
    tower: nn.Module, output: Literal["embedding", "trunk"] | None, embedded: int
) -> tuple[nn.Module, Callable[[Mapping[str, Tensor]], dict[str, Tensor]], int]:
    """The network that gives an output of a tower, its keys in a checkpoint, its features."""
    trunk = getattr(tower, "trunk", None)  # of a tower that is a model of timm
    if trunk is None:
        if output == "trunk":
            width = len(tower.get_parameter("proj"))
            tower.register_parameter("proj", None)
            return tower, lambda state: _visual(state, without=("proj",)), width
        return tower, _visual, embedded
    if output == "embedding":
        return tower, _visual, embedded
    pooled = PooledTrunk(trunk)
    return pooled, lambda state: _visual(state, without=(HEAD,)), int(trunk.num_features)


class PooledTrunk(nn.Module):
    """The last map of a convolutional network of timm: each place normalised, then the mean.

    timm averages first and normalises then. This order is AIDE's, which Sem-SPAI follows; that
    the last normalisation belongs to the map is our reading of "3072 x h x w, average pooled".
    """

    def __init__(self, trunk: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """Normalised images_BCHW -> features_BF."""
        map_BCHW = self.trunk.forward_features(images_BCHW)  # type: ignore[operator]
        normal_BCHW = self.trunk.head.norm(map_BCHW)  # type: ignore[operator]
        features_BF: Tensor = normal_BCHW.mean(dim=(2, 3))
        return features_BF


def _visual(state: Mapping[str, Tensor], without: tuple[str, ...] = ()) -> dict[str, Tensor]:
    """The visual tower's part of a CLIP's state dict, or of that tower's alone.

    A key of neither it nor the text keeps its name, so that strict loading names it.
    """
    is_whole = any(key.startswith(VISUAL) for key in state)
    own = {}
    for key, value in state.items():
        if is_whole and key.startswith(OF_TEXT):
            continue
        short = key.removeprefix(VISUAL)
        if not (without and short.startswith(without)):
            own[short] = value
    return own
