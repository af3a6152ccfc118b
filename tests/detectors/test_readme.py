"""detectors/README.md: a row for each file, a paragraph for each detector, a table of recipes."""

import json
import re

from recipe_table import TABLE
from repository import ROOT

from detectors.recipes import SHARED
from detectors.zoo import zoo_names

FOLDER = ROOT / "detectors"
TEXT = (FOLDER / "README.md").read_text(encoding="utf-8")


def rows_under(header: str) -> list[list[str]]:
    """The cells of the rows of the table with this header."""
    table = TEXT.split(header, 1)[1].split("\n\n")[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]


def test_every_file_has_one_row_and_every_room_some() -> None:
    first_cells = " ".join(row[0] for row in rows_under("| file | what it holds |"))
    named = re.findall(r"`([^`]+)`", first_cells)
    files = [path.name for path in FOLDER.glob("*.py") if path.name != "__init__.py"]
    rooms = {path.parent.name for path in FOLDER.glob("*/__init__.py")}
    assert sorted(name for name in named if "/" not in name) == sorted(files)
    assert {name.split("/")[0] for name in named if "/" in name} == rooms


def test_every_detector_has_one_paragraph() -> None:
    section = TEXT.split("## The detectors\n", 1)[1].split("\n## ")[0]
    starts = re.findall(r"^\*\*\w+\*\*(?:(?:,| and) \*\*\w+\*\*)*", section, re.MULTILINE)
    assert sorted(re.findall(r"\w+", " ".join(starts).replace(" and ", " "))) == zoo_names()


def test_the_table_of_recipes_has_each_once() -> None:
    rows = rows_under("| recipe | optimiser and rate | batch, length | selected | precision |")
    named = []
    for row in rows:
        for detectors, recipes in re.findall(r"((?:\w+(?:, )?)+) ((?:`\w+`(?:, )?)+)", row[0]):
            of_recipes = re.findall(r"\w+", recipes)
            named += [f"{one}/{each}" for one in detectors.split(", ") for each in of_recipes]
    assert sorted(named) == sorted(set(TABLE) - set(SHARED))


def test_the_table_of_recipes_says_their_precision_and_which_is_an_oracle() -> None:
    for row in rows_under("| recipe | optimiser and rate | batch, length | selected | precision |"):
        detector, recipe = re.search(r"(\w+) `(\w+)`", row[0]).groups()
        said = TABLE[f"{detector}/{recipe}"]
        assert (row[4], "*oracle*" in row[3]) == (said.precision, said.on_test_sets), row


def test_the_table_of_costs_is_what_was_measured() -> None:
    measured = json.loads((FOLDER / "measured_cost.json").read_text())
    shown = {row[0]: row[1:] for row in rows_under("| detector | input px | a test |")}
    assert shown == {
        name: [
            str(cost["input_px"]),
            f"{cost['ms_per_image_test']:,.0f}",
            f"{cost['ms_per_image_train']:,.0f}",
        ]
        for name, cost in measured.items()
    }
