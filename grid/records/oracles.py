"""Fits whose epoch was selected on the images that they are tested on.

Some official codes select so. Such a number says what could have been reached by somebody who knew
the answers; it is called an oracle wherever it is shown, and enters no test of a difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ORACLE = "oracle"


def is_oracle(recipe: Mapping[str, Any] | None) -> bool:
    """Say it of a fit's recipe, as an experiment's record holds it."""
    return (recipe or {}).get("validate_on") == "test_sets"
