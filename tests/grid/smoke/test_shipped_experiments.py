"""Every shipped experiment: loads, says what it asks, and its smoke variant plans and runs."""

import pytest
from repository import ROOT

from grid.experiment_file.loading import load_experiment
from grid.experiment_file.shipped import shipped_names, shipped_path
from grid.plan.plan import prepare
from grid.smoke.written import write_smoke_variant

NO_IMAGES = ("example", "demo")  # which explain themselves
# Planned in the fast suite: the rest of the rules are those of these.
QUICK = ("genimage_8x8", "sem_spai")


@pytest.fixture(scope="module")
def smoke_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("smoke")


@pytest.mark.parametrize("name", shipped_names())
def test_it_says_what_it_answers_what_it_needs_and_what_it_costs(name, monkeypatch):
    monkeypatch.setenv("DATA", "/data")
    monkeypatch.setenv("RESULTS", "/results")
    experiment = load_experiment(shipped_path(name))
    assert experiment.question
    if name not in (*NO_IMAGES, "frequency_cifar"):
        head = shipped_path(name).read_text().partition("schema:")[0]
        assert "# Data: " in head
        assert "Cost: " in head
        assert experiment.contrasts


@pytest.mark.parametrize("name", shipped_names())
def test_its_table_stands_in_the_readme(name):
    readme = (ROOT / "grid" / "experiments" / "README.md").read_text()
    assert f"| `{name}" in readme


def planned(name, smoke_folder, monkeypatch):
    monkeypatch.delenv("DATA", raising=False)
    monkeypatch.delenv("RESULTS", raising=False)
    file = write_smoke_variant(shipped_path(name), folder=smoke_folder).file
    expansion = prepare(load_experiment(file), cache_dir=smoke_folder / "cache")
    arms = {arm for fit in expansion.fits.values() for arm in fit.arms}
    assert {arm.name for arm in expansion.experiment.arms} <= arms
    return file, expansion


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
        for name in shipped_names()
    ],
)
def test_its_smoke_variant_plans_without_images_of_ones_own(name, smoke_folder, monkeypatch):
    planned(name, smoke_folder, monkeypatch)


def test_one_of_them_runs(crossgen, smoke_folder, monkeypatch):
    monkeypatch.setenv("CROSSGEN_CACHE", str(smoke_folder / "cli"))
    monkeypatch.delenv("DATA", raising=False)
    file = shipped_path("three_detectors")
    given = ("--smoke", "--no-ray", "--only", "seed=0", "--only", "equalise=none")
    code, out, err = crossgen("run", file, *given, "--only", "detector=simple_cnn")
    assert code == 0, err
    assert "SMOKE: simulated images" in out
    assert "nothing printed of it is a result" in out
    [variant] = (smoke_folder / "cli" / "smoke").glob("*/experiment.yaml")
    code, out, _ = crossgen("matrix", variant)
    assert "Simulated images" in out


@pytest.mark.slow
@pytest.mark.parametrize("name", shipped_names())
def test_all_of_its_smoke_variant_runs(name, crossgen, tmp_path, monkeypatch):
    monkeypatch.setenv("CROSSGEN_CACHE", str(tmp_path))
    monkeypatch.delenv("DATA", raising=False)
    code, out, err = crossgen("run", shipped_path(name), "--smoke", "--no-ray", "--attempts", "1")
    assert code == 0, (out[-2000:], err[-2000:])
