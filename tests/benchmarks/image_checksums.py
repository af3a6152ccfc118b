"""The checksum of kept images against CRC-32 and SHA-256 of all bytes, and against decoding.

    python tests/benchmarks/image_checksums.py [--side PX]

Random pixels of one square image at a time, warm in the cache of the CPU, as they are when they
were just read. CPU time of the one thread, the sides in turn, best of the rounds; a side is
repeated until it took at least a hundredth of a second. The last columns say which part each is of
decoding a JPEG of that size at quality 95.
"""

import argparse
import hashlib
import io
import time
import zlib
from collections.abc import Callable

import numpy as np
import PIL.Image

from data.decoded.checksum import checksum

ROUNDS = 15
SHORTEST_S = 0.01


def seconds_of(side: Callable[[], object]) -> float:
    """CPU seconds of one call, over as many as take SHORTEST_S together."""
    calls = 1
    while True:
        began = time.thread_time()
        for _ in range(calls):
            side()
        took = time.thread_time() - began
        if took >= SHORTEST_S:
            return took / calls
        calls *= 2


def compare(side_px: int) -> dict[str, float]:
    """Seconds of each side for one image, best of the rounds."""
    rng = np.random.default_rng(side_px)
    coarse = PIL.Image.fromarray(rng.integers(0, 256, (side_px // 16, side_px // 16, 3), np.uint8))
    smooth = coarse.resize((side_px, side_px), PIL.Image.Resampling.BICUBIC)
    pixels = np.array(smooth)
    encoded = io.BytesIO()
    smooth.save(encoded, "JPEG", quality=95)
    sides: dict[str, Callable[[], object]] = {
        "ours": lambda: checksum(pixels, "0" * 32),
        "crc32": lambda: zlib.crc32(pixels),
        "sha256": lambda: hashlib.sha256(pixels).digest(),
        "decode": lambda: np.asarray(PIL.Image.open(io.BytesIO(encoded.getvalue()))),
    }
    best = dict.fromkeys(sides, float("inf"))
    for _ in range(ROUNDS):
        for name, side in sides.items():
            best[name] = min(best[name], seconds_of(side))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, action="append", help="pixels; may be repeated")
    print(
        "side px   ours GB/s   CRC-32   SHA-256 (times ours)   of decoding: ours  CRC-32  SHA-256"
    )
    for side_px in parser.parse_args().side or [256, 512, 1024]:
        took = compare(side_px)
        speed = 3 * side_px**2 / took["ours"] / 1e9
        times = [took[name] / took["ours"] for name in ("crc32", "sha256")]
        of_decoding = [took[name] / took["decode"] for name in ("ours", "crc32", "sha256")]
        print(
            f"{side_px:7d} {speed:11.1f} {times[0]:8.1f} {times[1]:9.1f} {'':19s}"
            + "".join(f"{share:9.1%}" for share in of_decoding),
            flush=True,
        )


if __name__ == "__main__":
    main()
