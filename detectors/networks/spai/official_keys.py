"""Names of SPAI's weights in the authors' checkpoints and here."""

from __future__ import annotations

from detectors.key_maps import PrefixMap

RENAMED = (
    ("mfvit.vit.", "vit."),
    ("mfvit.features_processor.patch_projector.projectors.", "restoration.projectors."),
    ("mfvit.features_processor.original_features_processor.", "restoration.context."),
    ("patch_aggregator", "attention.query"),
    ("to_kv.", "attention.to_kv."),
    ("to_out.0.", "attention.to_out."),
    ("cls_head.head.", "head."),
)
UNUSED = (
    "mfvit.frequencies_mask",
    "mfvit.vit.actual_cls_token",
    "mfvit.vit.cls_blocks.",
    "mfvit.vit.cls_pos_embed",
    "mfvit.vit.fc_norm.",
    "mfvit.vit.head.",
    "mfvit.vit.intermediate_fc_norm.",
)
"""The mask, which is no weight, and what the ViT has and nothing is computed with: another last
block, positions and class token of its own, normalisations, a head."""


def official_keys(theirs: str = "", ours: str = "") -> PrefixMap:
    """The map of SPAI's keys.

    Args:
        theirs: what stands before each key in a checkpoint of which SPAI is a part.
        ours: what stands before each of ours.
    """
    renamed = tuple((theirs + official, ours + here) for official, here in RENAMED)
    rest = ((theirs, ours),) if theirs or ours else ()
    return PrefixMap((*renamed, *rest), unused=tuple(theirs + key for key in UNUSED))
