"""Official figures for few of a file's images, so that a test of them is quick."""

import json
from collections.abc import Sequence
from pathlib import Path

from repository import FIXTURES

from detectors.parity.file import ParityFile


def figures_of(stem: str, images: Sequence[str]) -> ParityFile:
    """A parity file with the outputs of these images alone."""
    content = json.loads((FIXTURES / "parity" / f"{stem}.json").read_text())
    content["outputs"] = {image: content["outputs"][image] for image in images}
    return ParityFile(Path(stem).stem, content)
