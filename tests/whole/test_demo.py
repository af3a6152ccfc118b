"""The demo, small, through the real Ray: everything is there afterwards, and nothing is left."""

import os
import subprocess
import sys
import textwrap

import pytest
import yaml
from repository import ROOT

from analysis.sql.query import query
from data.toy.generators import TOY_GENERATORS
from grid.store.opening import open_store
from launch.demo_command import SHIPPED, TEST_IMAGES, TRAIN_IMAGES

TWO = ("gan_nearest", "dm_pixel")
AGAIN = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from launch.demo_command import run_demo

    two = ("gan_nearest", "dm_pixel")
    code = run_demo(Path(sys.argv[1]), slots=1, train=16, test=8, generators=two)
    loaded = {name.split(".")[0] for name in sys.modules}
    print("loaded:", *sorted(loaded & {"ray", "torch", "torchvision"}))
    sys.exit(code)
    """
)


@pytest.mark.slow  # CI makes the whole one
@pytest.mark.ray
def test_a_small_demo_from_nothing_to_the_page_and_again(tmp_path, monkeypatch):
    """One run of each kind: starting Ray is what takes time here."""
    folder = tmp_path / "demo"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"}
    environment |= {"CROSSGEN_CACHE": str(tmp_path / "cache"), "CROSSGEN_STORE": "elsewhere"}

    def run():
        return subprocess.run(
            [sys.executable, "-c", AGAIN, str(folder)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            timeout=300,
        )

    first = run()
    assert first.returncode == 0, first.stdout + first.stderr
    assert "running 8 of 8 trials with Ray Tune" in first.stdout
    assert "Simulated images, no evidence about real generators." in first.stdout
    assert "npr  AUC, trained on (rows) x tested on (columns)" in first.stdout
    assert "log_dct_linear: AUC" in first.stdout
    assert {path.name for path in folder.iterdir()} == {
        "images",
        "demo.yaml",
        "store",
        "report.findings.json",
        "report.html",
    }
    assert not (tmp_path / "elsewhere").exists()
    page = (folder / "report.html").read_text()
    assert "Simulated images, no evidence about real generators." in page
    assert all(generator in page for generator in TWO)

    store = open_store(folder / "store")
    cells = query(store, "SELECT * FROM cells").to_pylist()
    assert len(cells) == 2 * 2 * 2 * 2
    assert all(cell["simulated"] and not cell["partial"] for cell in cells)
    assert {(cell["n_real"], cell["n_fake"]) for cell in cells} == {(8, 8)}

    before = {p: p.stat().st_mtime_ns for p in (folder / "store").rglob("*") if p.is_file()}
    second = run()
    assert second.returncode == 0, second.stdout + second.stderr
    assert "nothing left to do: 8 fits and 32 files of scores" in second.stdout
    assert second.stdout.endswith("loaded:\n")
    assert (folder / "report.html").read_text() == page
    for path, changed in before.items():
        assert path.stat().st_mtime_ns == changed, path


def test_the_demo_is_what_was_measured():
    """A detector and a control, two seeds, each generator; identity says the rest."""
    demo = yaml.safe_load((ROOT / SHIPPED).read_text())
    assert (TRAIN_IMAGES, TEST_IMAGES, len(TOY_GENERATORS)) == (256, 64, 8)
    assert demo["seeds"] == [0, 1]
    assert demo["test"] == {"sets": ["toy"]}
    npr, spectrum = demo["arms"]
    assert npr["train"] == spectrum["train"] == {"each": "toy"}
    assert npr["recipe"] == {"base": "small", "epochs": 5, "batch_size": 16, "lr": 2e-3}
    assert npr["input"] == {"train": "random_crop(32, step=2)", "test": "none"}
    assert spectrum["detector"] == "log_dct_linear"
    assert spectrum["recipe"] == {"base": "l2", "epochs": 10}
    assert spectrum["input"] == {**npr["input"], "test": "center_crop(32, step=2)"}


def test_a_changed_experiment_file_is_the_users(tmp_path, capsys):
    from rich.console import Console

    from launch.demo_command import _experiment_file

    file = _experiment_file(Console(), tmp_path)
    assert file.read_bytes() == (ROOT / SHIPPED).read_bytes()
    file.write_text(file.read_text() + "# mine\n")
    _experiment_file(Console(width=200), tmp_path)
    assert file.read_text().endswith("# mine\n")
    assert "is what runs" in capsys.readouterr().out


def test_a_folder_of_something_else_is_refused_and_left_alone(tmp_path, crossgen):
    photo = tmp_path / "holiday" / "images" / "me.jpg"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"photo")
    code, _, err = crossgen("demo", "--folder", tmp_path / "holiday")
    assert code == 2
    assert "'me.jpg'" in err
    assert "--folder" in err
    assert [p.name for p in photo.parent.iterdir()] == ["me.jpg"]
