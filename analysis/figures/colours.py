"""The colours of a metric in [0, 1] that is .5 by chance; the same scale everywhere, always.

Blue above chance and orange below, which colour-blind people tell apart; chance has the colour of
the paper, so that the eye sees structure and not a filled table.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

RGB = tuple[int, int, int]

STEPS = 20
# At 0, .25, .5 (chance), .75 and 1: lightness alone orders them too, so a grey print is read right.
LIGHT: tuple[RGB, ...] = (
    (179, 88, 6),
    (253, 184, 99),
    (255, 255, 255),
    (146, 197, 222),
    (23, 92, 166),
)
_DARK: tuple[RGB, ...] = (
    (255, 190, 110),
    (158, 84, 16),
    (32, 35, 41),
    (31, 88, 150),
    (122, 192, 250),
)


def step(value: float) -> int:
    """Return the step of a value's colour, 0 for 0 and STEPS for 1; chance is in the middle."""
    return min(STEPS, max(0, round(value * STEPS)))


def shades(*, dark: bool) -> list[RGB]:
    """Return the background of each step, for dark or light paper."""
    anchors = _DARK if dark else LIGHT
    per_leg = STEPS // (len(anchors) - 1)
    made = [_mixed(a, b, n / per_leg) for a, b in pairwise(anchors) for n in range(per_leg)]
    return [*made, anchors[-1]]


def ink(shade: RGB) -> str:
    """Return the text colour that is read best on a shade: black or white."""
    return "#000" if _luminance(shade) > 0.18 else "#fff"


def css(shade: Sequence[int]) -> str:
    """Write a colour as CSS and rich read it."""
    return "#" + "".join(f"{part:02x}" for part in shade)


def _mixed(first: RGB, second: RGB, share: float) -> RGB:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _luminance(shade: RGB) -> float:
    """Relative luminance of sRGB (WCAG 2.1)."""
    parts = [c / 255 for c in shade]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
