"""grid/README.md names every file of every room, once, in the room where it lies."""

import re

from repository import ROOT

FOLDER = ROOT / "grid"
TABLES = re.findall(
    r"^\| (\w+)/? \|[^\n]*\n\| --- \| --- \|\n((?:\|[^\n]*\n)+)",
    (FOLDER / "README.md").read_text(),
    re.MULTILINE,
)


def named() -> list[str]:
    """The files that the tables name, as paths below grid/."""
    found = []
    for room, rows in TABLES:
        for row in rows.splitlines():
            inner = re.match(r"\| (\w+/)?", row)[1] or ""
            folder = "" if room == "ground" else f"{room}/"
            found += [f"{folder}{inner}{name}" for name in re.findall(r"`(\w+\.py)`", row)]
    return found


def test_every_file_is_named_where_it_lies():
    files = [p.relative_to(FOLDER).as_posix() for p in FOLDER.rglob("*.py")]
    described = [p for p in files if not p.endswith("__init__.py")]
    assert sorted(named()) == sorted(described)
