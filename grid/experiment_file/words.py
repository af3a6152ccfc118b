"""Words of the file that people choose themselves: families, and names as YAML writes them."""

from __future__ import annotations

import difflib
import json
import re
from typing import Any

import yaml

from data.generators import FAMILIES
from grid.refusal import did_you_mean

UNKNOWN_FAMILY = "unknown"
_WORD = re.compile(r"[a-z][a-z0-9_-]*")
_NEARLY = 0.8  # "difusion" and "gans" are, "vqgan" and "vqvae" are words of their own


def family_word(value: Any) -> Any:
    """Return a stated family, unless it is a slip of the pen.

    Any word may be one. But one that is nearly a known family would make a second block of it, and
    `leave_one_out: family` would train on what it leaves out.

    Raises:
        ValueError: it is no plain word, or nearly a known family.
    """
    known = sorted(FAMILIES)
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        near = did_you_mean(str(value), known)
        raise ValueError(f"a family is one word in lower case, such as gan or diffusion. {near}")
    if value not in (*known, UNKNOWN_FAMILY) and difflib.get_close_matches(
        value, known, cutoff=_NEARLY
    ):
        near = did_you_mean(value, known)
        raise ValueError(
            f"it is nearly a known family, and would be another one beside it. {near} For a "
            "family of your own choose a word that is less like them"
        )
    return value


def yaml_word(name: str) -> str:
    """Return a name as it is written inside YAML's braces and brackets."""
    is_plain = re.fullmatch(r"[\w .-]+", name) and yaml.safe_load(name) == name
    return name if is_plain else json.dumps(name, ensure_ascii=False)
