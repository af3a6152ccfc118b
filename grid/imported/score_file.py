"""A file of scores from elsewhere: a CSV with an image, a number and perhaps a label per row."""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from data.regular_files import read_regular
from grid.refusal import Problems, Refused

Scale = Literal["logit", "probability"]

IMAGE_COLUMNS = ("image_id", "image", "path", "file", "filename")
SCORE_COLUMNS = ("score", "logit", "probability")
LABELS = {"0": 0, "real": 0, "1": 1, "fake": 1}
SMALLEST_PROBABILITY = 1e-7
"""A probability of 0 or 1 has no finite logit: it is taken for this, or for 1 minus this, which are
the logits -16.1 and 16.1. Ranks among others stay as they are; equal ones stay equal."""


@dataclass(frozen=True)
class ScoredImage:
    """One row: the image as the file names it, and its logit; None where the score is empty."""

    line: int
    image: str
    logit: float | None
    label: int | None


@dataclass(frozen=True)
class ForeignScoreFile:
    """All rows of a file, larger logits meaning fake.

    `by_id` says that images are named by their image_id, else by their path.
    """

    name: str
    content: bytes
    by_id: bool
    rows: tuple[ScoredImage, ...]

    @property
    def sha256(self) -> str:
        """What the fit is named by, as others are by their weights."""
        return hashlib.sha256(self.content).hexdigest()


def read_score_file(path: Path, scale: Scale, *, larger_is_fake: bool = True) -> ForeignScoreFile:
    """Read a CSV file of scores.

    Args:
        path: columns `image_id`, or `image`, `path`, `file` or `filename`; `score`, `logit` or
            `probability`; and where there is one `label` (0, 1, real or fake). Others are ignored.
        scale: what its numbers are. Probabilities become logits, log(p / (1 - p)).
        larger_is_fake: False turns the sign.

    Raises:
        Refused: it cannot be read, or rows are wrong; with all that is wrong.
    """
    try:
        content = read_regular(path)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise Refused.because(
            str(path), f"it cannot be read ({error.strerror})", "Correct the path"
        ) from error
    except UnicodeDecodeError as error:
        raise Refused.because(
            str(path), f"it is no UTF-8 text ({error.reason})", "Save it as UTF-8"
        ) from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    columns = list(reader.fieldnames or ())
    image = _column(path, columns, IMAGE_COLUMNS)
    score = _column(path, columns, SCORE_COLUMNS)
    if score in ("logit", "probability") and score != scale:
        raise Refused.because(
            f"--scale {scale}",
            f"the column of {path} is called {score}",
            f"Give --scale {score}, or rename the column to score",
        )
    problems = Problems()
    rows = [
        _row(reader.line_num, values, image, score, scale, problems) for values in reader if values
    ]
    problems.raise_if_any()
    sign = 1.0 if larger_is_fake else -1.0
    signed = tuple(
        ScoredImage(r.line, r.image, None if r.logit is None else sign * r.logit, r.label)
        for r in rows
    )
    return ForeignScoreFile(path.name, content, image == "image_id", signed)


def logit_of(value: float, scale: Scale) -> float:
    """A number of the file as a logit.

    Raises:
        ValueError: it is not finite, or no probability where it should be one.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} is not finite")
    if scale == "logit":
        return value
    if not 0 <= value <= 1:
        raise ValueError(f"{value} is no probability, which lies in [0, 1]")
    kept = min(max(value, SMALLEST_PROBABILITY), 1 - SMALLEST_PROBABILITY)
    return math.log(kept) - math.log1p(-kept)


def _column(path: Path, columns: list[str], known: tuple[str, ...]) -> str:
    found = [name for name in known if name in columns]
    if len(found) == 1:
        return found[0]
    raise Refused.because(
        str(path),
        f"it has {' and '.join(found) or 'none'} of the columns {', '.join(known)}; its columns "
        f"are {', '.join(columns) or 'none'}",
        "Name exactly one so in its first line",
    )


def _row(
    line: int,
    values: Mapping[str, str | None],
    image: str,
    score: str,
    scale: Scale,
    problems: Problems,
) -> ScoredImage:
    said = (values.get(score) or "").strip()
    logit = None
    if said:
        try:
            logit = logit_of(float(said), scale)
        except ValueError as error:
            problems.add(
                f"line {line}: {score} {said!r}", str(error), "Correct it, or leave it out"
            )
    name = (values.get(image) or "").strip()
    if not name:
        problems.add(f"line {line}", f"{image} is empty", "Name the image, or take the row out")
    label = (values.get("label") or "").strip().lower()
    if label and label not in LABELS:
        problems.add(f"line {line}: label {label!r}", "it is no label", "Write 0, 1, real or fake")
    return ScoredImage(line, name, logit, LABELS.get(label))
