"""What an image is called: the digest of its bytes, and numbers made from it.

An image_id is the first 32 hexadecimal digits of the SHA-256 of the file's bytes. Its digits are
uniform already, so a draw "by hash of the image" needs no further hashing of strings: two 64-bit
words and a salt go through a mixing function, vectorised (a million ids in a tenth of a second).
"""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from data.image_digest import LENGTH, image_id_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "LENGTH",
    "Words",
    "draw",
    "draw_by_name",
    "image_id_of",
    "order_of",
    "repeats",
    "texts",
    "words",
]

Words = npt.NDArray[np.uint64]
_AT_ONCE = 1 << 18  # ids of a column that are translated together: a few megabytes
_VALUE_OF_DIGIT = np.full(256, 255, np.uint8)
_VALUE_OF_DIGIT[list(b"0123456789abcdef")] = np.arange(16, dtype=np.uint8)


def words(image_ids: "Sequence[str] | Words | pa.Array | pa.ChunkedArray") -> Words:
    """The ids as numbers that sort as the ids do.

    Args:
        image_ids: texts, or an Arrow column of them (millions are then never single objects), or
            such numbers already.

    Returns:
        Shape (n, 2): the high and the low 64 bits.

    Raises:
        ValueError: an id is not 32 lower-case hexadecimal digits.
    """
    if isinstance(image_ids, np.ndarray):
        return image_ids
    if hasattr(image_ids, "to_pylist"):
        return _words_of_column(image_ids)
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


def texts(ids_as_words: Words) -> list[str]:
    """The ids of numbers, shape (n, 2): the way back from `words`."""
    joined = ids_as_words.astype(">u8").tobytes().hex()
    return [joined[start : start + LENGTH] for start in range(0, len(joined), LENGTH)]


def order_of(ids_as_words: Words) -> npt.NDArray[np.int64]:
    """The order that sorts ids, shape (n, 2); equal ones stay as they came.

    Sorting by the high words alone is much faster; the low ones decide between the few that share
    one, which are mostly copies.
    """
    order = np.argsort(ids_as_words[:, 0], kind="stable")
    high = ids_as_words[order, 0]
    is_next = high[1:] == high[:-1]
    if is_next.any():
        alike = np.flatnonzero(np.append(is_next, False) | np.append(False, is_next))
        rows = order[alike]
        order[alike] = rows[np.lexsort((ids_as_words[rows, 1], high[alike]))]
    return order


def repeats(ids_as_words: Words) -> npt.NDArray[np.bool_]:
    """Whether each id, shape (n, 2), is the one before it; the first one is not."""
    same = np.zeros(len(ids_as_words), bool)
    # Column by column: NumPy takes four times as long over rows of two.
    np.equal(ids_as_words[1:, 0], ids_as_words[:-1, 0], out=same[1:])
    same[1:] &= ids_as_words[1:, 1] == ids_as_words[:-1, 1]
    return same


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


def _words_of_column(column: Any) -> Words:
    parts = [_words_of_part(part) for part in _parts(column)]
    return np.concatenate([np.zeros((0, 2), np.uint64), *parts])


def _parts(column: Any) -> list[Any]:
    import pyarrow as pa

    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return [
        chunk.cast(pa.string()).slice(start, _AT_ONCE)
        for chunk in chunks
        for start in range(0, len(chunk), _AT_ONCE)
    ]


def _words_of_part(part: Any) -> Words:
    """The ids of one piece of a column, whose digits lie one after the other in memory."""
    import pyarrow.compute as pc

    if part.null_count or pc.any(pc.not_equal(pc.binary_length(part), LENGTH)).as_py():
        return words(["" if each is None else each for each in part.to_pylist()])
    _, offsets, digits = part.buffers()
    first = np.frombuffer(offsets, np.int32)[part.offset]
    shown = np.frombuffer(digits, np.uint8)[first : first + LENGTH * len(part)]
    values = _VALUE_OF_DIGIT[shown].reshape(-1, 2)
    if values.max(initial=0) > 15:
        return words(part.to_pylist())
    packed = values[:, 0] << np.uint8(4) | values[:, 1]
    return packed.reshape(-1, LENGTH // 2).view(">u8").astype(np.uint64)


def _is_image_id(image_id: str) -> bool:
    return len(image_id) == LENGTH and set(image_id) <= set("0123456789abcdef")


def _mixed(word: Words) -> Words:
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))
