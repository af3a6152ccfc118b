"""The second half of an error about an unknown name."""

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence to append to an error: the nearest known names, then all of them.

    Returns:
        For example "Did you mean jpeg? Known: blur, jpeg, resize."
    """
    names = sorted(known)
    if not names:
        return "None are known."
    listing = f"Known: {', '.join(names)}."
    lowered = {candidate.lower(): candidate for candidate in names}
    close = [lowered[near] for near in difflib.get_close_matches(name.lower(), lowered, n=2)]
    return f"Did you mean {' or '.join(close)}? {listing}" if close else listing
