"""`crossgen power` as it is typed: options alone, a store's experiment, what is refused."""

import pytest
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.statistics.design import family_reach
from grid.store.opening import open_store
from launch.show_power import _family_lines


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("power")
    detectors = SyntheticDetector(name="npr"), SyntheticDetector(name="simple_cnn", skill=2.0)
    grid = SyntheticGrid(detectors=detectors, generators=3, trained=2, seeds=2, images=60)
    write_synthetic_store(open_store(str(folder)), grid)
    return folder


def test_a_design_of_options(crossgen, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    families = "--family", "gan=1", "--family", "diffusion=7"
    code, out, err = crossgen("power", "--seeds", 5, "--generators", 8, *families)
    assert (code, err) == (0, "")
    assert "5 seeds, 1 training set, 8 new test generators for each (1 gan, 7 diffusion" in out
    assert "1.0 points (assumed)" in out
    assert "What is assumed is a guess" in out
    assert "the smallest p is .125, so it cannot be significant" in out
    assert "add at least 1 gan generator" in out
    assert "A gain of 1.0 point needs 17 seeds on these generators" in out
    table = out.partition("p < 0.05:\n")[2].partition("\n\n")[0]
    assert max(map(len, table.splitlines())) <= 80


def test_spreads_and_gains_are_points(crossgen):
    where = "--seeds", 5, "--generators", 8
    spreads = "--seed-sd", 0.5, "--generator-sd", 1, "--gain", 0.5
    _, out, _ = crossgen("power", *where, *spreads)
    assert "SD between seeds: 0.50 points (given)" in out
    assert "assumed is a guess" not in out
    assert "A gain of 0.50 points needs 17 seeds" in out
    assert "A gain of 1.0" not in out


def test_an_experiment_has_its_design_and_measured_spreads(crossgen, results):
    where = "--store", results, "--experiment", "synthetic"
    code, out, err = crossgen("power", *where)
    assert (code, err) == (0, "")
    assert "synthetic, by auc" in out
    assert "2 seeds, 2 training sets, 2 new test generators for each" in out
    assert "120 images in a test set" in out
    assert "2 methods, 1 comparison\n" in out
    assert out.count("(measured)") == 3
    assert "assumed" not in out
    _, out, _ = crossgen("power", *where, "--seeds", 9, "--comparisons", 4, "--seed-sd", 3)
    assert "9 seeds" in out
    assert "4 comparisons, corrected by Holm" in out
    assert "3.0 points (given)" in out


def test_what_says_no_design_is_refused(crossgen, results):
    code, out, err = crossgen("power", "--seeds", 5)
    assert (code, out) == (2, "")
    assert "--generators" in err
    assert "crossgen power --seeds 5 --generators 8" in err
    code, _, err = crossgen("power", "--seeds", 5, "--generators", 8, "--family", "gan")
    assert code == 2
    assert "--family gan=1 --family diffusion=7" in err
    code, _, err = crossgen("power", "--seeds", 5, "--generators", 8, "--only", "seed=0")
    assert code == 2
    assert "without FILE" in err


def test_a_file_has_the_design_that_it_plans(crossgen, own_run):
    where = own_run.file, "--store", own_run.store
    code, out, err = crossgen("power", *where)
    assert (code, err) == (0, "")
    assert "1 seed, 2 training sets" in out
    assert "one seed says nothing of a procedure" in out
    assert "(assumed)" in out  # one seed of one method tells no spread
    _, out, _ = crossgen("power", *where, "--set", "seeds=[0, 1, 2, 3, 4, 5]")
    assert "6 seeds, 2 training sets" in out
    assert "6 seeds  " in out


def test_families_that_ask_for_the_same_stand_in_one_sentence():
    reaches = family_reach({"gan": 2, "flow": 1, "vae": 1, "diffusion": 8})
    lines = list(_family_lines(reaches))
    assert len(lines) < len(reaches) == 6
    [together] = [line for line, _ in lines if "gan against flow" in line]
    assert "gan against vae (2 and 1 test generators): the smallest p is .333" in together
    assert together.count("test on at least 4 generators of each family") == 1
    assert "none of these can be significant" in together
    [alone] = [line for line, is_refused in lines if not is_refused]
    assert alone.startswith("gan against diffusion (2 and 8 test generators): the smallest p is .0")
