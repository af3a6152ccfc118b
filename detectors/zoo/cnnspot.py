"""CNNSpot (Wang et al., CVPR 2020, arXiv 1912.11035): a ResNet-50 trained on blurred, coded images.

Re-implemented from the paper; the network is torchvision's ResNet-50 with one output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from detectors.contract import Card, OfficialCode, Options, Paper, Pipelines

if TYPE_CHECKING:
    from detectors.key_maps import KeyMap
    from detectors.networks.cnnspot import CNNSpot


class CNNSpotOptions(Options):
    """How large the network is."""

    size: Literal["full", "tiny"] = "full"
    """full: ResNet-50, 23,510,081 weights. tiny: one block in each of three stages, a quarter of
    the width, 127,249 weights: for tests and small images."""

    def cpu_seconds_per_megapixel(self) -> float:
        """As measured for `resnet50`, which is the same network."""
        return 1.1 if self.size == "tiny" else 11.4


_TRAIN = "resize(256) | random_crop(224) | hflip"

# For the preset official, from ImageNet's weights. The rate falls from 1e-4 to 1e-5 and 1e-6 and
# then below the lowest, so it takes as many epochs as progress lasts and 15 more: the official
# bound of 10,000 is never reached. Of 2020, before GPUs had TF32: float32.
_PAPER: dict[str, Any] = {
    "optimizer": "adam",
    "lr": 1e-4,
    "batch_size": 64,
    "epochs": 100,
    "schedule": "plateau",
    "plateau_patience": 5,
    "plateau_gamma": 0.1,
    "plateau_min_lr": 1e-6,
    "plateau_delta": 0.001,
    "plateau_delta_after": 0.002,
    "selection": "validation_accuracy",
    "augment": "blur_jpeg(p=0.5)",
}

CARD = Card(
    name="cnnspot",
    version=1,
    title="CNNSpot: ResNet-50 from ImageNet, blur and JPEG in training",
    options=CNNSpotOptions,
    presets={
        # As the official code: no resize in testing, and black around images below 224 px.
        "official": Pipelines(train=_TRAIN, test="zero_pad(224) | center_crop(224)"),
        # The same without the border, which tells small generators from large ones.
        "tiled": Pipelines(train=_TRAIN, test="tile(224) | center_crop(224)"),
        # The official --no_crop, which does better: whole images, any size.
        "no_crop": Pipelines(train=_TRAIN, test="none"),
        # Our own: no resampling in training either.
        "native": Pipelines(train="random_crop(224, step=2) | hflip", test="none"),
    },
    default_preset="official",
    recipes={
        "paper": _PAPER,
        # The other published model, with blur and JPEG on fewer images.
        "paper_p01": {**_PAPER, "augment": "blur_jpeg(p=0.1)"},
        # What is known of the published training is what the code does; it is validated on images
        # of the training generator, which the code resizes and augments at middle strength.
        "official": _PAPER,
    },
    paper=Paper(
        title="CNN-generated images are surprisingly easy to spot... for now",
        authors="Wang, Sheng-Yu and Wang, Oliver and Zhang, Richard and Owens, Andrew and "
        "Efros, Alexei A.",
        venue="CVPR 2020",
        year=2020,
        arxiv="1912.11035",
    ),
    code=OfficialCode(
        repository="PeterWang512/CNNDetection", commit="ea0b562", licence="CC-BY-NC-SA-4.0"
    ),
    initial_weights="timm/resnet50.tv_in1k",
    published_briefly="GenImage SD 1.4: 64.2 % on its 8",
    published=(
        "Trained on ProGAN (20 classes) with p = 0.1, tested on ForenSynths: accuracy ProGAN 100, "
        "StyleGAN 87.1, BigGAN 70.2, CycleGAN 85.2, StarGAN 91.7, GauGAN 78.9, CRN 86.3, IMLE "
        "86.2, SITD 90.3, SAN 50.5, Deepfake 53.5, StyleGAN2 84.4, WFIR 83.6 % "
        "(official repository).",
        "The same with p = 0.5: ProGAN 100, StyleGAN 73.4, BigGAN 59.0, CycleGAN 80.8, StarGAN "
        "81.0, GauGAN 79.3, CRN 87.6, IMLE 94.1, SITD 78.3, SAN 50.0, Deepfake 51.1, StyleGAN2 "
        "68.4, WFIR 63.9 % (official repository).",
        "Trained on GenImage SD 1.4: 64.2 % mean accuracy on its eight generators "
        "(arXiv 2306.08571).",
    ),
)


def build(options: CNNSpotOptions) -> CNNSpot:
    """The network; see `detectors.networks.cnnspot.CNNSpot`."""
    from detectors.networks.cnnspot import CNNSpot

    return CNNSpot(blocks=(1, 1, 1), width=16) if options.size == "tiny" else CNNSpot()


def official_weights(options: CNNSpotOptions) -> KeyMap:
    """Keys of torchvision's ResNet-50: what the official files hold under `model`."""
    from detectors.key_maps import PrefixMap

    return PrefixMap((("fc.", "classifier."), ("", "backbone.")))
