"""Named sets of degradations, as robustness is reported in the field.

A name is replaced by its list where it is read, before any identity is formed: a preset is a
shorter way to write, and what is stored are the operations.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from data.operations import known
from data.suggestions import did_you_mean


@dataclass(frozen=True)
class DegradationPreset:
    """Some degradations, each the text of a pipeline, and where they come from."""

    degradations: tuple[str, ...]
    source: str


PRESETS = {
    "genimage6": DegradationPreset(
        ("resize(112)", "resize(64)", "jpeg(65)", "jpeg(30)", "blur(3)", "blur(5)"),
        "GenImage (arXiv 2306.08571), degraded image classification: low resolution 112 and 64, "
        "JPEG 65 and 30, blur 3 and 5. Filter and codec are not stated there",
    ),
    "derivatives": DegradationPreset(
        (
            *("jpeg(90)", "jpeg(70)", "jpeg(50)"),
            *("resize(factor=0.75)", "resize(factor=0.5)"),
            *("blur(1)", "blur(2)", "crop(0.75)"),
        ),
        "the kinds of Sem-SPAI, an extension of SPAI (arXiv 2411.19417): JPEG, resizing, blur and "
        "crops. It states no strengths; these are ours",
    ),
    "social": DegradationPreset(
        tuple(f"crop(0.8) | resize(200) | jpeg({quality})" for quality in (100, 85, 65)),
        # Their code: github.com/grip-unina/DMimageDetection, csv_operations.py.
        "our chain, after Corvi et al. (arXiv 2211.00680). They draw a square of 5/8 to all of the "
        "shorter side (160 to 2048 px), its place and the quality (65 to 100), and resize to "
        "200 x 200 px by Lanczos, smaller squares by bicubic. Here the middle with 0.8 of each "
        "side, its shorter side to 200 px by bilinear, both ends of the quality and 85",
    ),
}


def expanded(degradations: Iterable[str]) -> Iterator[str]:
    """The degradations with each preset's name replaced by its list."""
    for text in degradations:
        preset = PRESETS.get(text.strip())
        yield from preset.degradations if preset else (text,)


def preset_meant(text: str) -> str:
    """Presets to suggest where a degradation is a word that nothing is called, else ""."""
    word = text.strip()
    if not word.isidentifier() or word == "none" or word in known("degradation"):
        return ""
    return f"Of presets: {did_you_mean(word, PRESETS)}"
