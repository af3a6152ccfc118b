"""The geometry of one detector with its options: what `input:` says, then what it does itself."""

from __future__ import annotations

from detectors.contract import Card, Options, Pipelines, find_preset


def input_pipelines(card: Card, options: Options, text: str = "") -> Pipelines:
    """The geometry called `text` with what a detector of these options does last.

    Raises:
        UnknownName: as `find_preset`.
    """
    return with_last_geometry(find_preset(card, text), options)


def with_last_geometry(pipelines: Pipelines, options: Options) -> Pipelines:
    """Both pipelines with the detector's own last operations behind them, see `Options`."""
    last = options.last_geometry()
    if last is None:
        return pipelines
    return Pipelines(
        **{
            name: last if text.strip() in {"", "none"} else f"{text} | {last}"
            for name, text in pipelines.model_dump().items()
        }
    )
