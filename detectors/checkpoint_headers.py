"""What a checkpoint says of itself before its tensors: read without torch, from its first bytes."""

from __future__ import annotations

import json
from typing import Any

FORMAT = 2
HEADER_KEY = "crossgen"
LENGTH_BYTES = 8
"""A safetensors file begins with the length of its JSON header, little endian."""


class CheckpointInvalid(ValueError):
    """A checkpoint that is torn, of another training, or of another format; try the next one."""


def header_bytes(first: bytes) -> int:
    """How many bytes of a file its header takes, by its first LENGTH_BYTES."""
    return LENGTH_BYTES + int.from_bytes(first[:LENGTH_BYTES], "little")


def metadata_of(data: bytes) -> dict[str, str]:
    """The metadata of a safetensors file, of which the header is enough.

    Raises:
        ValueError, KeyError: no safetensors file, or one without metadata.
    """
    metadata: dict[str, str] = json.loads(data[LENGTH_BYTES : header_bytes(data)])["__metadata__"]
    return metadata


def header_of(data: bytes) -> dict[str, Any]:
    """The format, the name of what is trained, the checksum and the facts.

    Raises:
        CheckpointInvalid: the header is torn.
    """
    try:
        header = json.loads(metadata_of(data)[HEADER_KEY])
        return {"facts": {}, "crc32": None, **header}
    except (ValueError, KeyError, TypeError) as error:
        raise torn(data, error) from None


def position(data: bytes) -> tuple[int, int]:
    """How far a training was: (steps done, epoch being trained); greater is further.

    Reads the header only, so a checkpoint with a position may still prove invalid.

    Raises:
        CheckpointInvalid: the header is torn.
    """
    facts = header_of(data)["facts"]
    try:
        return int(facts["step"]), int(facts["epoch"])
    except (KeyError, TypeError, ValueError) as error:
        raise torn(data, error) from None


def attempts_of(data: bytes) -> list[dict[str, Any]]:
    """What the attempts that it is the work of say of themselves, in order; as `train` was given.

    Empty where they were not noted, as in checkpoints of earlier versions.

    Raises:
        CheckpointInvalid: the header is torn.
    """
    try:
        return [dict(attempt) for attempt in header_of(data)["facts"].get("attempts", ())]
    except (AttributeError, TypeError, ValueError) as error:
        raise torn(data, error) from None


def torn(data: bytes, error: Exception) -> CheckpointInvalid:
    """What is said of bytes that are no whole checkpoint."""
    return CheckpointInvalid(
        f"{len(data)} bytes are not a whole checkpoint ({type(error).__name__}: {error}); "
        "use an earlier one, or start anew."
    )
