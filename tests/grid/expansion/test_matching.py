"""`equalise: match` from the plan to the cells: lists, rows that are left out, views, the store."""

import json
from functools import partial

import numpy as np
import pytest
from PIL import Image

from analysis.measuring.cells import measured_cells
from analysis.selecting.selection import StoreSelection
from data.matching.table_list import TableList, _known, table_list_of
from grid.expansion.fits import Expansion
from grid.experiment_file.loading import parse_experiment
from grid.integrity.store_check import check_store
from grid.plan.plan import is_done, make_plan, make_trials, prepare
from grid.plan.record_experiment import experiment_record
from grid.records.commits import read_commit
from grid.records.experiments import pieces_of_scoring
from grid.records.places import manifest_key, table_list_key
from grid.records.pools.manifests import read_pool, write_pool
from grid.records.table_lists import as_asked
from grid.refusal import Refused
from grid.run.here import run_here
from grid.store.errors import StoreMissing
from grid.store.opening import open_store
from grid.trial.attempt import attempt_trial
from grid.upkeep.verification import verify_fit, verify_piece

# Reals of a folder: as JPEG of a quality, a mode and a size (width, height); so many of each.
REALS = {
    "train": [(90, "RGB", (56, 40), 14), (75, "RGB", (40, 64), 6), (90, "L", (56, 40), 2)],
    "val": [(60, "RGB", (48, 48), 6), (60, "L", (48, 48), 1)],
}
TOO_SMALL = {"train": 1, "val": 0}
FAKES = {"train": 20, "val": 6}
ARM = {
    "name": "a",
    "detector": "simple_cnn",
    "simple_cnn.size": "tiny",
    "train": {"each": "g"},
    "input": {"train": "none", "test": "none"},
    "recipe": {"base": "small", "epochs": 1, "batch_size": 8},
}


@pytest.fixture
def write(tmp_path):
    """Return a function that writes one generator: JPEG reals of many kinds, PNG fakes of one."""

    def write(generator, reals=REALS, fake_px=48):
        for split in ("train", "val"):
            rng = np.random.default_rng([*generator.encode(), split == "val"])
            nature, ai = (tmp_path / "images" / generator / split / n for n in ("nature", "ai"))
            nature.mkdir(parents=True)
            ai.mkdir()
            sizes = [
                (quality, mode, size) for quality, mode, size, n in reals[split] for _ in range(n)
            ]
            sizes += [(90, "RGB", (24, 24))] * TOO_SMALL[split]
            for i, (quality, mode, (width, height)) in enumerate(sizes):
                pixels = rng.integers(0, 256, (height, width, 3), np.uint8)
                Image.fromarray(pixels).convert(mode).save(nature / f"{i}.jpg", quality=quality)
            for i in range(FAKES[split]):
                pixels = rng.integers(0, 256, (fake_px, fake_px, 3), np.uint8)
                Image.fromarray(pixels).save(ai / f"{i}.png")

    return write


@pytest.fixture
def prepared(tmp_path, cache):
    def expansion(**more) -> Expansion:
        raw = {
            "schema": 1,
            "name": "matched",
            "data": {"g": {"root": "images"}},
            "equalise": "match(px=16)",
            "test": {"sets": ["g"], "degradations": ["none", "noise(8)"]},
            "arms": [ARM],
            **more,
        }
        return prepare(parse_experiment(raw, base=tmp_path))

    return expansion


def lists(expansion) -> dict[str, TableList]:
    return {each.comparison: each.formed.table_list for each in expansion.matched}


def run(expansion, store):
    trials = make_trials(make_plan(expansion, store), store)
    result = run_here(trials, attempt=attempt_trial, is_done=partial(is_done, store))
    assert len(result.done) == len(expansion.fits), result


def test_each_comparison_is_matched_by_its_own_reals(write, prepared):
    write("a")
    expansion = prepared()
    found = lists(expansion)
    assert list(found) == ["training set g/a", "test set g/a"]
    trained, tested = found.values()
    assert [n for _, n in trained.codings] == [14, 6]
    assert [n for _, n in tested.codings] == [6]
    record = experiment_record(expansion)
    assert record["equalise"] == "match(px=16)"
    for each in record["equalised"]:
        assert each["tables"] == found[each["comparison"]].digest
        left_out = each["reals_too_small"] + each["reals_coded_otherwise"]
        assert each["reals"] - left_out == sum(n for _, n in found[each["comparison"]].codings)
    [counts] = [m.formed for m in expansion.matched if m.formed.table_list == trained]
    assert (counts.reals.images, counts.reals.coded_otherwise, counts.reals.too_small) == (23, 2, 1)
    [fit] = expansion.fits.values()
    assert fit.equalise == f'match(px=16, tables="{trained.digest}")'
    assert fit.description["equalise"] == fit.equalise
    assert fit.description["operations"] == {"equalise.match": 1}
    [block] = expansion.scoring[fit.fit_id]
    assert block["equalise"] == f'match(px=16, tables="{tested.digest}")'
    assert {as_asked(block["equalise"]), as_asked(fit.equalise)} == {"match(px=16)"}
    selected = fit.selection
    labels = np.concatenate([selected.train.labels, selected.validation.labels])
    assert np.bincount(labels).tolist() == [20, 20]


def test_no_fit_depends_on_a_test_set_and_no_test_on_a_fit(write, prepared, tmp_path):
    write("a")
    [alone] = prepared().fits
    own = lists(prepared())["test set g/a"]
    write("b", {**REALS, "val": [(30, "RGB", (70, 70), 6)]}, fake_px=64)
    both = prepared()
    assert alone in both.fits
    found = lists(both)
    assert found["test set g/a"] == own
    blocks = {fit_id: both.scoring[fit_id] for fit_id in both.fits}
    told = [
        {b["equalise"]: [both.test_sets[n].name for n in b["test_sets"]] for b in each}
        for each in blocks.values()
    ]
    expected = {
        f'match(px=16, tables="{found[f"test set g/{name}"].digest}")': [f"g/{name}"]
        for name in "ab"
    }
    assert told == [expected, expected], "the same pixels for every fit: scores are paired"


def test_smaller_shares_and_other_seeds_have_the_list_of_the_whole(write, prepared):
    write("a")
    arms = [
        {**ARM, "name": name, "train": {"each": "g", "fraction": share}, "seeds": [0, 1]}
        for name, share in (("half", 0.5), ("all", 1.0))
    ]
    expansion = prepared(arms=arms)
    assert len(expansion.fits) == 4
    assert len({fit.equalise for fit in expansion.fits.values()}) == 1


def test_it_runs_and_every_count_adds_up(write, prepared, tmp_path):
    write("a")
    store = open_store(tmp_path / "store")
    expansion = prepared()
    run(expansion, store)
    assert make_plan(prepared(), store).missing == []
    [fit_id] = expansion.fits
    commit = read_commit(store, fit_id)
    plan = make_plan(expansion, store)
    cells = measured_cells(StoreSelection.of(store, [plan.record]))
    assert len(cells) == 2
    for each in cells:
        counts = each.measured.counts
        assert (counts.n_real, counts.n_fake, counts.n_seen) == (6, 6, 0)
        assert {len(c) for c in (each.cell.real, each.cell.fake)} == {1}
    scored = {
        pool["pool_id"]: pool["n"] for pool in plan.record["pools"] if pool["split"] == "test"
    }
    assert sorted(scored.values()) == [6, 7], "pools are scored whole"
    found = check_store(store, deep=True)
    assert (found.damage, found.stray) == ([], [])
    assert found.checked["table lists"] == 2

    # What the store holds is enough for another process: it was told no list.
    _known.clear()
    [block] = plan.record["scoring"]
    piece = next(iter(pieces_of_scoring(block, commit)))
    assert verify_piece(store, fit_id, piece.piece_id).identical
    _known.clear()
    assert verify_fit(store, fit_id).identical


def test_a_list_of_the_store_is_proved_by_its_name(write, prepared, tmp_path, cache):
    write("a")
    store = open_store(tmp_path / "store")
    expansion = prepared()
    make_trials(make_plan(expansion, store), store)
    digest = lists(expansion)["test set g/a"].digest
    path = tmp_path / "store" / table_list_key(digest)
    record = json.loads(path.read_text())
    record["codings"][0][2] += 1
    path.write_text(json.dumps({k: v for k, v in record.items() if k != "file_sha256"}))
    [damage] = check_store(store).damage
    assert damage.key == table_list_key(digest)
    assert "not what its name stands for" in damage.why
    path.unlink()
    make_trials(make_plan(prepared(), store), store)
    assert path.is_file(), "written anew by the next run"


def test_a_store_without_the_list_gives_no_number(write, prepared, tmp_path):
    write("a")
    store = open_store(tmp_path / "store")
    expansion = prepared()
    run(expansion, store)
    record = make_plan(expansion, store).record
    digest = lists(expansion)["test set g/a"].digest
    store.delete(table_list_key(digest))
    _known.clear()
    selection = StoreSelection.of(store, [record])
    assert measured_cells(selection) == []
    assert list(selection.damaged) == [table_list_key(digest)]
    with pytest.raises(StoreMissing):
        verify_piece(store, *_first_piece(store, record))


def _first_piece(store, record):
    [block] = record["scoring"]
    piece = next(iter(pieces_of_scoring(block, read_commit(store, block["fit_id"]))))
    return piece.fit_id, piece.piece_id


def test_a_manifest_that_does_not_say_how_files_are_coded_is_refused_before_a_run(
    write, prepared, tmp_path
):
    write("a")
    store = open_store(tmp_path / "store")
    expansion = prepared()
    pool_id = expansion.test_sets[0].real_pools[0]
    table = expansion.catalog.pool(pool_id).table
    write_pool(store, pool_id, table.drop_columns(["subsampling", "jpeg_tables", "metadata_bytes"]))
    with pytest.raises(Refused) as caught:
        make_trials(make_plan(expansion, store), store)
    assert "does not say how its images are coded" in str(caught.value)
    assert "delete it from the store" in str(caught.value)
    store.delete(manifest_key(pool_id))
    make_trials(make_plan(expansion, store), store)
    assert read_pool(store, pool_id, ["subsampling"])["subsampling"].null_count == 0


@pytest.mark.parametrize(
    ("reals", "equalise", "why"),
    [
        (REALS, "match(px=128)", "none of its 23 real images holds a square of 128 px"),
        (
            {split: [(90, "L", (56, 40), 20)] for split in REALS},
            "match",
            "is coded as no fake can be",
        ),
        (REALS, "match | recompress(90)", "Write match alone"),
        (REALS, 'match(tables="0123")', "Leave `tables` out"),
    ],
)
def test_what_cannot_be_matched_is_refused_with_what_to_do(write, prepared, reals, equalise, why):
    write("a", reals)
    with pytest.raises(Refused) as caught:
        prepared(equalise=equalise)
    assert why in str(caught.value)


def test_recompress_is_the_same_for_every_comparison(write, prepared):
    write("a")
    crops = {"train": "random_crop(24)", "test": "center_crop(24)"}
    expansion = prepared(equalise="recompress(96)", arms=[{**ARM, "input": crops}])
    [fit] = expansion.fits.values()
    assert fit.equalise == "recompress(96)"
    assert [b["equalise"] for b in expansion.scoring[fit.fit_id]] == ["recompress(96)"]
    assert expansion.matched == ()


def test_the_list_that_a_view_names_is_the_one_that_was_formed(write, prepared):
    write("a")
    expansion = prepared()
    for table_list in lists(expansion).values():
        assert table_list_of(table_list.digest) == table_list
