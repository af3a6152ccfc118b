"""What an experiment's record says of its detectors: which are controls, and whom to cite."""

import yaml

from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import prepare
from grid.plan.record_experiment import experiment_record


def test_only_fits_of_a_control_say_so(finished_run, cache):
    raw = yaml.safe_load(finished_run.file.read_text())
    [arm] = raw["arms"]
    del arm["simple_cnn.size"]
    arm |= {"detector": ["npr", "log_dct_linear"], "log_dct_linear.input_px": 16, "recipe": "small"}
    arm["input"] = {"train": "random_crop(16)", "test": "center_crop(16)"}
    record = experiment_record(
        prepare(parse_experiment(raw, base=finished_run.folder), cache_dir=cache)
    )
    said = {(fit["detector"], fit.get("is_control")) for fit in record["fits"]}
    assert said == {("npr", None), ("log_dct_linear", True)}
    assert set(record["papers"]) == {"npr", "log_dct_linear"}
    assert record["papers"]["npr"]["arxiv"] == "2312.10461"


def test_a_detector_without_a_paper_leaves_the_record_as_it_was(finished_run, cache):
    raw = yaml.safe_load(finished_run.file.read_text())
    record = experiment_record(
        prepare(parse_experiment(raw, base=finished_run.folder), cache_dir=cache)
    )
    assert {fit["detector"] for fit in record["fits"]} == {"simple_cnn"}
    assert "papers" not in record
