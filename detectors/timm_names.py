"""The names of timm's networks, read from its source without importing it.

An experiment that names one is checked when it is planned, and importing timm takes seconds.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_REGISTERED = re.compile(r"^@register_model\s+def (\w+)\(", re.MULTILINE)


@cache
def timm_names() -> tuple[str, ...]:
    """Names that `timm.create_model` takes, sorted; without tags and deprecated ones."""
    spec = find_spec("timm")
    folders = [] if spec is None else list(spec.submodule_search_locations or ())
    texts = (
        file.read_text(encoding="utf-8")
        for folder in folders
        for file in Path(folder, "models").glob("*.py")
    )
    return tuple(sorted({name for text in texts for name in _REGISTERED.findall(text)}))
