"""analysis/README.md names every file, section and metric as they are; its examples work."""

import re
from pathlib import Path

import numpy as np
from repository import ROOT

from analysis.measuring import metric_registry
from analysis.measuring.metric_registry import find_metric, known_metrics
from analysis.page.section import all_sections
from analysis.sql.cells_view import cells_schema

FOLDER = ROOT / "analysis"
README = (FOLDER / "README.md").read_text()


def rows_of(start: str, end: str) -> str:
    return README.partition(start)[2].partition(end)[0]


def names_in(folder: Path, *suffixes: str) -> set[str]:
    names = {path.name for path in folder.iterdir() if path.name.endswith(suffixes)}
    return names - {"__init__.py"}


def test_every_file_is_described() -> None:
    text = README.partition("**`")[2].partition("One file in `sections/`")[0]
    rooms = dict(each.split("/`**", 1) for each in text.split("\n**`"))
    folders = {path.parent.name for path in FOLDER.glob("*/__init__.py")} - {"sections"}
    assert set(rooms) == folders
    for room, files in rooms.items():
        named = re.findall(r"`([\w.]+\.(?:py|j2))`", files)
        assert len(named) == len(set(named))
        assert set(named) == names_in(FOLDER / room, ".py", ".j2"), room


def test_every_section_is_listed_with_its_places() -> None:
    sections = rows_of("| section | what it gives |", "## Which expansion")
    rows = re.findall(r"^\| `(\w+)\.py` \|.*?\|(.*)\|$", sections, re.MULTILINE)
    listed = {name: tuple(each.strip() for each in places.split("|")) for name, places in rows}
    assert listed == {
        name: tuple(
            "" if placed is None else str(placed.place)
            for placed in (section.cautions, section.terminal, section.page)
        )
        for name, section in all_sections().items()
    }
    assert {f"{name}.py" for name in listed} == names_in(FOLDER / "sections", ".py")


def test_every_kind_of_warning_is_explained() -> None:
    kinds = set(
        re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", rows_of("Warnings come first", "```"), re.M)
    )
    explained = {kind.strip("`") for row in kinds for kind in row.split(", ")}
    texts = [path.read_text() for path in (FOLDER / "sections").glob("*.py")]
    raised = {kind for text in texts for kind in re.findall(r'Caution\(\s*"(\w+)"', text)}
    assert explained == raised


def test_the_example_of_a_metric_is_one(monkeypatch) -> None:
    known_metrics()
    monkeypatch.setattr(metric_registry, "_registered", dict(metric_registry._registered))
    example = rows_of("## Adding a metric", "## Adding a section")
    exec(example.partition("```python\n")[2].partition("```")[0], {})
    assert "real_accuracy" in cells_schema().names
    assert find_metric("real_accuracy").compute(np.array([-1.0, 0, 1, 2]), np.ones(1)) == 0.5


def test_the_worked_question_has_the_sentences_of_its_page() -> None:
    page = (ROOT / "tests/fixtures/pages/one_gan_seven_diffusion.txt").read_text()
    worked = README.partition("### A question, from file to sentence")[2].partition("### ")[0]
    sentences = re.findall(r"^> (.+)$", worked, re.M)
    assert len(sentences) == 2
    for sentence in sentences:
        assert sentence in page
