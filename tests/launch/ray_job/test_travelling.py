"""What travels with a job, and where the job finds what stays."""

import json
import shutil

import pytest
import yaml
from repository import FIXTURES, ROOT

from grid.experiment_file.loading import load_experiment
from grid.refusal import Refused
from launch.ray_job.travelling import pack

PLUGIN = (ROOT / "detectors" / "zoo" / "simple_cnn.py").read_text()


@pytest.fixture
def file(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    shutil.copy(FIXTURES / "two.yaml", folder / "two.yaml")
    return folder / "two.yaml"


def changed(file, **values):
    raw = yaml.safe_load(file.read_text())
    arm = values.pop("arm", {})
    raw |= values
    raw["arms"][0] |= arm
    file.write_text(yaml.safe_dump(raw))
    return file


def there(packed, tmp_path):
    """The experiment as the job reads it: texts in another folder, places as of --set."""
    for place, text in packed.texts.items():
        (tmp_path / "there" / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "there" / place).write_text(text)
    places = {key: json.loads(value) for key, value in packed.places}
    return load_experiment(tmp_path / "there" / packed.file, places)


def test_the_file_travels_as_it_stands_and_its_images_stay(file, tmp_path):
    packed = pack(file, {}, {})
    assert packed.texts == {"two.yaml": file.read_text()}
    assert there(packed, tmp_path) == load_experiment(file)
    assert packed.roots == (file.parent / "images",)


def test_absolute_paths_stay_as_they_are_written(file):
    changed(file, data={"g": {"root": "/shared/images"}}, weights_folder="/shared/weights")
    packed = pack(file, {}, {})
    assert packed.places == ()


def test_every_relative_path_means_the_same_there(file, tmp_path):
    changed(
        file,
        data={"g": {"root": "../images"}, "far": {"root": "/shared"}},
        weights_folder="weights",
        arm={"weights": ["none", "./begin.safetensors", {"path": "x/y.safetensors"}]},
    )
    packed = pack(file, {}, {})
    assert there(packed, tmp_path) == load_experiment(file)


def test_weights_by_name_and_by_parts(file, tmp_path):
    changed(file, arm={"weights": {"parts": {"a": "timm/x", "b": "b.safetensors"}}})
    packed = pack(file, {}, {})
    [arms] = [json.loads(value) for key, value in packed.places if key == "arms"]
    assert arms[0]["weights"]["parts"] == {
        "a": "timm/x",
        "b": str(file.parent / "b.safetensors"),
    }


def test_a_plug_in_goes_along_wherever_it_lies(file, tmp_path):
    elsewhere = tmp_path / "plugins"
    elsewhere.mkdir()
    text = PLUGIN.replace('"simple_cnn"', '"my_cnn"')
    (elsewhere / "my_cnn.py").write_text(text)
    changed(file, plugins=["../plugins/my_cnn.py"], arm={"detector": "my_cnn"})
    raw = yaml.safe_load(file.read_text())
    raw["arms"][0]["my_cnn.size"] = raw["arms"][0].pop("simple_cnn.size")
    file.write_text(yaml.safe_dump(raw))
    packed = pack(file, {}, {})
    assert packed.texts["plugins/my_cnn.py"] == text
    shutil.rmtree(elsewhere)
    experiment = there(packed, tmp_path)
    assert experiment.plugins == (str(tmp_path / "there" / "plugins" / "my_cnn.py"),)


def test_a_table_of_published_results_goes_along(file, tmp_path):
    shipped = ROOT / "grid" / "experiments" / "published" / "npr_suites.yaml"
    shutil.copy(shipped, file.parent / "mine.yaml")
    changed(file, published="mine.yaml")
    packed = pack(file, {}, {})
    assert packed.texts["published/mine.yaml"] == shipped.read_text()
    (file.parent / "mine.yaml").unlink()
    assert there(packed, tmp_path).published == str(tmp_path / "there/published/mine.yaml")


def test_a_shipped_table_needs_no_journey(file):
    changed(file, published="npr_suites")
    packed = pack(file, {}, {})
    assert list(packed.texts) == ["two.yaml"]


def test_variables_are_named_and_what_they_hold_is_looked_at(file):
    changed(file, data={"g": {"root": "${DATA}/x"}, "h": {"root": "${ELSEWHERE}/y"}}, store="${S}")
    packed = pack(file, {}, {"DATA": "/shared"})
    assert set(packed.variables) == {"DATA", "ELSEWHERE", "S"}
    assert packed.places == ()  # /shared/x by the job's own DATA; ELSEWHERE is the cluster's
    relative = pack(file, {}, {"DATA": "images"})
    [(key, value)] = relative.places
    assert key == "data"
    assert json.loads(value)["g"]["root"] == str(file.parent / "images" / "x")
    assert json.loads(value)["h"]["root"] == "${ELSEWHERE}/y"


def test_changes_of_the_call_count(file, tmp_path):
    packed = pack(file, {"data.g.root": "elsewhere"}, {})
    assert there(packed, tmp_path).data["g"].root == file.parent / "elsewhere"


def test_mistakes_of_the_file_are_refused_here(file):
    file.write_text(file.read_text().replace("seeds:", "seedz:"))
    with pytest.raises(Refused, match="seedz"):
        pack(file, {}, {})


def test_a_plug_in_that_is_not_here_is_refused_here(file):
    changed(file, plugins=["gone.py"])
    with pytest.raises(Refused, match=r"gone\.py"):
        pack(file, {}, {})
