"""The smoke variant of a file: the same arms and axes, on simulated images, small enough."""

import copy
from pathlib import Path

import pytest
import yaml

from grid.experiment_file.loading import load_experiment
from grid.plan.plan import prepare
from grid.refusal import Refused
from grid.smoke.smaller_training import smaller_classes, smaller_label, smaller_recipe
from grid.smoke.variant import smoke_variant
from grid.smoke.written import write_smoke_variant

RAW = {
    "schema": 1,
    "name": "mine",
    "store": "${RESULTS}/store",
    "weights_folder": "${RESULTS}/weights",
    "limit": 5000,
    "published": "npr_suites",
    "seeds": [3, 4, 5],
    "resources": {"npr": {"gpu": 0.5}},
    "equalise": "match(px=256)",
    "data": {
        "g": {
            "root": "${DATA}/g",
            "layout": "genimage",
            "families": {"ours": "gan"},
            "aliases": {"folder": "sdxl"},
        },
        "fakes": {"root": "${DATA}/f", "reals": ["photos/coco"]},
        "photos": {"root": "${DATA}/p", "layout": "photographs"},
    },
    "test": {"sets": ["g", "fakes/sdxl"], "epochs": ["selected", 40], "input": "none"},
    "arms": [
        {
            "name": "a",
            "detector": ["npr", "f3net"],
            "npr.factor": [0.25, 0.5],
            "f3net.input_px": [299],
            "train": [{"each": ["g/ours", "g/adm", "fakes/sdxl"]}],
            "recipe": ["common", {"base": "small", "epochs": 30, "keep_epochs": [20, "last"]}],
            "weights": ["none", "timm/resnet50.a1_in1k"],
        },
        {
            "name": "b",
            "detector": "npr",
            "npr.factor": 0.5,
            "train": [
                {"sets": ["g"], "total_images": 100, "steps": 9000},
                {"sets": ["g"], "total_images": 90000, "steps": 9000},
            ],
            "weights": {
                "from": "a",
                "epoch": "last",
                "where": {"train": "g/adm", "detector": "npr", "recipe": "common", "seed": 3},
            },
        },
        {"name": "given", "detector": "npr", "train": "none", "weights": "./npr.safetensors"},
    ],
    "exclude": [
        {"arm": "a", "npr.factor": 0.25},
        {"arm": "given"},
        {"f3net.input_px": 299},
        {"arm": "b", "train": "g,total=90000"},
    ],
}


@pytest.fixture
def written(tmp_path, cache, monkeypatch):
    """Return a function that writes a file and its smoke variant."""
    monkeypatch.delenv("DATA", raising=False)
    monkeypatch.delenv("RESULTS", raising=False)

    def write(raw):
        file = tmp_path / "mine.yaml"
        file.write_text(yaml.safe_dump(raw))
        return write_smoke_variant(file, folder=tmp_path / "smoke")

    return write


def test_a_users_file_becomes_one_that_plans_without_its_images(written):
    made = written(RAW)
    experiment = load_experiment(made.file)
    expansion = prepare(experiment)
    assert experiment.simulated
    assert experiment.name == "mine-smoke"
    assert experiment.published is None
    assert experiment.limit is None
    assert all(d.manifest.simulated for d in expansion.catalog.datasets.values())
    fits = list(expansion.fits.values())
    assert {fit.options.size for fit in fits} == {"tiny"}
    assert {fit.seed for fit in fits} == {3, 4}
    assert {fit.arms for fit in fits} == {("a",), ("b",)}
    sources = {s.name: s.family for s in expansion.catalog.all_sources()}
    assert sources["g/ours"] == "gan"
    assert sources["fakes/sdxl"] == "diffusion"


def test_nothing_of_the_file_itself_is_changed():
    before = copy.deepcopy(RAW)
    smoke_variant(RAW, Path("/images"), Path("/base"))
    assert before == RAW


@pytest.fixture
def variant():
    return smoke_variant(RAW, Path("/images"), Path("/base"))


def test_an_arm_keeps_its_axes_and_loses_what_takes_long(variant):
    arm = variant.raw["arms"][0]
    assert arm["npr.factor"] == [0.25, 0.5]
    assert arm["npr.size"] == arm["f3net.size"] == ["tiny"]
    assert "f3net.input_px" not in arm
    assert arm["input"] == "common(64)"
    assert arm["train"] == [{"each": ["g/adm", "g/ours"]}]  # the first is named by `where`
    assert [(r["base"], r["epochs"]) for r in arm["recipe"]] == [("common", 2), ("small", 2)]
    assert arm["recipe"][1]["keep_epochs"] == ["last"]
    assert arm["weights"] == ["none"]


def test_sizes_of_training_sets_stay_an_axis(variant):
    first, second = variant.raw["arms"][1]["train"]
    assert first["total_images"] < second["total_images"] <= 24
    assert first["steps"] == second["steps"] == 4


def test_weights_of_another_arm_stay_and_those_of_files_are_said_to_go(variant):
    [given] = variant.raw["arms"][1]["weights"]
    where = {"train": "g/adm", "detector": "npr", "recipe": "common"}
    assert given == {"from": "a", "epoch": "last", "where": where}
    assert [arm["name"] for arm in variant.raw["arms"]] == ["a", "b"]
    assert any("arm given scores given weights" in said for said in variant.left_out)
    assert any("timm/resnet50.a1_in1k" in said for said in variant.left_out)


def test_patterns_of_exclude_that_would_exclude_nothing_go(variant):
    assert variant.raw["exclude"] == [{"arm": "a", "npr.factor": 0.25}]


def test_tests_name_what_the_variant_has(variant):
    assert variant.raw["test"] == {"sets": ["g", "fakes/sdxl"], "epochs": ["selected"]}
    assert variant.raw["seeds"] == [3, 4]
    assert variant.raw["data"]["photos"]["layout"] == "photographs"
    assert variant.raw["data"]["fakes"]["reals"] == ["photos"]


def test_equal_files_make_equal_images_and_no_dataset_those_of_another(written):
    made = written(RAW)
    file = made.file.read_bytes()
    lists = {path: path.read_bytes() for path in made.file.parents[1].glob("images/*/*/*/*.png")}
    assert len(set(lists.values())) == len(lists) > 100
    again = written(RAW)
    assert again.file.read_bytes() == file
    assert {p: p.read_bytes() for p in again.file.parents[1].glob("images/*/*/*/*.png")} == lists


def test_mistakes_are_those_of_the_users_file(written):
    wrong = {**RAW, "arms": [{**RAW["arms"][0], "npr.faktor": [0.5]}]}
    with pytest.raises(Refused, match="faktor"):
        written(wrong)
    with pytest.raises(Refused, match="nothing to train"):
        written({**RAW, "arms": RAW["arms"][2:], "exclude": []})


def test_longer_lists_of_classes_stay_longer():
    assert [len(smaller_classes([str(i) for i in range(n)])) for n in (4, 10, 50, 900)] == [
        *(4, 4, 7, 30),
    ]


def test_labels_of_training_sets_are_those_of_the_variant():
    assert smaller_label("g/a,total=100,steps=9000", {100: 12}) == "g/a,total=12,steps=4"
    assert smaller_label("g/a+g/b", {}) == "g/a+g/b"


def test_a_recipe_in_steps_becomes_one_in_epochs():
    made = smaller_recipe({"base": "small", "steps": 5000, "micro_batch": 32, "freeze": ["trunk"]})
    assert "steps" not in made
    assert "micro_batch" not in made
    assert (made["epochs"], made["freeze"]) == (2, ["trunk"])
