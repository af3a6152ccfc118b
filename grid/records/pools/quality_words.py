"""JPEG qualities in few words, for telling images of one pool apart."""

from __future__ import annotations

from data.jpeg_tables import quality_of

NO_JPEG, OWN_TABLES, NOT_KNOWN = "no JPEG", "JPEG with own tables", "not known"
# The lowest quality of each bin; libjpeg's scale, 1 to 100.
_BINS = (1, 50, 70, 80, 90, 95)


def quality_in_words(tables: str | None) -> str:
    """Return the bin of a manifest's `jpeg_tables`: "JPEG quality 90 to 94".

    Tables that no quality of libjpeg has are cameras' and editors' own; null is of a manifest that
    an earlier version wrote.
    """
    if tables is None:
        return NOT_KNOWN
    if not tables:
        return NO_JPEG
    quality = quality_of(tables)
    if quality is None:
        return OWN_TABLES
    place = max(n for n, lowest in enumerate(_BINS) if lowest <= quality)
    highest = _BINS[place + 1] - 1 if place + 1 < len(_BINS) else 100
    return f"JPEG quality {_BINS[place]} to {highest}"
