"""`crossgen check store`: real damage of each kind is found, set aside, and made again by a run."""

import json
import os
import re
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from grid.integrity.check_files import FileCheck
from grid.integrity.set_aside import set_aside
from grid.integrity.store_check import check_store
from grid.records.commits import committed_fits, read_commit, read_commits
from grid.records.pieces import Piece
from grid.records.places import commit_key
from grid.records.proven.json_records import CorruptRecord
from grid.records.scores.score_files import write_scores
from grid.records.scores.score_reading import read_score_footer, read_scores
from grid.records.tables import read_validation
from grid.store.errors import StoreError
from grid.store.local import LocalStore
from grid.store.opening import open_store


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path):
    path.write_bytes(b"")


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def other(path):
    """Put another file of its kind in its place, whole and wrong."""
    siblings = [each for each in path.parent.parent.rglob("*" + path.suffix) if each != path]
    same = [each for each in siblings if each.parent.parent == path.parent.parent]
    if path.parent.name == "manifests":
        rows = pq.read_metadata(path).num_rows
        same = [each for each in same if pq.read_metadata(each).num_rows == rows]
    shutil.copyfile(sorted(same)[0], path)


def gone(path):
    path.unlink()


KINDS = {
    # what: glob, damages that are found without --deep, and those that --deep alone finds
    "piece": ("scores/*/*.parquet", (empty, cut, other), ()),
    "weights": ("fits/*/*/weights-*.safetensors", (gone, empty, cut), (flip,)),
    "commit": ("commits/*.json", (gone, empty, cut, other), ()),
    "experiment": ("experiments/*/*.json", (empty, cut), ()),
    "manifest": ("manifests/*.parquet", (gone, empty, cut), (other,)),  # of as many images
    "history": ("fits/*/*/history.parquet", (gone, empty, cut), ()),
    "validation": ("fits/*/*/validation.parquet", (gone, empty, cut), ()),
    "provenance": ("fits/*/*/provenance.json", (gone, empty, cut), ()),
    "marker": ("latest/*/*.json", (empty, cut), ()),
    "places": ("derived/paths/*/*.parquet", (empty, cut), ()),
}
CASES = [
    (what, damage, deep)
    for what, (_, cheap, only_deep) in KINDS.items()
    for damages, deep in ((cheap, False), (only_deep, True))
    for damage in damages
]


def victim_of(store: Path, what: str) -> Path:
    found = sorted(store.glob(KINDS[what][0]))
    if what in ("manifest", "places"):  # of a pool that is tested
        footer = read_score_footer(open_store(store), next(iter(pieces(store))))
        [found] = [[each for each in found if footer["pool_id"] in str(each)]]
    return found[0]


def pieces(store: Path) -> list[str]:
    return open_store(store).list("scores/")


def digests(folder: Path) -> dict[str, object]:
    """Return what must be equal whoever made it: weights, validation scores, logits, manifests."""
    store = open_store(folder)
    found: dict[str, object] = {}
    for fit_id, commit in read_commits(store).items():
        found[fit_id] = commit["weights"], commit["selected_epoch"]
        validation = read_validation(store, fit_id, commit["attempt"])
        found[f"{fit_id} validation"] = validation.to_pydict()
    for key in store.list("scores/"):
        fit_id = key.split("/")[1]
        table = read_scores(store, key, read_commit(store, fit_id))
        found[key] = table.to_pydict()
    for key in [*store.list("manifests/"), *store.list("experiments/")]:
        found[key] = store.get(key)
    return found


def untouched(store: Path) -> dict[str, tuple[int, int]]:
    return {
        str(path.relative_to(store)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in store.rglob("*")
        if path.is_file() and path.relative_to(store).parts[0] not in ("derived", "aside", "claims")
    }


@pytest.mark.parametrize(("what", "damage", "deep"), CASES)
def test_each_damage_is_found_set_aside_and_made_again(crossgen, own_run, what, damage, deep):
    store = own_run.store
    quiet = digests(store)
    victim = victim_of(store, what)
    key = str(victim.relative_to(store))
    whole = victim.read_bytes()
    damage(victim)
    damaged = victim.read_bytes() if victim.exists() else None
    before = untouched(store)

    check = ("check", "store", "--store", store)
    if deep:
        assert crossgen(*check)[0] == 0
        check = (*check, "--deep")
    code, out, err = crossgen(*check)
    assert (code, err) == (1, "")
    assert "damaged or missing: 1 file\n" in out
    assert f"  {key}\n" in out
    words = f"crossgen check store --store {store}{' --deep' if deep else ''} --repair\n"
    assert f"to set it aside, so that the next run makes it again:\n  {words}" in out
    if what in ("weights", "commit", "history", "validation", "provenance"):
        assert "the next `crossgen run FILE` then trains 1 fit, again" in out
    assert untouched(store) == before, "without --repair nothing is changed"

    code, out, _ = crossgen(*check, "--repair")
    assert code == 1
    if damaged is not None:
        assert (store / "aside" / "00000001" / key).read_bytes() == damaged
        why = json.loads((store / "aside" / "00000001" / "why.json").read_text())
        assert key in why["files"]
        assert not victim.exists()

    code, _, err = crossgen("run", own_run.file, "--store", store, "--no-ray")
    assert code == 0, err
    assert digests(store) == quiet
    code, out, err = crossgen("check", "store", "--store", store, "--deep")
    if what != "places":  # which are written for what is to be run only
        assert (code, "all is well" in out) == (0, True), out
        if what in ("piece", "manifest", "experiment"):
            assert victim.read_bytes()[:4] == whole[:4]
    kept = untouched(store)
    fit_id = key.split("/")[1].removesuffix(".json") if "/" in key else ""
    redone = {
        name for name in before if name in kept and kept[name] != before[name] and name != key
    }
    # Of a fit that is trained again only its commit has a name that was there before.
    assert redone <= {f"commits/{fit_id}.json"}, redone
    lost = before.keys() - kept.keys() - {key}
    assert all(name.startswith(f"fits/{fit_id}/") for name in lost), lost


def test_a_store_without_damage_is_well(crossgen, own_run):
    for more in ((), ("--deep",), ("--repair",)):
        code, out, err = crossgen("check", "store", "--store", own_run.store, *more)
        assert (code, err) == (0, ""), out
        assert "commits 2, weights 4, pieces 8" in out
    assert not (own_run.store / "aside").exists()


@pytest.mark.slow
def test_the_checksum_of_a_long_record_is_found_wherever_it_stands(tmp_path):
    store = open_store(tmp_path / "store")
    write_synthetic_store(store, SyntheticGrid(generators=10, seeds=4, images=2))
    [experiment] = store.list("experiments/")
    assert len(store.get(experiment)) > 128 * 1024
    assert check_store(store).unproven["experiments"] == 0
    text = store.get(experiment).decode()
    store.put_checkpoint(experiment, re.sub(r' "file_sha256": "\w+",\n', "", text).encode())
    assert check_store(store).unproven["experiments"] == 1


def test_stray_files_are_named_and_are_no_damage(crossgen, own_run):
    strays = ["commits/a.txt", "scores/x", "experiments/y.json", "notes", "fits/z/w", "latest/v"]
    for stray in strays:
        (own_run.store / stray).parent.mkdir(exist_ok=True)
        (own_run.store / stray).write_text("mine")
    code, out, _ = crossgen("check", "store", "--store", own_run.store, "--repair")
    assert code == 0
    assert "read by nothing: 6 files" in out
    for stray in strays:
        assert f"  {stray}\n" in out
        assert (own_run.store / stray).read_text() == "mine"


@pytest.mark.parametrize(
    "pattern", ["commits/*.json", "scores/*/*.parquet", "fits/*/*/provenance.json"]
)
def test_what_cannot_be_read_is_no_damage_and_is_left_where_it_is(crossgen, own_run, pattern):
    """A disk that is away for a minute must not cost a training."""
    victim = sorted(own_run.store.glob(pattern))[0]
    victim.unlink()
    victim.symlink_to("/proc/self/mem")
    code, out, _ = crossgen("check", "store", "--store", own_run.store, "--repair", "--deep")
    assert code == 3, out
    assert f"cannot be read: {victim.relative_to(own_run.store)}: " in out
    assert "damaged or missing" not in out
    assert victim.is_symlink()


def test_scores_of_a_fit_that_came_out_different_are_made_again(crossgen, own_run):
    """On other hardware a training has other weights, and the old scores are not its own."""
    store = open_store(own_run.store)
    [fit_id, _] = sorted(committed_fits(store))
    commit = own_run.store / commit_key(fit_id)
    for path in (own_run.store / "scores" / fit_id).iterdir():
        table = read_scores(
            store, str(path.relative_to(own_run.store)), json.loads(commit.read_text())
        )
        footer = read_score_footer(store, str(path.relative_to(own_run.store)))
        path.unlink()
        piece = Piece(
            **{n: footer[n] for n in ("fit_id", "epoch", "pool_id", "degradation")},
            **{n: footer[n] for n in ("test_pipeline", "equalise", "operations")},
        )
        write_scores(
            store,
            piece,
            image=table["image"].to_numpy(),
            logit=table["logit"].to_numpy(),
            seen=table["seen"].to_numpy(),
            weights_sha256="0" * 64,
            attempt="elsewhere",
            seconds=0.0,
        )
    commit.unlink()
    code, out, _ = crossgen("check", "store", "--store", own_run.store)
    assert code == 1
    assert f"commits/{fit_id}.json" in out
    code, _, err = crossgen("run", own_run.file, "--store", own_run.store, "--no-ray")
    assert code == 0, err
    code, out, _ = crossgen("check", "store", "--store", own_run.store, "--deep")
    assert code == 0, out
    assert len(list((own_run.store / "aside").rglob("*.parquet"))) == 4, "kept, not deleted"


def test_the_store_of_a_file_and_a_mistyped_one(crossgen, own_run, tmp_path):
    own_run.file.write_text(own_run.file.read_text() + "store: store\n")
    code, out, _ = crossgen("check", "store", own_run.file)
    assert code == 0
    assert f"store {own_run.store}\n" in out
    code, _, err = crossgen("check", "store", "--store", tmp_path / "typo")
    assert code == 2
    assert "there is nothing in it" in err


def test_what_is_set_aside_never_overwrites_and_is_passed_over_by_every_reader(tmp_path):
    store = open_store(tmp_path)
    for content in (b"1", b"2"):
        store.put_new("commits/a.json", content)
        set_aside(store, {"commits/a.json": "for a test", "commits/b.json": "is gone already"})
    assert store.get("aside/00000001/commits/a.json") == b"1"
    assert store.get("aside/00000002/commits/a.json") == b"2"
    assert store.list("commits/") == []
    found = check_store(store)
    assert (found.damage, found.stray) == ([], [])


def test_a_folder_on_another_disk_is_set_aside_too(tmp_path, monkeypatch):
    store = open_store(tmp_path / "store")
    elsewhere = Path("/dev/shm") / f"crossgen-test-{os.getpid()}"
    if not elsewhere.parent.is_dir() or elsewhere.parent.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second disk here")
    elsewhere.mkdir()
    try:
        store.put_new("commits/a.json", b"1")
        (store.root / "scores").symlink_to(elsewhere)
        store.put_new("scores/fit/e1-a.parquet", b"2")
        set_aside(store, {"scores/fit/e1-a.parquet": "for a test"})
        assert store.get("aside/00000001/scores/fit/e1-a.parquet") == b"2"
        assert store.list("scores/") == []
    finally:
        shutil.rmtree(elsewhere)


def test_a_store_on_s3_is_checked_and_repaired(s3_server, tmp_path):
    store = open_store("s3://bucket/check-store")
    grid = SyntheticGrid(
        detectors=(SyntheticDetector(name="npr"),), generators=2, seeds=1, images=40, seen=3
    )
    write_synthetic_store(store, grid)

    def found():  # its pools have made-up names, which no rows prove
        every = check_store(store, deep=True).damage
        return [each for each in every if not each.key.startswith("manifests/")]

    assert found() == []
    key = store.list("scores/")[0]
    weights = next(k for k in store.list("fits/") if "weights" in k)
    store.put_checkpoint(key, b"")
    store.put_checkpoint(weights, b"other")
    assert sorted(each.key for each in found()) == sorted([key, weights])
    moved = {k: each.why for each in found() for k in each.aside}
    set_aside(store, moved)
    assert store.get(f"aside/00000001/{weights}") == b"other"
    assert not store.exists(weights)
    assert not store.exists(key)


class BadSector(LocalStore):
    """A disk that reads the end of a file, and not all of it."""

    def get(self, key):
        raise StoreError(f"{key}: the store could not read it (Input/output error).")


def test_a_file_of_which_only_a_part_can_be_read_is_no_damage(tmp_path):
    store = BadSector(tmp_path)
    store.put_new("commits/a.json", b"{")

    def read():
        raise CorruptRecord("commits/a.json", "what came of it is no record", "mend it")

    checked = FileCheck(store, deep=True).look("commits/a.json", read)
    assert checked.why == ""
    assert "Input/output error" in checked.unreadable
