"""Score files without a store: a CSV with the columns image, label, score, one row per image.

Commas, semicolons or tabs stand between columns, as the head shows. Behind semicolons a number may
have a decimal comma, as spreadsheets of many countries write it.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from grid.refusal import Problems, Refused, did_you_mean

COLUMNS = ("image", "label", "score")
_PAIRS = (("real", "fake"), ("0", "1"))
"""Labels that need no `--positive`: the first is real, the second fake."""
_MOST_NAMED = 5


@dataclass(frozen=True)
class ScoreTable:
    """The rows of a score file by image, in its order; a larger score means more fake.

    `labels` are as the file writes them, `rows` the numbers of the lines, the head being 1.
    """

    name: str
    labels: Mapping[str, str]
    scores: Mapping[str, float]
    rows: Mapping[str, int]


def read_score_table(path: Path) -> ScoreTable:
    """Read a score file.

    Raises:
        Refused: it cannot be read, lacks columns or rows, has an image twice, an empty label, or a
            score that is no number; with the numbers of the lines.
    """
    problems = Problems()
    labels: dict[str, str] = {}
    scores: dict[str, float] = {}
    rows: dict[str, int] = {}
    twice: list[str] = []
    unlabelled: list[str] = []
    no_number: list[str] = []
    for line, image, label, score in _lines(path):
        if image in rows:
            twice.append(f"line {line}: {image!r}, as in line {rows[image]}")
            continue
        rows[image] = line
        labels[image] = label
        if not label:
            unlabelled.append(f"line {line}: {image!r}")
        number = _number(score)
        if number is None:
            no_number.append(f"line {line}: {image!r} has {score!r}")
        else:
            scores[image] = number
    for found, why, mend in (
        (twice, "an image stands twice, and would count twice", "Keep one row per image"),
        (unlabelled, "some images have no label", "Give each its label, or leave its row out"),
        (no_number, "some scores are no number", "Leave those images out of both files"),
    ):
        if found:
            problems.add(str(path), why, mend, _first(found))
    if not rows:
        problems.add(str(path), "it has no rows", "Give a row per image below the head")
    problems.raise_if_any()
    return ScoreTable(path.name, labels, scores, rows)


def fake_label(tables: Sequence[ScoreTable], positive: str | None) -> str:
    """Return the label that large scores mean.

    Args:
        tables: of all files together.
        positive: that label, where somebody says it.

    Raises:
        Refused: the labels are not two, or nobody says which of them large scores mean.
    """
    of_each = [sorted(set(table.labels.values())) for table in tables]
    known = sorted({label for labels in of_each for label in labels})
    what = " and ".join(table.name for table in tables)
    if len(known) > 2 and all(len(labels) <= 2 for labels in of_each):
        raise Refused.because(
            what,
            "they name the classes otherwise: "
            + ", ".join(
                f"{' and '.join(labels)} in {table.name}"
                for table, labels in zip(tables, of_each, strict=True)
            ),
            "Write the same two labels in both",
        )
    if len(known) != 2:
        raise Refused.because(
            what,
            f"the labels are {', '.join(known[:_MOST_NAMED])}, and two classes are compared",
            "Keep the images of two classes",
        )
    if positive is not None:
        if positive not in known:
            raise Refused.because(
                f"--positive {positive}",
                "no image has this label",
                did_you_mean(positive, known).rstrip("."),
            )
        return positive
    lowered = {label.lower(): label for label in known}
    for real, fake in _PAIRS:
        if set(lowered) == {real, fake}:
            return lowered[fake]
    raise Refused.because(
        what,
        f"the labels are {known[0]} and {known[1]}, and nobody says which one large scores mean",
        f"Say it with --positive, such as --positive {known[-1]}",
    )


def refuse_conflicts(a: ScoreTable, b: ScoreTable) -> None:
    """Refuse images that the two files label otherwise."""
    found = [
        f"{image!r}: {a.labels[image]} (line {a.rows[image]}) and {b.labels[image]} "
        f"(line {b.rows[image]})"
        for image in a.labels
        if image in b.labels and a.labels[image] != b.labels[image]
    ]
    if found:
        problems = Problems()
        problems.add(
            f"{a.name} and {b.name}",
            "an image has one label in one and another in the other",
            "Correct the labels; scores of other images cannot be compared",
            _first(found),
        )
        problems.raise_if_any()


def _lines(path: Path) -> Iterable[tuple[int, str, str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            between = _delimiter(file.readline())
            file.seek(0)
            reader = csv.DictReader(file, delimiter=between)
            heads = [head.strip().lower() for head in reader.fieldnames or ()]
            missing = [name for name in COLUMNS if name not in heads]
            if missing:
                raise Refused.because(
                    str(path),
                    f"it has no column {' and '.join(missing)}; its head is: "
                    f"{', '.join(heads) or 'empty'}",
                    "Name the columns image, label, score",
                )
            reader.fieldnames = heads
            for row in reader:
                image, label, score = ((row.get(name) or "").strip() for name in COLUMNS)
                yield reader.line_num, image, label, _with_point(score, between)
    except OSError as error:
        why = f"it cannot be read ({error.strerror or error})"
        raise Refused.because(str(path), why, "Name another file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise Refused.because(str(path), f"it is no CSV ({error})", "Write it as UTF-8") from error


def _delimiter(head: str) -> str:
    """Return what stands between the names of a head: the most frequent of those that may."""
    return max(",;\t", key=head.count)


def _with_point(score: str, between: str) -> str:
    """Return a number with a decimal point; behind commas a comma can be no part of it."""
    return score if between == "," or "." in score else score.replace(",", ".")


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number


def _first(found: Sequence[str]) -> list[str]:
    more = len(found) - _MOST_NAMED
    return [*found[:_MOST_NAMED], *([f"... and {more:,} more"] if more > 0 else [])]
