"""Randomness as a function of its key: no state to keep, to order or to restore.

Every draw of the project is `stream(seed, "image", epoch, image_id)` or the like, so the number of
workers, the order of arrival and a resume change nothing. The key is hashed with BLAKE2b to the
128-bit key of a Philox counter generator (Salmon et al., "Parallel random numbers: as easy as 1,
2, 3", SC 2011). numpy keeps bit generators stable; the methods of `Generator` may change between
numpy versions (NEP 19), which is why provenance records the version.
"""

import hashlib
import struct

import numpy as np
import numpy.typing as npt
from numpy.random.bit_generator import ISeedSequence

KeyPart = int | str | float

_WORDS: dict[object, str] = {np.uint32: "<u4", np.uint64: "<u8"}


class _PhiloxKey(ISeedSequence):
    """A key as numpy asks for it. Given as `Philox(key=)` numpy would gather entropy beside it."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def generate_state(
        self, n_words: int, dtype: npt.DTypeLike = np.uint32
    ) -> npt.NDArray[np.uint32 | np.uint64]:
        """The key as so many words."""
        return np.frombuffer(self._key, _WORDS[dtype], n_words)


def stream(*key: KeyPart) -> np.random.Generator:
    """A fresh generator that depends on the key alone.

    Parts are tagged with their type and length: 1, 1.0 and "1" differ, and so do ("ab", "c") and
    ("a", "bc").

    Raises:
        TypeError: a part is not an integer, a float or a string, or there is none.
    """
    return _generator(_hashed(key, 16, b"stream"))


class Streams:
    """`stream(*first, last)` for many a last part: what stands before it is hashed once."""

    def __init__(self, *first: KeyPart) -> None:
        self._first = _hashed(first, 16, b"stream")

    def of(self, last: KeyPart) -> np.random.Generator:
        """A fresh generator, that of the key that ends so."""
        digest = self._first.copy()
        digest.update(_tagged(last))
        return _generator(digest)


def torch_seed(*key: KeyPart) -> int:
    """A seed for `torch.manual_seed` in [0, 2**63), a function of the key alone."""
    return int.from_bytes(_hashed(key, 8, b"torch").digest(), "little") >> 1


def _hashed(key: tuple[KeyPart, ...], size: int, purpose: bytes) -> hashlib.blake2b:
    if not key:
        raise TypeError("A random stream needs a key, as in stream(seed, 'order', epoch).")
    digest = hashlib.blake2b(digest_size=size, person=purpose)
    for part in key:
        digest.update(_tagged(part))
    return digest


def _generator(digest: hashlib.blake2b) -> np.random.Generator:
    key = _PhiloxKey(digest.digest())
    # Its types name numpy's own seed sequence alone; it takes every other one, too.
    return np.random.Generator(np.random.Philox(key))  # type: ignore[arg-type]


def _tagged(part: KeyPart) -> bytes:
    # numpy's integers are welcome (labels, ranks); bool is refused since True == 1 invites mix-ups.
    if isinstance(part, bool):
        raise TypeError(f"{part!r} in a random key is a bool; give a name (str) or a number.")
    if isinstance(part, str):
        tag, content = b"s", part.encode()
    elif isinstance(part, int | np.integer):
        tag, content = b"i", str(int(part)).encode()
    elif isinstance(part, float | np.floating):
        tag, content = b"f", struct.pack("<d", float(part))
    else:
        raise TypeError(
            f"{part!r} in a random key is a {type(part).__name__}; give int, float or str."
        )
    return struct.pack("<cI", tag, len(content)) + content
