"""Where a user's caches lie: nothing in them is a result, all of it may be deleted at any time."""

from __future__ import annotations

import os
from pathlib import Path


def default_cache_dir() -> Path:
    """Where indexes of roots are kept: CROSSGEN_CACHE, else the user's cache folder."""
    named = os.environ.get("CROSSGEN_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(named).expanduser() if named else Path(base).expanduser() / "crossgen"
