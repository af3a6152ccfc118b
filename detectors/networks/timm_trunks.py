"""timm's networks as trunks: Swin-T and DeiT-S as GenImage trains them, and any other by name.

Built with random weights and without a network access. Importing timm takes 4 CPU seconds on top of
torch's own (`tests/benchmarks/optimizer_kernels.py`), in processes that build one of these alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn

from detectors.networks.library_weights import load_library_weights
from detectors.networks.trunk_detector import TrunkDetector

SWIN_T, DEIT_S = "swin_tiny_patch4_window7_224", "deit_small_patch16_224"

TINY_SWIN = {"embed_dim": 24, "depths": (2, 2), "num_heads": (2, 4), "window_size": 4}
TINY_DEIT = {"embed_dim": 48, "depth": 2, "num_heads": 3, "patch_size": 8}

CLASSIFIER_STD = 0.02
"""Of the weights of both transformers' last layer, as timm and the two papers' code draw it."""


class TimmTrunk(nn.Module):
    """A network of timm without its classifier: images -> features_BF, pooled as timm does.

    Args:
        name: timm's, without a tag.
        in_channels: of the input; its first convolution is built for so many.
        settings: further arguments of timm's constructor, such as drop_path_rate or img_size.
    """

    def __init__(self, name: str, in_channels: int = 3, **settings: Any) -> None:
        super().__init__()
        import timm

        self.model = timm.create_model(
            name, pretrained=False, num_classes=0, in_chans=in_channels, **settings
        )
        self.num_features = int(self.model.head_hidden_size)

    def forward(self, images_BCHW: Tensor) -> Tensor:
        """(B, in_channels, H, W) -> (B, num_features)."""
        features_BF: Tensor = self.model(images_BCHW)
        return features_BF

    def load_library(self, state: Mapping[str, Tensor]) -> None:
        """Take timm's weights of this network, under the keys that timm has today.

        Raises:
            WeightsMismatch: keys are missing, unknown or of another shape.
        """
        config = self.model.pretrained_cfg
        load_library_weights(
            self.model,
            state,
            classifiers=_named(config["classifier"]),
            first_convolutions=_named(config["first_conv"]),
        )


def swin_trunk(*, is_tiny: bool = False, drop_path: float = 0.2, in_channels: int = 3) -> TimmTrunk:
    """Swin-T at 224 px (Liu et al., arXiv 2103.14030, section 4), or a tiny one of any size.

    Args:
        is_tiny: two stages of two blocks, windows of 4, 24 channels; sides that 4 does not divide
            are filled up with zeros, after normalisation.
        drop_path: share of dropped paths at the last block; it rises linearly from 0.
        in_channels: of the input.
    """
    if not is_tiny:
        return TimmTrunk(SWIN_T, in_channels, drop_path_rate=drop_path)
    from timm.layers import PatchEmbed

    any_size = {"strict_img_size": False, "embed_layer": partial(PatchEmbed, dynamic_img_pad=True)}
    settings = {**TINY_SWIN, **any_size, "img_size": 32, "drop_path_rate": drop_path}
    return TimmTrunk(SWIN_T, in_channels, **settings)


def deit_trunk(*, is_tiny: bool = False, drop_path: float = 0.1, in_channels: int = 3) -> TimmTrunk:
    """DeiT-S at 224 px (Touvron et al., arXiv 2012.12877, table 1), or a tiny one of any size.

    Args:
        is_tiny: two blocks of 48 channels on patches of 8 px; its table of positions, for 32 px, is
            interpolated, and sides that 8 does not divide are filled up with zeros.
        drop_path: share of dropped paths at the last block; it rises linearly from 0.
        in_channels: of the input.
    """
    if not is_tiny:
        return TimmTrunk(DEIT_S, in_channels, drop_path_rate=drop_path)
    any_size = {"dynamic_img_size": True, "dynamic_img_pad": True, "img_size": 32}
    return TimmTrunk(DEIT_S, in_channels, **TINY_DEIT, **any_size, drop_path_rate=drop_path)


def timm_trunk(name: str, *, input_px: int, in_channels: int = 3) -> TimmTrunk:
    """Any network of timm by name, for square images of input_px.

    One whose weights depend on the size, as a table of positions does, is built for it.
    """
    import timm

    is_fixed = timm.get_pretrained_cfg(name).fixed_input_size
    return TimmTrunk(name, in_channels, **({"img_size": input_px} if is_fixed else {}))


def transformer_detector(trunk: TimmTrunk) -> TrunkDetector:
    """One logit on a transformer's features, its last layer drawn as timm draws a transformer's."""
    return TrunkDetector(trunk, classifier_std=CLASSIFIER_STD)


def _named(modules: str | tuple[str, ...] | None) -> tuple[str, ...]:
    if modules is None:
        return ()
    return (modules,) if isinstance(modules, str) else tuple(modules)
