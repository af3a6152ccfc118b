"""Counts as people say them."""


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: 1 fit, 12 fits, 1,200 test sets.

    Args:
        number: how many.
        noun: what one is called.
        plural: what several are called, where that is more than an s.
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
