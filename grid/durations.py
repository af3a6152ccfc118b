"""Times as people say them."""


def duration(seconds: float) -> str:
    """Return seconds in the largest unit that leaves a readable number: 4.5 s, 12 min, 3.5 h."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
