"""Collections that lie alike on disk, told apart by their generators: said to people, no more.

Sources: the papers, and the folders of the published archives.
"""

from collections.abc import Iterable


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# By the names of data/generators.py.
COLLECTIONS = {
    "GenImage (arXiv 2306.08571)": _names("adm biggan glide midjourney sd14 sd15 vqdm wukong"),
    "ForenSynths (arXiv 1912.11035)": _names(
        """progan stylegan biggan cyclegan stargan gaugan crn imle seeingdark san deepfake stylegan2
        whichfaceisreal"""
    ),
    "AIGCDetectBenchmark (arXiv 2311.12397)": _names(
        """progan stylegan biggan cyclegan stargan gaugan stylegan2 whichfaceisreal adm glide
        midjourney sd14 sd15 vqdm wukong dalle2 sdxl"""
    ),
    "GANGen-Detection": _names(
        "attgan began cramergan ganimation infomaxgan mmdgan relgan s3gan sngan stgan"
    ),
    "DiffusionForensics as NPR repacked it": _names(
        """adm ddpm iddpm ldm pndm sd1 sd2 vqdm dalle2 midjourney deepfloyd_if projectedgan stylegan
        diff_stylegan diff_projectedgan"""
    ),
    "Diffusion1kStep": _names("dalle ddpm adm iddpm midjourney"),
    "UnivFD's diffusion sets (arXiv 2302.10174)": _names(
        "guided ldm_100 ldm_200 ldm_200_cfg glide_50_27 glide_100_10 glide_100_27 dalle"
    ),
    # The 25 folders of its archive, as its own logs list them (github.com/HorizonTEL/AIGIBench,
    # detector_codes/NPR-DeepfakeDetection-main/log_test.log): Midjourney there, where its README
    # has Midjourney-V6, and StyleSwim, which is StyleSwin.
    "AIGIBench (arXiv 2505.12335)": _names(
        """progan r3gan stylegan3 styleganxl styleswin whichfaceisreal blendface e4s faceswap inswap
        simswap dalle3 flux_dev glide imagen3 midjourney sd3 sdxl blip_diffusion infinite_id
        instantid ip_adapter photomaker socialrf communityai"""
    ),
}
_FEWEST = 3
_SHARE = 0.5


def recognised(generators: Iterable[str]) -> str:
    """The collection that these generators are the greatest part of, "" where none is.

    All of them must be the collection's, and at least half of its own be there.
    """
    found = frozenset(generators)
    if len(found) < _FEWEST:
        return ""
    shares = {name: len(found) / len(of) for name, of in COLLECTIONS.items() if found <= of}
    best = max(shares, key=lambda name: shares[name], default="")
    return best if best and shares[best] >= _SHARE else ""


def recognition(generators: Iterable[str]) -> str:
    """The same as words to append to a layout's evidence, with what is missing."""
    found = frozenset(generators)
    name = recognised(found)
    if not name:
        return ""
    missing = sorted(COLLECTIONS[name] - found)
    more = f" and {len(missing) - 4} more" if len(missing) > 4 else ""
    without = f", without {', '.join(missing[:4])}{more}" if missing else ""
    return f"; these are generators of {name}{without}"
