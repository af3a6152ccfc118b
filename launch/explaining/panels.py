"""One picture with its caption, small ones enlarged without new values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import PIL.Image

from launch.explaining.colour_scales import ColourScale, Picture, Plane

SMALLEST_SIDE_PX = 320
OVERLAY_SHARE = 0.6
"""Of the heat in an overlay; the rest is the image in grey."""


@dataclass(frozen=True)
class Panel:
    """A picture of a contact sheet.

    Attributes:
        name: unique among those of an image and detector; its file is called so.
        caption: what is shown, below the name.
        picture: RGB.
        scale: of its colours, None of an image.
    """

    name: str
    picture: Picture
    caption: str = ""
    scale: ColourScale | None = None


def enlarged(picture: Picture, smallest_px: int = SMALLEST_SIDE_PX) -> Picture:
    """Repeat pixels until the longer side has about so many; larger pictures stay as they are."""
    times = max(1, round(smallest_px / max(picture.shape[:2])))
    return picture.repeat(times, axis=0).repeat(times, axis=1) if times > 1 else picture


def overlay(image_HWC: Picture, plane_HW: Plane, scale: ColourScale, *, smooth: bool) -> Picture:
    """Heat over an image in grey, at the image's size.

    Args:
        image_HWC: the image.
        plane_HW: values of a grid over all of it.
        scale: of the values.
        smooth: interpolate between the grid's places, as Grad-CAM is shown; else sharp squares.
    """
    below = enlarged(image_HWC)
    height, width = below.shape[:2]
    how = PIL.Image.Resampling.BILINEAR if smooth else PIL.Image.Resampling.NEAREST
    heat_HW = np.asarray(
        PIL.Image.fromarray(plane_HW.astype(np.float32)).resize((width, height), how)
    )
    grey_HW1 = below.mean(axis=2, keepdims=True)
    mixed = OVERLAY_SHARE * scale.coloured(heat_HW) + (1 - OVERLAY_SHARE) * grey_HW1
    picture: Picture = np.round(mixed).astype(np.uint8)
    return picture
