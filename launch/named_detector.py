"""A detector that is named on the command line: of the zoo, or a file of one's own."""

from __future__ import annotations

import re

from data.refusals import Refused
from detectors.contract import UnknownName, load_card
from detectors.plugins import BadPlugin, find_plugin, register

DETECTOR_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def known_detector(name: str) -> str:
    """Return the detector's name; a file or a module of one's own is made known first.

    Args:
        name: of the zoo, a path that ends in .py, or a module's name with a dot in it.

    Raises:
        Refused: there is no such detector, or its file is none.
    """
    try:
        if name.endswith(".py") or "." in name:
            plugin = find_plugin(name)
            register(plugin)
            name = plugin.name
        load_card(name)
    except (BadPlugin, UnknownName) as error:
        raise Refused.because(
            name, str(error).rstrip("."), "Give a detector's name, or the path of its file"
        ) from error
    return name
