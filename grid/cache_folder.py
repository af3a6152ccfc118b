"""Where a user's caches lie: nothing in them is a result, all of it may be deleted at any time.

So it is with weights: what was fetched or imported can be so again, and has the same checksum.
"""

from __future__ import annotations

import os
from pathlib import Path


def default_cache_dir() -> Path:
    """Where indexes of roots are kept: CROSSGEN_CACHE, else the user's cache folder."""
    named = os.environ.get("CROSSGEN_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(named).expanduser() if named else Path(base).expanduser() / "crossgen"


def default_weights_folder() -> Path:
    """Where weights to begin with lie: CROSSGEN_WEIGHTS, else below the user's cache."""
    named = os.environ.get("CROSSGEN_WEIGHTS")
    return Path(named).expanduser().absolute() if named else default_cache_dir() / "weights"
