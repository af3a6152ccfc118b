"""The text of a second view: checked, split, with its versions. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping

from data.operations import Pipeline, PipelineError, parse
from data.view import NOTHING, OtherVersion

DRAWN = "augmented"


def canonical_view(text: str) -> str:
    """The one way to write a second view, for a validator of options.

    Raises:
        PipelineError: it cannot be understood, or says nothing.
    """
    pipeline = parse(text, "second_view")
    if not pipeline.operations:
        raise PipelineError(
            f"{text!r} is no second view; give one, such as log_spectrum or band_pass(0.5, 1)."
        )
    if any(step.name == DRAWN for step in pipeline.operations[1:]):
        raise PipelineError(f"{text!r}: {DRAWN} acts on the image itself, so write it first.")
    return pipeline.canonical


def split_view(text: str) -> tuple[Pipeline, Pipeline]:
    """What training draws, as augmentations, and what is computed of that always."""
    steps = parse(text, "second_view").operations
    if steps and steps[0].name == DRAWN:
        return parse(steps[0].settings["pipeline"], "augmentation"), Pipeline(steps[1:])
    return NOTHING, Pipeline(steps)


def view_versions(text: str | None) -> dict[str, int]:
    """Versions of all operations in a second view, those of its augmentations too."""
    if text is None:
        return {}
    return {**parse(text, "second_view").versions, **split_view(text)[0].versions}


def require_view_versions(text: str | None, versions: Mapping[str, int]) -> None:
    """Raise OtherVersion where this code's second view is not that of some versions."""
    for name, here in view_versions(text).items():
        if versions.get(name) != here:
            raise OtherVersion(
                f"operation {name} of the second view is of version {here} here and of "
                f"{versions.get(name, 'none')} where the fit was planned, so its input would "
                "differ; bring both to one version of crossgen."
            )
