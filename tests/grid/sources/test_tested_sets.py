"""Test sets by class and against named photographs: from the file to the numbers."""

import json
import logging
import shutil

import numpy as np
import pytest
from PIL import Image
from synthetic_store import SyntheticGrid, write_synthetic_store

from analysis.sql.query import query
from grid.experiment_file.loading import parse_experiment
from grid.plan.plan import prepare
from grid.plan.record_experiment import experiment_record
from grid.records.experiments import NOT_TRAINED_CLASSES, cells_of
from grid.records.stored_experiments import experiment_digest, write_experiment
from grid.refusal import Refused
from grid.store.opening import open_store

CLASSES = ("n01440764", "n01443537", "n01484850", "n01491361")
RECIPE = {"base": "small", "epochs": 1, "batch_size": 8}


@pytest.fixture
def write(tmp_path):
    """Return a function that writes noise, image i of a folder being of class i % 4 (or none)."""

    def write(place, count, *, classes=CLASSES):
        place = tmp_path / place
        place.mkdir(parents=True)
        rng = np.random.default_rng([*str(place.relative_to(tmp_path)).encode()])
        for i in range(count):
            stem = f"{classes[i % len(classes)]}_{i}" if classes else f"{i}"
            pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(place / f"{stem}.png")

    return write


@pytest.fixture
def images(write):
    """Two generators with classes, and photographs of which some state none."""
    for generator in ("sd14", "biggan"):
        for label in ("nature", "ai"):
            write(f"g/{generator}/train/{label}", 16)
            write(f"g/{generator}/val/{label}", 8)
    write("photos/coco/val/nature", 12)
    write("photos/flickr/val/nature", 6, classes=None)


@pytest.fixture
def raw(images):
    arm = {
        "name": "a",
        "detector": "simple_cnn",
        "simple_cnn.size": "tiny",
        "train": {"sets": ["g/sd14"]},
        "input": {"train": "none", "test": "none"},
        "recipe": RECIPE,
    }
    return {
        "schema": 1,
        "name": "e",
        "data": {"g": {"root": "g"}, "p": {"root": "photos"}},
        "equalise": "none",
        "test": {"sets": ["g"]},
        "arms": [arm],
    }


@pytest.fixture
def expand(tmp_path, cache):
    return lambda raw: prepare(parse_experiment(raw, base=tmp_path))


@pytest.fixture
def refused(expand):
    def refused(raw):
        with pytest.raises(Refused) as found:
            expand(raw)
        return str(found.value)

    return refused


def columns(expansion):
    return {test_set.name: test_set for test_set in expansion.test_sets}


def test_named_reals_are_one_union_and_stand_in_the_name(raw, expand):
    raw["test"]["reals"] = ["p/coco/nature", "g/sd14/nature"]
    raw["arms"].append({**raw["arms"][0], "name": "b", "test": {"sets": ["g"], "reals": ["p"]}})
    raw["arms"].append({**raw["arms"][0], "name": "c", "test": {"sets": ["g"]}})
    expansion = expand(raw)
    assert len(expansion.fits) == 1
    found = columns(expansion)
    both, all_photos, own = (
        found[f"g/biggan{which}"] for which in (" vs p/coco/nature+g/sd14/nature", " vs p", "")
    )

    def number(test_set):
        return sum(len(expansion.catalog.pool(pool)) for pool in test_set.real_pools)

    assert [number(each) for each in (both, all_photos, own)] == [12 + 8, 12 + 6, 8]
    assert len({each.fake_pools for each in (both, all_photos, own)}) == 1
    cells = list(cells_of(experiment_record(expansion)))
    assert len({cell.test_set for cell in cells}) == len(cells) == 6


def test_an_arm_gets_the_test_sets_that_it_asks_for_and_no_others(raw, expand):
    """Their pools are the same, so each arm's pools would make up the other's test sets too."""
    some = {"sets": ["g"], "classes": [CLASSES[0]]}
    raw["arms"].append({**raw["arms"][0], "name": "b", "detector": "npr", "test": some})
    del raw["arms"][1]["simple_cnn.size"]
    record = experiment_record(expand(raw))
    cells = [(cell.fit_id.split("-")[0], cell.record["classes"]) for cell in cells_of(record)]
    assert sorted(cells, key=str) == [("npr", [CLASSES[0]])] * 2 + [("simple_cnn", None)] * 2
    # One fit of two arms is asked both questions, and its pools are scored once.
    raw["arms"][1] = {**raw["arms"][0], "name": "b", "test": some}
    record = experiment_record(expand(raw))
    assert len(record["scoring"]) == 1
    assert len(list(cells_of(record))) == 4


def test_the_test_sets_are_not_named_where_they_are_all_that_the_pools_make_up(raw, expand):
    raw["arms"].append({**raw["arms"][0], "name": "b", "test": {"sets": ["g/sd14"]}, "seeds": [1]})
    record = experiment_record(expand(raw))
    assert not any("test_sets" in each for each in record["scoring"])
    assert len(list(cells_of(record))) == 3


def test_a_generator_without_an_image_of_the_classes_is_none_that_was_trained_on(
    raw, expand, write
):
    for label in ("nature", "ai"):
        write(f"g/glide/train/{label}", 8, classes=CLASSES[2:])
        write(f"g/glide/val/{label}", 8)
    raw["arms"][0]["train"] = [{"sets": ["g"], "classes": list(CLASSES[:2])}, {"sets": ["g"]}]
    fits = experiment_record(expand(raw))["fits"]
    assert [fit["train"]["generators"] for fit in fits] == [
        ["biggan", "sd14"],
        ["biggan", "glide", "sd14"],
    ]
    assert [fit["train"]["groups"] for fit in fits] == [
        sorted(fits[0]["train"]["groups"]),
        sorted({*fits[0]["train"]["groups"], "glide"}),
    ]


def test_names_that_do_not_exist_are_refused(raw, refused):
    raw["test"]["reals"] = ["q", "p/cocoa/nature"]
    said = refused(raw)
    assert "test.reals: q: there is no such dataset" in said
    assert "test.reals: p/cocoa/nature: no real test images" in said


def test_a_class_that_a_set_does_not_have_is_refused(raw, refused):
    raw["test"]["classes"] = ["n01440764", "n01440765"]
    said = refused(raw)
    assert "test.classes of g/sd14: 'n01440765': none of its images is of it" in said
    raw["test"].update(classes=["n01440764"], reals=["p/flickr/nature"])
    assert "its real images state no class" in refused(raw)


def test_a_class_of_one_side_may_be_asked_for_beside_one_of_both(raw, expand, write):
    for label, classes in (("nature", CLASSES[:2]), ("ai", CLASSES[1:3])):
        write(f"g/glide/train/{label}", 4)
        write(f"g/glide/val/{label}", 4, classes=classes)
    raw["test"] = {"sets": ["g/glide"], "classes": list(CLASSES[1:3])}
    assert columns(expand(raw))["g/glide"].classes == CLASSES[1:3]


def test_the_classes_of_what_a_fit_has_seen_are_recorded(raw, expand):
    raw["arms"][0]["train"] = [
        {"sets": ["g/sd14"], "classes": list(CLASSES[:2])},
        {"sets": ["g/sd14"]},
    ]
    child = {
        **raw["arms"][0],
        "name": "tuned",
        "train": {"sets": ["g/biggan"], "classes": [CLASSES[2]]},
        "weights": {"from": "a", "where": {"train": f"g/sd14,classes={'+'.join(CLASSES[:2])}"}},
    }
    raw["arms"].append(child)
    fits = experiment_record(expand(raw))["fits"]
    assert [fit["train"]["classes"] for fit in fits] == [
        list(CLASSES[:2]),
        list(CLASSES),
        list(CLASSES[:3]),
    ]


def test_untrained_classes_must_exist_and_be_known(raw, write, refused, expand):
    raw["test"]["classes"] = "not_trained_classes"
    assert "no fake image of a class that it was not trained on" in refused(raw)
    raw["arms"][0]["train"]["classes"] = list(CLASSES[:3])
    record = experiment_record(expand(raw))
    assert {test_set["classes"] for test_set in record["test_sets"]} == {"not_trained_classes"}
    write("u/glide/train/nature", 8, classes=None)
    write("u/glide/train/ai", 8)
    raw["data"]["u"] = {"root": "u"}
    raw["arms"][0]["train"] = {"sets": ["u"]}
    assert "trained on u: it cannot be said which classes" in refused(raw)


def test_untrained_classes_are_wanted_of_the_reals_too(raw, write, refused):
    for label, classes in (("nature", CLASSES[:3]), ("ai", CLASSES)):
        write(f"g/glide/train/{label}", 4)
        write(f"g/glide/val/{label}", 8, classes=classes)
    raw["test"]["classes"] = "not_trained_classes"
    raw["arms"][0]["train"]["classes"] = list(CLASSES[:3])
    assert "g/glide has no real image of a class that it was not trained on" in refused(raw)


def test_untrained_classes_of_given_weights_are_not_known(raw, refused, tmp_path):
    (tmp_path / "w.safetensors").write_bytes(b"anything")
    raw["test"]["classes"] = "not_trained_classes"
    raw["arms"][0].update(train="none", weights="w.safetensors")
    assert "cannot be said which classes" in refused(raw)


def test_cells_of_untrained_classes_count_what_each_fit_did_not_see(raw, tmp_path, cache, crossgen):
    raw["arms"][0]["train"] = [
        {"sets": ["g/sd14"], "classes": list(CLASSES[:1])},
        {"sets": ["g/sd14"], "classes": list(CLASSES[:3])},
    ]
    raw["test"]["classes"] = "not_trained_classes"
    file = tmp_path / "e.yaml"
    file.write_text(json.dumps(raw))
    store = tmp_path / "store"
    code, _, err = crossgen("run", file, "--store", store, "--no-ray")
    assert code == 0, err
    sql = (
        "SELECT n_train + n_validation AS seen, test_set, classes, n_real, n_fake, accuracy "
        "FROM cells JOIN fits USING (fit_id) ORDER BY ALL"
    )
    opened = open_store(store)
    found = query(opened, sql).to_pylist()
    assert [(row["seen"], row["test_set"], row["n_real"], row["n_fake"]) for row in found] == [
        (8, "g/biggan", 6, 6),
        (8, "g/sd14", 6, 6),
        (24, "g/biggan", 2, 2),
        (24, "g/sd14", 2, 2),
    ]
    assert {tuple(row["classes"]) for row in found} == {("not_trained_classes",)}
    # Held against the files themselves.
    by_hand = (
        "SELECT avg(((logit > 0) = (i.label = 1))::int) AS accuracy FROM scores s "
        "JOIN images i USING (pool_id, image) JOIN fits f USING (fit_id) "
        f"WHERE i.class = '{CLASSES[3]}' AND i.generator = 'biggan' AND f.n_train > 8"
    )
    [expected] = query(opened, by_hand).to_pylist()
    assert found[2]["accuracy"] == pytest.approx(expected["accuracy"])
    code, _, err = crossgen("matrix", file, "--store", store)
    assert code == 0, err


def test_photographs_that_two_collections_share_count_once(raw, tmp_path, cache, crossgen, write):
    """Eight of one, three of which the other has beside five of its own."""
    write("q/lsun/val/nature", 5)
    for photo in sorted((tmp_path / "g/sd14/val/nature").iterdir())[:3]:
        shutil.copy(photo, tmp_path / "q/lsun/val/nature" / f"{photo.stem}9.png")
    raw["data"]["q"] = {"root": "q"}
    raw["test"] = {"sets": ["g/biggan"], "reals": ["g/sd14/nature", "q"]}
    file = tmp_path / "e.yaml"
    for classes in (None, list(CLASSES)):
        file.write_text(json.dumps({**raw, "test": {**raw["test"], "classes": classes}}))
        code, _, err = crossgen("run", file, "--store", tmp_path / "store", "--no-ray")
        assert code == 0, err
    sql = "SELECT n_real, n_fake, n_seen FROM cells"
    store = open_store(tmp_path / "store")
    counts = query(store, sql, all_expansions=True).to_pylist()
    assert counts == [{"n_real": 8 + 5, "n_fake": 8, "n_seen": 0}] * 2


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "synthetic")


def with_untrained(store, change=lambda record: None, **grid):
    """Write a synthetic store whose first column asks for untrained classes."""
    made = write_synthetic_store(
        store, SyntheticGrid(name="whole", generators=2, seeds=1, images=60, **grid)
    )
    record = json.loads(json.dumps(made))
    column = {**record["test_sets"][0], "classes": NOT_TRAINED_CLASSES}
    record.update(name="untrained", test_sets=[column])
    change(record)
    record["digest"] = experiment_digest(record)
    write_experiment(store, record)


def cells(store, experiment):
    sql = "SELECT fit_id, degradation, n_real, n_fake, auc FROM cells ORDER BY ALL"
    return query(store, sql, experiment=experiment).to_pylist()


def test_untrained_classes_of_simulated_scores(store):
    with_untrained(store, trained_classes=7)
    found = cells(store, "untrained")
    [counts] = query(
        store,
        "SELECT count(*) FILTER (label = 0) AS n_real, count(*) FILTER (label = 1) AS n_fake "
        "FROM images WHERE class IN ('class007', 'class008', 'class009') AND generator = 'progan'",
        experiment="untrained",
    ).to_pylist()
    assert 0 < counts["n_fake"] < 60
    assert len(found) == 2 * 2 * 2
    assert all(row.items() >= counts.items() for row in found)
    assert cells(store, "untrained") == found, "kept, and the same"


def test_classes_that_were_all_trained_on_leave_an_empty_cell(store):
    with_untrained(store)
    found = cells(store, "untrained")
    assert {(row["n_real"], row["n_fake"], row["auc"]) for row in found} == {(0, 0, None)}


def test_fits_whose_classes_are_not_known_have_no_such_cell(store, caplog):
    def forget(record):
        for fit, classes in zip(record["fits"], (None, [""], ["class000"]), strict=False):
            fit["train"]["classes"] = classes
            if classes is None:
                del fit["train"]["classes"]  # as a record of an earlier version

    with_untrained(store, forget)
    with caplog.at_level(logging.WARNING):
        found = cells(store, "untrained")
    assert len({row["fit_id"] for row in found}) == 2
    assert "not known which classes" in caplog.text
