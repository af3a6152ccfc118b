"""Families and groups that a file states: informative, and used wherever generators are grouped."""

from pathlib import Path

import pytest
import yaml

from grid.experiment_file.loading import load_experiment, parse_experiment
from grid.experiment_file.schema import DatasetSpec
from grid.plan.plan import prepare
from grid.plan.record_experiment import experiment_record
from grid.records.commits import committed_fits
from grid.records.pools.manifests import read_pool
from grid.records.stored_experiments import read_experiments
from grid.refusal import Refused
from grid.store.opening import open_store


def state(file: Path, **more: object) -> None:
    raw = yaml.safe_load(file.read_text())
    raw["data"]["g"].update(more)
    file.write_text(yaml.safe_dump(raw))


def rows(crossgen, own_run, sql):
    code, out, err = crossgen("query", sql, "--store", own_run.store, "--csv")
    assert code == 0, err
    return [line.replace('"', "") for line in out.splitlines()[1:]]


def test_stating_families_runs_nothing_and_moves_the_blocks(crossgen, own_run):
    command = own_run.file, "--store", own_run.store
    _, out, _ = crossgen("plan", *command)
    assert "data.g.families: {g1: FAMILY, g2: FAMILY}" in out
    _, before, _ = crossgen("matrix", *command)
    assert " unknown ─" in before
    ids = committed_fits(open_store(own_run.store))
    state(own_run.file, families={"g1": "gan", "g2": "flow"}, groups={"g2": "sd1"})
    code, out, err = crossgen("run", *command, "--no-ray")
    assert code == 0, err
    assert "nothing to do" in out
    assert "FAMILY" not in out
    assert committed_fits(open_store(own_run.store)) == ids
    _, after, _ = crossgen("matrix", *command)
    assert "unknown" not in after
    assert " gan " in after
    assert " flow" in after


def test_every_view_has_the_stated_families_though_manifests_keep_the_old(crossgen, own_run):
    state(own_run.file, families={"g1": "gan", "g2": "diffusion"}, groups={"g2": "sd1"})
    assert crossgen("run", own_run.file, "--store", own_run.store, "--no-ray")[0] == 0
    store = open_store(own_run.store)
    assert len(read_experiments(store, "two")) == 2  # of before and after
    pool_id = read_experiments(store)[0]["pools"][0]["pool_id"]
    assert set(read_pool(store, pool_id, ["family"])["family"].to_pylist()) == {"unknown"}
    expected = ["g1,gan,g1", "g2,diffusion,sd1"]
    for view in ("cells", "images"):
        sql = f"SELECT DISTINCT generator, family, generator_group FROM {view} ORDER BY 1"
        assert rows(crossgen, own_run, sql) == expected, view
    sql = "SELECT DISTINCT source, family, generator_group FROM pieces WHERE label = 1 ORDER BY 1"
    assert rows(crossgen, own_run, sql) == expected
    sql = "SELECT count(*) FROM images WHERE family = 'unknown'"
    assert rows(crossgen, own_run, sql) == ["0"]
    sql = "SELECT train_families, train_groups FROM fits ORDER BY train"
    assert rows(crossgen, own_run, sql) == ["[gan],[g1]", "[diffusion],[sd1]"]
    _, out, _ = crossgen("matrix", "--store", own_run.store, "--experiment", "two")
    assert "unknown ─" not in out  # of two expansions that want the same


def test_leave_one_out_goes_by_what_is_stated(own_run):
    raw = yaml.safe_load(own_run.file.read_text())
    raw["arms"][0]["train"] = {"leave_one_out": "family"}

    def labels(level):
        raw["arms"][0]["train"] = {"leave_one_out": level}
        try:
            expansion = prepare(parse_experiment(raw, base=own_run.folder))
        except Refused as error:
            return str(error)
        return sorted({fit.training.label for fit in expansion.fits.values()})

    assert "`data.g.families: {g1: FAMILY, g2: FAMILY}`" in labels("family")
    raw["data"]["g"]["families"] = {"g1": "gan", "g2": "diffusion"}
    assert labels("family") == ["all-but-family-diffusion", "all-but-family-gan"]
    raw["data"]["g"]["groups"] = {"g1": "g2"}
    assert "there is only one group (g2)" in labels("group")


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({"families": {"g3": "gan"}}, "data.g.families: g3: the dataset has no generator"),
        ({"families": {"g1": "gan", "g11": "gan"}}, "Did you mean g1?"),
        ({"groups": {"g3": "sd1"}}, "data.g.groups: g3: the dataset has no generator"),
        ({"families": {"g1": "difusion"}}, "Did you mean diffusion?"),
        ({"families": {"g1": "gans"}}, "Did you mean gan?"),
        ({"families": {"g1": "GAN"}}, "a family is one word in lower case"),
        ({"families": {"g1": "FAMILY"}}, "a family is one word in lower case"),
        ({"families": {"g1": None}}, "data.g.families.g1 = null: a family is one word"),
        ({"groups": {"g1": "sd_1"}}, "no other generator is of this group"),
        ({"groups": {"g1": "sd_1"}}, "Did you mean sd1"),
    ],
)
def test_slips_of_the_pen_are_refused(own_run, stated, words):
    state(own_run.file, **stated)
    with pytest.raises(Refused) as error:
        prepare(load_experiment(own_run.file))
    assert words in str(error.value)


@pytest.mark.parametrize("family", ["vqgan", "vqvae", "score-based", "moe", "unknown", "face_swap"])
def test_a_word_of_ones_own_is_a_family(family):
    assert DatasetSpec(root="/", families={"g1": family}).families == {"g1": family}


def test_a_stated_family_goes_before_the_table(make_genimage, tmp_path, cache):
    make_genimage(tmp_path / "images", {"dcgan": 1}, train=12)
    raw = {
        "schema": 1,
        "name": "e",
        "data": {"d": {"root": "images", "families": {"dcgan": "mine"}}},
        "test": {"sets": ["d"]},
        "arms": [
            {"name": "a", "detector": "npr", "train": {"each": "d"}, "recipe": "small"}
            | {"input": {"train": "random_crop(16, step=2)", "test": "none"}}
        ],
    }
    expansion = prepare(parse_experiment(raw, base=tmp_path))
    [source] = expansion.catalog.all_sources()
    assert source.family == "mine"
    assert {pool.family for pool in source.pools} == {"mine"}
    assert {f for p in source.pools for f in p.table["family"].to_pylist()} == {"mine"}


def test_names_that_yaml_would_read_otherwise_are_quoted(crossgen, own_run):
    for old, new in (("g1", "2024"), ("g2", "a, b")):
        (own_run.folder / "images" / old).rename(own_run.folder / "images" / new)
    _, out, _ = crossgen("plan", own_run.file, "--store", own_run.store)
    [line] = [line for line in out.splitlines() if "data.g.families" in line]
    assert yaml.safe_load(line.partition("families: ")[2]) == {"2024": "FAMILY", "a, b": "FAMILY"}


def test_what_is_stated_goes_before_what_is_not_known_in_any_order(own_run):
    from analysis.selecting.selection import StoreSelection
    from analysis.sql.cells_view import cells_table

    store = open_store(own_run.store)
    before = read_experiments(store, "two")[0]
    state(own_run.file, families={"g1": "gan", "g2": "flow"}, groups={"g2": "sd1"})
    after = experiment_record(prepare(load_experiment(own_run.file)))
    for order in ([before, after], [after, before]):
        selection = StoreSelection.of(store, order)
        assert {pool["family"] for pool in selection.pools.values()} == {"gan", "flow"}
        assert {f for fit in selection.fits.values() for f in fit["train"]["families"]} == {
            "gan", "flow",
        }  # fmt: skip
        cells = cells_table(selection)
        assert set(cells["family"].to_pylist()) == {"gan", "flow"}
        assert set(cells["generator_group"].to_pylist()) == {"g1", "sd1"}
