"""`ray job submit --working-dir . -- python -m launch run FILE` and `crossgen submit ray FILE`.

A cluster with token authentication, on loopback; ended by the process that started it.
"""

import subprocess
import time
from pathlib import Path

import pytest
from one_host_ray import BIN, one_host_ray
from repository import ROOT

from grid.records.commits import committed_fits
from grid.store.opening import open_store

pytestmark = pytest.mark.ray


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with one_host_ray(tmp_path_factory.mktemp("ray")) as running:
        yield running


def test_ray_runs_an_experiment_and_crossgen_submits_the_same(cluster, make_genimage, tmp_path):
    """First as Ray's documentation submits, then by `crossgen submit ray`, which packs itself."""
    make_genimage(tmp_path / "images", {"g1": 1, "g2": 2}, train=16, test=6)
    file = tmp_path / "two.yaml"
    file.write_text((ROOT / "tests" / "fixtures" / "two.yaml").read_text())
    store = tmp_path / "store"

    plain = [BIN / "ray", "job", "submit", f"--address={cluster.address}", "--working-dir=.", "--"]
    plain += ["python", "-m", "launch", "run", str(file), "--store", str(store)]
    done = run(cluster, plain, ROOT)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert len(committed_fits(open_store(store))) == 2

    ours = [BIN / "crossgen", "submit", "ray", "two.yaml", "--address", cluster.address]
    ours += ["--store", str(store)]
    again = run(cluster, ours, tmp_path)
    assert again.returncode == 0, again.stdout[-4000:] + again.stderr[-2000:]
    assert "nothing to do" in again.stdout  # the job's own words, by way of its log
    assert ": done" in again.stderr

    file.write_text(file.read_text().replace("root: images", "root: /not/there"))
    refused = run(cluster, ours, tmp_path)
    assert refused.returncode == 2, refused.stdout  # Ray alone would pass on a 1
    assert "/not/there" in refused.stdout


def run(cluster, command: list[object], folder: Path) -> subprocess.CompletedProcess[str]:
    for _ in range(20):
        done = subprocess.run(
            [str(word) for word in command],
            cwd=folder,
            env=cluster.environment,
            capture_output=True,
            text=True,
            timeout=240,
        )
        if "No available agent" not in done.stdout + done.stderr:
            break
        time.sleep(2)  # the dashboard answers before its agent has registered
    return done
