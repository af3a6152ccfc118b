"""data/README.md names every file and every operation as they are."""

import re
from typing import get_args

from repository import ROOT

from data.operations import Kind, known
from data.pipelines import registered

FOLDER = ROOT / "data"
README = (FOLDER / "README.md").read_text()


def test_every_file_is_described() -> None:
    files = {path.name for path in FOLDER.glob("*.py")} - {"__init__.py"}
    named = set(re.findall(r"`(\w+\.py)`", README))
    assert named == files


def test_every_operation_is_listed_with_its_version() -> None:
    listed = set(re.findall(r"^\| (\w+) \| `(\w+)\(.*?\| (\d+) \|", README, re.MULTILINE))
    assert listed == {
        (kind, name, str(registered(name, kind).version))
        for kind in get_args(Kind)
        for name in known(kind)
        if not name.endswith("_for_this_test")
    }
