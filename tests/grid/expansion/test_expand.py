"""Mistakes in an experiment file that would quietly run less, or something else, are refused."""

import pytest
import yaml

from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import prepare
from grid.refusal import Refused


@pytest.fixture
def expanded(finished_run, cache):
    """Return a function: the shared experiment with changes, expanded; or what is refused of it."""

    def of(*, only=(), arms=(), arm=None, **more):
        raw = {**yaml.safe_load(finished_run.file.read_text()), **more}
        [first] = raw["arms"]
        raw["arms"] = [{**first, **(arm or {})}, *({**first, **other} for other in arms)]
        for each in raw["arms"]:  # options of another detector are a mistake of their own
            if each["detector"] != first["detector"]:
                del each["simple_cnn.size"]
        try:
            return prepare(
                parse_experiment(raw, base=finished_run.folder), only=only, cache_dir=cache
            )
        except Refused as error:
            return [(problem.what, problem.why) for problem in error.problems]

    return of


SMALL = {"base": "small", "batch_size": 8}
ONLY_BEST = {"selection": "validation_loss", "keep_epochs": ["selected"]}


@pytest.mark.parametrize(
    ("recipe", "epochs", "kept"),
    [
        ({**SMALL, "epochs": 3}, [3], True),
        ({**SMALL, "epochs": 3, "keep_epochs": [2, "selected"]}, [2], True),
        ({**SMALL, **ONLY_BEST, "epochs": 3}, [3], False),
        ({**SMALL, "epochs": 3}, [2], False),
        ({**SMALL, "epochs": 3, "selection": "validation_loss", "patience": 1}, [3], False),
        ({**SMALL, **ONLY_BEST, "epochs": 3}, ["last"], False),
    ],
)
def test_an_epoch_that_may_not_be_kept_cannot_be_asked_for(expanded, recipe, epochs, kept):
    found = expanded(arm={"recipe": recipe}, test={"sets": ["g"], "epochs": epochs})
    if kept:
        assert len(found.fits) == 2
    else:
        assert f"test.epochs: {epochs[0]}" in [what for what, _ in found]


def test_a_childs_weights_come_from_its_own_detector(expanded):
    child = {"name": "b", "detector": "resnet50", "weights": {"from": "a"}}
    found = dict(expanded(arms=[child]))
    assert "is no resnet50" in found["arms.b.weights: {from: a}"]


def test_a_childs_weights_are_of_an_epoch_that_is_kept(expanded):
    found = dict(
        expanded(
            arm={"recipe": {**SMALL, **ONLY_BEST}},
            arms=[{"name": "b", "weights": {"from": "a", "epoch": "last"}, "recipe": "small"}],
            test={"sets": ["g"]},
        )
    )
    assert "keeps the weights of selected only" in found["arms.b.weights.epoch: last"]


def test_a_fit_of_two_arms_is_found_by_the_name_of_either(expanded):
    twin = {"name": "twin", "train": {"sets": ["g/g1"]}}
    both = expanded(arms=[twin])
    assert [fit.arms for fit in both.fits.values()] == [("a", "twin"), ("a",)]
    for key, value in (("arm", "a"), ("arm", "twin"), ("train", "g/g1")):
        kept = expanded(arms=[twin], only=[(key, value)])
        assert next(iter(both.fits)) in kept.fits, (key, value)
    assert len(expanded(arms=[twin], only=[("arm", "twin")]).fits) == 1


def test_what_is_excluded_may_be_written_in_another_way(expanded):
    arm = {"augment": ["none", "hflip(p=0.25)"]}
    assert len(expanded(arm=arm).fits) == 4
    assert len(expanded(arm=arm, exclude=[{"augment": "hflip(p=.25)"}]).fits) == 2


@pytest.mark.parametrize(
    ("changes", "what", "why"),
    [
        ({"exclude": [{"seed": 7}]}, "exclude: {'seed': 7}", "no fit has these values"),
        ({"exclude": [{"sed": 0}]}, "exclude: sed", "no fit has such a value"),
        ({"resources": {"simple_cn": {"gpu": 0.5}}}, "resources.simple_cn", "no arm has"),
        (
            {"contrasts": [{"compare": {"npr.factor": [0.25, 0.5]}}]},
            "contrasts: npr.factor",
            "no fit has such a value",
        ),
        ({"arm": {"recipe": []}}, "arms.a.recipe", "an empty list would leave nothing"),
        (
            {"arm": {"simple_cnn.size": []}},
            "arms.a",
            "simple_cnn.size: an empty list would leave nothing",
        ),
        ({"arm": {"seeds": [-1]}}, "arms.a.seeds", "seeds are whole numbers from 0 to"),
        ({"arm": {"seeds": []}}, "arms.a.seeds", "is empty"),
    ],
)
def test_what_would_change_nothing_is_refused(expanded, changes, what, why):
    found = expanded(**changes)
    assert [reason for name, reason in found if name == what and why in reason], found


def test_a_key_whose_every_fit_is_excluded_is_no_mistake(expanded):
    other = {"name": "b", "detector": "resnet50", "resnet50.size": "tiny"}
    kept = expanded(arms=[other], exclude=[{"resnet50.size": "tiny"}])
    assert {fit.card.name for fit in kept.fits.values()} == {"simple_cnn"}


def test_each_of_a_list_is_one_fit_per_generator_of_each(expanded):
    both = expanded(arm={"train": {"each": ["g/g2", "g/g1", "g"]}})
    assert [fit.training.label for fit in both.fits.values()] == ["g/g2", "g/g1"]


def test_a_mistake_inside_a_list_is_not_called_a_short_list_too(expanded):
    found = expanded(arm={"train": "g/g1"})
    assert found == [("arms.a.train = g/g1", "must be a mapping of keys to values")]
    assert expanded(seeds=3) == [("seeds = 3", "must be a list")]


def test_a_misspelt_detector_is_named_once(expanded):
    found = expanded(arm={"detector": "simple_cn"})
    assert len({what for what, _ in found}) == 1
    assert not [what for what, _ in found if "simple_cnn.size" in what]
