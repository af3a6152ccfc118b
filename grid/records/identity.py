"""Identity is content: canonical JSON, its digest, and the ids that are made of them.

An id must be the same on every machine, in every year and for every order in which a description
was put together. So there is one way to write a value as text, the hash carries a version, and a
test pins examples. Raising IDENTITY_VERSION retrains everything: it is for mistakes only.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

IDENTITY_VERSION = 1
ID_DIGITS = 16
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.]*")


class NotCanonical(ValueError):
    """A value has no canonical text, so it cannot be part of an identity."""


def canonical_json(value: object) -> str:
    """Return the one text of `value`: keys sorted, no spaces, floats by repr, UTF-8 unescaped.

    Takes None, bool, int, float, str, list, tuple (written as a list) and mappings with text keys.
    1 and 1.0 are different values; -0.0 is written 0.0. NaN and infinities are refused, since
    NaN differs from itself. Raises NotCanonical, which names the place.
    """
    return json.dumps(
        _plain(value, "value"),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def digest_bytes(data: bytes) -> str:
    """Return the sha256 of `data`, 64 hexadecimal characters."""
    return hashlib.sha256(data).hexdigest()


def digest(value: object) -> str:
    """Return the sha256 of the canonical JSON of `value`, 64 hexadecimal characters."""
    try:
        data = canonical_json(value).encode()
    except UnicodeEncodeError as error:
        raise NotCanonical(
            f"{error.object[error.start : error.end]!r}: it is not valid Unicode text; rename what "
            "carries it."
        ) from error
    return digest_bytes(data)


def digest_of_json(value: object) -> str:
    """Return `digest` of a value that came out of JSON, ten times as fast."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    # What `_plain` would change of such a value is the sign of a zero.
    return digest(value) if "-0.0" in text else digest_bytes(text.encode())


def fit_id(description: Mapping[str, Any]) -> str:
    """Return `<detector>-s<seed>-<16 hex>`, or `<detector>-given-<16 hex>` where there is no seed.

    Reads "detector" (a plain name) and "seed" (an int, or None or absent for given weights) for
    the readable part; the digest covers the whole description and IDENTITY_VERSION.
    Raises ValueError where they are not that, NotCanonical where a value has no canonical text.
    """
    detector = description.get("detector")
    if not isinstance(detector, str) or not _PLAIN_NAME.fullmatch(detector):
        raise ValueError(
            f"detector {detector!r}: a fit's id begins with it and is a folder's name; use "
            "letters, digits, '_' and '.'."
        )
    seed = description.get("seed")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        raise ValueError(f"seed {seed!r}: it is not a whole number from 0 on; give one, or none.")
    origin = "given" if seed is None else f"s{seed}"
    whole = digest({"identity": IDENTITY_VERSION, "fit": dict(description)})
    return f"{detector}-{origin}-{whole[:ID_DIGITS]}"


def piece_digest(
    *,
    pool_id: str,
    degradation: str,
    test_pipeline: str,
    equalise: str,
    operations: Mapping[str, int],
) -> str:
    """Return the 16 hexadecimal characters that name what a piece was scored on.

    Fit and epoch are not in it: they are the piece's folder and its prefix, so the same digest
    under two fits means the same images, degraded and prepared alike.
    """
    return digest(
        {
            "identity": IDENTITY_VERSION,
            "piece": {
                "pool_id": pool_id,
                "degradation": degradation,
                "test_pipeline": test_pipeline,
                "equalise": equalise,
                "operations": dict(operations),
            },
        }
    )[:ID_DIGITS]


def _plain(value: object, place: str) -> object:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotCanonical(
                f"{place} = {value!r}: it is not a number that equals itself; give a finite one."
            )
        return float(value) + 0.0
    if isinstance(value, Mapping):
        return {
            _text_key(key, place): _plain(item, f"{place}.{key}") for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{place}[{index}]") for index, item in enumerate(value)]
    raise NotCanonical(
        f"{place} = {value!r}: a {type(value).__name__} has no canonical text; use text, numbers, "
        "lists and mappings."
    )


def _text_key(key: object, place: str) -> str:
    if not isinstance(key, str):
        raise NotCanonical(
            f"{place}[{key!r}]: a key must be text, else 1 and '1' would be one; quote it."
        )
    return key
