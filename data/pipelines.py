"""Image operations with all their parameters settled, and pipelines of them.

The operations themselves are in `data/geometry.py`, `data/augmentations.py`,
`data/degradations.py` and `data/equalisations.py`, one module per kind; each is a decorated
factory: parameters now, image later. Texts become pipelines in `data/operations.py`; what a
detector is given of an image is several of them, `data/view.py`.
"""

import functools
import importlib
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, cast

import numpy as np
import numpy.typing as npt

from data.operation_arguments import canonical_value
from data.randomness import stream
from data.suggestions import did_you_mean

# Legend of shape suffixes: H height, W width in pixels, C the three channels red, green, blue.
Image = npt.NDArray[np.uint8]
Kind = Literal["geometry", "augmentation", "degradation", "equalise"]
Apply = Callable[[Image, np.random.Generator], Image]
ApplyByLabel = Callable[[Image, np.random.Generator, int], Image]
Factory = TypeVar("Factory", bound=Callable[..., Apply | ApplyByLabel])

NONE = ("none",)
"""The word for no operation."""

MODULE_OF_KIND = {
    "geometry": "data.geometry",
    "augmentation": "data.augmentations",
    "degradation": "data.degradations",
    "equalise": "data.equalisations",
}


class PipelineError(ValueError):
    """A string of operations that cannot be understood, or an image that it cannot take."""


class TooSmall(PipelineError):
    """An image has fewer pixels than a crop asks for; nothing is padded unless said."""


@dataclass(frozen=True)
class Registered:
    """One known operation: the factory and what is said about it."""

    factory: Callable[..., Apply | ApplyByLabel]
    version: int
    is_random: bool
    keeps_size: bool
    bytes_per_pixel: int
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
            only.
        keeps_size: whether the result always has the input's height and width.
        bytes_per_pixel: of memory that it takes beside its input; by default what Pillow's do, two
            images of 4 bytes and two arrays of 3.
    """

    def register(factory: Factory) -> Factory:
        _registry[kind, name] = Registered(
            factory,
            version,
            is_random,
            keeps_size,
            bytes_per_pixel,
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


@dataclass(frozen=True)
class Operation:
    """One step of a pipeline with all its parameters settled."""

    name: str
    kind: Kind
    version: int
    positional: tuple[Any, ...]
    keywords: tuple[tuple[str, Any], ...]
    apply: Apply | ApplyByLabel = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        factory = registered(self.name, self.kind).factory
        try:
            apply = factory(*self.positional, **dict(self.keywords))
        except ValueError as error:
            raise PipelineError(f"{self.canonical}: {error}") from error
        object.__setattr__(self, "apply", apply)

    def __reduce__(self) -> tuple[Any, ...]:
        # `apply` is a closure, which does not pickle; it is built again where it arrives.
        return Operation, (self.name, self.kind, self.version, self.positional, self.keywords)

    def applied(
        self, image_HWC: Image, rng: np.random.Generator | None, label: int | None = None
    ) -> Image:
        """The image after this step.

        Args:
            image_HWC: uint8 RGB; never written to.
            rng: needed where the operation draws.
            label: 0 real, 1 fake; needed by the kind `equalise`, told to no other.
        """
        # A deterministic operation never looks at its generator.
        generator = cast(np.random.Generator, rng)
        if self.kind != "equalise":
            return cast(Apply, self.apply)(image_HWC, generator)
        if label is None:
            raise ValueError(
                f"{self.canonical} may treat real and fake images differently and was given no "
                "label; call it through data.view.View."
            )
        return cast(ApplyByLabel, self.apply)(image_HWC, generator, label)

    @property
    def is_random(self) -> bool:
        """Whether it draws."""
        return registered(self.name, self.kind).is_random

    @property
    def arguments(self) -> str:
        """Required parameters by position, the others by name and only where not the default."""
        required = ",".join(canonical_value(value) for value in self.positional)
        optional = [f"{name}={canonical_value(value)}" for name, value in self.keywords]
        return ", ".join([required, *optional] if required else optional)

    @property
    def canonical(self) -> str:
        """The one way to write this operation."""
        return f"{self.name}({self.arguments})" if self.arguments else self.name


@dataclass(frozen=True)
class Pipeline:
    """Operations applied from left to right; hashable, picklable, equal when they mean the same."""

    operations: tuple[Operation, ...]

    @functools.cached_property
    def canonical(self) -> str:
        """The one way to write this pipeline; "none" when it is empty."""
        return " | ".join(step.canonical for step in self.operations) or "none"

    @property
    def versions(self) -> dict[str, int]:
        """Version of each operation used, by kind and name: "degradation.resize".

        By kind too, because a name (`resize`, `hflip`) may be known in several, each with a version
        of its own.
        """
        return {f"{step.kind}.{step.name}": step.version for step in self.operations}

    @property
    def is_random(self) -> bool:
        """Whether calling it needs a generator."""
        return any(step.is_random for step in self.operations)

    @property
    def bytes_per_pixel(self) -> int:
        """Memory that its hungriest operation takes beside its input, per pixel of that."""
        return max(
            (registered(step.name, step.kind).bytes_per_pixel for step in self.operations),
            default=0,
        )

    def __call__(self, image_HWC: Image, rng: np.random.Generator | None = None) -> Image:
        """Apply all operations.

        Args:
            image_HWC: uint8 RGB; never written to.
            rng: consumed by random operations, in their order.

        Returns:
            uint8 RGB, contiguous; the input itself when nothing had to be done.

        Raises:
            TypeError: the image is not uint8 H x W x 3.
            ValueError: a random operation was given no generator.
            TooSmall: a crop is larger than the image.
        """
        require_rgb(image_HWC, self.canonical)
        if rng is None and self.is_random:
            raise ValueError(
                f"{self.canonical} draws random numbers but was given no generator; "
                "pass rng=data.randomness.stream(seed, 'image', epoch, image_id)."
            )
        for step in self.operations:
            image_HWC = step.applied(image_HWC, rng)
        # A flip is a view with a negative stride, which torch.from_numpy refuses.
        return np.ascontiguousarray(image_HWC)

    def result_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width in pixels that an image of the given size ends with.

        Found by a dry run, so it cannot disagree with the run.

        Raises:
            TooSmall: an image of that size is refused.
        """
        return _result_size(self, height, width)


@functools.lru_cache(maxsize=65536)
def _result_size(pipeline: Pipeline, height: int, width: int) -> tuple[int, int]:
    # One zero seen from every pixel: a dry run of crops costs no memory; a resize makes a real one.
    image_HWC: Image = np.broadcast_to(np.zeros((), np.uint8), (height, width, 3))
    rng = stream("result size")
    for step in pipeline.operations:
        if not registered(step.name, step.kind).keeps_size:
            image_HWC = step.applied(image_HWC, rng, label=0)
    return int(image_HWC.shape[0]), int(image_HWC.shape[1])


def require_rgb(image_HWC: Image, what: str) -> None:
    """Raise TypeError where an image is not uint8 H x W x 3; `what` is to be applied to it."""
    if image_HWC.dtype != np.uint8 or image_HWC.ndim != 3 or image_HWC.shape[2] != 3:
        raise TypeError(
            f"{what}: got {image_HWC.dtype} of shape {image_HWC.shape}; operations "
            "work on uint8 RGB images of shape (height, width, 3), so decode or convert first."
        )


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
