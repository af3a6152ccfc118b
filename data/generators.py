"""One table of generators: the names they go by, their families and their near copies.

A detector trained on Stable Diffusion 1.4 is not tested on something new by 1.5, so near copies
share a group, and `leave_one_out: group` leaves out all of them. An unknown generator keeps the
name of its folder, has the family "unknown" and is its own group; an experiment may state both.
"""

import re
from typing import NamedTuple


class Generator(NamedTuple):
    """What made an image."""

    name: str
    family: str  # gan, diffusion, autoregressive, flow, vae, face_swap, perceptual, low_level
    group: str


class _Row(NamedTuple):
    family: str
    group: str = ""  # the name itself where empty
    aliases: tuple[str, ...] = ()


# Names and aliases are written as `plain_name` writes them.
_TABLE: dict[str, _Row] = {
    # Generative adversarial networks
    "attgan": _Row("gan"),
    "began": _Row("gan"),
    "biggan": _Row("gan", aliases=("imagenet_ai_0419_biggan",)),
    "cramergan": _Row("gan"),
    "cyclegan": _Row("gan"),
    "dcgan": _Row("gan"),
    "diff_projectedgan": _Row("gan", "projectedgan"),
    "diff_stylegan": _Row("gan", "stylegan2"),
    "ganimation": _Row("gan"),
    "gaugan": _Row("gan"),
    "gigagan": _Row("gan"),
    "infomaxgan": _Row("gan"),
    "mmdgan": _Row("gan"),
    "progan": _Row("gan"),
    "projectedgan": _Row("gan"),
    "relgan": _Row("gan"),
    "s3gan": _Row("gan"),
    "sngan": _Row("gan"),
    "stargan": _Row("gan"),
    "stgan": _Row("gan"),
    "stylegan": _Row("gan", aliases=("stylegan_official",)),
    "stylegan2": _Row("gan"),
    "stylegan3": _Row("gan"),
    "whichfaceisreal": _Row("gan", "stylegan", aliases=("wfir",)),
    # Diffusion
    "adm": _Row("diffusion", aliases=("imagenet_ai_0508_adm", "guided_diffusion")),
    "dalle2": _Row("diffusion", aliases=("dalle_2", "dall_e_2")),
    "dalle3": _Row("diffusion", aliases=("dalle_3", "dall_e_3")),
    "ddpm": _Row("diffusion"),
    "deepfloyd_if": _Row("diffusion", aliases=("if",)),
    "firefly": _Row("diffusion", aliases=("adobe_firefly",)),
    "flux": _Row("diffusion"),
    "glide": _Row("diffusion", aliases=("imagenet_glide",)),
    "glide_100_10": _Row("diffusion", "glide"),
    "glide_100_27": _Row("diffusion", "glide"),
    "glide_50_27": _Row("diffusion", "glide"),
    "guided": _Row("diffusion", "adm"),
    "iddpm": _Row("diffusion", aliases=("improved_diffusion",)),
    "ldm": _Row("diffusion"),
    "ldm_100": _Row("diffusion", "ldm"),
    "ldm_200": _Row("diffusion", "ldm"),
    "ldm_200_cfg": _Row("diffusion", "ldm"),
    "midjourney": _Row("diffusion", aliases=("imagenet_midjourney",)),
    "midjourney_v5": _Row("diffusion", "midjourney", aliases=("mjv5",)),
    "midjourney_v61": _Row("diffusion", "midjourney", aliases=("mjv61", "midjourney_v6_1")),
    "pndm": _Row("diffusion"),
    "sd1": _Row("diffusion", "sd1", aliases=("sdv1", "sdv1_new", "stable_diffusion_v1")),
    "sd13": _Row("diffusion", "sd1", aliases=("stable_diffusion_1_3", "sdv1_3")),
    "sd14": _Row(
        "diffusion",
        "sd1",
        aliases=(
            "sdv4",
            "sdv1_4",
            "stable_diffusion_1_4",
            "stable_diffusion_v1_4",
            "stable_diffusion_v_1_4",
            "imagenet_ai_0419_sdv4",
        ),
    ),
    "sd15": _Row(
        "diffusion",
        "sd1",
        aliases=(
            "sdv5",
            "sdv1_5",
            "stable_diffusion_1_5",
            "stable_diffusion_v1_5",
            "stable_diffusion_v_1_5",
            "imagenet_ai_0424_sdv5",
        ),
    ),
    "sd2": _Row("diffusion", aliases=("sdv2", "stable_diffusion_2", "stable_diffusion_v2")),
    "sd21": _Row("diffusion", "sd2", aliases=("sdv2_1", "stable_diffusion_2_1")),
    "sd3": _Row("diffusion", aliases=("stable_diffusion_3",)),
    "sdxl": _Row("diffusion", aliases=("stable_diffusion_xl",)),
    "vqdm": _Row("diffusion", aliases=("vqdiffusion", "imagenet_ai_0419_vqdm")),
    # Trained by another group on other captions, but Stable Diffusion 1's network and decoder.
    "wukong": _Row("diffusion", "sd1", aliases=("imagenet_ai_0424_wukong",)),
    # Others
    "dalle": _Row("autoregressive", aliases=("dalle_mini",)),
    "glow": _Row("flow"),
    "vae": _Row("vae"),
    "crn": _Row("perceptual"),
    "imle": _Row("perceptual"),
    "deepfake": _Row("face_swap"),
    "san": _Row("low_level"),
    "seeingdark": _Row("low_level", aliases=("sitd",)),
    # The toy generators of data/toy: what they imitate
    "gan_tconv": _Row("gan"),
    "gan_nearest": _Row("gan"),
    "gan_bilinear": _Row("gan"),
    "gan_shuffle": _Row("gan"),
    "dm_latent4": _Row("diffusion"),
    "dm_latent8": _Row("diffusion"),
    "dm_cascade": _Row("diffusion"),
    "dm_pixel": _Row("diffusion"),
}
FAMILIES = frozenset(row.family for row in _TABLE.values())
GROUPS = frozenset(row.group or name for name, row in _TABLE.items())
_NAME_OF = {alias: name for name, row in _TABLE.items() for alias in (name, *row.aliases)}


def plain_name(folder: str) -> str:
    """A folder's name in lower case with everything but letters and digits as one underscore."""
    return re.sub(r"[\W_]+", "_", folder.lower()).strip("_")


def is_known(folder: str) -> bool:
    """Whether the table has a generator of this name or alias."""
    return plain_name(folder) in _NAME_OF


def generator(folder: str) -> Generator:
    """The generator that a folder's name or a column's value stands for.

    For example "Stable Diffusion V1.4" and "imagenet_ai_0419_sdv4" are both sd14.
    """
    name = _NAME_OF.get(plain_name(folder))
    if name is None:
        return Generator(folder, "unknown", folder)
    row = _TABLE[name]
    return Generator(name, row.family, row.group or name)
