"""The pictures of images as files: per image and detector a contact sheet, and each map alone.

FOLDER/001-NAME/FIT.png         the contact sheet
FOLDER/001-NAME/FIT/MAP.png     each picture of it
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import PIL.Image

from grid.refusal import Refused
from launch.explaining.contact_sheet import write_sheet
from launch.explaining.image_panels import cam_panel, given_panel, stored_panel
from launch.explaining.map_panels import map_panels
from launch.explaining.panels import Panel, enlarged
from launch.predicting.given_images import GivenImage, rows_of
from launch.predicting.scorers import Scorer
from launch.predicting.verdicts import ImageVerdict


def explain_images(
    scorers: Sequence[Scorer],
    images: Sequence[GivenImage],
    verdicts: Sequence[Sequence[ImageVerdict]],
    folder: Path,
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Draw every image that has a score, for every detector.

    Args:
        scorers: the detectors.
        images: as they were given.
        verdicts: of each image those of the detectors, in their order.
        folder: is made; files of the same names in it are replaced.
        say: told how far it is.

    Raises:
        Refused: the folder cannot be written.
    """
    digits = max(3, len(str(len(images))))
    for number, (image, row) in enumerate(zip(images, verdicts, strict=True), start=1):
        say(f"drawing {number:,}/{len(images):,}")
        place = folder / f"{number:0{digits}}-{_file_name(Path(image.path).stem)}"
        for scorer, verdict in zip(scorers, row, strict=False):
            if verdict.logit is None:
                continue
            panels, remark = panels_of(scorer, image)
            try:
                _write(place, scorer, verdict, panels, remark)
            except OSError as error:
                why = f"it cannot be written ({error.strerror or error})"
                raise Refused.because(f"--explain {folder}", why, "Name another place") from error


def panels_of(scorer: Scorer, image: GivenImage) -> tuple[list[Panel], str]:
    """Return the pictures of an image for one detector, and what is to be said of them."""
    import torch

    from detectors.batches import scaled, stacked
    from detectors.explaining.seen_maps import seen_maps

    rows = rows_of([image])
    given_HWC = rows.viewed(0, scorer.view)
    device = next(scorer.network.parameters()).device
    image_1CHW = scaled(stacked([given_HWC]), torch.device(device))
    panels = [stored_panel(rows, scorer.view)]
    if given := given_panel(given_HWC, (image.height, image.width)):
        panels.append(given)
    panels += map_panels(seen_maps(scorer.network, image_1CHW), given_HWC)
    cam = cam_panel(scorer.network, image_1CHW, given_HWC)
    if isinstance(cam, str):
        return panels, cam
    return [*panels, cam], ""


def _write(
    place: Path, scorer: Scorer, verdict: ImageVerdict, panels: Sequence[Panel], remark: str
) -> None:
    alone = place / scorer.name
    alone.mkdir(parents=True, exist_ok=True)
    write_sheet(place / f"{scorer.name}.png", verdict.image, _said(verdict), panels, remark)
    for panel in panels:
        picture = PIL.Image.fromarray(enlarged(panel.picture))
        picture.save(alone / f"{_file_name(panel.name)}.png")


def _said(verdict: ImageVerdict) -> str:
    scaled = (
        "" if verdict.p_scaled is None else f", {verdict.p_scaled:.4f} scaled on its validation"
    )
    said = f"{verdict.fit}: {verdict.prediction}, logit {verdict.logit:+.3f}, "
    said += f"P(fake) {verdict.p_raw:.4f}{scaled}"
    return said + (", an image of its training or validation" if verdict.was_seen else "")


def _file_name(text: str) -> str:
    """Return a text as the name of a file on any disk."""
    return re.sub(r"[^\w.-]+", "-", text).strip("-.")[:80] or "image"
