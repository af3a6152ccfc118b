"""Parts of a network that stay in float32 while the rest runs in bfloat16.

A residual (a pixel minus its neighbour, a high-pass filter, a spectrum) is a small difference of
large numbers: bfloat16 has 8 bits, the difference lives in the bits that it drops. So residual
front ends, the last linear layer and the logit are computed in float32 under autocast too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def full_precision(device_type: str) -> Iterator[None]:
    """True float32 inside, whatever autocast or TF32 is on outside.

    Cast the inputs with `.float()` yourself: autocast hands bfloat16 activations in.
    """
    with torch.autocast(device_type, enabled=False), without_tf32():
        yield


@contextmanager
def without_tf32() -> Iterator[None]:
    """No TF32 in matrix products and convolutions; settings are put back afterwards."""
    matmul, convolution = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, convolution.allow_tf32
    if before == (False, False):
        yield
        return
    matmul.allow_tf32 = convolution.allow_tf32 = False
    try:
        yield
    finally:
        matmul.allow_tf32, convolution.allow_tf32 = before
