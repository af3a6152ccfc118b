"""The word `equalise:` of an experiment file: a pipeline that any comparison can be given."""

from __future__ import annotations

from data.operations import parse
from data.pipelines import PipelineError

ALONE = "match"
FILLED_IN = "tables"


def equalise_asked_for(text: str) -> str:
    """Return an equalise in its canonical form.

    Raises:
        PipelineError: it cannot be read, has something beside `match`, or names a table list.
    """
    pipeline = parse(text, "equalise")
    matching = [step for step in pipeline.operations if step.name == ALONE]
    if matching and len(pipeline.operations) > 1:
        raise PipelineError(
            f"{text!r} does more than {ALONE}, and what stands beside it undoes it: codings and "
            f"sizes are alike as it leaves them. Write {ALONE} alone"
        )
    if any(FILLED_IN in dict(step.keywords) for step in matching):
        raise PipelineError(
            f"{text!r} names a table list, which the plan forms of the reals at hand. Leave "
            f"`{FILLED_IN}` out"
        )
    return pipeline.canonical
