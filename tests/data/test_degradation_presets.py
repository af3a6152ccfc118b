"""Presets are shorter ways to write degradations, and the document lists them as they are."""

import re

import pytest
from repository import ROOT

from data.degradation_presets import PRESETS, expanded, preset_meant
from data.operations import known, parse
from data.view import view_of


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_holds_different_pipelines_and_a_source(name: str) -> None:
    preset = PRESETS[name]
    canonical = [view_of(degradation=text).canonical for text in preset.degradations]
    assert len(set(canonical)) == len(canonical)
    assert "arXiv" in preset.source
    assert name not in known("degradation")


def test_a_preset_stands_for_its_list_among_others() -> None:
    six = PRESETS["genimage6"].degradations
    assert list(expanded(["none", "genimage6", "jpeg(75)"])) == ["none", *six, "jpeg(75)"]
    assert [parse(text, "degradation").canonical for text in six] == [
        *("resize(112)", "resize(64)", "jpeg(65)", "jpeg(30)", "blur(3.0)", "blur(5.0)")
    ]


def test_a_slip_of_the_pen_is_answered_with_presets_too() -> None:
    assert "Did you mean genimage6?" in preset_meant("genimage")
    for text in ("none", "jpeg(75)", "jpeg", "jpg(75) | blur(1)"):
        assert preset_meant(text) == ""


def test_the_document_lists_each_preset_as_it_is() -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (.+?) \| .*arXiv", (ROOT / "data/README.md").read_text(), re.M
    )
    listed = {name: re.findall(r"`(.+?)`", cell) for name, cell in rows if name in PRESETS}
    assert set(listed) == set(PRESETS)
    for name in ("genimage6", "derivatives"):
        assert tuple(listed[name]) == PRESETS[name].degradations
