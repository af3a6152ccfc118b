"""The maps that networks say they see, each drawn as what it is: signed, levels, heat, a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from launch.explaining.colour_scales import (
    Picture,
    Plane,
    heat_scale,
    level_scale,
    signed_scale,
)
from launch.explaining.panels import Panel, overlay

MOST_PLANES = 8
"""Of one map, drawn apart."""

OVER_IMAGE = ("attention", "squares_to_parts", "parts_to_squares")
"""Maps that say how much each square of the image counts."""
LEVEL_WORDS = ("spectrum", "log_dct", "log_fft", "statistics", "similarities", "low_freq")
"""In the names of maps whose zero means nothing."""
HALF_SPECTRA = "log_fft"
TERMS = "terms_of_logit"
FIVE_CROPS = (1, 5)


def map_panels(maps: Mapping[str, Plane], image_HWC: Picture) -> list[Panel]:
    """Draw all maps of an image.

    Args:
        maps: name -> planes_CHW, as a network gives them.
        image_HWC: what the network was given.
    """
    if "low_frequencies" in maps:  # SPAI's squares as they lie, which leave out what is left over
        squares_CHW = maps["low_frequencies"] + maps["high_frequencies"]
        image_HWC = _as_image(squares_CHW)
    maps = _with_whole_spectra(maps, image_HWC.shape[1])
    return [panel for name, planes in maps.items() for panel in _panels(name, planes, image_HWC)]


def _panels(name: str, planes_CHW: Plane, image_HWC: Picture) -> list[Panel]:
    title = name.replace("_", " ")
    if name == "pixels":
        return []  # the image itself, which is shown anyway
    if name == "similarities":
        return [_table(title, planes_CHW[0])]
    if name in OVER_IMAGE:
        return [
            _over_image(each, plane_HW, image_HWC)
            for each, plane_HW in _named_planes(name, title, planes_CHW)
        ]
    if len(planes_CHW) == 3 and name != "token_similarities":
        return [_of_colours(name, title, planes_CHW)]
    return [
        _plane(name, each, plane_HW) for each, plane_HW in _named_planes(name, title, planes_CHW)
    ]


def _of_colours(name: str, title: str, planes_CHW: Plane) -> Panel:
    """A map with a plane per colour: an image as such, anything else as the mean of the three."""
    if not _is_level(name) and planes_CHW.min() >= 0 and planes_CHW.max() <= 1:
        picture = _as_image(planes_CHW)
        return Panel(title, picture, _size(picture))
    if name.startswith(TERMS):
        return _plane(name, title, planes_CHW.sum(axis=0), "sum of three colours")
    return _plane(name, title, planes_CHW.mean(axis=0), "mean of three colours")


def _plane(name: str, title: str, plane_HW: Plane, said: str = "") -> Panel:
    is_signed = not _is_level(name) and plane_HW.min() < 0
    scale = signed_scale(plane_HW) if is_signed else level_scale(plane_HW)
    notes = [said, "zero frequency in the middle" if "spectrum" in name else ""]
    if name.endswith("log_dct"):
        notes.append("lowest frequency at the upper left")
    picture = scale.coloured(plane_HW)
    caption = ", ".join(note for note in (*notes, _size(picture)) if note)
    return Panel(title, picture, caption, scale)


def _over_image(title: str, plane_HW: Plane, image_HWC: Picture) -> Panel:
    scale = heat_scale(plane_HW)
    rows, columns = plane_HW.shape
    picture = overlay(image_HWC, plane_HW, scale, smooth=False)
    squares = "corners and middle" if (rows, columns) == FIVE_CROPS else "squares"
    said = f"{rows} x {columns} {squares}: {plane_HW.min():.3g} to {plane_HW.max():.3g}"
    return Panel(title, picture, said, scale)


def _table(title: str, values_PL: Plane) -> Panel:
    """SPAI's six similarities by layer, as a table of colours."""
    scale = level_scale(values_PL)
    picture = scale.coloured(values_PL)
    from detectors.networks.spai.restoration import PAIRS

    said = "rows: mean, then deviation, of " + "; ".join(PAIRS) + ". Columns: layers"
    return Panel(f"{title} by layer", picture, said, scale)


def _named_planes(name: str, title: str, planes_CHW: Plane) -> list[tuple[str, Plane]]:
    """The first planes, each with a title."""
    if len(planes_CHW) == 1:
        return [(title, planes_CHW[0])]
    names = _plane_names(name) or [str(n) for n in range(1, len(planes_CHW) + 1)]
    named = zip(names, planes_CHW, strict=False)
    return [(f"{title}: {each}", plane_HW) for each, plane_HW in named][:MOST_PLANES]


def _plane_names(name: str) -> Sequence[str]:
    if name == "token_similarities":
        from detectors.networks.spai.restoration import PAIRS

        return PAIRS
    if name in ("squares_to_parts", "parts_to_squares", "image_to_parts"):
        from detectors.networks.sem_spai.semantic_features import PARTS

        return PARTS
    return ()


def _with_whole_spectra(maps: Mapping[str, Plane], width: int) -> dict[str, Plane]:
    """Half spectra completed, zero frequency in the middle; terms of a logit beside their map."""
    drawn: dict[str, Plane] = {}
    kind = next((name for name in maps if name in (HALF_SPECTRA, "log_dct")), "")
    for name, planes_CHW in maps.items():
        if name == TERMS and kind:
            name = f"{name} of {kind}"
        if kind == HALF_SPECTRA and name.endswith(HALF_SPECTRA):
            name, planes_CHW = name.replace(HALF_SPECTRA, "log spectrum"), _whole(planes_CHW, width)
        drawn[name] = planes_CHW
    return drawn


def _whole(half_CHV: Plane, width: int) -> Plane:
    """All columns of half a spectrum: (u, v) has the value of (-u, -v)."""
    other = half_CHV[..., 1 : (width + 1) // 2][..., ::-1]
    other = np.roll(other[:, ::-1], 1, axis=1)
    whole: Plane = np.fft.fftshift(np.concatenate([half_CHV, other], axis=2), axes=(1, 2))
    return whole


def _is_level(name: str) -> bool:
    return not name.startswith(TERMS) and any(word in name for word in LEVEL_WORDS)


def _as_image(planes_CHW: Plane) -> Picture:
    image: Picture = np.round(planes_CHW.transpose(1, 2, 0).clip(0, 1) * 255).astype(np.uint8)
    return image


def _size(picture: Picture) -> str:
    height, width = picture.shape[:2]
    return f"{width} x {height}"
