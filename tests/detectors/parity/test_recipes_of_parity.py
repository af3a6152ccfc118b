"""What a parity file states: its images, its weights, and the refusal of what is not known."""

import hashlib
import json
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from repository import FIXTURES

from detectors.parity.file import ParityFile, compared_map
from detectors.parity.image_recipe import recipe_images
from detectors.parity.stated_recipe import NotUnderstood, seed_of_key
from detectors.parity.weight_recipe import recipe_weights

FILES = FIXTURES / "parity"


def parity_file(name: str, **changed: Any) -> ParityFile:
    file = ParityFile.read(FILES / f"{name}.json")
    return ParityFile(name, {**file.content, **changed})


def zeros(shapes: dict[str, list[int]]) -> dict[str, torch.Tensor]:
    whole = {"num_batches_tracked": torch.int64}
    return {
        key: torch.zeros(shape, dtype=whole.get(key.rpartition(".")[2], torch.float32))
        for key, shape in shapes.items()
    }


def sum_abs(state: dict[str, torch.Tensor]) -> float:
    return sum(float(value.double().abs().sum()) for value in state.values() if value.ndim)


def test_the_images_are_those_whose_checksums_are_given() -> None:
    file = parity_file("images")
    found = {
        name: hashlib.sha256(image_HWC.tobytes()).hexdigest()
        for name, image_HWC in file.images.items()
    }
    assert found == {name: given["sha256"] for name, given in file.content["images"].items()}
    assert len(found) == 16


@pytest.mark.parametrize(("name", "weights"), [("NPR", "weights"), ("GramNet", "weights_official")])
def test_the_weights_add_up_to_the_given_sum(name: str, weights: str) -> None:
    file = parity_file(name)
    state = file.official_weights(zeros(file.content["state_dict_shapes"]))
    assert sum_abs(state) == pytest.approx(file.content[weights]["sum_abs"], rel=1e-12)


def test_layer_norms_are_found_and_kept_tensors_stay() -> None:
    recipe = parity_file("NPR").content["weight_recipe"]
    state = {
        "norm.weight": torch.zeros(64),
        "norm.bias": torch.zeros(64),
        "prelu.weight": torch.zeros(64),
        "mask.table": torch.full((2, 2), 3.0),
        "mask.steps": torch.tensor(7),
    }
    filled = recipe_weights(recipe, state, kept=["mask"])
    assert 0.4 <= float(filled["norm.weight"].min()) < float(filled["norm.weight"].max()) <= 0.9
    assert float(filled["prelu.weight"].min()) < 0 < float(filled["prelu.weight"].max())
    assert torch.equal(filled["mask.table"], state["mask.table"])
    assert filled["mask.steps"] == 7


def test_other_seeds_and_numbers_of_a_recipe_are_followed() -> None:
    recipe = parity_file("NPR").content["image_recipe"]
    changed = (
        recipe.replace("RandomState(0)", "RandomState(5)")
        .replace("[(224,224),(256,256),(300,225),(513,511)]", "[(20,31)]")
        .replace("all 16", "all 4")
        .replace("b=8 if j==2 else 5", "b=4 if j==3 else 7")
    )
    images = recipe_images(changed)
    random = np.random.RandomState(5)
    noise = random.randint(0, 256, size=(20, 31, 3), dtype=np.uint8)
    assert list(images) == ["20x31_0", "20x31_1", "20x31_2", "20x31_3"]
    assert np.array_equal(images["20x31_0"], noise)
    blocks7, blocks4 = images["20x31_2"], images["20x31_3"]
    assert np.array_equal(blocks7[:7, :7], np.broadcast_to(blocks7[0, 0], (7, 7, 3)))
    assert not np.array_equal(blocks7[6], blocks7[7])
    assert not np.array_equal(blocks4[3], blocks4[4])

    weights = parity_file("NPR").content["weight_recipe"]
    salted = weights.replace("zlib.crc32(k.encode())", "(zlib.crc32(k.encode())+11)")
    first = recipe_weights(salted.replace("0.4,0.9", "2,3"), zeros({"a.weight": [2, 2]}))
    seed = (zlib.crc32(b"a.weight") + 11) & 0x7FFFFFFF
    expected = np.random.RandomState(seed).standard_normal((2, 2)) * np.sqrt(2 / 2)
    assert np.array_equal(first["a.weight"].numpy(), expected.astype(np.float32))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("if j<2:", "if j>2:"),
        ("RGB, HWC", "BGR, HWC"),
        ("repeat each cell", "mirror each cell"),
        ("all 16", "all 12"),
        ("rs.randint(0,256,size=(h,w,3)", "rs.randint(0,128,size=(h,w,3)"),
    ],
)
def test_an_image_recipe_that_says_something_else_is_refused(old: str, new: str) -> None:
    recipe = parity_file("NPR").content["image_recipe"]
    assert old in recipe
    with pytest.raises(NotUnderstood, match="image_recipe"):
        recipe_images(recipe.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("prod(shape[1:])", "prod(shape)"),
        ("cast to float32", "cast to float64"),
        ("running_var -> rs.uniform", "running_var -> rs.normal"),
        ("zlib.crc32(k.encode())", "hash(k)"),
        ("&0x7fffffff", "-5000000000"),
    ],
)
def test_a_weight_recipe_that_says_something_else_is_refused(old: str, new: str) -> None:
    recipe = parity_file("NPR").content["weight_recipe"]
    assert old in recipe
    with pytest.raises(NotUnderstood):
        recipe_weights(recipe.replace(old, new), zeros({"a.weight": [2, 2]}))


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("zlib.crc32(k.encode())&0x7fffffff", zlib.crc32(b"fc.bias") & 0x7FFFFFFF),
        ("zlib.crc32(('x'+k).encode()) ^ 3", zlib.crc32(b"xfc.bias") ^ 3),
        ("zlib.crc32(k.encode(), 9)", zlib.crc32(b"fc.bias", 9)),
        ("7", 7),
    ],
)
def test_seeds_of_keys(expression: str, value: int) -> None:
    assert seed_of_key(expression, "fc.bias") == value


@pytest.mark.parametrize("expression", ["__import__('os').getpid()", "k", "k.upper()", "1 +", "-1"])
def test_what_seeds_nothing_is_refused(expression: str) -> None:
    with pytest.raises(NotUnderstood):
        seed_of_key(expression, "fc.bias")


def test_numbers_in_words_are_read_or_refused() -> None:
    file = parity_file("SSP")
    assert file.stated_numbers(r"torch\.manual_seed\((\d+)\)") == (0,)
    with pytest.raises(NotUnderstood, match="states nothing like"):
        file.stated_numbers(r"numpy seed (\d+)")


def test_a_file_without_recipes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text(json.dumps({"about": "something else"}))
    with pytest.raises(NotUnderstood, match="states no image_recipe and no weight_recipe"):
        ParityFile.read(tmp_path / "other.json")
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(NotUnderstood, match=re.escape("it is not JSON")):
        ParityFile.read(tmp_path / "broken.json")


def test_a_map_is_held_against_its_whole_summary() -> None:
    map_ = torch.linspace(-1, 1, 24).view(1, 4, 6)
    given = {"shape": [1, 4, 6], "mean": 0.0, "std": 0.5, "first8": [0.0] * 8}
    compared = {each.what: each for each in compared_map("a: map", map_, given)}
    assert list(compared) == ["a: map, shape", "a: map, mean", "a: map, std", "a: map, first8"]
    assert compared["a: map, mean"].scale == 0.5
    assert np.asarray(compared["a: map, first8"].ours).shape == (8,)
