"""`crossgen check parity`: equal numbers pass, a planted deviation does not, nor does nothing."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from repository import FIXTURES

from detectors.parity import checking
from detectors.parity.checking import LARGEST_ALLOWED, check_parity, detectors_of
from detectors.parity.file import Compared

FILES = FIXTURES / "parity"
SMALL = "224x224_3"


def of_one_image() -> dict[str, Any]:
    """NPR's file with the numbers of one small image."""
    content = json.loads((FILES / "NPR.json").read_text())
    given = content["logits"][SMALL]
    numbers = ("about", "image_recipe", "weight_recipe", "kept")
    return {key: content[key] for key in numbers} | {"logits": {SMALL: given}}


def write(folder: Path, content: dict[str, Any], name: str = "NPR.json") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content))
    return folder


def test_equal_numbers_pass_and_other_files_are_named(crossgen, tmp_path):
    write(tmp_path, of_one_image())
    write(tmp_path, of_one_image(), "Unheard.json")
    code, out, _ = crossgen("check", "parity", tmp_path)
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith("NPR.json: npr, ")
    assert "largest relative deviation" in lines[0]
    assert lines[1] == "Unheard.json: not checked: no detector here has such numbers"
    assert lines[2].endswith("all equal; 1 not checked")
    [check] = check_parity(tmp_path / "NPR.json")
    assert check.values >= 12
    assert check.is_equal


@pytest.mark.parametrize("relative", [1.01e-4, -1.01e-4])
def test_a_deviation_above_the_limit_is_a_failure(crossgen, tmp_path, relative):
    content = of_one_image()
    given = content["logits"][SMALL]
    given["resize256_nocrop"] *= 1 + relative + (3e-6 if relative > 0 else -3e-6)
    write(tmp_path, content)
    code, out, _ = crossgen("check", "parity", tmp_path)
    assert code == 1
    assert "FAILED" in out
    assert "resize256_nocrop" in out
    assert "1 FAILED" in out.splitlines()[-1]


def test_a_deviation_below_the_limit_is_none(tmp_path):
    content = of_one_image()
    content["logits"][SMALL]["resize256_nocrop"] *= 1 + 0.9e-4
    [check] = check_parity(write(tmp_path, content) / "NPR.json")
    assert check.is_equal
    assert check.largest is not None
    assert check.largest.relative > 0.8e-4


def test_another_seed_of_the_images_moves_the_numbers(tmp_path):
    content = of_one_image()
    content["image_recipe"] = content["image_recipe"].replace("RandomState(0)", "RandomState(1)")
    [check] = check_parity(write(tmp_path, content) / "NPR.json")
    assert not check.is_equal


def test_what_is_not_understood_is_not_checked_and_nothing_checked_is_no_success(
    crossgen, tmp_path
):
    content = of_one_image()
    content["image_recipe"] = content["image_recipe"].replace("RGB, HWC", "BGR, HWC")
    write(tmp_path, content)
    code, out, _ = crossgen("check", "parity", tmp_path)
    assert code == 1
    assert "NPR.json: npr, not checked: its image_recipe differs" in out
    assert "nothing was checked" in out


def test_what_our_side_raises_is_a_failure(crossgen, tmp_path):
    content = of_one_image()
    content["logits"]["9x9_0"] = content["logits"][SMALL]  # no image of the recipe is called so
    write(tmp_path, content)
    code, out, _ = crossgen("check", "parity", tmp_path)
    assert code == 1
    assert "npr, FAILED with KeyError after" in out


def test_an_empty_folder_is_refused(crossgen, tmp_path):
    code, _, err = crossgen("check", "parity", tmp_path)
    assert code == 2
    assert "no file in it ends in .json" in err


def deviation(*numbers: Compared) -> float:
    found = checking.largest_deviation(numbers, ["a_1", "a_2"])
    assert found is not None
    return found.relative


def test_numbers_near_zero_are_measured_against_their_kind():
    large, small = Compared("a_1: logit", 10.0, 10.0), Compared("a_2: logit", 1e-9, 0.0)
    assert deviation(large, small) == pytest.approx(1e-8)
    assert deviation(Compared("a_1: mean", 10.0, 10.0), small) == np.inf
    assert deviation(Compared("a_1: mean", 1e-6, 0.0, scale=0.5)) == pytest.approx(2e-6)
    # One image's large logit hides nothing of another that is not small.
    assert deviation(large, Compared("a_2: logit", 1.001, 1.0)) == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("ours", "given"),
    [(np.nan, 1.0), (1.0, np.inf), ([1.0, 2.0], [1.0]), ("abc", "abd"), (True, False)],
)
def test_what_cannot_be_near_deviates(ours, given):
    assert deviation(Compared("a_1: x", ours, given)) > LARGEST_ALLOWED


@pytest.mark.parametrize("same", [-np.inf, "abc", [3, 4], True, 0.0])
def test_what_is_the_same_does_not_deviate(same):
    assert deviation(Compared("a_1: x", same, same)) == 0


def test_a_files_name_may_say_more():
    assert detectors_of("NPR") == detectors_of("NPR-seed7") == detectors_of("NPR_2") != []
    assert detectors_of("NPRX") == detectors_of("images") == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [path for path in sorted(FILES.glob("*.json")) if detectors_of(path.stem)],
    ids=lambda path: path.stem,
)
def test_every_number_of_the_official_code_is_reproduced(path):
    for check in check_parity(path):
        assert check.is_equal, f"{check}"
