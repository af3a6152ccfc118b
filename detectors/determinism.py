"""Operations that give equal bits whenever they are repeated on one kind of device, or refuse to.

On a GPU some of torch's kernels add numbers in the order in which threads come to them, so that a
training ends with other weights each time. A CPU's, at one number of threads, do not.
Where nobody asks for equal bits, cuDNN may choose its fastest kernels instead.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"
REPEATABLE = (":4096:8", ":16:8")
"""The values under which cuBLAS repeats itself (its documentation, "Results Reproducibility")."""
_UNAVAILABLE = "does not have a deterministic implementation"


class NoDeterministicOperation(RuntimeError):
    """The network needs an operation that torch cannot repeat bit for bit on this device."""


@contextmanager
def deterministic_operations() -> Iterator[None]:
    """Only operations that repeat themselves; torch's settings are put back afterwards.

    Raises:
        NoDeterministicOperation: inside, one was asked for that has no such implementation.
    """
    cudnn = torch.backends.cudnn
    workspace = os.environ.get(WORKSPACE)
    before = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
        cudnn.deterministic,
        cudnn.benchmark,
    )
    try:
        if workspace not in REPEATABLE:
            os.environ[WORKSPACE] = REPEATABLE[0]
        cudnn.deterministic, cudnn.benchmark = True, False
        torch.use_deterministic_algorithms(True)
        yield
    except RuntimeError as error:
        if _UNAVAILABLE not in str(error):
            raise
        operation = str(error).partition(_UNAVAILABLE)[0].strip()
        raise NoDeterministicOperation(
            f"{operation}: torch has no deterministic implementation of it here, and the recipe "
            "says deterministic: true. Train without it, or build the network without this "
            "operation."
        ) from error
    finally:
        enabled, warn_only, cudnn.deterministic, cudnn.benchmark = before
        torch.use_deterministic_algorithms(enabled, warn_only=warn_only)
        if workspace is None:
            os.environ.pop(WORKSPACE, None)
        else:
            os.environ[WORKSPACE] = workspace


@contextmanager
def fastest_convolutions(device_type: str, *, deterministic: bool) -> Iterator[None]:
    """On a GPU cuDNN tries its kernels at each new shape, and keeps to the fastest of them.

    For training, whose images have one size; tests may have many, and each would be tried. Another
    kernel rounds otherwise, within what a GPU's repetitions differ by anyway, so never under
    `deterministic`. What it gains has not been measured.

    Args:
        device_type: "cuda", or a device that this does nothing to.
        deterministic: the recipe's.
    """
    cudnn = torch.backends.cudnn
    before = cudnn.benchmark
    try:
        if device_type == "cuda" and not deterministic:
            cudnn.benchmark = True
        yield
    finally:
        cudnn.benchmark = before
