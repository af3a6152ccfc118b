"""Each way to say what a fit learns from: which images it stands for, its identity, refusals."""

import shutil
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import prepare
from grid.plan.record_experiment import experiment_record
from grid.refusal import Refused

CLASSES = ("n01440764", "n01443537", "n01484850", "n01491361")


@pytest.fixture
def write(tmp_path):
    """Return a function that writes generators' folders; image i of a folder is of class i % 4."""

    def write(name, counts, *, labels=("nature", "ai"), classes=CLASSES):
        for generator, splits in counts.items():
            for split, count in splits.items():
                for label in labels:
                    place = tmp_path / name / generator / split / label
                    place.mkdir(parents=True)
                    seed = [*f"{name}/{generator}/{split}/{label}".encode()]
                    rng = np.random.default_rng(seed)
                    for i in range(count):
                        stem = f"{classes[i % len(classes)]}_{i}" if classes else f"{i}"
                        pixels = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
                        Image.fromarray(pixels).save(place / f"{stem}.png")
        return tmp_path / name

    return write


@pytest.fixture
def four(write):
    """Two near copies, another diffusion model, a GAN: 20 training images of each label."""
    split = {"train": 20, "val": 4}
    return write("g", dict.fromkeys(("sd14", "sd15", "glide", "biggan"), split))


@pytest.fixture
def expansion_of(tmp_path, cache):
    def expansion(train, *, data=None, test=None, recipe="small", **more):
        raw = {
            "schema": 1,
            "name": "e",
            "data": data or {"g": {"root": "g"}},
            "test": test or {"sets": ["g"]},
            "equalise": "none",
            "arms": [
                {
                    "name": "a",
                    "detector": "simple_cnn",
                    "simple_cnn.size": "tiny",
                    "train": train,
                    "input": {"train": "none", "test": "none"},
                    "recipe": recipe,
                }
            ],
            **more,
        }
        return prepare(parse_experiment(raw, base=tmp_path))

    return expansion


def generators(expansion):
    """What each fit trains on, by label, as its record says."""
    fits = experiment_record(expansion)["fits"]
    return {fit["train"]["label"]: set(fit["train"]["generators"]) for fit in fits}


def sources(fit):
    """How many training and validation images come from each pool's source."""
    pools = [*fit.training.pools, *fit.training.validation_pools]
    rows = (fit.selection.train, fit.selection.validation)
    return [Counter(pools[index].source for index in part.pools) for part in rows]


def only(expansion):
    [fit] = expansion.fits.values()
    return fit


def refusal(expansion_of, *arguments, **more):
    with pytest.raises(Refused) as refused:
        expansion_of(*arguments, **more)
    return str(refused.value)


def test_each_generator_is_a_fit_with_its_own_reals(four, expansion_of):
    expansion = expansion_of({"each": "g"})
    names = ("sd14", "sd15", "glide", "biggan")
    assert generators(expansion) == {f"g/{name}": {name} for name in names}
    for fit in expansion.fits.values():
        name = fit.training.sources[0].generator
        train, validation = sources(fit)
        assert set(train) == set(validation) == {name, f"{name}/nature"}
        assert train + validation == {name: 20, f"{name}/nature": 20}
        # A tenth of each class of five images, at least one.
        assert set(validation.values()) == {4}


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        (
            "generator",
            {
                "all-but-sd14": {"sd15", "glide", "biggan"},
                "all-but-sd15": {"sd14", "glide", "biggan"},
                "all-but-glide": {"sd14", "sd15", "biggan"},
                "all-but-biggan": {"sd14", "sd15", "glide"},
            },
        ),
        (
            "group",
            {
                "all-but-group-sd1": {"glide", "biggan"},
                "all-but-group-glide": {"sd14", "sd15", "biggan"},
                "all-but-group-biggan": {"sd14", "sd15", "glide"},
            },
        ),
        (
            "family",
            {
                "all-but-family-diffusion": {"biggan"},
                "all-but-family-gan": {"sd14", "sd15", "glide"},
            },
        ),
    ],
)
def test_leaving_one_out_leaves_its_reals_out_as_well(four, expansion_of, level, expected):
    expansion = expansion_of({"leave_one_out": level})
    assert generators(expansion) == expected
    for fit in expansion.fits.values():
        names = expected[fit.training.label]
        train, validation = sources(fit)
        assert set(train + validation) == {*names, *(f"{name}/nature" for name in names)}


def test_leaving_one_out_of_some_sets(four, write, expansion_of):
    write("other", {"sd14": {"train": 8, "val": 2}, "dcgan": {"train": 8, "val": 2}})
    data = {"g": {"root": "g"}, "o": {"root": "other"}}
    train = {"leave_one_out": "generator", "sets": ["o", "g/biggan"]}
    expansion = expansion_of(train, data=data)
    assert generators(expansion) == {
        "o+g/biggan-but-sd14": {"dcgan", "biggan"},
        "o+g/biggan-but-dcgan": {"sd14", "biggan"},
        "o+g/biggan-but-biggan": {"sd14", "dcgan"},
    }
    # The same generator in another dataset is left out with it.
    both = expansion_of({"leave_one_out": "generator"}, data=data)
    assert len(both.fits) == 5
    left = next(f for f in both.fits.values() if f.training.label == "all-but-sd14")
    assert "sd14" not in {source.generator for source in left.training.sources}


def test_unions_and_all(four, write, expansion_of):
    write("other", {"dcgan": {"train": 8, "val": 2}})
    data = {"g": {"root": "g"}, "o": {"root": "other"}}
    union = only(expansion_of({"sets": ["o", "g/glide"]}, data=data))
    train, validation = sources(union)
    assert train + validation == {"dcgan": 8, "dcgan/nature": 8, "glide": 20, "glide/nature": 20}
    turned = only(expansion_of({"sets": ["g/glide", "o/dcgan", "o"]}, data=data))
    assert turned.fit_id == union.fit_id
    everything = only(expansion_of({"all": True}, data=data))
    assert everything.training.label == "all"
    assert only(expansion_of({"sets": ["g", "o"]}, data=data)).fit_id == everything.fit_id
    assert everything.fit_id != union.fit_id


def test_fractions_nest_and_keep_the_balance(four, expansion_of):
    seen = []
    for fraction in (0.2, 0.5, 1.0):
        fit = only(expansion_of({"sets": ["g/sd14", "g/glide"], "fraction": fraction}))
        train, validation = sources(fit)
        assert set((train + validation).values()) == {20 * fraction}
        seen.append({*fit.selection.train.image_ids, *fit.selection.validation.image_ids})
    assert seen[0] < seen[1] < seen[2]
    label = only(expansion_of({"sets": ["g/sd14"], "fraction": 0.5})).training.label
    assert label == "g/sd14,fraction=0.5"


def test_total_images_is_half_real_half_fake_and_even_over_sources(four, expansion_of):
    fit = only(expansion_of({"all": True, "total_images": 40}))
    train, validation = sources(fit)
    assert set((train + validation).values()) == {5}
    assert len(fit.selection.train) + len(fit.selection.validation) == 40
    assert fit.training.label == "all,total=40"


def test_a_budget_that_takes_everything_is_the_same_fit(four, expansion_of):
    whole = only(expansion_of({"sets": ["g/sd14"]}))
    for budget in ({"total_images": 40}, {"fraction": 1.0}, {"classes": list(CLASSES)}):
        assert only(expansion_of({"sets": ["g/sd14"], **budget})).fit_id == whole.fit_id
    fewer = only(expansion_of({"sets": ["g/sd14"], "total_images": 38}))
    assert fewer.fit_id != whole.fit_id


def test_steps_are_a_budget_for_any_recipe(four, expansion_of):
    train = [{"sets": ["g/sd14"], "steps": 30}, {"sets": ["g/sd14"]}]
    expansion = expansion_of(train, recipe=["small", "common"])
    budgets = {
        (f.recipe_name, f.recipe.steps, f.recipe.epochs, f.training.label)
        for f in expansion.fits.values()
    }
    assert budgets == {
        ("small", 30, None, "g/sd14,steps=30"),
        ("common", 30, None, "g/sd14,steps=30"),
        ("small", None, 8, "g/sd14"),
        ("common", None, 10, "g/sd14"),
    }
    assert len(expansion.fits) == 4
    stated = only(expansion_of({"sets": ["g/sd14"]}, recipe={"base": "small", "steps": 30}))
    assert stated.fit_id in expansion.fits, "the budget is the recipe's, wherever it is said"


def test_classes_restrict_both_labels(four, expansion_of):
    two = list(CLASSES[:2])
    fit = only(expansion_of({"sets": ["g/sd14"], "classes": two}))
    assert len(fit.selection.train) + len(fit.selection.validation) == 20
    record = experiment_record(expansion_of({"sets": ["g/sd14"], "classes": two}))
    assert record["fits"][0]["train"]["classes"] == two
    of_data = expansion_of(
        {"sets": ["d/sd14"]}, data={"d": {"root": "g", "classes": two}}, test={"sets": ["d"]}
    )
    assert only(of_data).fit_id == fit.fit_id
    assert {test_set.classes for test_set in of_data.test_sets} == {tuple(two)}
    said = refusal(expansion_of, {"sets": ["g/sd14"], "classes": ["n01440765"]})
    assert "no training image has it" in said
    assert "Did you mean n01440764 or" in said


def test_datasets_that_restrict_differently_have_to_be_asked_for_one_restriction(
    four, write, expansion_of
):
    write("other", {"dcgan": {"train": 8, "val": 4}})
    data = {"g": {"root": "g", "classes": [CLASSES[0]]}, "o": {"root": "other"}}
    said = refusal(expansion_of, {"all": True}, data=data)
    assert "g: n01440764; o: every class" in said
    fit = only(expansion_of({"all": True, "classes": list(CLASSES[:2])}, data=data))
    train, validation = sources(fit)
    assert (train + validation)["dcgan"] == 4


def test_what_is_tested_and_what_things_are_called_decide_nothing(four, expansion_of, tmp_path):
    train = {"sets": ["g/sd14", "g/biggan"], "total_images": 30}
    fit = only(expansion_of(train))
    assert only(expansion_of(train, test={"sets": ["g/glide"]})).fit_id == fit.fit_id
    shutil.copytree(four, tmp_path / "elsewhere")
    shutil.rmtree(tmp_path / "elsewhere" / "glide")
    renamed = {"sets": ["x/sd14", "x/biggan"], "total_images": 30}
    data = {"x": {"root": "elsewhere"}, "g": {"root": "g"}}
    assert only(expansion_of(renamed, data=data)).fit_id == fit.fit_id
    # A test image more or less changes no training set.
    next((tmp_path / "g" / "sd14" / "val" / "ai").iterdir()).unlink()
    assert only(expansion_of(train)).fit_id == fit.fit_id


def test_a_declared_validation_split_is_used(write, expansion_of):
    write("g", {"sd14": {"train": 20, "val": 8, "test": 4}})
    fit = only(expansion_of({"each": "g"}))
    train, validation = sources(fit)
    assert train == {"sd14": 20, "sd14/nature": 20}
    assert validation == {"sd14": 8, "sd14/nature": 8}
    assert not fit.selection.carved
    halves = only(expansion_of({"each": "g", "fraction": 0.5}))
    assert sources(halves) == [{"sd14": 10, "sd14/nature": 10}, validation]
    two = only(expansion_of({"each": "g", "classes": list(CLASSES[:2])}))
    assert sources(two)[1] == {"sd14": 4, "sd14/nature": 4}
    # Tested on `test`, never on what the epoch was selected by.
    pools = expansion_of({"each": "g"}).test_sets[0].fake_pools
    assert not set(pools) & {pool.pool_id for pool in fit.training.validation_pools}


def test_a_validation_split_of_one_label_is_refused(write, expansion_of, tmp_path):
    write("g", {"sd14": {"train": 20, "val": 8, "test": 4}})
    shutil.rmtree(tmp_path / "g" / "sd14" / "val" / "nature")
    assert "its validation split has no real images" in refusal(expansion_of, {"each": "g"})


def test_a_generator_for_testing_only_is_not_trained_on(four, write, expansion_of):
    write("g", {"dcgan": {"val": 4}})
    assert len(expansion_of({"each": "g"}).fits) == 4
    assert "dcgan" not in generators(expansion_of({"all": True}))["all"]
    assert len(expansion_of({"leave_one_out": "generator"}).fits) == 4
    assert "g/dcgan" in {test_set.name for test_set in expansion_of({"all": True}).test_sets}
    said = refusal(expansion_of, {"sets": ["g/dcgan", "g/sd14"]})
    assert "train.sets: g/dcgan: it has no fake training images" in said
    write("t", {"dcgan": {"val": 4}})
    data = {"g": {"root": "g"}, "t": {"root": "t"}}
    assert "none of its generators has training images" in refusal(
        expansion_of, {"each": "t"}, data=data
    )


def test_photographs_without_generators_are_reals_to_train_on(four, write, expansion_of):
    write("photos", {"coco": {"train": 12, "val": 4}}, labels=("nature",))
    data = {"g": {"root": "g"}, "p": {"root": "photos"}}
    with_them = only(expansion_of({"sets": ["g/sd14", "p"]}, data=data))
    train, validation = sources(with_them)
    assert train + validation == {"sd14": 20, "sd14/nature": 20, "coco/nature": 12}
    [source] = with_them.training.sources
    assert source.generator == "sd14"
    for train in ({"sets": ["g/sd14"]}, {"each": ["g/sd14"]}):
        without = only(expansion_of(train, data=data))
        assert sources(without)[0].keys() == {"sd14", "sd14/nature"}
    for train in ({"all": True}, {"leave_one_out": "group"}):
        for fit in expansion_of(train, data=data).fits.values():
            assert "coco/nature" in sources(fit)[0], "no sets named: all photographs"


def test_what_is_only_validated_on_is_not_left_out_once(write, expansion_of):
    both = {"train": 8, "val": 4, "test": 4}
    write("g", {"sd14": both, "biggan": both, "dcgan": {"val": 4, "test": 4}})
    expansion = expansion_of({"leave_one_out": "generator"})
    labels = {fit.training.label for fit in expansion.fits.values()}
    assert labels == {"all-but-sd14", "all-but-biggan"}


@pytest.mark.parametrize(
    ("train", "said"),
    [
        ({"each": "h"}, "there is no dataset 'h'. Known: g"),
        ({"sets": ["g/sd41"]}, "no generator 'sd41'. Did you mean sd15 or sd14"),
        ({"leave_one_out": "group", "sets": ["g/sd14", "g/sd15"]}, "only one group (sd1)"),
        ({"all": True, "total_images": 1000}, "wants 500 real images, but there are 80"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(four, expansion_of, train, said):
    assert said in refusal(expansion_of, train)


def test_a_family_that_is_not_known_cannot_be_left_out(four, write, expansion_of):
    write("own", {"mygan": {"train": 8, "val": 2}})
    data = {"g": {"root": "g"}, "o": {"root": "own"}}
    said = refusal(expansion_of, {"leave_one_out": "family"}, data=data)
    assert "the family of o/mygan is not known" in said
    assert len(expansion_of({"leave_one_out": "group"}, data=data).fits) == 4
    named = expansion_of({"leave_one_out": "family", "sets": ["g"]}, data=data)
    assert set(generators(named)) == {"g-but-family-diffusion", "g-but-family-gan"}
