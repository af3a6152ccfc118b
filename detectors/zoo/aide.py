"""AIDE (Yan et al., ICLR 2025, arXiv 2406.19435): noise of extreme windows, and what images show.

Re-implemented from the paper and from measured facts; the official choice of windows, their scores
and the filters' response are a test (`detectors/parity/aide.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import field_validator

from detectors.backbone_names import TINY, BadBackboneName, parse_backbone_name
from detectors.contract import Card, OfficialCode, Options, Paper, Pipelines

if TYPE_CHECKING:
    from detectors.key_maps import KeyMap
    from detectors.networks.aide import AIDE

CONVNEXT_XXLARGE = "open_clip/convnext_xxlarge/laion2b_s34b_b82k_augreg"
WINDOW_PX = {"full": 32, "tiny": 8}


class AIDEOptions(Options):
    """What the frozen backbone is, and whether its projection learns."""

    size: Literal["full", "tiny"] = "full"
    """full: windows of 32 px at every 16th, two ResNet-50, 49,547,778 trained weights. tiny:
    windows of 8 px at every fourth, two networks of three blocks, the tiny backbone, for tests and
    small images."""

    projection: Literal["random", "trained"] = "random"
    """Of the backbone's features, 3072 to 256. random: it stays as it was drawn, since the official
    code has it where no gradient is computed; trained: it learns with the rest, as the paper has
    it."""

    semantic: str | None = None
    """Name of the frozen backbone (`detectors/backbone_names.py`). None: ConvNeXt-XXLarge of
    open_clip; for tiny `tiny`. Its input is normalised as its own weights want it."""

    @field_validator("semantic")
    @classmethod
    def _is_a_name(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                parse_backbone_name(name)
            except BadBackboneName as error:
                raise ValueError(str(error)) from None
        return name

    def semantic_name(self) -> str:
        """The backbone's name."""
        return self.semantic or (TINY if self.size == "tiny" else CONVNEXT_XXLARGE)

    def weight_parts(self) -> tuple[str, ...]:
        """What `weights:` may fill apart: both ResNets by one file, and the frozen backbone."""
        return ("noise", "semantic")

    def last_geometry(self) -> str:
        """An image smaller than a window is squashed to its size."""
        return f"squash({WINDOW_PX[self.size]})"

    def cpu_seconds_per_megapixel(self) -> float:
        """`tiny` measured at 64 px; `full` estimated at 256 px, from ResNet-50 and ConvNeXt."""
        return 6.5 if self.size == "tiny" else 180.0


# blr 1e-4 for 256 images, which 8 GPUs of 32 are. The code keeps every epoch, and the best by
# accuracy on the images that it is given to evaluate on. Of 2024 without mixed precision: torch's
# default rounds convolutions to TF32 on the GPUs that have it; that theirs had is assumed.
_TRAINING: dict[str, Any] = {
    "optimizer": "adamw",
    "lr": 1e-4,
    "schedule": "cosine",
    "final_lr_fraction": 0.01,
    "batch_size": 256,
    "epochs": 20,
    "label_smoothing": 0.1,
    "selection": "validation_accuracy",
    "augment": "blur_jpeg(p=0.1, sigma=(0.1, 3))",
    "precision": "tf32",
}

CARD = Card(
    name="aide",
    version=1,
    title="AIDE: SRM noise of windows of extreme frequency beside frozen CLIP features",
    options=AIDEOptions,
    presets={
        # Windows of the image at its own size. Training images are then of one size, as ProGAN's.
        "native": Pipelines(train="none", test="none"),
        # Our own, for training images of several sizes, such as GenImage's.
        "crops": Pipelines(train="tile(256) | random_crop(256)", test="none"),
    },
    default_preset="native",
    recipes={
        # The training script's, for preset native; that it differs from the paper is not known.
        "paper": _TRAINING,
        # The script validates on the folder of test images and keeps the best epoch. What differs
        # besides is the option `projection`.
        "official": {**_TRAINING, "validate_on": "test_sets"},
        # What the evaluation script carries: a higher rate, and the five epochs that users take for
        # GenImage, which is for preset crops.
        "genimage": {**_TRAINING, "lr": 5e-4, "final_lr_fraction": 0.002, "epochs": 5},
    },
    paper=Paper(
        title="A Sanity Check for AI-generated Image Detection",
        authors="Yan, Shilin and Li, Ouxiang and Cai, Jiayin and Hao, Yanbin and Jiang, Xiaolong "
        "and Hu, Yao and Xie, Weidi",
        venue="ICLR 2025",
        year=2025,
        arxiv="2406.19435",
    ),
    code=OfficialCode(
        repository="shilinyan99/AIDE", commit="6725b71", licence="MIT", positive="fake"
    ),
    # Its two parts begin apart: noise with a ResNet-50 of ImageNet, semantic with CONVNEXT_XXLARGE.
    published=(
        "Trained on GenImage's SD 1.4 by a user on one GPU, accuracy on Midjourney 79.1 %, SD 1.4 "
        "99.9, SD 1.5 99.9, ADM 71.1, GLIDE 95.7, Wukong 99.6, VQDM 81.0, BigGAN 54.5, mean 85.1 "
        "(issue 24 of the official repository).",
    ),
    published_briefly="GenImage SD 1.4: 85.1 % on its 8 (a user)",
)


def build(options: AIDEOptions) -> AIDE:
    """The network; see `detectors.networks.aide.AIDE`."""
    from detectors.networks.aide import AIDE
    from detectors.networks.backbones import frozen_backbone
    from detectors.networks.dct_windows import DCTWindows
    from detectors.networks.resnet import RESNET50_BLOCKS, RESNET50_WIDTH, ResNet
    from detectors.networks.srm_kernels import COUNT

    is_tiny = options.size == "tiny"
    blocks, width = ((1, 1, 1), 8) if is_tiny else (RESNET50_BLOCKS, RESNET50_WIDTH)
    size_px = WINDOW_PX[options.size]
    return AIDE(
        DCTWindows(size_px, size_px // 2),
        ResNet(blocks, width, COUNT),
        ResNet(blocks, width, COUNT),
        frozen_backbone(options.semantic_name()),
        projected=8 if is_tiny else 256,
        hidden=16 if is_tiny else 1024,
        enlarged_px=64 if is_tiny else 256,
        trains_projection=options.projection == "trained",
    )


def official_weights(options: AIDEOptions) -> KeyMap:
    """Keys of the official checkpoints, which hold the frozen backbone too.

    The ResNets' own classifiers of a thousand classes in them are not used.
    """
    from detectors.key_maps import PrefixMap

    return PrefixMap(
        (
            ("hpf.hpf.weight", "srm.kernel"),
            ("model_min.", "lowest."),
            ("model_max.", "highest."),
            ("openclip_convnext_xxl.", "semantic.network.trunk."),
            ("convnext_proj.0.", "projection."),
            ("fc.fc1.", "hidden."),
            ("fc.fc2.", "classifier."),
        ),
        unused=("model_min.fc.", "model_max.fc."),
    )
