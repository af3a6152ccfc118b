"""The README's commands run as they stand, its links lead somewhere, its yaml is valid."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from repository import ROOT

from grid.experiment_file.loading import parse_experiment

PAGES = [
    *sorted(ROOT.glob("*/README.md")),
    *(ROOT / p for p in ("README.md", "launch/clusters.md", "tests/benchmarks/README.md")),
]
TEXT = (ROOT / "README.md").read_text()


def console_blocks() -> list[list[str]]:
    return [
        [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
        for block in re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL)
    ]


@pytest.mark.ray
def test_the_commands_for_your_own_images_run_in_the_order_in_which_they_stand(
    make_genimage, tmp_path
):
    [commands] = [block for block in console_blocks() if block[0].startswith("crossgen index")]
    assert len(commands) == 7
    make_genimage(tmp_path / "images", {"g1": 1}, train=12, test=6, size=32)
    home = tmp_path / "home"
    home.mkdir()
    (home / "ray_bootstrap_config.yaml").write_text("{}\n")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(home),
        "RAY_USAGE_STATS_ENABLED": "0",
        "OMP_NUM_THREADS": "1",
        "CROSSGEN_CACHE": str(tmp_path / "cache"),
    }
    for command in commands:
        done = subprocess.run(
            command,
            shell=True,
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        if command.startswith("crossgen init"):  # then a user edits the file
            file = tmp_path / "experiment.yaml"
            shorter = file.read_text().replace("epochs: 100,", "epochs: 3,")
            assert shorter.count("epochs: 3,") == 2
            file.write_text(shorter)
    assert (tmp_path / "report.html").stat().st_size > 1000
    assert len(list((tmp_path / "runs" / "commits").iterdir())) == 2 * 3


def test_the_makes_exist():
    [commands] = [block for block in console_blocks() if block[0].startswith("make")]
    make = shutil.which("make")
    assert make
    for command in commands:
        target = command.removeprefix("make ")
        done = subprocess.run([make, "-n", target], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_shown_experiment_is_valid(monkeypatch):
    monkeypatch.setenv("DATA", "/data")
    [shown] = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    experiment = parse_experiment(yaml.safe_load(shown), base=ROOT)
    assert experiment.arms[0].options == {"npr": {"factor": (0.25, 0.5, 0.75)}}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert "://" not in target or target.startswith("https://"), target
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_command_is_in_the_launch_readme():
    from launch.cli import cli

    text = (ROOT / "launch" / "README.md").read_text()
    for name in cli.list_commands(click.Context(cli)):
        assert f"crossgen {name}" in text, name
