"""What an image is called: the digest of its bytes. Loads nothing."""

import hashlib

LENGTH = 32
"""Hexadecimal digits of an image_id."""


def image_id_of(content: bytes) -> str:
    """The image_id of a file with these bytes."""
    return hashlib.sha256(content).hexdigest()[:LENGTH]
