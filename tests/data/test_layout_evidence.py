"""Every layout is asked about a folder and says what it looked for; two claims are refused."""

from collections import Counter
from pathlib import Path

import pytest

from data import layouts
from data.index import index_root
from data.layout_detection import detect
from data.layouts import SeveralLayouts, UnknownLayout
from grid.experiment_file.schema import DatasetSpec
from grid.sources.roots import unknown_folder, unknown_root


def make(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(b"x")
    return root


def both(root: Path) -> Path:
    """What GenImage's layout claims by `adm` and ForenSynths' by `biggan`."""
    return make(root, "adm/train/ai/a.png", "biggan/0_real/b.png", "biggan/1_fake/c.png")


def test_two_claims_are_refused_with_the_evidence_of_both(tmp_path: Path) -> None:
    with pytest.raises(SeveralLayouts, match="has 2 layouts: forensynths and genimage") as caught:
        detect(both(tmp_path))
    assert caught.value.layouts == ("forensynths", "genimage")
    assert caught.value.details == (
        "found:",
        "  forensynths: folders {0_real,1_fake} of 1 generator: biggan; taken as test",
        "  genimage: folders {train,val}/{ai,nature} of 1 generator: adm",
    )


def test_a_stated_layout_decides_between_two(tmp_path: Path) -> None:
    root = both(tmp_path / "root")
    found = {
        name: index_root(root, name, tmp_path / "cache").problems
        for name in ("forensynths", "genimage")
    }
    assert {name: {p.path.split("/")[0] for p in each} for name, each in found.items()} == {
        "forensynths": {"biggan"},
        "genimage": {"adm"},
    }


@pytest.mark.parametrize(
    ("path", "genimage", "forensynths"),
    [
        ("adm/train/1.png", "adm/train/ without ai or nature in it", "none where they belong"),
        ("ldm/0_real/1.png", "none where they belong", "ldm/0_real/ without the other"),
        ("photos/1.png", "none where they belong", "none where they belong"),
        (
            "val/1_fake/1.png",
            "val/ without ai or nature in it",
            "val/1_fake/, where no generator is named",
        ),
    ],
)
def test_each_layout_says_what_it_looked_for_and_found(
    path: str, genimage: str, forensynths: str, tmp_path: Path
) -> None:
    with pytest.raises(UnknownLayout) as caught:
        detect(make(tmp_path, path))
    lines = caught.value.details
    asked = lines[lines.index("looked for:") + 1 :][: len(layouts.names())]
    assert tuple(line.split(":")[0].strip() for line in asked) == layouts.names()
    assert f"  forensynths: looked for {{0_real,1_fake}}, found {forensynths}" in asked
    assert f"  genimage: looked for {{train,val}}/{{ai,nature}}, found {genimage}" in asked


A_THIRD = """
from data.layouts import LayoutEvidence, FoundImage, Inside

TREE = "{photos,paintings}/"

def evidence(root, listed):
    names = sorted(folder.name for folder in listed(root))
    words = f"looked for photos and paintings, found {', '.join(names) or 'none'}"
    return LayoutEvidence(names == ["paintings", "photos"], words)

def inside(root, listed):
    return Inside([], [])

def scan(root, skipped):
    for label, name in enumerate(("photos", "paintings")):
        for path in sorted((root / name).iterdir()):
            relative = path.relative_to(root).as_posix()
            yield FoundImage(relative, label, "someone", "test", "", "", "")
"""


def test_a_layout_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "salon_for_this_test.py").write_text(A_THIRD)
    monkeypatch.setattr(layouts, "__path__", [*layouts.__path__, str(tmp_path / "more")])
    layouts.names.cache_clear()
    try:
        assert "salon_for_this_test" in layouts.names()
        root = make(tmp_path / "root", "photos/1.png", "paintings/2.png")
        assert detect(root)[0] == "salon_for_this_test"
        assert [
            image.label for image in layouts.load("salon_for_this_test").scan(root, Counter())
        ] == [0, 1]
        make(root, "photos/train/ai/3.png")
        with pytest.raises(SeveralLayouts) as caught:
            detect(root)
        assert caught.value.layouts == ("genimage", "salon_for_this_test")
    finally:
        monkeypatch.undo()
        layouts.names.cache_clear()


def test_the_line_to_write_is_said(tmp_path: Path) -> None:
    with pytest.raises(SeveralLayouts) as caught:
        detect(both(tmp_path))
    problem = unknown_root("mine", DatasetSpec(root=tmp_path), caught.value)
    assert problem.what == "data.mine.root"
    assert "has 2 layouts: forensynths and genimage" in problem.why
    assert problem.mend == (
        "Write `layout: forensynths` or `layout: genimage` in data.mine: the rest of the folder is "
        "left out"
    )
    problem = unknown_folder(caught.value, "crossgen init x")
    assert problem.why == "it has 2 layouts: forensynths and genimage"
    assert "`--layout forensynths` or `--layout genimage`" in problem.mend
