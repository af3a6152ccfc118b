"""The image itself: as stored, as the detector is given it, and where its logit comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import PIL.ImageDraw

from data.operations import Operation, Pipeline
from data.patches.choice_in_test import choice_in_test
from data.view import View
from launch.explaining.colour_scales import Picture, heat_scale
from launch.explaining.panels import Panel, enlarged, overlay

if TYPE_CHECKING:
    from torch import Tensor, nn

    from data.images import ImageRows

MARK = ((0, 0, 0), (255, 214, 0))
"""Colours of the frame around a patch, from outside: it is seen on dark and on light."""
LARGEST_SHOWN_PX = 800


def stored_panel(rows: ImageRows, view: View) -> Panel:
    """The image as stored; of a detector that picks a patch, with that patch marked."""
    if step := _patch_step(view):
        return _chosen_patch(rows, view, step)
    stored = rows.load(0)
    return Panel("image", _shrunk(stored), f"as stored, {_size(stored)}")


def given_panel(given_HWC: Picture, stored_size: tuple[int, int]) -> Panel | None:
    """What the detector is given, where that is not the image as stored."""
    if given_HWC.shape[:2] == stored_size:
        return None
    return Panel("input", _shrunk(given_HWC), f"what is given to the network, {_size(given_HWC)}")


def cam_panel(network: nn.Module, image_1CHW: Tensor, given_HWC: Picture) -> Panel | str:
    """Grad-CAM over what the network is given; in words why there is none."""
    from detectors.explaining.grad_cam import grad_cam

    found = grad_cam(network, image_1CHW)
    if found is None:
        return "No Grad-CAM: no layer with places in the image leads to this logit by gradients."
    if not found.map_HW.max() > 0:
        return f"No Grad-CAM: in {found.layer} no place speaks for {found.word}."
    scale = heat_scale(found.map_HW)
    rows, columns = found.map_HW.shape
    said = f"what speaks for {found.word}, {rows} x {columns} places of {found.layer}"
    return Panel("Grad-CAM", overlay(given_HWC, found.map_HW, scale, smooth=True), said, scale)


def _patch_step(view: View) -> Operation | None:
    steps = [step for step in view.geometry.operations if step.name == "patch"]
    return steps[0] if len(steps) == 1 else None


def _chosen_patch(rows: ImageRows, view: View, step: Operation) -> Panel:
    """The image as it comes to the choice of a patch, the taken one framed."""
    place = view.geometry.operations.index(step)
    before = View(
        equalise=view.equalise,
        degradation=view.degradation,
        geometry=Pipeline(view.geometry.operations[:place]),
    )
    image_HWC = rows.viewed(0, before)
    choice = choice_in_test(image_HWC, rows.image_ids[0], step)
    shown = enlarged(image_HWC)
    times = shown.shape[0] // image_HWC.shape[0]
    picture = PIL.Image.fromarray(np.array(shown))
    pen = PIL.ImageDraw.Draw(picture)
    top, left = (times * place for place in choice.corner)
    side, thick = times * choice.size_px, max(2, max(shown.shape[:2]) // 160)
    for number, colour in enumerate(MARK):
        reach = thick * (len(MARK) - number)
        box = (left - reach, top - reach, left + side - 1 + reach, top + side - 1 + reach)
        pen.rectangle(box, outline=colour, width=thick)
    said = f"the {step.settings['choose']} of {len(choice.corners_N2)} patches is framed"
    if choice.complexity_N is not None:
        lowest, highest = int(choice.complexity_N.min()), int(choice.complexity_N.max())
        taken = int(choice.complexity_N[choice.chosen])
        said += f": complexity {taken:,} of {lowest:,} to {highest:,}"
    return Panel("image", _shrunk(np.asarray(picture)), said)


def _shrunk(picture: Picture) -> Picture:
    """A large photograph, small enough for a page."""
    image = PIL.Image.fromarray(picture)
    image.thumbnail((LARGEST_SHOWN_PX, LARGEST_SHOWN_PX), PIL.Image.Resampling.LANCZOS)
    return np.asarray(image)


def _size(picture: Picture) -> str:
    height, width = picture.shape[:2]
    return f"{width} x {height} px"
