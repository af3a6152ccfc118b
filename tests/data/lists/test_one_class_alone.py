"""What 0 and 1 mean where a list has one class only, and what is no name of a generator."""

from collections import Counter
from pathlib import Path

import pytest

from data.lists.listed_images import Defaults, images_of, understood
from data.lists.meaning import Unclear, Values, meaning_of


def label_of_value(value: str, *, folder: str = "x", generator: str | None = None) -> int | None:
    values = Values()
    for number in range(3):
        values.add(value, f"{folder}/{number}.png", generator)
    return meaning_of("label", values).of(value)


@pytest.mark.parametrize("value", ["0", "1"])
def test_one_value_alone_is_what_its_folder_says(value: str) -> None:
    assert label_of_value(value, folder="real") == 0
    assert label_of_value(value, folder="fake") == 1


@pytest.mark.parametrize("value", ["0", "1"])
def test_one_value_alone_is_fake_beside_a_generator_and_real_beside_none(value: str) -> None:
    assert label_of_value(value, generator="sdxl") == 1
    assert label_of_value(value, generator="none") == 0


def test_one_value_that_stands_beside_nothing_is_not_guessed() -> None:
    with pytest.raises(Unclear, match="nothing says which of them is real"):
        label_of_value("1")


def test_a_fake_whose_generator_is_said_to_be_none_is_no_generator_called_none(
    tmp_path: Path,
) -> None:
    file = tmp_path / "list.csv"
    rows = ["path,is_fake,generator", "a.png,0,none", "b.png,1,none", "c.png,1,sdxl", "d.png,1,"]
    file.write_text("\n".join(rows))
    [read] = understood([file], "table", {})
    found = images_of(read, tmp_path, Defaults("unnamed", "photographs"), Counter())
    assert {image.path: image.generator for image in found} == {
        "a.png": "",
        "b.png": "unnamed",
        "c.png": "sdxl",
        "d.png": "unnamed",
    }
