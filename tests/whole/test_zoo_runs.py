"""Every detector of the zoo at its tiny size, through one experiment: trained and tested."""

import json

import pytest

from detectors.contract import load_card, parse_options
from detectors.zoo import zoo_names

SIDE_PX = 64


@pytest.fixture
def experiment(tmp_path, make_genimage, cache):
    make_genimage(tmp_path / "images", {"g1": 40}, train=8, test=4, size=SIDE_PX)
    arms = []
    for name in zoo_names():
        tiny = {"size": "tiny"} if "size" in load_card(name).options.model_fields else {}
        side = parse_options(load_card(name), tiny).fixed_input_px() or SIDE_PX
        resize = f"resize({side},{side})"
        recipe = {"base": "small", "epochs": 1, "batch_size": 8}
        arms.append(
            {
                "name": name.replace("_", "-"),
                "detector": name,
                **{f"{name}.{key}": value for key, value in tiny.items()},
                "train": {"each": "g"},
                "input": {"train": resize, "test": resize},
                "recipe": recipe,
            }
        )
    file = tmp_path / "zoo.yaml"
    raw = {
        "schema": 1,
        "name": "zoo",
        "data": {"g": {"root": "images"}},
        "equalise": "none",
        "test": {"sets": ["g"]},
        "arms": arms,
    }
    file.write_text(json.dumps(raw))
    return file


def test_every_detector_trains_and_tests(experiment, tmp_path, crossgen):
    store = tmp_path / "store"
    code, out, err = crossgen("run", experiment, "--store", store, "--no-ray")
    assert code == 0, out + err
    sql = "SELECT detector, auc IS NOT NULL AS measured FROM cells"
    code, out, err = crossgen("query", sql, "--store", store, "--csv")
    assert code == 0, err
    assert sorted(out.replace('"', "").split()[1:]) == [f"{name},true" for name in zoo_names()]
