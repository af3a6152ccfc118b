"""Times as people say them."""


def in_hours(gpu: float, cpu: float) -> str:
    """Return what was or will be taken: hours of GPUs, of CPU slots, or of both."""
    parts = [f"{gpu:.3g} GPU-hours"] if gpu else []
    parts += [f"{cpu:.3g} CPU-hours"] if cpu or not gpu else []
    return " and ".join(parts)


def duration(seconds: float) -> str:
    """Return seconds in the largest unit that leaves a readable number: 4.5 s, 12 min, 3.5 h."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
