"""One table of generators: the names they go by, their families and their near copies.

A detector trained on Stable Diffusion 1.4 is not tested on something new by 1.5, so near copies
share a group, and `leave_one_out: group` leaves out all of them. An unknown generator keeps the
name of its folder, has the family "unknown" and is its own group; an experiment may state both,
and other names for what stands here.

Families follow how an image is made, not by whom: a text-to-image service that is known to be
autoregressive (GPT-4o) is no diffusion. "mixed" are collections that name no generator.
"""

import re
from typing import NamedTuple

from data.face_manipulations import FACE_MANIPULATIONS, without_compression

# Between the names of generators that one collection of reals stands beside.
SEVERAL = "|"


class Generator(NamedTuple):
    """What made an image."""

    name: str
    # gan, diffusion, autoregressive, flow, vae, face_swap, perceptual, low_level, mixed, upsampled
    family: str
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
    "df_gan": _Row("gan", aliases=("dfgan",)),
    "diff_stylegan": _Row("gan", "stylegan2", aliases=("diff_stylegan2",)),
    "eg3d": _Row("gan", "stylegan2"),
    "galip": _Row("gan"),
    "ganimation": _Row("gan"),
    "gaugan": _Row("gan"),
    "gigagan": _Row("gan"),
    "hisd": _Row("gan"),
    "infomaxgan": _Row("gan"),
    "lafite": _Row("gan", "stylegan2"),
    "mmdgan": _Row("gan"),
    "msg_style_gan": _Row("gan", aliases=("msgstylegan", "msg_stylegan")),
    "pix2pix": _Row("gan"),
    "progan": _Row("gan"),
    "projectedgan": _Row("gan", aliases=("projected_gan",)),
    "r3gan": _Row("gan"),
    "relgan": _Row("gan"),
    "s3gan": _Row("gan"),
    "sngan": _Row("gan"),
    "stargan": _Row("gan"),
    "stgan": _Row("gan"),
    "stylegan": _Row("gan", aliases=("stylegan_official",)),
    "stylegan2": _Row("gan"),
    "stylegan3": _Row("gan", aliases=("stylegan3_r", "stylegan3_t")),
    "stylegan_t": _Row("gan"),
    "styleganxl": _Row("gan", aliases=("stylegan_xl",)),
    "styleswin": _Row("gan", aliases=("styleswim",)),  # so spelled in AIGIBench's archive
    "vqgan": _Row("gan"),
    "whichfaceisreal": _Row("gan", "stylegan", aliases=("wfir",)),
    # Diffusion
    "adm": _Row("diffusion", aliases=("imagenet_ai_0508_adm", "guided_diffusion")),
    "amused": _Row("autoregressive"),
    "blip_diffusion": _Row("diffusion", "sd1", aliases=("blip",)),
    "cifake": _Row("diffusion", "sd1"),  # CIFAR's classes by Stable Diffusion 1.4, at 32 px
    "dalle2": _Row("diffusion", aliases=("dalle_2", "dall_e_2", "dall_e2", "dalle2_openai")),
    "dalle3": _Row("diffusion", aliases=("dalle_3", "dall_e_3", "dall_e3")),
    "ddim": _Row("diffusion", "ddpm"),
    "ddpm": _Row("diffusion"),
    "deepfloyd_if": _Row("diffusion", aliases=("if", "deepfloyd", "if_i_xl_v1_0")),
    "dit": _Row("diffusion", aliases=("dit_xl_2",)),
    "ediff_i": _Row("diffusion", aliases=("ediffi",)),
    "firefly": _Row("diffusion", aliases=("adobe_firefly",)),
    "flux": _Row("diffusion", aliases=("flux_1", "flux1", "flux_1_1")),
    "flux_dev": _Row("diffusion", "flux", aliases=("flux_1_dev", "flux1_dev")),
    "flux_pro": _Row("diffusion", "flux", aliases=("flux_1_pro", "flux_1_1_pro", "flux1_pro")),
    "flux_schnell": _Row("diffusion", "flux", aliases=("flux_1_schnell", "flux1_schnell")),
    "glide": _Row("diffusion", aliases=("imagenet_glide", "glide_text2img_valid")),
    "glide_100_10": _Row("diffusion", "glide"),
    "glide_100_27": _Row("diffusion", "glide"),
    "glide_50_27": _Row("diffusion", "glide"),
    "gligen": _Row("diffusion", "sd1"),
    "guided": _Row("diffusion", "adm"),
    "hunyuan_dit": _Row("diffusion", aliases=("hunyuandit",)),
    "iddpm": _Row("diffusion", aliases=("improved_diffusion",)),
    "ideogram": _Row("diffusion", aliases=("ideogram_v1", "ideogram_v2", "ideogram_2_0")),
    "imagen": _Row("diffusion"),
    "imagen2": _Row("diffusion", "imagen", aliases=("imagen_2",)),
    "imagen3": _Row("diffusion", "imagen", aliases=("imagen_3",)),
    "infinite_id": _Row("diffusion", "sdxl", aliases=("infiniteid",)),
    "instantid": _Row("diffusion", "sdxl", aliases=("instant_id",)),
    "ip_adapter": _Row("diffusion", "sd1", aliases=("ipadapter",)),
    "kandinsky2": _Row("diffusion", aliases=("kandinsky", "kandinsky_2", "kandinsky_2_2")),
    "kandinsky3": _Row("diffusion", aliases=("kandinsky_3",)),
    "karlo": _Row("diffusion"),
    "kolors": _Row("diffusion"),
    "latte": _Row("diffusion"),
    "ldm": _Row(
        "diffusion",
        aliases=(
            "latent_diffusion",
            "latent_diffusion_text2img",
            "latent_diffusion_text2img_valid",
            "ldm_text2im_large_256",
        ),
    ),
    "ldm_100": _Row("diffusion", "ldm"),
    "ldm_200": _Row("diffusion", "ldm"),
    "ldm_200_cfg": _Row("diffusion", "ldm"),
    "midjourney": _Row("diffusion", aliases=("imagenet_midjourney", "mj")),
    "midjourney_v4": _Row("diffusion", "midjourney", aliases=("mjv4",)),
    "midjourney_v5": _Row("diffusion", "midjourney", aliases=("mjv5", "midjourney_v5_2", "mj5")),
    "midjourney_v6": _Row("diffusion", "midjourney", aliases=("mjv6",)),
    "midjourney_v61": _Row("diffusion", "midjourney", aliases=("mjv61", "midjourney_v6_1", "mj61")),
    "photomaker": _Row("diffusion", "sdxl"),
    "pixart_alpha": _Row("diffusion", "pixart", aliases=("pixart", "pixart_xl_2_1024_ms")),
    "pixart_sigma": _Row("diffusion", "pixart"),
    # Trained anew, on SDXL's network and its decoder.
    "playground": _Row(
        "diffusion", "sdxl", aliases=("playground_v2", "playground_v2_5", "playground_v25")
    ),
    "pndm": _Row("diffusion"),
    "sd1": _Row(
        "diffusion",
        "sd1",
        aliases=(
            "sdv1",
            "sdv1_new",
            "stable_diffusion_v1",
            "stable_diffusion_1",
            "stable_diffusion",
            "stable_diffusion_256",
        ),
    ),
    "sd1_controlnet": _Row("diffusion", "sd1", aliases=("sd_controlnet_canny",)),
    "sd1_inpainting": _Row("diffusion", "sd1", aliases=("stable_diffusion_inpainting",)),
    "sd1_lcm": _Row("diffusion", "sd1", aliases=("lcm_lora_sdv1_5", "lcm")),
    "sd13": _Row("diffusion", "sd1", aliases=("stable_diffusion_1_3", "sdv1_3")),
    "sd14": _Row(
        "diffusion",
        "sd1",
        aliases=(
            "sdv4",
            "sdv1_4",
            "sdv14",
            "sd_v1_4",
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
            "sdv15",
            "sd_v1_5",
            "stable_diffusion_1_5",
            "stable_diffusion_v1_5",
            "stable_diffusion_v_1_5",
            "imagenet_ai_0424_sdv5",
        ),
    ),
    "sd2": _Row(
        "diffusion",
        aliases=("sdv2", "stable_diffusion_2", "stable_diffusion_v2", "stable_diffusion_2_0"),
    ),
    "sd2_controlnet": _Row("diffusion", "sd2", aliases=("sd21_controlnet_canny",)),
    "sd2_inpainting": _Row("diffusion", "sd2", aliases=("stable_diffusion_2_inpainting",)),
    "sd21": _Row("diffusion", "sd2", aliases=("sdv2_1", "stable_diffusion_2_1", "sd2_1")),
    "sd3": _Row(
        "diffusion", aliases=("stable_diffusion_3", "sd3_medium", "stable_diffusion_3_medium")
    ),
    "sd35": _Row("diffusion", "sd3", aliases=("sd3_5", "stable_diffusion_3_5")),
    "sd_turbo": _Row("diffusion", "sd2"),
    "sdxl": _Row(
        "diffusion",
        aliases=("stable_diffusion_xl", "stable_diffusion_xl_base_1_0", "sdxl_base_1_0"),
    ),
    "sdxl_controlnet": _Row("diffusion", "sdxl", aliases=("controlnet_canny_sdxl_1_0",)),
    "sdxl_inpainting": _Row(
        "diffusion", "sdxl", aliases=("stable_diffusion_xl_1_0_inpainting_0_1",)
    ),
    "sdxl_lcm": _Row("diffusion", "sdxl", aliases=("lcm_lora_sdxl",)),
    "sdxl_lightning": _Row("diffusion", "sdxl"),
    "sdxl_refiner": _Row("diffusion", "sdxl", aliases=("stable_diffusion_xl_refiner_1_0",)),
    "sdxl_turbo": _Row("diffusion", "sdxl"),
    "segmind_vega": _Row("diffusion", "sdxl"),
    "ssd_1b": _Row("diffusion", "sdxl"),
    "stable_cascade": _Row("diffusion", "wuerstchen"),
    "unidiffuser": _Row("diffusion"),
    "vqdm": _Row("diffusion", aliases=("vqdiffusion", "vq_diffusion", "imagenet_ai_0419_vqdm")),
    "wuerstchen": _Row("diffusion", aliases=("wurstchen", "w_rstchen")),
    # Trained by another group on other captions, but Stable Diffusion 1's network and decoder.
    "wukong": _Row("diffusion", "sd1", aliases=("imagenet_ai_0424_wukong",)),
    # Autoregressive: image tokens, one after the other or scale by scale
    "aurora": _Row("autoregressive", aliases=("grok_2_image", "grok2_image")),
    "cogview2": _Row("autoregressive", aliases=("cogview_2",)),
    "dalle": _Row("autoregressive", aliases=("dalle_mini", "craiyon", "dalle_mini_valid")),
    "emu3": _Row("autoregressive"),
    "gpt_4o": _Row("autoregressive", aliases=("gpt4o", "gpt_image_1", "4o")),
    "infinity": _Row("autoregressive", "var"),
    "janus_pro": _Row("autoregressive", aliases=("janus",)),
    "llamagen": _Row("autoregressive"),
    "parti": _Row("autoregressive"),
    "taming_transformers": _Row(
        "autoregressive", aliases=("taming_transformers_segm2image_valid",)
    ),
    "var": _Row("autoregressive"),
    # Collections of images from the web, whose generators nobody has noted
    "chameleon": _Row("mixed"),
    "civitai": _Row("mixed", "communityai"),
    "communityai": _Row("mixed"),
    "facebook": _Row("mixed", "wildrf"),
    "reddit": _Row("mixed", "wildrf"),
    "socialrf": _Row("mixed"),
    "twitter": _Row("mixed", "wildrf"),
    "wildrf": _Row("mixed"),
    # Others
    "glow": _Row("flow"),
    "vae": _Row("vae"),
    "crn": _Row("perceptual"),
    "imle": _Row("perceptual"),
    **{
        name: _Row("face_swap", group, aliases)
        for name, (group, aliases) in FACE_MANIPULATIONS.items()
    },
    "san": _Row("low_level"),
    "seeingdark": _Row("low_level", aliases=("sitd",)),
    # The toy generators of data/toy: what they imitate
    **dict.fromkeys(("gan_tconv", "gan_nearest", "gan_bilinear", "gan_shuffle"), _Row("gan")),
    **dict.fromkeys(("dm_latent4", "dm_latent8", "dm_cascade", "dm_pixel"), _Row("diffusion")),
    # Photographs with an up-sampler's traces: data/upsampled
    **{
        f"upsampled_{kind}": _Row("upsampled")
        for kind in ("tconv", "nearest", "bilinear", "shuffle", "latent4", "latent8")
    },
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

    For example "Stable Diffusion V1.4" and "imagenet_ai_0419_sdv4" are both sd14. A compression of
    FaceForensics++ is a generator of its own and a near copy of the others (deepfakes_c23).
    """
    base, compression = without_compression(folder)
    if compression:
        made = generator(base)
        is_called_so = is_known(base)
        return made._replace(name=f"{made.name}_{compression}" if is_called_so else folder)
    name = _NAME_OF.get(plain_name(folder))
    if name is None:
        return Generator(folder, "unknown", folder)
    row = _TABLE[name]
    return Generator(name, row.family, row.group or name)


def of_column(name: str) -> Generator:
    """What a manifest's column `generator` stands for.

    Reals beside all generators, or beside several, are of no generator's family.
    """
    return generator(name) if name and SEVERAL not in name else Generator("", "", "")
