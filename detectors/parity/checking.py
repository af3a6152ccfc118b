"""Every detector held against a file of official numbers: how many, and how far off at most."""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import detectors.parity
from detectors.contract import names
from detectors.parity.file import Compared, ParityFile
from detectors.parity.stated_recipe import NotUnderstood

LARGEST_ALLOWED = 1e-4
"""Relative deviation above which our network is another one than the official."""

SMALL = 0.01
"""Numbers below this share of the largest of their kind are measured against that share: a logit
near zero is the difference of large terms, whose last digits it does not owe."""


@dataclass(frozen=True)
class NumberDeviation:
    """The largest relative deviation among some numbers, with where it is."""

    relative: float
    what: str
    ours: str
    given: str


@dataclass(frozen=True)
class ParityCheck:
    """What came out for one file and one detector."""

    file: str
    detector: str | None
    """None: no detector of the zoo is held against such a file."""
    values: int = 0
    largest: NumberDeviation | None = None
    seconds: float = 0.0
    not_checked: str = ""
    """Why not, where it could not be."""
    failed: str = ""
    """What our side raised."""

    @property
    def is_checked(self) -> bool:
        """Whether numbers were compared, or should have been."""
        return bool(self.values or self.failed)

    @property
    def is_equal(self) -> bool:
        """Whether all numbers are the official ones."""
        if self.failed or self.largest is None:
            return False
        return self.largest.relative <= LARGEST_ALLOWED


def detectors_of(file: str) -> list[str]:
    """The detectors of the zoo that are held against a file of this stem.

    "NPR" is that of `FILE = "NPR"`; so is "NPR-seed7", where no other `FILE` says more of it.
    """
    files = {
        name: str(importlib.import_module(f"detectors.parity.{name}").FILE)
        for name in sorted(_adapters() & set(names()))
    }
    fitting = {
        stem for stem in files.values() if file == stem or file.startswith((f"{stem}_", f"{stem}-"))
    }
    return [name for name, stem in files.items() if stem == max(fitting, key=len, default=None)]


def check_parity(path: Path, say: Callable[[str], None] = lambda _: None) -> list[ParityCheck]:
    """Compute all numbers of a file anew, a result per detector that it says something of.

    Args:
        path: the JSON file.
        say: told which number is being computed.

    Raises:
        OSError: the file cannot be read.
    """
    found = detectors_of(path.stem)
    if not found:
        return [ParityCheck(path.name, None, not_checked="no detector here has such numbers")]
    try:
        file = ParityFile.read(path)
    except NotUnderstood as error:
        return [ParityCheck(path.name, name, not_checked=str(error)) for name in found]
    return [_checked(name, file, path.name, say) for name in found]


def _checked(
    name: str, file: ParityFile, file_name: str, say: Callable[[str], None]
) -> ParityCheck:
    compared = importlib.import_module(f"detectors.parity.{name}").compared
    began = time.perf_counter()
    numbers: list[Compared] = []
    try:
        with _one_thread():
            for each in compared(file):
                numbers.append(each)
                say(each.what)
        found = largest_deviation(numbers, tuple(file.images))
    except NotUnderstood as error:
        return ParityCheck(file_name, name, not_checked=str(error))
    except Exception as error:  # any: the other files are checked all the same
        after = f" after {numbers[-1].what!r}" if numbers else ""
        return ParityCheck(file_name, name, failed=f"{type(error).__name__}{after}: {error}")
    return ParityCheck(
        file_name,
        name,
        values=sum(int(np.size(np.asarray(each.given))) for each in numbers),
        largest=found,
        seconds=time.perf_counter() - began,
        not_checked="" if numbers else "it holds no number of this detector",
    )


def largest_deviation(
    numbers: Sequence[Compared], images: Sequence[str] = ()
) -> NumberDeviation | None:
    """The largest |ours - given| / max(|given|, scale), None where there is no number.

    The scale is that of the number itself (`Compared.scale`), and at least a hundredth of the
    largest |given| of its kind. Texts, other shapes and what is not finite deviate infinitely
    unless they are equal.

    Args:
        numbers: all of one file.
        images: names of the images; numbers that differ in these alone are of one kind.
    """
    largest_of_kind: dict[str, float] = {}
    for each in numbers:
        given = _numbers(each.given)
        if given is not None and given.size:
            kind = _kind(each.what, images)
            finite = np.abs(given[np.isfinite(given)])
            largest_of_kind[kind] = max(
                largest_of_kind.get(kind, 0.0), float(finite.max(initial=0.0))
            )
    found = [
        _deviation(each, max(each.scale, SMALL * largest_of_kind.get(_kind(each.what, images), 0)))
        for each in numbers
    ]
    return max(found, key=lambda one: one.relative, default=None)


def _deviation(number: Compared, scale: float) -> NumberDeviation:
    ours, given = _numbers(number.ours), _numbers(number.given)
    if ours is None or given is None or ours.shape != given.shape:
        equal = np.array_equal(np.asarray(number.ours), np.asarray(number.given))
        shown = (str(number.ours)[:60], str(number.given)[:60])
        return NumberDeviation(0.0 if equal else inf, number.what, *shown)
    if not given.size:
        return NumberDeviation(0.0, number.what, "", "")
    with np.errstate(all="ignore"):
        relative = np.abs(ours - given) / np.maximum(np.abs(given), scale)
    relative = np.where(np.isfinite(relative), relative, inf)
    relative = np.where(ours == given, 0.0, relative)
    worst = np.unravel_index(int(relative.argmax()), relative.shape)
    return NumberDeviation(
        float(relative[worst]), number.what, f"{ours[worst]:.7g}", f"{given[worst]:.7g}"
    )


def _numbers(value: object) -> NDArray[np.float64] | None:
    """An array of float64, None for what is no number."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
    array = np.asarray(value)
    if array.dtype.kind not in "bifu":
        return None
    return array.astype(np.float64)


def _kind(what: str, images: Sequence[str]) -> str:
    for image in images:
        what = what.replace(image, "")
    return what


def _adapters() -> set[str]:
    return {module.name for module in pkgutil.iter_modules(detectors.parity.__path__)}


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread and no gradients: as the official numbers were computed."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.no_grad():
            yield
    finally:
        torch.set_num_threads(threads)
