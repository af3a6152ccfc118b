"""Mistakes in an experiment file: each is answered in the file's words with the line to write."""

import pytest
from pydantic import BaseModel

from grid.experiment_file import schema
from grid.experiment_file.example_lines import LINES, as_yaml
from grid.experiment_file.loading import load_experiment
from grid.refusal import Refused

HEAD = "schema: 1\nname: e\ndata: {g: {root: images}}\n"
TEST = "test: {sets: [g]}\n"
ARMS = "arms: [{name: a, detector: npr, train: {each: g}}]\n"


def arm(line):
    return (
        HEAD + TEST + f"arms:\n  - name: a\n    detector: npr\n    train: {{each: g}}\n    {line}\n"
    )


def refusal_of(tmp_path, text):
    file = tmp_path / "e.yaml"
    file.write_text(text)
    with pytest.raises(Refused) as refused:
        load_experiment(file)
    return refused.value.problems


SHAPE = [
    # A plain value where a mapping is meant.
    (
        HEAD + TEST + "arms: [{name: a, detector: npr, train: g/cgan}]",
        "arms.a.train = g/cgan: must be a mapping of keys to values. Write `train: {each: "
        "[g/cgan]}` for one fit per generator, `train: {sets: [g/cgan]}` for one fit on all of it.",
    ),
    (
        HEAD + TEST + "arms: [{name: a, detector: npr, train: [g/cgan, g/x]}]",
        "`train: {each: [g/cgan, g/x]}`",
    ),
    (f"schema: 1\nname: e\ndata: {{g: /a b}}\n{TEST}{ARMS}", 'Write `g: {root: "/a b"}`.'),
    (f"schema: 1\nname: e\ndata: /p\n{TEST}{ARMS}", "Write `data: {photos: {root: /p}}`."),
    (HEAD + "test: g\n" + ARMS, "Write `test: {sets: [g]}`."),
    (HEAD + "test: [g]\n" + ARMS, "Write `test: {sets: [g]}`."),
    (HEAD + TEST + ARMS + "resources: {npr: 0.5}", "Write `npr: {gpu: 0.5}`, or with `cpu:`."),
    (
        arm("recipe: 5"),
        "Write for instance `recipe: small`, or `recipe: {base: small, epochs: 12}`",
    ),
    (HEAD + TEST + "arms: [npr]", "`arms: [{name: single, detector: npr, train: {each: g}}]`"),
    # A single value where a list is meant.
    (
        HEAD + 'test: {sets: [g], degradations: "jpeg(75)"}\n' + ARMS,
        'test.degradations = "jpeg(75)": must be a list. Write `degradations: ["jpeg(75)"]`.',
    ),
    (HEAD + "test: {sets: g}\n" + ARMS, "Write `sets: [g]`."),
    (HEAD + "test: {sets: [g], classes: car}\n" + ARMS, "Write `classes: [car]`."),
    (
        HEAD + TEST + ARMS + "seeds: 3",
        "Write `seeds: [3]` for this seed, `seeds: [0, 1, 2]` for 3 seeds.",
    ),
    (HEAD + TEST + ARMS + "exclude: {seed: 1}", "Write `exclude: [{seed: 1}]`."),
    (HEAD + TEST + "arms: {name: a}", "Begin each arm with a dash: `- name: single`"),
    # Keys that are missing.
    ("name: e\ndata: {g: {root: x}}\n" + TEST + ARMS, "schema: is missing. Add `schema: 1`."),
    (HEAD + ARMS, "test: is missing. Add `test: {sets: [g]}`."),
    (HEAD + TEST, "Add `arms: [{name: single, detector: npr, train: {each: g}}]`."),
    (f"schema: 1\nname: e\n{TEST}{ARMS}", "Add `data: {photos: {root: /path/to/images}}`."),
    (HEAD + TEST + "arms: [{name: a, detector: npr}]", "arms.a.train: is missing. Add `train: {"),
    (HEAD + TEST + "arms: [{name: a, train: {each: g}}]", "Add `detector: npr`."),
    # Nothing, where something must be.
    (
        HEAD + "test: {sets: []}\n" + ARMS,
        "so nothing would be tested. Write for instance `sets: [g]",
    ),
    (
        HEAD + "test: {sets: [g], degradations: []}\n" + ARMS,
        "Write for instance `degradations: [no",
    ),
    (HEAD + "test: {sets: [g], epochs: []}\n" + ARMS, "`epochs: [selected, last]`"),
    (HEAD + TEST + ARMS + "seeds: []", "`seeds: [0, 1, 2]`"),
    (HEAD + TEST + ARMS + "seeds:", "seeds: has no value. Write for instance `seeds: [0, 1, 2]`."),
    (arm("augment: []"), "arms.a.augment: an empty list would leave nothing"),
    (arm("npr.factor: []"), "npr.factor: an empty list would leave nothing"),
    (HEAD + TEST + "arms: [{name: a, detector: npr, train: []}]", "arms.a.train: an empty list"),
    # Words that YAML 1.1 takes for truth values.
    (HEAD + "test: {sets: [no]}\n" + ARMS, "YAML reads no, off and false as false"),
    (HEAD + "test: {sets: [no]}\n" + ARMS, 'Write a name in quotes, such as "no" or "off".'),
    (HEAD + TEST + ARMS + "question: yes", 'in quotes, such as "yes" or "on".'),
    (HEAD + "test: {sets: [g], on: 1}\n" + ARMS, 'the key `on` as true. Write `"on":`, in quotes.'),
    (
        f"schema: 1\nname: e\ndata: {{no: {{root: x}}}}\n{TEST}{ARMS}",
        "e.yaml, line 3, column 8, `data: {no: {root: x}}`: YAML reads the key `no` as false. "
        'Write `"no":`, in quotes.',
    ),
    (f"schema: 1\nname: e\ndata: {{1: {{root: x}}}}\n{TEST}{ARMS}", 'Write `"1":`, in quotes.'),
    # Values out of range.
    (
        HEAD + TEST + ARMS + f"seeds: [{10**23}]",
        "seeds are whole numbers from 0 to 9223372036854775",
    ),
    (
        HEAD.replace("name: e", "name: " + "e" * 300) + TEST + ARMS,
        "300 letters are more than the 200",
    ),
    (HEAD + TEST + ARMS + "leakage: exlude", "Write `leakage: exclude`."),
    (
        HEAD + TEST + ARMS + "threads: many",
        "must be a whole number. Write for instance `threads: 1`",
    ),
    (HEAD + TEST + ARMS + "limit: 1", "limit = 1: must be 2 or more."),
    (arm("input: {train: none}"), "arms.a.input.test: is missing. Add `test: none`."),
    # Names that lead nowhere.
    (
        HEAD + "test: {sets: [h]}\nseeds: 3\n" + ARMS,
        "test.sets: h: `data:` has no dataset 'h'. Known: g.",
    ),
    (
        HEAD + TEST + "seeds: 3\narms: [{name: a, detector: npr, train: {each: h/x}}]",
        "arms.a.train.each: h/x",
    ),
    (HEAD + "test: {sets: [g], reals: [h]}\nseeds: 3\n" + ARMS, "test.reals: h"),
]


@pytest.mark.parametrize(("text", "words"), SHAPE)
def test_a_mistake_is_answered_with_the_line_to_write(tmp_path, text, words):
    found = [str(problem) for problem in refusal_of(tmp_path, text)]
    assert any(words in each for each in found), found
    for each in found:
        assert "\n" not in each
        for jargon in ("tuple", "Input should", "pydantic", "dictionary", "instance of", "?."):
            assert jargon not in each


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a:\n\tb: 1\n", "line 2, column 1, `b: 1`: a tab indents this line"),
        ("schema: 1\nname e\ndata: {}\n", "the line before it is a name without a colon"),
        (
            "schema: 1\nseeds: [0, 1\nname: e\n",
            "line 2, column 8, `seeds: [0, 1`: the `[` here is ",
        ),
        ("a: {x: 1", "the `{` here is not closed, or a comma is missing in it. Close it with `}`"),
        ('name: "e\nx: 1', 'line 1, column 7, `name: "e`: a quote is opened here and never closed'),
        ("schema: 1\n name: e\n", "line 2, column 6"),
        ("schema: 1\nname: e: f\n", "Write a value with a colon in quotes"),
        ("name: @e\n", "a value cannot begin with this character"),
        ("a: 1\n---\nb: 2\n", "`---` begins a second document"),
        (
            "arms:\n  - name: a\n  detector: npr\n",
            "line 3, column 3, `detector: npr`: this line beg",
        ),
        ("data: {a: }}", "a bracket too many"),
        ("? [a]\n: 1\n", "a list or mapping cannot be a key"),
        ("a: \x01", "line 1: holds a character that is no text (code 0x1)"),
        ("a: 2026-99-99", "reads this as a date, and it is none that there is (month must be in"),
        ("b: 1\na: 2026-01-01T25:00:00", "line 2, column 4, `a: 2026-01-01T25:00:00`"),
        ("a: " + "9" * 5000, "reads this as a whole number, and it has 5,000 characters"),
        pytest.param("a: " + "[" * 10_000, "nested hundreds of levels deep", id="deep, not closed"),
        pytest.param("a: " + "[" * 10_000 + "]" * 10_000, "hundreds of levels deep", id="deep"),
        ("", "is empty. Begin with `schema: 1`"),
        ("a: 1\na: 2\n", "line 2, column 1, `a: 2`: the key 'a' is given twice. Keep one of both."),
    ],
)
def test_what_is_no_yaml_is_said_with_its_place_and_its_line(tmp_path, text, words):
    [problem] = refusal_of(tmp_path, text)
    said = str(problem)
    assert words in said, said
    assert "\n" not in said
    for jargon in ("unicode string", "block mapping", "token", "constructor", "Mend the file"):
        assert jargon not in said


def test_unknown_names_come_with_mistakes_of_shape_in_the_first_batch(tmp_path):
    text = HEAD.replace("schema: 1\n", "") + (
        'test: {sets: [h], degradations: ["jpgg(75)"]}\n'
        "seeds: 3\n"
        "arms:\n"
        "  - {name: a, detector: nprr, train: g}\n"
        "  - {name: b, detector: npr, recipe: smal, train: g}\n"
        "  - {name: c, detector: npr, npr.fctor: 1, tran: {each: g}}\n"
        "  - {name: d, detector: npr, input: nativ, augment: 7, train: {sets: [k]}}\n"
    )
    found = "\n".join(str(p) for p in refusal_of(tmp_path, text))
    for words in (
        "Add `schema: 1`",
        "seeds = 3",
        "no dataset 'h'",
        "jpgg",
        "Unknown detector 'nprr'. Did you mean npr",
        "Unknown recipe 'smal'",
        "Unknown option 'fctor'",
        "Did you mean train?",
        "Unknown input preset 'nativ'",
        "arms.d.augment = 7",
        "no dataset 'k'",
    ):
        assert words in found, words


def test_a_dataset_of_no_name_comes_together_with_a_folder_that_is_missing(crossgen, tmp_path):
    file = tmp_path / "e.yaml"
    file.write_text(HEAD + "test: {sets: [h]}\n" + ARMS.replace("npr", "nprr"))
    code, _, err = crossgen("plan", file)
    assert code == 2
    for words in ("there is no such folder", "no dataset 'h'", "Unknown detector 'nprr'"):
        assert words in err


@pytest.mark.parametrize(
    ("recipe", "code"), [("{base: small, lr: .inf}", 2), ("{base: small, lr: .nan}", 2)]
)
def test_a_number_that_is_none_is_refused_and_no_traceback(crossgen, own_run, recipe, code):
    change = f"arms.a.recipe={recipe}"
    found, _, err = crossgen("plan", own_run.file, "--store", own_run.store, "--set", change)
    assert found == code
    assert "lr = " in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "change", ["seeds=[0", "seeds=3", "test.sets=[no]", pytest.param("a=" + "[" * 5000, id="deep")]
)
def test_a_mistake_in_set_is_refused_as_one_in_the_file(crossgen, own_run, change):
    code, _, err = crossgen("plan", own_run.file, "--store", own_run.store, "--set", change)
    assert code == 2
    assert err.startswith("refused (1 problem)")


def models(model, place=""):
    yield place, model
    for name, field in model.model_fields.items():
        step = f"{place}.{field.alias or name}".lstrip(".")
        for inner in _models_in(field.annotation):
            own = ".*" if str(field.annotation).startswith("dict") else ""
            yield from models(inner, step + own)


def _models_in(annotation):
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for arg in getattr(annotation, "__args__", ()) for m in _models_in(arg)]


def test_every_key_of_a_file_has_a_line_that_shows_it():
    assert len(list(models(schema.Experiment))) > 6
    for place, model in models(schema.Experiment):
        for name, field in model.model_fields.items():
            key = f"{place}.{field.alias or name}".lstrip(".").replace("arms.test", "test")
            if key.startswith("arms.stages.train."):  # as of an arm
                key = key.replace("stages.train", "train")
            if key != "arms.options":  # written as npr.factor
                assert key in LINES, key
                assert LINES[key].startswith(f"{field.alias or name}: ")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("jpeg(75)", '"jpeg(75)"'),
        ("g/cgan", "g/cgan"),
        ("no", '"no"'),
        ("12", '"12"'),
        ([0, "a b"], '[0, "a b"]'),
        ({"each": ["g"]}, "{each: [g]}"),
        (None, "null"),
        (True, "true"),
    ],
)
def test_values_are_written_as_they_would_be_read(value, text):
    import yaml

    assert as_yaml(value) == text
    assert yaml.safe_load(text) == value


def test_an_option_without_its_detector_is_shown_as_it_is_written(tmp_path):
    [problem] = refusal_of(tmp_path, arm("size: tiny"))
    assert problem.mend == "An option bears its detector's name: write `npr.size:`"
    text = arm("sizes: tiny").replace("npr", "[npr, f3net]")
    [problem] = refusal_of(tmp_path, text)
    assert problem.mend.startswith("Did you mean") or problem.mend.startswith("Known:")
    [problem] = refusal_of(tmp_path, text.replace("sizes", "size"))
    assert problem.mend.endswith("`npr.size:`, `f3net.size:`")
