"""`crossgen figures`: files, captions, what is missing, and which matrices are meant."""

import re

import pytest

from analysis.figures.figure import all_figures


@pytest.fixture
def figures(crossgen, finished_run, tmp_path):
    """Return a function that draws of the finished run: (exit code, stdout, stderr, folder)."""

    def run(*words):
        folder = tmp_path / "figures"
        named = ("--experiment", "two", "--store", finished_run.store, "-o", folder)
        return (*crossgen("figures", *words, *named), folder)

    return run


def test_a_figure_and_its_caption_are_written(figures):
    code, out, err, folder = figures("matrix", "cd")
    assert (code, err) == (0, "")
    pictures = sorted(path.name for path in folder.glob("*.png"))
    assert pictures
    assert all((folder / name).read_bytes().startswith(b"\x89PNG") for name in pictures)
    captions = (folder / "captions.md").read_text()
    assert re.findall(r"^## (.*)$", captions, re.MULTILINE) == pictures
    assert "In words: Heat map of AUC" in captions
    assert "not drawn: cd; it needs three arms" in out
    again = [(folder / name).read_bytes() for name in pictures]
    figures("matrix")
    assert [(folder / name).read_bytes() for name in pictures] == again


def test_a_file_means_what_it_expands_to(crossgen, own_run, tmp_path):
    folder = tmp_path / "f"
    words = ["figures", own_run.file, "matrix", "--store", own_run.store, "-o", folder]
    code, out, err = crossgen(*words, "--metric", "accuracy", "--format", "pdf")
    assert (code, err) == (0, "")
    assert "figure" in out
    [first, *_] = sorted(folder.glob("*.pdf"))
    assert first.read_bytes().startswith(b"%PDF")
    assert "accuracy at logit 0" in (folder / "captions.md").read_text()


def test_kinds_are_listed_without_a_store(crossgen):
    code, out, _ = crossgen("figures", "--list")
    assert code == 0
    for name, kind in all_figures().items():
        assert f"{name}\n    {kind.title}; needs {kind.needs}\n" in out


def test_a_slip_is_answered(crossgen, figures):
    code, _, err = crossgen("figures", "matrx")
    assert code
    assert "matrx: it is neither a file nor a kind of figure. Did you mean matrix?" in err
    code, _, err, folder = figures("matrix", "--matrix", "jpeg(3)")
    assert code
    assert "--matrix jpeg(3): no matrix has it in its title. Give a part of a title." in err
    assert not folder.exists()


def test_nothing_to_draw_is_no_success(figures):
    code, _, err, folder = figures("forest")
    assert code
    assert "nothing of what is asked for can be drawn" in err
    assert "forest needs a comparison" in err
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_named(crossgen, finished_run, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("a file")
    code, _, err = crossgen(
        "figures", "matrix", "--experiment", "two", "--store", finished_run.store, "-o", taken / "x"
    )
    assert code
    assert "the figures cannot be written there" in err
