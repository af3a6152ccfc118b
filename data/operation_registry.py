"""The image operations that there are, by kind and name: each is a decorated factory.

A factory takes an operation's parameters and gives back what is done to an image; one that acts on
a batch only checks them, for its arithmetic needs torch and stands in `detectors/`. Texts become
pipelines of operations in `data/operations.py`.
"""

import importlib
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

import numpy as np
import numpy.typing as npt

from data.suggestions import did_you_mean

# Legend of shape suffixes: H height, W width in pixels, C the three channels red, green, blue.
Image = npt.NDArray[np.uint8]
Kind = Literal["geometry", "augmentation", "degradation", "equalise", "second_view"]
ActsOn = Literal["image", "batch", "targets"]
ACTS_IN_ORDER: tuple[ActsOn, ...] = ("image", "batch", "targets")
"""What an operation acts on: an image by itself, before it is cut and stacked; a training batch on
the device; such a batch and its labels too. In a pipeline they stand in this order."""
INPUT = "input"
"""Of degradations: the mark between what acts at the native size and what acts on the input."""
Apply = Callable[[Image, np.random.Generator], Image]
ApplyByLabel = Callable[[Image, np.random.Generator, int], Image]
Factory = TypeVar("Factory", bound=Callable[..., Apply | ApplyByLabel | None])

NONE = ("none",)
"""The word for no operation."""

MODULE_OF_KIND = {
    "geometry": "data.geometries",
    "augmentation": "data.augmentations",
    "degradation": "data.degradations",
    "equalise": "data.equalisations",
    "second_view": "data.second_views",
}


class PipelineError(ValueError):
    """A string of operations that cannot be understood, or an image that it cannot take."""


class TooSmall(PipelineError):
    """An image has fewer pixels than a crop asks for; nothing is padded unless said."""


class TooLarge(PipelineError):
    """An image has a longer side than a codec can write, or would grow beyond what is made."""


@dataclass(frozen=True)
class Registered:
    """One known operation: the factory and what is said about it."""

    factory: Callable[..., Apply | ApplyByLabel | None]
    version: int
    is_random: bool
    keeps_size: bool
    bytes_per_pixel: int
    longest_side_px: int | None
    acts_on: ActsOn
    is_testable: bool
    pipelines: Mapping[str, Kind]
    signature: inspect.Signature
    annotations: dict[str, Any]

    @property
    def usage(self) -> str:
        """The parameters as one would write them, with their defaults."""
        return ", ".join(
            str(parameter.replace(annotation=inspect.Parameter.empty))
            for parameter in self.signature.parameters.values()
        )


_registry: dict[tuple[str, str], Registered] = {}


def operation(
    name: str,
    *,
    kind: Kind,
    version: int = 1,
    is_random: bool = False,
    keeps_size: bool = False,
    bytes_per_pixel: int = 14,
    longest_side_px: int | None = None,
    acts_on: ActsOn = "image",
    is_testable: bool = False,
    pipelines: Mapping[str, Kind] | None = None,
) -> Callable[[Factory], Factory]:
    """Register a factory under a name of the string language.

    The factory takes the parameters (annotated with int, float, str, bool, None, Literal, tuple or
    unions of them), raises ValueError when one is out of range, and returns
    `apply(image_HWC, rng) -> image_HWC`; one of the kind `equalise` returns
    `apply(image_HWC, rng, label) -> image_HWC`, label 0 real and 1 fake. `apply` must not write
    into its input, which may be a shared cache. The result's size must depend on neither what is
    drawn nor the label.

    Args:
        name: what the string says.
        kind: where the operation may be used.
        version: raised when the same parameters give other pixels; it is part of the identity.
        is_random: whether `apply` draws from `rng`. In tests the generator of a degradation or
            equalisation is a function of the image (`data/view.py`); other kinds draw in training
            only, but for `is_testable`.
        keeps_size: whether the result always has the input's height and width.
        bytes_per_pixel: of memory that it takes beside its input; by default what Pillow's do, two
            images of 4 bytes and two arrays of 3.
        longest_side_px: of an image that it can take; None takes every one. A plan refuses longer
            ones by the sizes of its images, before a trial meets them.
        acts_on: where not `image`, the factory returns None after it has checked its parameters,
            and a function of `detectors/` of the same name does the arithmetic.
        is_testable: of geometry that draws: in tests it draws by the image, too, instead of being
            refused there. For what a detector cannot do without.
        pipelines: parameters that are texts of operations themselves, with their kinds: written
            one way like the whole, their versions belong to the identity.
    """

    def register(factory: Factory) -> Factory:
        _registry[kind, name] = Registered(
            factory,
            version,
            is_random,
            keeps_size,
            bytes_per_pixel,
            longest_side_px,
            acts_on,
            is_testable or not is_random,
            pipelines or {},
            inspect.signature(factory),
            typing.get_type_hints(factory),
        )
        return factory

    return register


def known(kind: Kind) -> dict[str, str]:
    """The operations of one kind: name -> parameters, as one would write them."""
    importlib.import_module(MODULE_OF_KIND[kind])
    return {
        name: entry.usage
        for (its_kind, name), entry in sorted(_registry.items())
        if its_kind == kind
    }


def registered(name: str, kind: Kind) -> Registered:
    """What is known of an operation.

    Raises:
        PipelineError: there is no operation of that name and kind.
    """
    if (kind, name) not in _registry:
        importlib.import_module(MODULE_OF_KIND[kind])
    if (kind, name) in _registry:
        return _registry[kind, name]
    for other in MODULE_OF_KIND:
        if name in known(cast(Kind, other)):
            raise PipelineError(
                f"{name!r} is not known as {kind} but as {other}: "
                f"write it where the file asks for {other}. "
                f"{did_you_mean(name, known(kind) or NONE)}"
            )
    raise PipelineError(f"Unknown {kind} {name!r}. {did_you_mean(name, known(kind) or NONE)}")
