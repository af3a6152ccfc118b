"""Image operations with all their parameters settled, and pipelines of them.

The operations themselves are in `data/geometry.py`, `data/augmentations/`,
`data/degradations.py`, `data/equalisations.py` and `data/second_views.py`, one module or room per
kind, and are found through `data/operation_registry.py`. Texts become pipelines in
`data/operations.py`; what a detector is given of an image is several of them, `data/view.py`.
"""

import functools
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import numpy as np

from data.operation_arguments import canonical_value
from data.operation_registry import (
    ACTS_IN_ORDER,
    MODULE_OF_KIND,
    ActsOn,
    Apply,
    ApplyByLabel,
    Image,
    Kind,
    PipelineError,
    Registered,
    TooLarge,
    TooSmall,
    known,
    operation,
    registered,
)
from data.randomness import stream

__all__ = [
    "MODULE_OF_KIND",
    "Apply",
    "ApplyByLabel",
    "Image",
    "Kind",
    "Operation",
    "Pipeline",
    "PipelineError",
    "Registered",
    "TooLarge",
    "TooSmall",
    "known",
    "operation",
    "registered",
    "require_rgb",
]

_ACTED_ON: dict[ActsOn, str] = {
    "image": "each image by itself",
    "batch": "a batch on the device",
    "targets": "a batch and its labels",
}


@dataclass(frozen=True)
class Operation:
    """One step of a pipeline with all its parameters settled."""

    name: str
    kind: Kind
    version: int
    positional: tuple[Any, ...]
    keywords: tuple[tuple[str, Any], ...]
    apply: Apply | ApplyByLabel | None = field(init=False, repr=False, compare=False)

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

        Raises:
            PipelineError: the operation acts on a batch.
            TooLarge: the image has a longer side than the operation can take.
        """
        if self.acts_on != "image":
            raise PipelineError(
                f"{self.canonical} acts on a training batch on the device, not on one image; "
                "leave it out here, or train with it as an augmentation."
            )
        self.require_side(image_HWC)
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

    def require_side(self, image_HWC: Image) -> None:
        """Raise TooLarge where an image has a longer side than this operation can take."""
        longest_px = registered(self.name, self.kind).longest_side_px
        if longest_px is not None and max(image_HWC.shape[:2]) > longest_px:
            raise TooLarge(
                f"{self.canonical} takes sides of up to {longest_px:,} px, and was given an image "
                f"of {image_HWC.shape[0]} x {image_HWC.shape[1]} (height x width)"
            )

    @functools.cached_property
    def is_random(self) -> bool:
        """Whether it draws."""
        return registered(self.name, self.kind).is_random

    @functools.cached_property
    def is_testable(self) -> bool:
        """Whether a test may use it: it does not draw, or draws there by the image."""
        return registered(self.name, self.kind).is_testable

    @functools.cached_property
    def acts_on(self) -> ActsOn:
        """An image, a batch, or a batch and its targets."""
        return registered(self.name, self.kind).acts_on

    @property
    def settings(self) -> dict[str, Any]:
        """Every parameter by its name, the defaults too."""
        signature = registered(self.name, self.kind).signature
        bound = signature.bind(*self.positional, **dict(self.keywords))
        bound.apply_defaults()
        return dict(bound.arguments)

    @property
    def inner_versions(self) -> dict[str, int]:
        """Versions of the operations in those of its parameters that are pipelines themselves."""
        from data.operations import parse

        kinds = registered(self.name, self.kind).pipelines
        settings = self.settings if kinds else {}
        inner = (parse(settings[name], kind).versions for name, kind in kinds.items())
        return {name: version for versions in inner for name, version in versions.items()}

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
    """Operations applied from left to right; hashable, picklable, equal when they mean the same.

    Raises:
        PipelineError: one that acts on an image stands after one that acts on a batch, or one that
            leaves the labels alone after one that changes them.
    """

    operations: tuple[Operation, ...]

    def __post_init__(self) -> None:
        for before, after in pairwise(self.operations):
            if ACTS_IN_ORDER.index(before.acts_on) > ACTS_IN_ORDER.index(after.acts_on):
                raise PipelineError(
                    f"{after.canonical} acts on {_ACTED_ON[after.acts_on]} and stands after "
                    f"{before.canonical}, which acts on {_ACTED_ON[before.acts_on]}; "
                    f"write {after.name} before {before.name}."
                )

    @property
    def per_image(self) -> "Pipeline":
        """Its first part: what acts on each image by itself."""
        return Pipeline(tuple(step for step in self.operations if step.acts_on == "image"))

    @property
    def on_batch(self) -> "Pipeline":
        """Its second part: what acts on a training batch, on the device."""
        return Pipeline(tuple(step for step in self.operations if step.acts_on != "image"))

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
        versions: dict[str, int] = {}
        for step in self.operations:
            versions |= {f"{step.kind}.{step.name}": step.version, **step.inner_versions}
        return versions

    @functools.cached_property
    def is_random(self) -> bool:
        """Whether calling it needs a generator."""
        return any(step.is_random for step in self.operations)

    @functools.cached_property
    def is_testable(self) -> bool:
        """Whether tests may use it as geometry: what draws in it draws there by the image."""
        return all(step.is_testable for step in self.operations)

    @property
    def bytes_per_pixel(self) -> int:
        """Memory that its hungriest operation takes beside its input, per pixel of that."""
        return max(
            (registered(step.name, step.kind).bytes_per_pixel for step in self.operations),
            default=0,
        )

    def __call__(self, image_HWC: Image, rng: np.random.Generator | None = None) -> Image:
        """Apply all operations; `strided` says with what and what is raised.

        Returns:
            uint8 RGB, contiguous; the input itself when nothing had to be done.
        """
        # A flip may be a view with a negative stride, which torch.from_numpy refuses.
        return np.ascontiguousarray(self.strided(image_HWC, rng))

    def strided(self, image_HWC: Image, rng: np.random.Generator | None = None) -> Image:
        """Apply all operations and copy no more than they do: of a crop, nothing.

        Args:
            image_HWC: uint8 RGB; never written to.
            rng: consumed by random operations, in their order.

        Returns:
            uint8 RGB, perhaps a view of the input with gaps.

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
        return image_HWC

    def result_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width in pixels that an image of the given size ends with.

        Found by a dry run, so it cannot disagree with the run.

        Raises:
            TooSmall, TooLarge: an image of that size is refused.
        """
        return _result_size(self, height, width)


@functools.lru_cache(maxsize=65536)
def _result_size(pipeline: Pipeline, height: int, width: int) -> tuple[int, int]:
    # One zero seen from every pixel: a dry run of crops costs no memory; a resize makes a real one.
    image_HWC: Image = np.broadcast_to(np.zeros((), np.uint8), (height, width, 3))
    rng = stream("result size")
    for step in pipeline.operations:
        step.require_side(image_HWC)
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
