"""Sides as somebody names them on a command line: detectors, arms, matrices, or KEY=VALUE."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.comparing.compared_cells import ComparedCell
from analysis.comparing.question import Unanswerable, same_value
from grid.refusal import did_you_mean

_NAMED = ("detector", "arm", "matrix")


def key_and_levels(
    words: Sequence[str], cells: Sequence[ComparedCell]
) -> tuple[str, tuple[str, ...]]:
    """Return the setting that some words are values of, and the values.

    Args:
        words: two at least, all names of detectors, of arms or of matrices, or all KEY=VALUE.
        cells: of the experiment.

    Raises:
        Unanswerable: fewer than two, words of several settings, or a name that nothing has.
    """
    if len(words) < 2:
        raise Unanswerable(
            f"{' '.join(words) or 'Nothing'} is compared with nothing",
            "Name two sides, such as two detectors or npr.factor=0.25 npr.factor=0.5",
        )
    for key in _NAMED:
        if all(any(cell.has(key, word) for cell in cells) for word in words):
            return key, tuple(words)
    pairs = [word.partition("=") for word in words]
    keys = list(dict.fromkeys(key.strip() for key, equals, _ in pairs if equals))
    if all(equals for _, equals, _ in pairs):
        if len(keys) > 1:
            raise Unanswerable(
                f"{' and '.join(keys)} are several settings",
                "Compare values of one; narrow the others with --where KEY=VALUE",
            )
        return keys[0], tuple(value.strip() for _, _, value in pairs)
    names = {value for cell in cells for key in _NAMED for value in cell.values(key)}
    unknown = next(
        (word for word in words if not any(same_value(word, name) for name in names)), words[0]
    )
    raise Unanswerable(
        f"{', '.join(words)} are not all detectors, arms, matrices or KEY=VALUE",
        # Titles of matrices have commas of their own.
        did_you_mean(unknown, {f"'{n}'" if "," in n else n for n in names}).rstrip("."),
    )
