"""Where a node keeps decoded images, how many, and that results do not depend on it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

import data.images
from data.decoded import tidying
from detectors import memory_limits
from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import make_plan, make_trials, prepare
from grid.records.commits import committed_pieces_of, read_commit
from grid.records.places import scores_key
from grid.records.scores.score_reading import read_scores
from grid.refusal import Refused
from grid.store.opening import open_store
from grid.trial import images
from grid.trial.execute import run_trial
from grid.trial.node_images import decoded_bound, decoded_folder, node_shelf

NAMES = ("CROSSGEN_SCRATCH", "SLURM_TMPDIR", "CROSSGEN_CACHE", "XDG_CACHE_HOME")


def test_the_folder_is_the_first_that_is_named(monkeypatch, tmp_path) -> None:
    for name in NAMES:
        monkeypatch.setenv(name, str(tmp_path / name))
    expected = ["CROSSGEN_SCRATCH/crossgen", "SLURM_TMPDIR/crossgen", "CROSSGEN_CACHE"]
    for name, place in zip(NAMES, [*expected, "XDG_CACHE_HOME/crossgen"], strict=True):
        assert decoded_folder() == tmp_path / place / "decoded"
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert decoded_folder() == tmp_path / ".cache/crossgen/decoded"


def test_the_bound_is_stated_or_half_of_what_is_free(monkeypatch, tmp_path) -> None:
    for text, count in (("2GB", 2 * 10**9), ("0", 0), (" 1.5 mb ", 1_500_000)):
        monkeypatch.setenv("CROSSGEN_DECODED", text)
        assert decoded_bound(tmp_path) == count
        assert node_shelf().max_bytes == count
    monkeypatch.setenv("CROSSGEN_DECODED", "much")
    with pytest.raises(Refused, match="it is no amount"):
        decoded_bound(tmp_path)
    monkeypatch.delenv("CROSSGEN_DECODED")
    free = shutil.disk_usage(tmp_path).free
    assert decoded_bound(tmp_path / "not" / "made" / "yet") == pytest.approx(free / 2, rel=0.1)


def test_what_slabs_take_already_counts_as_free(monkeypatch, tmp_path) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(tidying.shutil, "disk_usage", lambda _: usage._replace(free=10**6))
    assert tidying.most_bytes(tmp_path) == 500_000
    (tmp_path / "p1.slab").write_bytes(b"1" * 10**6)
    assert tidying.most_bytes(tmp_path) == pytest.approx(10**6, rel=0.01)


def test_all_processes_of_a_node_keep_a_part_of_its_memory_together(monkeypatch) -> None:
    monkeypatch.setattr(memory_limits, "machine_bytes", lambda: 512 * 10**9)
    try:
        memory_limits.take_share(1 / 64)
        assert 64 * memory_limits.cache_bytes() == 32 * 10**9
    finally:
        memory_limits.take_share(1.0)


@pytest.fixture
def results(own_run, monkeypatch):
    """Return a function: run the first fit in a store of its own; its weights, logits, decodings.

    Nothing is kept in the process's own memory.
    """
    monkeypatch.setattr(images, "MOST_CACHED", 0)
    decoded: list[str] = []
    decode = data.images.decode
    monkeypatch.setattr(
        data.images, "decode", lambda path, key: decoded.append(key) or decode(path, key)
    )

    def run(name: str, **more):
        images._DECODED.retain(())
        decoded.clear()
        raw = {**yaml.safe_load(own_run.file.read_text()), "equalise": "none"}
        raw["test"]["degradations"] = ["none", "jpeg(75)", "noise(9)"]
        raw["arms"][0]["augment"] = "blur_jpeg(p=0.7)"
        store = open_store(own_run.folder / name)
        expansion = prepare(parse_experiment(raw, base=own_run.folder))
        trial = make_trials(make_plan(expansion, store), store)[0]
        assert run_trial({**trial.spec, **more}, "once", lambda _: None, lambda: False)
        commit = read_commit(store, trial.fit_id)
        logits = {
            piece: read_scores(store, scores_key(trial.fit_id, piece), commit)["logit"].to_pylist()
            for piece in committed_pieces_of(store, trial.fit_id)
        }
        weights = {epoch: each["sha256"] for epoch, each in commit["weights"].items()}
        assert len(logits) == 12
        return (weights, logits), list(decoded)

    return run


def test_weights_and_logits_are_the_same_bits_with_slabs_and_without(
    results, monkeypatch, cache: Path
) -> None:
    monkeypatch.setenv("CROSSGEN_DECODED", "0")
    plain, each_time = results("plain")
    assert not (cache / "decoded").exists()
    monkeypatch.delenv("CROSSGEN_DECODED")
    filling, once = results("filling")
    found, never = results("found")
    again, all_of_them = results("again", from_files=True)
    assert plain == filling == found == again
    assert never == []
    # 32 images are trained on or validated (as decoded), 24 are tested through three views.
    assert len(once) == 32 + 3 * 24
    assert len(each_time) == len(all_of_them) == 4 + 2 * 32 + 3 * 24  # two epochs, four before


def test_damaged_slabs_change_no_result(results, cache: Path) -> None:
    whole, _ = results("whole")
    rng = np.random.default_rng(0)
    for slab in (cache / "decoded").iterdir():
        content = bytearray(slab.read_bytes())
        for place in rng.integers(4096, len(content), 40):
            content[place] ^= 1 << int(rng.integers(8))
        slab.write_bytes(content[: int(rng.integers(4096, len(content)))])
    assert results("mended")[0] == whole
