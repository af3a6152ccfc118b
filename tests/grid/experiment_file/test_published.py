"""Tables of published results: crossgen's own agree with themselves, wrong ones are refused."""

from pathlib import Path

import pytest
import yaml

from data.generators import generator
from detectors.contract import load_card, names, parse_options
from grid.experiment_file.loading import parse_experiment
from grid.experiment_file.published import (
    published_names,
    published_path,
    read_published,
    recorded_table,
)
from grid.plan.plan import prepare
from grid.plan.record_experiment import experiment_record
from grid.refusal import Refused

ELSEWHERE = {"lgrad"}  # detectors that papers compare with and that are not here


def experiment(published: str) -> dict:
    return {
        "schema": 1,
        "name": "e",
        "data": {"g": {"root": "g"}},
        "test": {"sets": ["g"]},
        "published": published,
        "arms": [{"name": "a", "detector": "npr", "train": {"all": True}}],
    }


@pytest.mark.parametrize("name", published_names())
def test_every_table_is_consistent(name: str) -> None:
    table = read_published(published_path(name))
    assert table.source
    for row in table.results:
        values = row.percent.values()
        assert values or row.mean is not None
        assert all(0 <= value <= 100 for value in values)
        if values and row.mean is not None:
            mean = sum(values) / len(values)
            # Papers round each cell and the mean to a tenth; where they disagree, a note says it.
            agrees = mean == pytest.approx(row.mean, abs=0.12)
            assert agrees != ("mean of its cells" in row.note), (row.detector, row.train, mean)
        for known in row.percent:
            assert generator(known).name == known, (
                "generators go by the names of data/generators.py"
            )


@pytest.mark.parametrize("name", published_names())
def test_detectors_and_options_of_every_table_exist(name: str) -> None:
    for row in read_published(published_path(name)).results:
        if row.detector in ELSEWHERE:
            assert row.detector not in names()
        elif row.detector in names():
            parse_options(load_card(row.detector), row.options)


def test_a_cell_of_genimage_is_recorded_as_a_share() -> None:
    table = recorded_table("genimage_8x8")
    [cell] = [
        row
        for row in table["results"]
        if (row["detector"], row["train"], row["test_set"], row["equalise"], row["is_mean"])
        == ("resnet50", "genimage/sd14", "genimage/midjourney", "none", False)
    ]
    assert (cell["value"], cell["metric"]) == (pytest.approx(0.549), "accuracy")
    means = [row for row in table["results"] if row["is_mean"]]
    assert {row["test_set"] for row in means} == {"genimage"}


def test_the_record_of_an_experiment_holds_its_table(
    tmp_path: Path, make_genimage, cache: Path
) -> None:
    make_genimage(tmp_path / "g", {"sd14": 0})
    row = {"detector": "npr", "train": "g/sd14", "dataset": "g", "metric": "auc"}
    own = {"source": "ours, table 1", "results": [{**row, "percent": {"sd14": 91.5}, "mean": 91.5}]}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(own))
    raw = {**experiment("own.yaml"), "equalise": "none"}
    raw["arms"][0]["input"] = "common(16)"
    record = experiment_record(prepare(parse_experiment(raw, base=tmp_path)))
    assert record["published"]["name"] == "own"
    values = [(row["test_set"], row["value"]) for row in record["published"]["results"]]
    assert values == [("g/sd14", 0.915), ("g", 0.915)]


def test_unknown_and_wrong_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"genimage_8x9.*no table.*genimage_8x8"):
        parse_experiment(experiment("genimage_8x9"), base=tmp_path)
    with pytest.raises(Refused, match=r"absent\.yaml"):
        parse_experiment(experiment("absent.yaml"), base=tmp_path)
    (tmp_path / "wrong.yaml").write_text("source: s\nresults: [{detector: npr, metric: recall}]\n")
    with pytest.raises(Refused, match=r"wrong\.yaml: results\.0\.metric.*\n(.*\n)*.*results"):
        parse_experiment(experiment("wrong.yaml"), base=tmp_path)
