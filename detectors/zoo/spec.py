"""Spec (Zhang et al., WIFS 2019, arXiv 1907.06515): a ResNet-34 on logarithmic spectra.

Re-implemented from the paper and from measured facts; numbers of the official steps are a test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from detectors.contract import Card, OfficialCode, Options, Paper, Pipelines

if TYPE_CHECKING:
    from torch import nn

    from detectors.key_maps import KeyMap

INPUT_PX = 224


class SpecOptions(Options):
    """Which frequencies the network is shown."""

    band: Literal["full", "low", "mid", "high"] = "full"
    """The official modes 0 to 3; all other frequencies are 0, the middle of the scale."""

    size: Literal["full", "tiny"] = "full"
    """full: ResNet-34, 21,285,698 weights, crops of 224 px only. tiny: one block in each of three
    stages, a quarter of the width, any size, for tests and small images."""

    def fixed_input_px(self) -> int | None:
        """A crop of another size has other frequencies; `tiny` takes any."""
        return INPUT_PX if self.size == "full" else None

    def cpu_seconds_per_megapixel(self) -> float:
        """`tiny` measured at 32 px, `full` at 224 px."""
        return 0.9 if self.size == "tiny" else 9.9


# What is known of the published training is the code, for the preset autogan: the optimiser's
# dampening makes its momentum a mean of gradients, a tenth of the usual step; the decay of the rate
# is computed and not used. Of 2019, before GPUs had TF32: float32.
_TRAINING = {
    "optimizer": "sgd",
    "lr": 0.01,
    "momentum": 0.9,
    "dampening": 0.9,
    "weight_decay": 1e-4,
    "schedule": "constant",
    "batch_size": 16,
    "epochs": 20,
    "selection": "last",
}

CARD = Card(
    name="spec",
    version=1,
    title="Spec: a ResNet-34 on the logarithmic spectrum of each colour",
    options=SpecOptions,
    presets={
        # 256 x 256 px are never resampled, which would erase what is looked for. Training crops
        # anywhere within 32 px, testing in the middle; no flips.
        "autogan": Pipelines(
            train="resize_cv2(256,256) | random_crop(224)",
            test="resize_cv2(256,256) | center_crop(224)",
        ),
        # Pixels as they are; smaller images are refused.
        "native": Pipelines(train="random_crop(224)", test="center_crop(224)"),
    },
    default_preset="autogan",
    recipes={
        "paper": _TRAINING,
        "official": _TRAINING,
    },
    paper=Paper(
        title="Detecting and Simulating Artifacts in GAN Fake Images",
        authors="Zhang, Xu and Karaman, Svebor and Chang, Shih-Fu",
        venue="WIFS 2019",
        year=2019,
        arxiv="1907.06515",
    ),
    code=OfficialCode(
        repository="ColumbiaDVMM/AutoGAN",
        commit="01172b3",
        licence="BSD in its files' headers, without the text",
        positive="real",
    ),
    initial_weights="timm/resnet34.tv_in1k",
    published_briefly="GenImage SD 1.4: 68.8 % on its 8",
    published=(
        "Trained on GenImage's SD 1.4, accuracy on Midjourney 52.0 %, SD 1.4 99.4, SD 1.5 99.2, "
        "ADM 49.7, GLIDE 49.8, Wukong 94.8, VQDM 55.6, BigGAN 49.8, mean 68.8 (GenImage).",
        "The same, mean over GenImage's 8 training generators: Midjourney 56.7 %, SD 1.4 72.4, "
        "SD 1.5 72.3, ADM 57.9, GLIDE 65.4, Wukong 70.3, VQDM 61.7, BigGAN 64.3, mean 65.1 "
        "(GenImage).",
        "The same, trained on SD 1.4, degraded test images: 112 px 50.0 %, 64 px 49.9, JPEG 65 "
        "50.8, JPEG 30 50.4, blur 3 49.9, blur 5 49.9, mean 50.1 (GenImage).",
    ),
)


def build(options: SpecOptions) -> nn.Module:
    """The network; see `detectors.networks.spec.Spec`."""
    from detectors.networks.spec import Spec

    if options.size == "tiny":
        return Spec(options.band, blocks=(1, 1, 1), width=16)
    return Spec(options.band)


def official_weights(options: SpecOptions) -> KeyMap:
    """Keys of torchvision's ResNet-34, whose two outputs are subtracted here."""
    from detectors.key_maps import PrefixMap

    return PrefixMap((("fc.", "classifier."), ("", "backbone.")))
