"""Texture tiles: random fields whose spectrum falls as that of photographs does."""

import math

import numpy as np

from data.toy.filters import Floats

NUM_TILES = 24
TILE_PX = 128


def texture_tiles(rng: np.random.Generator) -> Floats:
    """Periodic fields of zero mean and unit variance.

    The amplitude falls as f^-alpha with alpha in (.8, 1.3), around the 1 of natural images
    (Field, "Relations between the statistics of natural images ...", JOSA A 1987). The first half
    is stretched one to four times along a direction, as wood and cloth are.

    Returns:
        Shape (NUM_TILES, 2 TILE_PX, 2 TILE_PX): each tile repeated once in both directions, so
        that a window of TILE_PX at any offset within the tile is inside.
    """
    alpha = rng.uniform(0.8, 1.3, NUM_TILES)
    angle = rng.uniform(0, math.pi, NUM_TILES)
    stretch = rng.uniform(1, 4, NUM_TILES)
    stretch[NUM_TILES // 2 :] = 1
    white = rng.standard_normal((NUM_TILES, TILE_PX, TILE_PX), dtype=np.float32)
    frequency_y = np.fft.fftfreq(TILE_PX)[:, None]
    frequency_x = np.fft.rfftfreq(TILE_PX)[None, :]
    tiles = np.empty_like(white)
    for index in range(NUM_TILES):
        cos, sin = math.cos(angle[index]), math.sin(angle[index])
        along = stretch[index] * (cos * frequency_x + sin * frequency_y)
        across = cos * frequency_y - sin * frequency_x
        frequency = np.hypot(along, across)
        frequency[0, 0] = 1
        amplitude = frequency ** -alpha[index]
        amplitude[0, 0] = 0
        tile = np.fft.irfft2(np.fft.rfft2(white[index]) * amplitude, s=(TILE_PX, TILE_PX))
        tiles[index] = tile / tile.std()
    return np.tile(tiles, (1, 2, 2))
