"""The experiment file: what it may say, and that every mistake is named at once."""

from pathlib import Path

import pytest

from grid.experiment_file.loading import load_experiment, parse_experiment
from grid.refusal import Refused

MINIMAL = {
    "schema": 1,
    "name": "e",
    "data": {"g": {"root": "images"}},
    "test": {"sets": ["g"]},
    "arms": [{"name": "a", "detector": "npr", "train": {"each": "g"}}],
}


def with_(**changes):
    return {**MINIMAL, **changes}


def refusal(raw) -> list[str]:
    with pytest.raises(Refused) as refused:
        parse_experiment(raw, base=Path("/base"))
    return [str(p) for p in refused.value.problems]


def test_a_minimal_file_is_valid_and_roots_are_absolute():
    experiment = parse_experiment(MINIMAL, base=Path("/base"))
    assert experiment.data["g"].root == Path("/base/images")
    assert experiment.seeds == (0,)
    assert experiment.leakage == "exclude"


def test_lists_in_an_arm_are_axes_and_options_belong_to_their_detector():
    arm = {
        "name": "a",
        "detector": ["npr", "simple_cnn"],
        "npr.factor": [0.25, 0.5],
        "simple_cnn.size": "tiny",
        "train": [{"each": "g"}, {"all": True}],
        "augment": ["none", "blur_jpeg(p=0.5)"],
    }
    parsed = parse_experiment(with_(arms=[arm]), base=Path("/")).arms[0]
    assert parsed.options == {"npr": {"factor": (0.25, 0.5)}, "simple_cnn": {"size": ("tiny",)}}
    assert len(parsed.train) == 2
    assert parsed.augment == ("none", "blur_jpeg(p=0.5)")


def test_every_mistake_is_named_in_one_reading():
    raw = with_(
        tset={},
        seeds=[-1],
        leakage="exlude",
        arms=[{"name": "a", "detecter": "npr", "train": {"eahc": "g"}}],
    )
    found = "\n".join(refusal(raw))
    assert "Did you mean test?" in found
    assert "Did you mean detector?" in found
    assert "Did you mean each?" in found
    assert "seeds" in found
    assert "leakage" in found


@pytest.mark.parametrize(
    ("train", "words"),
    [
        ({}, "none of them given"),
        ({"each": "g", "all": True}, "each and all given"),
        ({"each": "g", "fraction": 0}, "fraction"),
        ({"each": "g", "total_images": 1}, "total_images"),
    ],
)
def test_train_is_said_in_exactly_one_way_and_in_range(train, words):
    assert words in "\n".join(refusal(with_(arms=[{**MINIMAL["arms"][0], "train": train}])))


def test_train_none_needs_given_weights():
    arm = {"name": "a", "detector": "npr", "train": "none"}
    assert "no weights file" in "\n".join(refusal(with_(arms=[arm])))
    parsed = parse_experiment(with_(arms=[{**arm, "weights": "w.safetensors"}]), base=Path("/b"))
    assert parsed.arms[0].train == (None,)
    assert parsed.arms[0].weights[0].path == Path("/b/w.safetensors")


def test_an_unset_variable_is_refused_and_a_set_one_replaced(monkeypatch):
    monkeypatch.delenv("CROSSGEN_NOWHERE", raising=False)
    found = refusal(with_(data={"g": {"root": "${CROSSGEN_NOWHERE}/x"}}))
    assert "CROSSGEN_NOWHERE" in found[0]
    monkeypatch.setenv("CROSSGEN_NOWHERE", "/there")
    experiment = parse_experiment(
        with_(data={"g": {"root": "${CROSSGEN_NOWHERE}/x"}}), base=Path("/")
    )
    assert experiment.data["g"].root == Path("/there/x")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("schema: 1\nschema: 1\n", "given twice"),
        ("a: &x 1\nb: *x\n", "anchors and aliases"),
        ("- 1\n", "not a mapping"),
        ("a: [1\n", "is not closed"),
        ("a: !!python/object/apply:os.getcwd []\n", "tags .* are not used"),
    ],
)
def test_odd_yaml_is_refused(tmp_path, text, words):
    file = tmp_path / "e.yaml"
    file.write_text(text)
    with pytest.raises(Refused, match=words):
        load_experiment(file)


def test_set_changes_values_by_dotted_path(tmp_path):
    file = tmp_path / "e.yaml"
    file.write_text(
        "schema: 1\nname: e\ndata: {g: {root: x}}\ntest: {sets: [g]}\n"
        "arms: [{name: a, detector: npr, npr.factor: 0.5, train: {each: g}}]\n"
    )
    changed = load_experiment(
        file,
        {
            "seeds": [3],
            "arms.a.recipe": "small",
            "arms.0.npr.factor": [0.25],
            "test.epochs": ["last"],
        },
    )
    assert changed.seeds == (3,)
    assert changed.arms[0].recipe == ("small",)
    assert changed.arms[0].options == {"npr": {"factor": (0.25,)}}
    assert changed.test.epochs == ("last",)
    with pytest.raises(Refused, match="no entry"):
        load_experiment(file, {"arms.7.recipe": "small"})


def test_a_preset_of_degradations_stands_for_its_list():
    six = ("resize(112)", "resize(64)", "jpeg(65)", "jpeg(30)", "blur(3)", "blur(5)")
    for given, expected in (
        ("genimage6", six),
        (["none", "genimage6", "jpeg(65)"], ("none", *six)),
    ):
        raw = with_(test={"sets": ["g"], "degradations": given})
        assert parse_experiment(raw, base=Path("/")).test.degradations == expected


CONTRAST = {"compare": {"npr.factor": [0.25, 0.5]}}


def test_a_contrast_is_recorded_as_by_earlier_versions_unless_more_is_said():
    [plain] = parse_experiment(with_(contrasts=[CONTRAST]), base=Path("/base")).contrasts
    assert plain.as_recorded() == {
        "compare": {"npr.factor": [0.25, 0.5]},
        "by": None,
        "where": {},
        "claim": "this procedure on new generators",
    }
    more = {"margin": 0.01, "ordered": True, "metric": "accuracy", "on": "all", "correction": "bh"}
    [said] = parse_experiment(with_(contrasts=[CONTRAST | more]), base=Path("/base")).contrasts
    assert said.as_recorded() == plain.as_recorded() | more


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"claim": "npr is better"}, "this procedure on new generators"),
        ({"margin": 0}, "must be more than 0"),
        ({"on": "everything"}, "unseen"),
        ({"compare": {"npr.factor": [0.25]}}, "compared with nothing"),
        ({"compare": {"npr.factor": [0.25, 0.5], "augment": ["a", "b"]}}, "a contrast for each"),
    ],
)
def test_a_contrast_that_means_nothing_is_refused(changes, why):
    [problem] = refusal(with_(contrasts=[CONTRAST | changes]))
    assert "contrasts" in problem
    assert why in problem
