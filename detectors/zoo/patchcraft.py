"""PatchCraft, or RPTC (Zhong et al., arXiv 2311.12397): poor texture against rich texture.

Re-implemented from the paper and from measured facts; logits of the network as a
public benchmark carries it are a test (`detectors/parity/patchcraft.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from detectors.contract import Card, OfficialCode, Options, Paper, Pipelines

if TYPE_CHECKING:
    from detectors.key_maps import KeyMap
    from detectors.networks.patchcraft import PatchCraft

SIDE_PX = {"full": 256, "tiny": 64}
PATCH_PX = {"full": 32, "tiny": 16}
DRAWN_PER_PLACE = 3


class PatchCraftOptions(Options):
    """Which patches the two textures are made of."""

    size: Literal["full", "tiny"] = "full"
    """full: textures of 256 x 256 px made of patches of 32 px, 119,919 weights, 750 of them frozen.
    tiny: 64 x 64 px of 16 px, two stages of one convolution of 8 channels, 8,463 weights: for tests
    and small images."""

    patch_size: int | None = Field(default=None, ge=4, le=128)
    """Side of the patches in pixels, a divisor of the textures' side; None: see size."""

    patches: int | None = Field(default=None, ge=4, le=4096)
    """How many are drawn of an image; None: three for each place of a texture (192), so that a
    third of them is in neither."""

    @model_validator(mode="after")
    def _fills_a_texture(self) -> PatchCraftOptions:
        side_px = SIDE_PX[self.size]
        if side_px % self.patch_px:
            raise ValueError(
                f"patch_size {self.patch_px} px does not divide the textures' {side_px} px; give "
                "one that does, such as 16 or 32"
            )
        if self.drawn_patches < self.places:
            raise ValueError(
                f"patches {self.drawn_patches} do not fill the {self.places} places of a texture; "
                "give at least as many"
            )
        return self

    @property
    def patch_px(self) -> int:
        """Side of the patches."""
        return self.patch_size or PATCH_PX[self.size]

    @property
    def places(self) -> int:
        """How many patches a texture is made of."""
        return (SIDE_PX[self.size] // self.patch_px) ** 2

    @property
    def drawn_patches(self) -> int:
        """How many patches are drawn of an image."""
        return self.patches or DRAWN_PER_PLACE * self.places

    def last_geometry(self) -> str:
        """The choice of the patches; an image smaller than one is squashed to its size."""
        return (
            f"squash({self.patch_px}) | "
            f"poor_and_rich({SIDE_PX[self.size]}, {self.patch_px}, of={self.drawn_patches})"
        )

    def cpu_seconds_per_megapixel(self) -> float:
        """Measured on both textures together, of full 256 x 512 px, of `tiny` 64 x 128 px."""
        return 2.2 if self.size == "tiny" else 6.0


CARD = Card(
    name="patchcraft",
    version=1,
    title="PatchCraft: SRM noise of plain patches minus that of textured ones",
    options=PatchCraftOptions,
    presets={
        # Patches are drawn from the image at its own size, in training and in testing.
        "native": Pipelines(train="none", test="none"),
    },
    default_preset="native",
    # No recipe of its own: neither the training code nor its settings were published.
    paper=Paper(
        title="PatchCraft: Exploring Texture Patch for Efficient AI-generated Image Detection",
        authors="Zhong, Nan and Xu, Yiran and Li, Sheng and Qian, Zhenxing and Zhang, Xinpeng",
        venue="arXiv preprint",
        year=2023,
        arxiv="2311.12397",
    ),
    # The authors' repository (Ekko-zn/AIGCDetectBenchmark, without a licence) has none of it in
    # git; this benchmark carries the network and reads their checkpoint.
    code=OfficialCode(
        repository="mever-team/sidbench",
        commit="0b6a9a4",
        licence="Apache-2.0",
        positive="fake",
    ),
    published_briefly="ProGAN: 89.31 % on AIGCDetectBenchmark",
    published=(
        "Trained on ProGAN, tested on the 16 sets of AIGCDetectBenchmark: 89.31 % mean accuracy "
        "(ProGAN 100, StyleGAN 92.77, BigGAN 95.80, CycleGAN 70.17, StarGAN 99.97, GauGAN 71.58, "
        "StyleGAN2 89.55, WFIR 85.80, ADM 82.17, GLIDE 83.79, Midjourney 90.12, SD 1.4 95.38, "
        "SD 1.5 95.30, VQDM 88.91, Wukong 91.07, DALL-E 2 96.60), table in the README of NPR's "
        "repository.",
    ),
)


def build(options: PatchCraftOptions) -> PatchCraft:
    """The network; see `detectors.networks.patchcraft.PatchCraft`."""
    from detectors.networks.patchcraft import PatchCraft

    return PatchCraft((1, 1), 8) if options.size == "tiny" else PatchCraft()


def official_weights(options: PatchCraftOptions) -> KeyMap:
    """Keys of the official checkpoints, whose stages are group2 to group5."""
    from detectors.key_maps import PrefixMap

    return PrefixMap(
        (
            ("group1.hpf.weight", "srm.kernel"),
            ("group1_b.", "fingerprint."),
            *((f"group{index + 2}.", f"stages.{index}.") for index in range(4)),
            ("fc2.", "classifier."),
        )
    )
