"""Published results that an experiment's own stand beside: what `published:` of a file names.

A table is a YAML file, of `grid/experiments/published/` by its name or of the user's own by its
path. Values stand in it as papers print them, in percent.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.suggestions import did_you_mean
from grid.experiment_file.yaml_reading import read_yaml
from grid.refusal import Problem, Refused

FOLDER = Path(__file__).parents[1] / "experiments" / "published"
SUFFIXES = (".yaml", ".yml")


class PublishedRow(BaseModel):
    """Results of one detector, trained once, on the test sets of one dataset."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    detector: str
    """As `crossgen detectors` lists it, or any name of one that is not there."""
    options: dict[str, Any] = {}
    train: str
    """What it was trained on, as the experiment calls it: genimage/sd14."""
    dataset: str
    """Whose generators it was tested on: the experiment's name for it."""
    degradation: str = "none"
    equalise: str = "none"
    metric: Literal["accuracy", "average_precision", "auc"]
    percent: dict[str, float] = Field(default={})
    """By generator; a row may give its mean alone."""
    mean: float | None = None
    """As printed."""
    note: str = ""


class PublishedTable(BaseModel):
    """One table, or several of one source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    """Paper or repository, and which table of it."""
    note: str = ""
    results: tuple[PublishedRow, ...] = Field(min_length=1)


def published_names() -> list[str]:
    """Return the tables that come with crossgen."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def is_own_table(text: str) -> bool:
    """Say whether `published:` gives the path of a file, not the name of one of crossgen's."""
    return text.endswith(SUFFIXES)


def published_path(name: str) -> Path:
    """Return where a table lies: one of crossgen's by its name, else the file itself.

    Raises:
        Refused: there is none of that name.
    """
    if is_own_table(name):
        return Path(name)
    if name not in published_names():
        hint = did_you_mean(name, published_names())
        raise Refused.because(
            f"published: {name}",
            "no table of published results has this name",
            f"{hint} Or give the path of a YAML file of your own",
        )
    return FOLDER / f"{name}.yaml"


def read_published(path: Path) -> PublishedTable:
    """Read a table.

    Raises:
        Refused: it is not there, or is no such table; every mistake is named.
    """
    raw = read_yaml(path)
    try:
        return PublishedTable.model_validate(raw)
    except ValidationError as error:
        raise Refused([*_mistakes(path, error)]) from None


def recorded_table(name: str) -> dict[str, Any]:
    """Return a table as an experiment's record holds it: one row per number, as shares of 1.

    Raises:
        Refused: it is not there, or is no such table.
    """
    path = published_path(name)
    table = read_published(path)
    return {
        "name": path.stem,
        "source": table.source,
        "note": table.note,
        "results": [
            {
                **row.model_dump(mode="json", exclude={"percent", "mean", "dataset"}),
                "test_set": f"{row.dataset}/{generator}" if generator else row.dataset,
                "is_mean": not generator,
                "value": percent / 100,
            }
            for row in table.results
            for generator, percent in (*row.percent.items(), *_mean(row))
        ],
    }


def _mean(row: PublishedRow) -> Iterator[tuple[str, float]]:
    if row.mean is not None:
        yield "", row.mean


def _mistakes(path: Path, error: ValidationError) -> Iterator[Problem]:
    for fault in error.errors():
        where = ".".join(str(part) for part in fault["loc"])
        yield Problem(
            what=f"{path.name}: {where}", why=fault["msg"], mend="Correct it in the table"
        )
