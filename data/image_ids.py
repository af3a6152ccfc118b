"""What an image is called: the digest of its bytes, and numbers made from it.

An image_id is the first 32 hexadecimal digits of the SHA-256 of the file's bytes. Its digits are
uniform already, so a draw "by hash of the image" needs no further hashing of strings: two 64-bit
words and a salt go through a mixing function, vectorised (a million ids in a tenth of a second).
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

LENGTH = 32
Words = npt.NDArray[np.uint64]


def image_id_of(content: bytes) -> str:
    """The image_id of a file with these bytes."""
    return hashlib.sha256(content).hexdigest()[:LENGTH]


def words(image_ids: Sequence[str]) -> Words:
    """The ids as numbers that sort as the ids do.

    Returns:
        Shape (n, 2): the high and the low 64 bits.

    Raises:
        ValueError: an id is not 32 lower-case hexadecimal digits.
    """
    joined = "".join(image_ids)
    try:
        # fromhex skips blanks and takes capitals, so the way back is compared as well.
        content = bytes.fromhex(joined)
        well_formed = content.hex() == joined and len(joined) == LENGTH * len(image_ids)
    except ValueError:
        well_formed = False
    if not well_formed or not set(map(len, image_ids)) <= {LENGTH}:
        wrong = next(
            (image_id for image_id in image_ids if not _is_image_id(image_id)), image_ids[0]
        )
        raise ValueError(
            f"{wrong!r} is no image_id, which has {LENGTH} lower-case hexadecimal digits; "
            "take it from data.image_ids.image_id_of(bytes)."
        )
    return np.frombuffer(content, dtype=">u8").reshape(-1, 2).astype(np.uint64)


def draw(ids_as_words: Words, salt: str) -> Words:
    """One uniform 64-bit number per image, a function of the image and the salt alone.

    Different salts give independent orders: who is kept by `limit` says nothing about who is
    carved out for validation. The mixing function is SplitMix64's finaliser (Steele, Lea and
    Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014), applied to each word.

    Args:
        ids_as_words: shape (n, 2), from `words`.
        salt: what the draw is for.
    """
    key = np.frombuffer(hashlib.blake2b(salt.encode(), digest_size=16).digest(), dtype="<u8")
    with np.errstate(over="ignore"):
        return _mixed(_mixed(ids_as_words[:, 0] ^ key[0]) + (ids_as_words[:, 1] ^ key[1]))


def draw_by_name(names: Sequence[str], salt: str) -> Words:
    """One uniform 64-bit number per name, for names that are not image ids (pairs)."""
    key = hashlib.blake2b(salt.encode(), digest_size=16).digest()
    drawn = [hashlib.blake2b(name.encode(), digest_size=8, key=key).digest() for name in names]
    return np.frombuffer(b"".join(drawn), dtype="<u8").astype(np.uint64)


def _is_image_id(image_id: str) -> bool:
    return len(image_id) == LENGTH and set(image_id) <= set("0123456789abcdef")


def _mixed(word: Words) -> Words:
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))
