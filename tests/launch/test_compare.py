"""`crossgen compare`: sides as somebody names them, JSON, and what is refused."""

import json

import pytest
from click.testing import CliRunner
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.comparing import score_files
from grid.refusal import Refused
from grid.store.opening import open_store
from launch.commands.compare import command

GRID = SyntheticGrid(
    name="swept",
    detectors=(
        SyntheticDetector(name="npr", options={"factor": 0.5}),
        SyntheticDetector(name="npr", options={"factor": 0.25}),
        SyntheticDetector(name="simple_cnn"),
    ),
    generators=3,
    trained=1,
    seeds=2,
    images=12,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare") / "store"
    write_synthetic_store(open_store(folder), GRID)
    return str(folder)


def answer(*words):
    result = CliRunner().invoke(command, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def found(store, *words):
    return json.loads(answer(*words, "--store", store, "--json"))


def test_sides_are_detectors_or_values_of_a_setting(store):
    of_detectors = found(store, "npr", "simple_cnn")
    assert [each["a"] for each in of_detectors] == [
        "npr (npr.factor=0.5)",
        "npr (npr.factor=0.25)",
    ]
    assert "not among the contrasts" not in json.dumps(of_detectors)  # it is declared
    [factors] = found(store, "npr.factor=.25", "npr.factor=0.5", "--where", "seed=0")
    assert (factors["a"], factors["b"]) == ("npr.factor=.25", "npr.factor=0.5")
    assert factors["headline"] is None
    assert "not among the contrasts" in factors["notes"][-1]
    degraded = found(store, "degradation=none", "degradation=jpeg(75)", "--where", "detector=npr")
    assert [each["a"] for each in degraded] == [
        "degradation=none (npr.factor=0.5)",
        "degradation=none (npr.factor=0.25)",
    ]
    assert "same" not in degraded[0]["claim"]


def test_the_same_networks_looked_at_twice_are_paired(store):
    [one] = found(
        store,
        *("degradation=none", "degradation=jpeg(75)", "--where", "detector=simple_cnn"),
        *("--claim", "this procedure on these generators"),
    )
    assert one["headline"]["method"] == "paired t"
    assert any("seeds are compared as pairs" in note for note in one["notes"])


def test_the_sentence_comes_first_and_fits_a_terminal(store):
    text = answer("npr.factor=0.25", "npr.factor=0.5", "--store", store, "--margin", "3")
    assert text.startswith("On 2 generators (stylegan, adm)")
    of_tables = [line for line in text.splitlines() if "  " in line]  # sentences have no columns
    assert len(of_tables) > 5
    assert max(map(len, of_tables)) <= 80
    assert "TOST, margin 3 points" in text
    assert text.count("95 % interval") == 1
    assert text.count("The first test is the claim's") == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["npr"], "compared with nothing"),
        (["npr", "simple_cn"], "'simple_cnn, undegraded', npr, simple_cnn"),
        (["npr.factor=0.25", "augment=none"], "several settings"),
        (["npr", "simple_cnn", "--threshold", "0.5"], "two CSV files"),
        (["npr", "simple_cnn", "--claim", "npr wins"], "none that this version knows"),
        (["no.yaml", "npr", "simple_cnn"], "no such file"),
        (["a.csv", "b.csv", "c.csv"], "two score files"),
        (["a.csv", "b.csv"], "cannot be read"),
    ],
)
def test_what_cannot_be_compared_is_refused(store, words, why):
    with pytest.raises(Refused) as refused:
        CliRunner().invoke(command, [*words, "--store", store], catch_exceptions=False)
    assert why in str(refused.value)


def test_two_files_need_no_store(tmp_path, monkeypatch):
    monkeypatch.setattr(score_files, "DRAWS", 20)
    paths = []
    for name, step in (("a", 1), ("b", 2)):
        lines = [f"i{n},{n % 2},{(n * step) % 7 + n % 2}" for n in range(20)]
        paths.append(tmp_path / f"{name}.csv")
        paths[-1].write_text("\n".join(["image,label,score", *lines]))
    text = answer(*map(str, paths), "--threshold", "3.5")
    assert "a.csv minus b.csv in AUC" in text
    assert "accuracy at 3.5: McNemar" in " ".join(text.split())
