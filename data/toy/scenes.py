"""Scenes: dead leaves in linear light, what the toy camera and the toy generators are shown.

A dead leaves image (Lee, Mumford and Huang, "Occlusion models for natural images", IJCV 2001) is
a pile of shapes whose radii follow a power law. It has the edges, the occlusion and the scale
invariance of photographs, and costs two milliseconds.

Shapes: H, W rendered pixels (twice SIZE_PX), B scenes of one chunk, K leaves with the background.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from data.toy.filters import Floats
from data.toy.textures import NUM_TILES, TILE_PX, texture_tiles

Mask = npt.NDArray[np.bool_]
SIZE_PX = 64
# Leaves have hard edges; averaging 2 x 2 makes them those of an image.
_SUPERSAMPLING = 2
_RENDERED_PX = _SUPERSAMPLING * SIZE_PX
_SMALLEST_RADIUS_PX = 3.0
_LARGEST_RADIUS_PX = 48.0
_SCENES_PER_CHUNK = 96
# So few scenes are shaded at a time that all intermediate arrays stay in a core's own cache.
_SCENES_PER_BLOCK = 4


class _Leaves(NamedTuple):
    """The leaves of a chunk; the first one of each scene is the background. Rendered pixels."""

    radius_px_K: Floats
    is_box_K: Mask
    centre_px_BK2: Floats  # x, y
    angle_BK: Floats
    axis_ratio_BK: Floats


def scenes(rng: np.random.Generator, num: int) -> Floats:
    """Paint scenes.

    The scenes of a chunk share the sequence of radii, so that leaf k is one operation for all of
    them. Permute the result before dividing it: a chunk has its own scale of content.

    Returns:
        Linear light, about 0.05 to 3, shape (num, 3, SIZE_PX, SIZE_PX).
    """
    tiles = texture_tiles(rng)
    images_BCHW = np.empty((num, 3, SIZE_PX, SIZE_PX), np.float32)
    for start in range(0, num, _SCENES_PER_CHUNK):
        chunk = images_BCHW[start : start + _SCENES_PER_CHUNK]
        leaves = _leaves(rng, len(chunk))
        _shade(rng, leaves, _label_map(leaves), tiles, chunk)
    return images_BCHW


def _leaves(rng: np.random.Generator, num: int) -> _Leaves:
    radius_px = _radii_px(rng) * _SUPERSAMPLING
    shape = (num, len(radius_px))
    centre_px = rng.random((*shape, 2), dtype=np.float32) * _RENDERED_PX
    centre_px[:, 0] = _RENDERED_PX / 2
    return _Leaves(
        radius_px,
        rng.random(len(radius_px)) < 0.25,
        centre_px,
        rng.random(shape, dtype=np.float32) * np.float32(math.pi),
        0.45 + 0.55 * rng.random(shape, dtype=np.float32),
    )


def _radii_px(rng: np.random.Generator) -> Floats:
    """Radii with density ~ r^-3 by inversion, as many as cover an image about three times."""
    a, b = _SMALLEST_RADIUS_PX**-2, _LARGEST_RADIUS_PX**-2
    mean_square_px = 2 * math.log(_LARGEST_RADIUS_PX / _SMALLEST_RADIUS_PX) / (a - b)
    num_leaves = round(3 * SIZE_PX**2 / (math.pi * mean_square_px))
    radii_px = (a - rng.random(1 + num_leaves) * (a - b)) ** -0.5
    return radii_px.astype(np.float32)


def _label_map(leaves: _Leaves) -> npt.NDArray[np.uint8]:
    """Which leaf is on top, shape (B, H, W): painted back to front over the background 0."""
    num, num_leaves = leaves.angle_BK.shape
    labels_BHW = np.zeros((num, _RENDERED_PX, _RENDERED_PX), np.uint8)
    flat_labels = labels_BHW.reshape(-1)
    corner_px_BK2 = np.floor(leaves.centre_px_BK2).astype(np.int64)
    # From a pixel's centre to the leaf's.
    fraction_px_BK2 = leaves.centre_px_BK2 - corner_px_BK2 - np.float32(0.5)
    first_pixel_B = np.arange(num) * _RENDERED_PX**2
    for leaf in range(1, num_leaves):
        reach_px = math.ceil(leaves.radius_px_K[leaf])
        offsets_px = np.arange(-reach_px, reach_px + 1)
        places_px = corner_px_BK2[:, leaf, :, None] + offsets_px
        # Infinitely far away: outside the image is outside every leaf.
        away_px = offsets_px.astype(np.float32) - fraction_px_BK2[:, leaf, :, None]
        away_px[(places_px < 0) | (places_px >= _RENDERED_PX)] = np.inf
        inside = _inside(leaves, leaf, away_px[:, 0, None, :], away_px[:, 1, :, None])
        pixel_B = first_pixel_B + places_px[:, 1, 0] * _RENDERED_PX + places_px[:, 0, 0]
        steps = np.arange(len(offsets_px))
        pixels = pixel_B[:, None, None] + (steps[:, None] * _RENDERED_PX + steps)
        flat_labels[pixels[inside]] = leaf
    return labels_BHW


def _inside(leaves: _Leaves, leaf: int, x_px: Floats, y_px: Floats) -> Mask:
    """The pixels of a leaf; ellipse and box lie in the circle of its radius."""
    radius_px = leaves.radius_px_K[leaf]
    angle = leaves.angle_BK[:, leaf, None, None]
    ratio = leaves.axis_ratio_BK[:, leaf, None, None]
    cos, sin = np.cos(angle) / radius_px, np.sin(angle) / radius_px
    with np.errstate(invalid="ignore"):  # inf - inf in the corners is nan and not inside
        if leaves.is_box_K[leaf]:
            half = np.float32(math.sqrt(0.5))
            box: Mask = np.abs(cos * x_px + sin * y_px) <= half
            box &= np.abs(cos * y_px - sin * x_px) <= half * ratio
            return box
        # (along)^2 + (across / ratio)^2 <= 1, multiplied out: three passes instead of six.
        xx = cos**2 + (sin / ratio) ** 2
        yy = sin**2 + (cos / ratio) ** 2
        xy = 2 * sin * cos * (1 - ratio**-2)
        form = (xy * y_px) * x_px
        form += xx * x_px**2
        form += yy * y_px**2
        ellipse: Mask = form <= 1
        return ellipse


def _shade(
    rng: np.random.Generator,
    leaves: _Leaves,
    labels_BHW: npt.NDArray[np.uint8],
    tiles: Floats,
    images_BCHW: Floats,
) -> None:
    """Give every leaf its luminance, shading, texture and colour; average to SIZE_PX."""
    shape = leaves.angle_BK.shape

    def normal(mean: float, deviation: float, *size: int) -> Floats:
        return mean + deviation * rng.standard_normal(size or shape, dtype=np.float32)

    slope = normal(0, 0.35 / _RENDERED_PX, *shape, 2)
    luminance = normal(-1, 0.28, shape[0], 1) + normal(0, 0.55)
    luminance -= (slope * leaves.centre_px_BK2).sum(axis=-1)
    texture = np.exp(normal(math.log(0.10), 0.8))
    # Equal spread in all directions of colour looks like confetti; photographs vary along the
    # axis from warm to cool.
    warm = normal(0.12, 0.12, shape[0], 1) + normal(0, 0.22)
    green = normal(0, 0.03, shape[0], 1) + normal(0, 0.07)
    gains = np.exp(np.stack([warm - green, green, -warm - green]))
    tile, y, x = (rng.integers(0, n, shape) for n in (NUM_TILES, TILE_PX, TILE_PX))
    row = tiles.shape[-1]
    tile_start = (tile * row + y) * row + x

    y_px, x_px = np.mgrid[:_RENDERED_PX, :_RENDERED_PX].astype(np.float32) + np.float32(0.5)
    in_tile = np.arange(_RENDERED_PX)[:, None] * row + np.arange(_RENDERED_PX)
    for start in range(0, shape[0], _SCENES_PER_BLOCK):
        block = slice(start, start + _SCENES_PER_BLOCK)
        scene = np.arange(shape[0])[block, None, None]
        leaf = labels_BHW[block] + scene * shape[1]
        light = tiles.reshape(-1)[tile_start.reshape(-1)[leaf] + in_tile]
        light *= texture.reshape(-1)[leaf]
        light += luminance.reshape(-1)[leaf]
        light += slope[..., 0].reshape(-1)[leaf] * x_px
        light += slope[..., 1].reshape(-1)[leaf] * y_px
        np.exp(light, out=light)
        for channel, gain in enumerate(gains):
            images_BCHW[block, channel] = _averaged(gain.reshape(-1)[leaf] * light)


def _averaged(rendered_BHW: Floats) -> Floats:
    rows = rendered_BHW[:, ::2] + rendered_BHW[:, 1::2]
    averaged: Floats = (rows[..., ::2] + rows[..., 1::2]) * np.float32(0.25)
    return averaged
