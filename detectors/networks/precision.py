"""Parts of a network that stay in float32 while the rest runs in bfloat16.

A residual (a pixel minus its neighbour, a high-pass filter, a spectrum) is a small difference of
large numbers: bfloat16 has 8 bits, the difference lives in the bits that it drops. So residual
front ends, the last linear layer and the logit are computed in float32 under autocast too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch

ON_GPU = 3
"""So many of the newer switches, the first ones, are a GPU's."""
EXACT = ("none", "ieee")
"""Words of `fp32_precision` under which float32 is float32. "none" is inherited, and is read back
only where nothing above says otherwise."""


@contextmanager
def full_precision(device_type: str) -> Iterator[None]:
    """True float32 inside, whatever autocast or TF32 is on outside.

    Cast the inputs with `.float()` yourself: autocast hands bfloat16 activations in.
    """
    with torch.autocast(device_type, enabled=False), without_tf32():
        yield


@contextmanager
def without_tf32() -> Iterator[None]:
    """No TF32 or bfloat16 in float32 products and convolutions; settings are put back afterwards.

    torch has two sets of switches, and since 2.9 the older ones do not reach what the newer ones
    turned on: so both are set. An older one that cannot be read, because somebody mixed the two, is
    left alone; the newer ones decide.
    """
    newer = [(switch, switch.fp32_precision) for switch in _newer_switches()]
    inexact = [switch for switch, then in newer if then not in EXACT]
    if newer and not inexact:
        yield
        return
    matmul, convolution = _older_matmul(), _older_convolution()
    try:
        if matmul is not None:
            torch.set_float32_matmul_precision("highest")
        if convolution is not None:
            torch.backends.cudnn.allow_tf32 = False
        for switch in inexact:
            switch.fp32_precision = "ieee"
        yield
    finally:
        # The older ones first: they write to the newer ones as well.
        if matmul is not None:
            torch.set_float32_matmul_precision(matmul)
        if convolution is not None:
            torch.backends.cudnn.allow_tf32 = convolution
        for switch, then in newer:
            _put_back(switch, then)


@contextmanager
def with_tf32() -> Iterator[None]:
    """TF32 in the float32 products and convolutions of a GPU; a CPU computes as before.

    Settings that `without_tf32` made stand around it, and stand again afterwards.
    """
    newer = [(switch, switch.fp32_precision) for switch in _newer_switches()[:ON_GPU]]
    if not newer:
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    for switch, _ in newer:
        switch.fp32_precision = "tf32"
    try:
        yield
    finally:
        if not newer:
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        for switch, then in newer:
            _put_back(switch, then)


def _newer_switches() -> list[Any]:
    """Those of torch 2.9 and later, one for each kind of operation that may be inexact."""
    cudnn: Any = torch.backends.cudnn
    onednn: Any = torch.backends.mkldnn
    if not hasattr(cudnn, "conv"):
        return []
    on_gpu = torch.backends.cuda.matmul, cudnn.conv, cudnn.rnn
    return [*on_gpu, onednn.matmul, onednn.conv, onednn.rnn]


def _put_back(switch: Any, then: str) -> None:
    if switch.fp32_precision == then:
        return
    switch.fp32_precision = "none"  # inherited, as it mostly is
    if switch.fp32_precision != then:
        switch.fp32_precision = then


def _older_matmul() -> str | None:
    with suppress(RuntimeError):
        return torch.get_float32_matmul_precision()
    return None


def _older_convolution() -> bool | None:
    with suppress(RuntimeError):
        return bool(torch.backends.cudnn.allow_tf32)
    return None
