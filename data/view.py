"""The view of an image: what is done to it, as decoded, before a detector is given it.

Three pipelines, always in this order: `equalise` takes away what would tell the label by the file,
`degradation` is what a robustness test does at the native size, `geometry` brings the image to the
size that the detector reads (in training with the augmentation in its place). What stands behind
`input` in a degradation comes last. Equal views give equal pixels, so a view is part of the
identity of all that is scored through it.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from data import decode_version
from data.decode_version import DECODE, with_decoding
from data.operation_registry import INPUT
from data.operations import Image, Operation, Pipeline, PipelineError, parse
from data.pipelines import require_rgb
from data.randomness import stream

NOTHING = Pipeline(())
_KINDS = {
    "equalise": {"equalise"},
    "degradation": {"degradation"},
    "geometry": {"geometry", "augmentation"},
}


class OtherVersion(PipelineError):
    """An operation has another version here than where a view was written down."""


@dataclass(frozen=True, kw_only=True)
class View:
    """Equalise, degradation and geometry as one value: hashable, picklable, equal by meaning.

    Raises:
        TypeError: an operation stands where its kind does not belong.
        PipelineError: `input` is written more than once, or nothing stands behind it.
    """

    equalise: Pipeline = NOTHING
    degradation: Pipeline = NOTHING
    geometry: Pipeline = NOTHING

    def __post_init__(self) -> None:
        for place, kinds in _KINDS.items():
            for step in getattr(self, place).operations:
                if step.kind not in kinds:
                    raise TypeError(
                        f"{step.canonical} is of the kind {step.kind} and was given as a view's "
                        f"{place}; parse it as {place}."
                    )
        names = [step.name for step in self.degradation.operations]
        if names.count(INPUT) > 1 or names[-1:] == [INPUT]:
            raise PipelineError(
                f"{self.degradation.canonical!r}: 'input' marks where the detector's geometry "
                "comes, so it is written once and something stands behind it, as in "
                "'input | jpeg(75)'."
            )

    def __hash__(self) -> int:
        return self._hash

    def __getstate__(self) -> dict[str, object]:
        # Texts hash otherwise in another process.
        return {name: value for name, value in vars(self).items() if name != "_hash"}

    @functools.cached_property
    def _hash(self) -> int:
        return hash((self.equalise, self.degradation, self.geometry))

    @functools.cached_property
    def at_native_size(self) -> Pipeline:
        """Of the degradation what acts before the geometry."""
        return self._split_degradation[0]

    @functools.cached_property
    def at_input(self) -> Pipeline:
        """Of the degradation what acts behind the geometry, on the detector's input."""
        return self._split_degradation[1]

    @functools.cached_property
    def _split_degradation(self) -> tuple[Pipeline, Pipeline]:
        steps = self.degradation.operations
        names = [step.name for step in steps]
        if INPUT not in names:
            return self.degradation, NOTHING
        place = names.index(INPUT)
        return Pipeline(steps[:place]), Pipeline(steps[place + 1 :])

    @functools.cached_property
    def canonical(self) -> str:
        """The one way to write this view, such as "none / jpeg(75) / resize(64)"."""
        parts = (self.equalise, self.degradation, self.geometry)
        return " / ".join(part.canonical for part in parts)

    @property
    def versions(self) -> dict[str, int]:
        """Version of each operation used, by kind and name: "degradation.resize".

        And of decoding, where that is not 1.
        """
        parts = (self.equalise, self.degradation, self.geometry)
        return with_decoding({name: v for part in parts for name, v in part.versions.items()})

    @property
    def bytes_per_pixel(self) -> int:
        """Memory that its hungriest operation takes beside its input, per pixel of that."""
        parts = (self.equalise, self.degradation, self.geometry)
        return max(part.bytes_per_pixel for part in parts)

    def result_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width in pixels that an image of a native size ends with.

        Raises:
            TooSmall: an image of that size is refused.
            TooLarge: an image of that size is refused, or the result would be too large.
        """
        for part in (self.equalise, self.at_native_size, self.geometry, self.at_input):
            height, width = part.result_size(height, width)
        return height, width

    def __call__(
        self,
        image_HWC: Image,
        image_id: str,
        label: int,
        rng: np.random.Generator | None = None,
    ) -> Image:
        """What the detector is given of an image; `strided` says of what and what is raised.

        Returns:
            uint8 RGB, contiguous; the input itself when nothing had to be done.
        """
        return np.ascontiguousarray(self.strided(image_HWC, image_id, label, rng))

    def strided(
        self,
        image_HWC: Image,
        image_id: str,
        label: int,
        rng: np.random.Generator | None = None,
    ) -> Image:
        """What the detector is given of an image, copied no more than the operations do.

        What equalise and degradation draw is a function of the image and the operation: batches,
        order and workers change nothing, and every detector is given the same. Operations of one
        name share their draws whatever their parameters (noise(5) is half of noise(10), before
        rounding), so that a row of strengths differs by strength alone; repeated in one view they
        draw anew.

        Args:
            image_HWC: uint8 RGB as decoded; never written to.
            image_id: names the image; what is drawn depends on it.
            label: 0 real, 1 fake; told to equalise alone.
            rng: consumed by geometry where that is random, as in training. Without it, as in tests,
                geometry that may draw there (`Pipeline.is_testable`) draws by the image, too.

        Returns:
            uint8 RGB, perhaps a view of the input with gaps.

        Raises:
            TypeError: the image is not uint8 H x W x 3.
            ValueError: the geometry is random, was given no generator and is not testable.
            TooSmall: a crop is larger than the image.
        """
        draws_by_image = rng is None and self.geometry.is_random and self.geometry.is_testable
        if not (self.equalise.operations or self.degradation.operations or draws_by_image):
            return self.geometry.strided(image_HWC, rng)
        require_rgb(image_HWC, self.canonical)
        drawn: Counter[str] = Counter()

        def drawn_by_image(image_HWC: Image, *pipelines: Pipeline) -> Image:
            for step in itertools.chain.from_iterable(each.operations for each in pipelines):
                own = None
                if step.is_random:
                    name = f"{step.kind}.{step.name}"
                    own = stream_by_image(step, image_id, drawn[name])
                    drawn[name] += 1
                image_HWC = step.applied(image_HWC, own, label)
            return image_HWC

        image_HWC = drawn_by_image(image_HWC, self.equalise, self.at_native_size)
        if draws_by_image:
            return drawn_by_image(image_HWC, self.geometry, self.at_input)
        return drawn_by_image(self.geometry.strided(image_HWC, rng), self.at_input)

    def require_versions(self, versions: Mapping[str, int]) -> None:
        """Raise OtherVersion where this code's operations are not those of some versions."""
        for name, here in {DECODE: decode_version.DECODE_VERSION, **self.versions}.items():
            then = versions.get(name, 1 if name == DECODE else None)
            if then != here:
                raise OtherVersion(
                    f"operation {name} is of version {here} here and of "
                    f"{'none' if then is None else then} where {self.canonical!r} was written "
                    "down, so the pixels would differ; bring both to one version of crossgen."
                )


def stream_by_image(step: Operation, image_id: str, before: int = 0) -> np.random.Generator:
    """What an operation draws from where draws are a function of the image.

    Args:
        step: the operation; its parameters change nothing.
        image_id: names the image.
        before: how many operations of its kind and name stand before it in the view.
    """
    return stream("view", f"{step.kind}.{step.name}", before, image_id)


@functools.lru_cache(maxsize=4096)
def view_of(equalise: str = "none", degradation: str = "none", geometry: str = "none") -> View:
    """The view that three texts mean.

    Raises:
        PipelineError: a text cannot be understood.
    """
    return View(
        equalise=parse(equalise, "equalise"),
        degradation=parse(degradation, "degradation"),
        geometry=parse(geometry, "geometry"),
    )
