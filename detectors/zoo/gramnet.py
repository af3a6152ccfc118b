"""GramNet (Liu et al., CVPR 2020, arXiv 2002.00133): textures as Gram matrices beside a ResNet-18.

Re-implemented from the paper and from measured facts; the logits of the official code and of the
variant that benchmarks use are a test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from detectors.contract import Card, OfficialCode, Options, Paper, Pipelines

if TYPE_CHECKING:
    from torch import nn

    from detectors.key_maps import KeyMap


class GramNetOptions(Options):
    """Which of the two networks that go by this name."""

    variant: Literal["official", "benchmark"] = "official"
    """official: pixels 0 to 255, blue first, not normalised, two outputs: 11,734,723 weights, made
    for the preset `gramnet/official`. benchmark: AIGCDetectBenchmark's, which most tables mean:
    ImageNet's normalisation, one output, 11,734,210, made for `gramnet/benchmark`."""

    size: Literal["full", "tiny"] = "full"
    """tiny: one block in each stage, a quarter of the width, for tests and small images."""

    def cpu_seconds_per_megapixel(self) -> float:
        """`tiny` measured at 32 px, `full` at 224 px."""
        return 4.5 if self.size == "tiny" else 7.3


CARD = Card(
    name="gramnet",
    version=1,
    title="GramNet: Gram matrices of six feature maps beside a ResNet-18",
    options=GramNetOptions,
    presets={
        # Testing at the images' own size; a resolution drawn for each image in training.
        "official": Pipelines(train="random_resolution(64, 256, 512)", test="none"),
        "benchmark": Pipelines(
            train="resize(256) | random_crop(224) | hflip", test="resize(256) | center_crop(224)"
        ),
        # Pixels as they are.
        "native": Pipelines(train="random_crop(224, step=2) | hflip", test="none"),
    },
    default_preset="official",
    recipes={
        # For variant and preset official. What is known is the code: its 3e-4 is overwritten by
        # 1e-5 before the first step. It begins with a network of the authors, graminit.pth; here
        # with ImageNet's ResNet-18. Of 2020, before GPUs had TF32: float32.
        "paper": {
            "optimizer": "adam",
            "lr": 1e-5,
            "weight_decay": 1e-4,
            "batch_size": 14,
            "epochs": 5,
            "schedule": "constant",
            "selection": "last",
        },
        # The code tests on images of its test sets after every step and keeps the best; here it
        # is the best epoch, of all images tested.
        "official": {
            "optimizer": "adam",
            "lr": 1e-5,
            "weight_decay": 1e-4,
            "batch_size": 14,
            "epochs": 5,
            "schedule": "constant",
            "selection": "validation_accuracy",
            "validate_on": "test_sets",
        },
        # For variant and preset benchmark. AIGCDetectBenchmark trains all of its detectors as
        # CNNSpot is trained. Of 2023: convolutions in TF32, torch's default, assumed.
        "benchmark": {
            "optimizer": "adam",
            "lr": 1e-4,
            "batch_size": 64,
            "epochs": 1000,
            "schedule": "plateau",
            "plateau_patience": 5,
            "plateau_gamma": 0.1,
            "plateau_min_lr": 1e-6,
            "plateau_delta": 0.001,
            "plateau_delta_after": 0.002,
            "selection": "validation_accuracy",
            "augment": "blur_jpeg(p=0.1)",
            "precision": "tf32",
        },
    },
    paper=Paper(
        title="Global Texture Enhancement for Fake Face Detection in the Wild",
        authors="Liu, Zhengzhe and Qi, Xiaojuan and Torr, Philip H. S.",
        venue="CVPR 2020",
        year=2020,
        arxiv="2002.00133",
    ),
    code=OfficialCode(
        repository="liuzhengzhe/Global_Texture_Enhancement_for_Fake_Face_Detection_in_the-Wild",
        commit="a416145",
        licence="none",
        positive="real",
    ),
    initial_weights="timm/resnet18.tv_in1k",
    published_briefly="GenImage SD 1.4: 69.9 % on its 8",
    published=(
        "Trained on GenImage's SD 1.4, accuracy on Midjourney 54.2 %, SD 1.4 99.2, SD 1.5 99.1, "
        "ADM 50.3, GLIDE 54.6, Wukong 98.9, VQDM 50.8, BigGAN 51.7, mean 69.9 (GenImage).",
        "The same, mean over GenImage's 8 training generators: Midjourney 58.1 %, SD 1.4 72.8, "
        "SD 1.5 72.7, ADM 58.7, GLIDE 65.3, Wukong 71.3, VQDM 57.8, BigGAN 61.2, mean 64.7 "
        "(GenImage).",
        "The same, trained on SD 1.4, degraded test images: 112 px 98.8 %, 64 px 94.9, JPEG 65 "
        "68.8, JPEG 30 53.4, blur 3 95.9, blur 5 81.6, mean 82.2 (GenImage).",
        "variant benchmark, trained on ProGAN, AIGCDetectBenchmark: ProGAN 99.99 %, StyleGAN "
        "87.05, BigGAN 67.33, CycleGAN 86.07, StarGAN 95.05, GauGAN 69.35, StyleGAN2 87.28, WFIR "
        "86.80, ADM 58.61, GLIDE 54.50, Midjourney 50.02, SD 1.4 51.70, SD 1.5 52.16, VQDM 52.86, "
        "Wukong 50.76, DALL-E 2 49.25, mean 68.67 (table of NPR's README).",
    ),
)


def build(options: GramNetOptions) -> nn.Module:
    """The network; see `detectors.networks.gramnet.GramNet`."""
    from detectors.networks.gramnet import GramNet

    official = options.variant == "official"
    if options.size == "tiny":
        # Not narrower: on some CPUs torch's 1 x 1 convolutions of stride 2 crash in the backward
        # pass where they have fewer than ten input channels.
        return GramNet(official, blocks=(1, 1, 1, 1), width=16, hidden=32)
    return GramNet(official)


def official_weights(options: GramNetOptions) -> KeyMap:
    """Keys of both variants' checkpoints; the official one's two outputs are subtracted here."""
    from detectors.key_maps import PrefixMap

    # As the code names the two convolutions over each branch's Gram matrix.
    reducing = {
        "i": ("gi_fc1", "gi_fc2"),
        "0": ("g0_fc1", "g0_fc2"),
        "1": ("g_fc1r", "g_fc2r"),
        "2": ("g2_fc1", "g2_fc2"),
        "3": ("g3_fc1", "g3_fc2"),
        "4": ("g4_fc1", "g4_fc2"),
    }
    branches: list[tuple[str, str]] = []
    for index, (name, (first, second)) in enumerate(reducing.items()):
        branches += [
            (f"conv_inter{name}_0.", f"branches.{index}.filters."),
            (f"{first}.", f"branches.{index}.first."),
            (f"{second}.", f"branches.{index}.second."),
        ]
    return PrefixMap(
        (
            *branches,
            ("scale.scale", "scale"),
            ("fcnewr.0.", "hidden."),
            ("fcnewr.3.", "classifier."),
            ("", "backbone."),
        )
    )
