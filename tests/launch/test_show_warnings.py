"""Warnings of trainings are shown by kind, each kind once, whatever else their sentences say."""

import io

from grid.console import Console
from grid.records.training_warnings import CONSTANT, RESUMED_OTHERWISE, kind_of, warning
from launch.show_warnings import print_warnings


def shown(*sentences: str) -> list[str]:
    file = io.StringIO()
    commits = [(f"fit {n}", {"warnings": [text]}) for n, text in enumerate(sentences)]
    print_warnings(Console(file=file, width=200), commits)
    return file.getvalue().splitlines()


def test_sentences_of_one_kind_are_one_line_and_others_stand_alone() -> None:
    lines = shown(
        warning(CONSTANT, "all 4 images got 1"),
        warning(RESUMED_OTHERWISE, "torch 2.1: CPU until step 4, then GPU"),
        warning(CONSTANT, "all 9 images got 2"),
        "Learning rate: odd",
        "Learning rate: odder",
    )
    assert lines[0].startswith("! 2 fits: Constant logits: all 4 images got 1")
    assert lines[1].split() == ["fit", "0,", "fit", "2"]
    assert [line[:8] for line in lines[2::2]] == ["! 1 fit:"] * 3


def test_a_kind_is_found_by_its_own_words_only() -> None:
    assert kind_of("Constant logits: all 4") == CONSTANT
    assert kind_of("Constant logits, or so: all 4") == "Constant logits, or so: all 4"
