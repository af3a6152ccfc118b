"""Models of timm as frozen backbones: pooled features, without the classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from data.suggestions import did_you_mean
from detectors.backbone_names import BackboneName, BadBackboneName
from detectors.networks.frozen_backbone import FrozenBackbone


def timm_backbone(asked: BackboneName, input_px: int | None) -> FrozenBackbone:
    """Build a model of timm, its pooled features before the classifier.

    Args:
        asked: its model, perhaps with a tag.
        input_px: see `detectors.networks.backbones.frozen_backbone`.

    Raises:
        BadBackboneName: timm has no such model.
        ValueError: `input_px` for a model that takes one size only.
    """
    import timm

    architecture, _, tag = asked.model.partition(".")
    if not timm.is_model(architecture):
        known = did_you_mean(architecture, timm.list_models())
        raise BadBackboneName(f"timm has no model {architecture!r}. {known}")
    if tag and asked.model not in (known_tags := timm.list_pretrained(f"{architecture}.*")):
        known = did_you_mean(asked.model, known_tags)
        raise BadBackboneName(f"timm has no weights {asked.model!r}. {known}")
    resized: dict[str, Any] = {} if input_px is None else {"dynamic_img_size": True}
    try:
        network = timm.create_model(asked.model, pretrained=False, num_classes=0, **resized)
    except TypeError:
        raise ValueError(
            f"timm/{asked.model} was given input_px {input_px} and is no vision transformer whose "
            "position embedding can be interpolated; leave it out."
        ) from None
    config: dict[str, Any] = network.pretrained_cfg
    own_px = int(config["input_size"][-1]) if config.get("fixed_input_size") else None
    names = config.get("classifier") or ()
    classifiers = (names,) if isinstance(names, str) else tuple(names)
    kept = set(network.state_dict())

    def own_keys(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        dropped = tuple(f"{name}." for name in classifiers)
        return {
            key: value
            for key, value in state.items()
            if key in kept or not (dropped and key.startswith(dropped))
        }

    return FrozenBackbone(
        f"timm/{asked.model}",
        network,
        num_features=int(network.num_features),
        input_px=input_px or own_px,
        mean=config["mean"],
        std=config["std"],
        own_keys=own_keys,
    )
