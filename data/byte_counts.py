"""Amounts of memory and disk as people write and read them."""

import re

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def bytes_meant(text: str) -> int:
    """The bytes of an amount such as `800MB`, `1.5 TB` or `0`.

    Raises:
        ValueError: it is no amount.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?B)?", text.strip().upper())
    if found is None:
        raise ValueError(f"{text!r} is no amount of bytes; write it as 800MB or 4GB.")
    return int(float(found[1]) * _UNITS[found[2] or ""])


def in_bytes(count: float) -> str:
    """An amount in three digits: "12.3 GB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 999.5:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"
