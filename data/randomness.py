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

KeyPart = int | str | float


def stream(*key: KeyPart) -> np.random.Generator:
    """A fresh generator that depends on the key alone.

    Parts are tagged with their type and length: 1, 1.0 and "1" differ, and so do ("ab", "c") and
    ("a", "bc").

    Raises:
        TypeError: a part is not an integer, a float or a string, or there is none.
    """
    philox_key = int.from_bytes(_digest(key, 16, b"stream"), "little")
    return np.random.Generator(np.random.Philox(key=philox_key))


def torch_seed(*key: KeyPart) -> int:
    """A seed for `torch.manual_seed` in [0, 2**63), a function of the key alone."""
    return int.from_bytes(_digest(key, 8, b"torch"), "little") >> 1


def _digest(key: tuple[KeyPart, ...], size: int, purpose: bytes) -> bytes:
    if not key:
        raise TypeError("A random stream needs a key, as in stream(seed, 'order', epoch).")
    digest = hashlib.blake2b(digest_size=size, person=purpose)
    for part in key:
        tag, content = _tagged(part)
        digest.update(struct.pack("<cI", tag, len(content)) + content)
    return digest.digest()


def _tagged(part: KeyPart) -> tuple[bytes, bytes]:
    # numpy's integers are welcome (labels, ranks); bool is refused since True == 1 invites mix-ups.
    if isinstance(part, bool):
        raise TypeError(f"{part!r} in a random key is a bool; give a name (str) or a number.")
    if isinstance(part, str):
        return b"s", part.encode()
    if isinstance(part, int | np.integer):
        return b"i", str(int(part)).encode()
    if isinstance(part, float | np.floating):
        return b"f", struct.pack("<d", float(part))
    raise TypeError(f"{part!r} in a random key is a {type(part).__name__}; give int, float or str.")
