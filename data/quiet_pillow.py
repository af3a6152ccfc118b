"""Pillow's remarks on malformed metadata are not passed on: they concern no pixel.

It warns of broken EXIF, of TIFF tags beyond the end, of a second picture that is missing. In a
collection from the web that is a line for each of thousands of files. What makes a file unusable is
an error and is listed; a large picture is refused by our own limit.
"""

import re
import warnings

# As `warnings.filterwarnings` builds it: action, message, category, module, line.
_IGNORED = ("ignore", None, Warning, re.compile(r"PIL\."), 0)


def keep_pillow_quiet() -> None:
    """Ignore what Pillow warns of, from now on and whatever else is asked for.

    Called before each file, since whoever sets filters anew (pytest, a notebook) drops ours; and a
    filter that makes errors of warnings must not decide which images can be read.
    """
    if not warnings.filters or warnings.filters[0] != _IGNORED:
        warnings.filterwarnings("ignore", category=Warning, module=r"PIL\.")
