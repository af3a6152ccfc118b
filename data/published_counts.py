"""How many images the field's collections were published with; only figures that are stated.

GenImage: arXiv 2306.08571 (162 training and 6 test fakes per generator and ImageNet class, of
Stable Diffusion 1.5 166 and 8; 1,281,167 and 50,000 photographs in all). ForenSynths: arXiv
1912.11035 (720,000 training images of 20 LSUN categories; the sizes of its test sets are known
here rounded only, so these are named and not counted). UnivFD: arXiv 2302.10174. Synthbuster:
Bammey, IEEE OJSP 2024. CIFAKE: arXiv 2303.14126. Chameleon: arXiv 2406.19435, about 26,000.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


class Part(NamedTuple):
    """Images that belong together, and how many were published."""

    split: str  # train, validation or test; "" for all of them
    label: int | None  # 0 real, 1 fake, None for both
    images: int
    per_class: int = 0  # of each class, 0 where that is not stated
    is_about: bool = False  # the figure is rounded: 5 % less is no difference


@dataclass(frozen=True)
class PublishedGenerator:
    """One generator of a collection: how people call it, its archive, its parts."""

    name: str
    parts: Sequence[Part] = ()
    archive: str = ""  # as the folder is called that it unpacks to


@dataclass(frozen=True)
class PublishedCollection:
    """A collection as published.

    Attributes:
        name: for people.
        layouts: it is recognised only where the manifest has one of these; empty for any.
        enough: so many of its generators must be there for it to be recognised, and no other
            ones unless `has_others`.
        generators: by canonical name (`data.generators`).
        root_says: what the root's path must name, where nothing else on disk tells it apart.
        whole: parts over all generators; held against it where no generator is missing.
        classes: how many a part with `per_class` has.
    """

    name: str
    layouts: frozenset[str]
    enough: int
    generators: Mapping[str, PublishedGenerator] = field(default_factory=dict)
    whole: Sequence[Part] = ()
    classes: int = 0
    has_others: bool = False
    root_says: str = ""


def _genimage(name: str, archive: str, train: int = 162, test: int = 6) -> PublishedGenerator:
    parts = [
        Part("train", 1, train * 1000, per_class=train),
        Part("test", 1, test * 1000, per_class=test),
    ]
    return PublishedGenerator(name, parts, archive)


def _each(names: Mapping[str, str], *parts: Part) -> dict[str, PublishedGenerator]:
    return {key: PublishedGenerator(name, parts) for key, name in names.items()}


_THOUSAND_FAKES = Part("", 1, 1000)

COLLECTIONS = (
    PublishedCollection(
        "GenImage",
        frozenset({"genimage"}),
        enough=1,
        generators={
            "adm": _genimage("ADM", "imagenet_ai_0508_adm"),
            "biggan": _genimage("BigGAN", "imagenet_ai_0419_biggan"),
            "glide": _genimage("GLIDE", "imagenet_glide"),
            "midjourney": _genimage("Midjourney", "imagenet_midjourney"),
            "sd14": _genimage("Stable Diffusion 1.4", "imagenet_ai_0419_sdv4"),
            "sd15": _genimage("Stable Diffusion 1.5", "imagenet_ai_0424_sdv5", 166, 8),
            "vqdm": _genimage("VQDM", "imagenet_ai_0419_vqdm"),
            "wukong": _genimage("Wukong", "imagenet_ai_0424_wukong"),
        },
        whole=(Part("train", 0, 1_281_167), Part("test", 0, 50_000)),
        classes=1000,
        has_others=True,
    ),
    PublishedCollection(
        "ForenSynths' test sets",
        frozenset({"forensynths"}),
        enough=4,
        generators=_each(
            {
                "progan": "ProGAN",
                "stylegan": "StyleGAN",
                "stylegan2": "StyleGAN2",
                "biggan": "BigGAN",
                "cyclegan": "CycleGAN",
                "stargan": "StarGAN",
                "gaugan": "GauGAN",
                "crn": "CRN",
                "imle": "IMLE",
                "seeingdark": "seeingdark",
                "san": "SAN",
                "deepfake": "deepfake",
                "whichfaceisreal": "whichfaceisreal",
            }
        ),
    ),
    PublishedCollection(
        "ForenSynths' training set",
        frozenset({"forensynths"}),
        enough=1,
        generators={
            "progan": PublishedGenerator(
                "ProGAN", [Part("train", None, 720_000, per_class=36_000)], "progan_train"
            )
        },
        classes=20,
        has_others=True,
    ),
    PublishedCollection(
        "UnivFD's diffusion sets",
        frozenset(),
        enough=3,
        generators=_each(
            {
                "guided": "guided",
                "ldm_100": "ldm_100",
                "ldm_200": "ldm_200",
                "ldm_200_cfg": "ldm_200_cfg",
                "glide_50_27": "glide_50_27",
                "glide_100_10": "glide_100_10",
                "glide_100_27": "glide_100_27",
                "dalle": "dalle",
            },
            _THOUSAND_FAKES,
        ),
    ),
    PublishedCollection(
        "Synthbuster",
        frozenset({"synthbuster"}),
        enough=1,
        generators=_each(
            {
                "dalle2": "dalle2",
                "dalle3": "dalle3",
                "firefly": "firefly",
                "glide": "glide",
                "midjourney_v5": "midjourney-v5",
                "sd13": "stable-diffusion-1-3",
                "sd14": "stable-diffusion-1-4",
                "sd2": "stable-diffusion-2",
                "sdxl": "stable-diffusion-xl",
            },
            _THOUSAND_FAKES,
        ),
    ),
    PublishedCollection(
        "CIFAKE",
        frozenset({"real_fake"}),
        enough=0,
        has_others=True,
        root_says="cifake",
        whole=(
            Part("train", 0, 50_000),
            Part("train", 1, 50_000),
            Part("test", 0, 10_000),
            Part("test", 1, 10_000),
        ),
    ),
    PublishedCollection(
        "Chameleon",
        frozenset({"real_fake"}),
        enough=0,
        has_others=True,
        root_says="chameleon",
        whole=(Part("", None, 26_000, is_about=True),),
    ),
)
