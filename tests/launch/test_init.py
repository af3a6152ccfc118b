"""`crossgen init`: what it writes can be planned, or it says which line to fill in first."""

import os
import shutil
from pathlib import Path

import pytest
import yaml
from PIL import Image

from grid.experiment_file.loading import load_experiment
from grid.records.commits import committed_fits
from grid.store.opening import open_store
from launch.init_template import budget


def as_jpeg(folder: Path) -> None:
    for place in folder.rglob("nature/*.png"):
        Image.open(place).save(place.with_suffix(".jpg"), quality=95)
        place.unlink()


def put(file: Path, line: int, text: str) -> None:
    lines = file.read_text().splitlines()
    lines[line - 1] = text
    file.write_text("\n".join(lines) + "\n")


def lines_said(text: str) -> dict[str, int]:
    """Key to number, of lines such as "line 21, `equalise:` ..."."""
    found = [line.strip() for line in text.splitlines() if line.strip().startswith("line ")]
    return {line.split("`")[1].rstrip(":"): int(line.split()[1].rstrip(",")) for line in found}


@pytest.fixture
def images(make_genimage, tmp_path, cache):
    return make_genimage(tmp_path / "images", {"g1": 1, "dcgan": 2}, train=12, test=6)


def test_what_was_found_is_said_in_short_and_what_is_next(crossgen, images, tmp_path):
    target = tmp_path / "new.yaml"
    code, out, err = crossgen("init", images, "-o", target)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "images: genimage layout, 2 generators: dcgan, g1",
        "  images: train 24 real and 24 fake; test 12 real and 12 fake",
        "family unknown, optional: data.images.families: {g1: FAMILY}",
        f"wrote {target}",
        "next:",
        f"  crossgen plan {target}",
    ]
    assert "FILL IN" not in target.read_text()
    assert crossgen("plan", target, "--store", tmp_path / "store")[0] == 0


def test_families_are_stated_by_filling_in_the_commented_line(crossgen, images, tmp_path):
    target = tmp_path / "new.yaml"
    crossgen("init", images, "-o", target)
    text = target.read_text()
    assert "    # families: {g1: FAMILY}\n" in text
    target.write_text(text.replace("# families: {g1: FAMILY}", "families: {g1: gan}"))
    assert load_experiment(target).data["images"].families == {"g1": "gan"}
    _, out, _ = crossgen("plan", target, "--store", tmp_path / "store")
    assert "family unknown" not in out


def test_one_sided_images_are_never_consented_to_for_the_user(crossgen, images, tmp_path):
    as_jpeg(images / "dcgan")
    target = tmp_path / "new.yaml"
    code, out, _ = crossgen("init", images, "-o", target)
    assert code == 0
    assert "equalise" not in yaml.safe_load(target.read_text())
    assert "! images/dcgan: format x label is one-sided: reals are JPEG 100%" in out
    assert "next:" not in out
    place = lines_said(out)["equalise"]
    assert f"# FILL IN FIRST line {place}, `equalise:`" in target.read_text()
    store = tmp_path / "store"
    code, _, err = crossgen("plan", target, "--store", store)
    assert code == 2
    assert "images/dcgan: format x label is one-sided" in err
    put(target, place, "equalise: none")
    assert crossgen("plan", target, "--store", store)[0] == 0


def test_test_images_alone_need_weights_which_are_asked_for(crossgen, own_run, tmp_path):
    for split in (own_run.folder / "images").glob("*/train"):
        shutil.rmtree(split)
    target = tmp_path / "new.yaml"
    code, out, _ = crossgen("init", own_run.folder / "images", "-o", target)
    assert code == 0
    assert "next:" not in out
    place = lines_said(out)["weights"]
    assert f"# FILL IN FIRST line {place}, `weights:`" in target.read_text()
    code, _, err = crossgen("plan", target, "--store", own_run.store)
    assert code == 2
    assert "fits/<fit_id>/<attempt>/weights-<epoch>.safetensors" in err
    # As it says: the weights of a committed fit, found by the query.
    [query] = [part for part in err.split("`") if part.startswith("crossgen query ")]
    sql = query.removeprefix("crossgen query ").strip('"')
    code, out, _ = crossgen("query", f"SELECT fit_id, attempt, kept_epochs[1] FROM ({sql})",
                            "--store", own_run.store, "--csv")  # fmt: skip
    fit_id, attempt, epoch = out.splitlines()[1].replace('"', "").split(",")
    weights = own_run.store / f"fits/{fit_id}/{attempt}/weights-{epoch}.safetensors"
    put(target, place, f"    weights: {weights}")
    text = target.read_text().replace("detector: npr ", "detector: simple_cnn ")
    target.write_text(text.replace("    train: none", "    train: none\n    simple_cnn.size: tiny"))
    code, _, err = crossgen("run", target, "--store", own_run.store, "--no-ray")
    assert code == 0, err
    store = open_store(own_run.store)
    assert any("-given-" in fit_id for fit_id in committed_fits(store))


def test_training_images_alone_leave_the_test_sets_blank(crossgen, images, tmp_path):
    for split in images.glob("*/val"):
        shutil.rmtree(split)
    target = tmp_path / "new.yaml"
    code, out, _ = crossgen("init", images, "-o", target)
    assert code == 0
    place = lines_said(out)["sets"]
    assert target.read_text().splitlines()[place - 1] == "  sets: []"


def test_only_generators_with_both_classes_are_named(crossgen, images, tmp_path):
    shutil.rmtree(images / "g1" / "val" / "nature")
    shutil.rmtree(images / "dcgan" / "train" / "nature")
    target = tmp_path / "new.yaml"
    crossgen("init", images, "-o", target)
    experiment = load_experiment(target)
    assert experiment.test.sets == ("images/dcgan",)
    assert {t.each for arm in experiment.arms for t in arm.train} == {("images/g1",)}
    assert crossgen("plan", target, "--store", tmp_path / "store")[0] == 0


def test_without_a_file_stdout_is_the_experiment(crossgen, images):
    code, out, err = crossgen("init", images)
    assert code == 0
    assert yaml.safe_load(out)["name"] == "images"
    assert "next:\n  crossgen plan FILE" in err


def test_a_folder_too_high_is_answered_with_the_command(crossgen, make_genimage, tmp_path, cache):
    for name, generators in (("cifar", {"cgan": 1, "karlo": 2}), ("my photo", {"ldm": 3})):
        make_genimage(tmp_path / "data" / name, generators, train=2, test=2)
    target = tmp_path / "new.yaml"
    data = tmp_path / "data"
    code, _, err = crossgen("init", data, data / "cifar", "-o", target)
    assert code == 2
    assert f"{data}: it is one folder too high" in err
    command = f"`crossgen init {data}/cifar '{data}/my photo' -o {target}`"
    assert err.count(command) == 2  # once because cifar lies in data
    code, _, err = crossgen("init", data / "cifar", data / "my photo", "-o", target)
    assert code == 0, err
    assert set(load_experiment(target).data) == {"cifar", "my_photo"}


def test_folders_that_overlap_or_are_none_are_refused_at_once(crossgen, images, tmp_path):
    (tmp_path / "link").symlink_to(images)
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.zip").write_bytes(b"x")
    code, _, err = crossgen(
        "init", images, tmp_path / "link", images / "g1", tmp_path / "empty",
        tmp_path / "file.zip", tmp_path / "gone",
    )  # fmt: skip
    assert code == 2
    assert f"{images}: it is given twice" in err
    assert f"{images / 'g1'}: it lies in {images}, which is given too" in err
    assert f"Run instead: `crossgen init {images}`" in err
    assert f"{tmp_path / 'empty'}: it is empty: there is no file in it" in err
    assert f"{tmp_path / 'file.zip'}: it is a file" in err
    assert f"{tmp_path / 'gone'}: there is no such folder" in err


def test_a_folder_that_cannot_be_listed_is_refused(crossgen, images, monkeypatch):
    def refuse(place):
        raise PermissionError(13, "Permission denied", str(place))

    monkeypatch.setattr(os, "scandir", refuse)
    code, _, err = crossgen("init", images)
    assert code == 2
    assert f"{images}: {images} cannot be listed (Permission denied)" in err


def test_a_place_that_cannot_be_written_is_refused_before_images_are_read(
    crossgen, images, tmp_path, cache
):
    code, _, err = crossgen("init", images, "-o", tmp_path / "gone" / "new.yaml")
    assert code == 2
    assert "is no folder that can be written to" in err
    assert not cache.exists()


def test_what_is_to_be_copied_is_not_cut_in_a_narrow_terminal(
    crossgen, images, tmp_path, monkeypatch
):
    monkeypatch.setenv("COLUMNS", "40")
    _, out, _ = crossgen("init", images, "-o", tmp_path / "new.yaml")
    assert f"\nnext:\n  crossgen plan {tmp_path / 'new.yaml'}\n" in out
    _, out, _ = crossgen("plan", tmp_path / "new.yaml", "--store", tmp_path / "store")
    assert "\n  data.images.families: {g1: FAMILY}\n" in out


@pytest.mark.parametrize(
    ("images", "epochs", "patience", "steps"),
    [
        (24, 100, 25, "200"),  # tiny sets teach nothing more
        (240, 72, 18, "1,008"),  # eight epochs of them are 112 steps
        (600, 30, 8, "1,020"),
        (2_000, 9, 3, "1,017"),
        (100_000, 8, 3, "45,000"),  # large ones are still seen eight times
    ],
)
def test_the_budget_follows_the_steps_that_training_needs(images, epochs, patience, steps):
    assert budget(images) == (epochs, patience, steps)


def test_the_smallest_training_set_sets_the_budget_and_plan_says_the_time(
    crossgen, make_genimage, tmp_path, cache
):
    images = tmp_path / "images"
    make_genimage(images, {"dcgan": 1}, train=300, size=16)
    make_genimage(images, {"sngan": 2}, train=120, size=16)
    file = tmp_path / "new.yaml"
    assert crossgen("init", images, "-o", file)[0] == 0
    raw = yaml.safe_load(file.read_text())
    for arm in raw["arms"]:
        assert arm["recipe"] == {
            "base": "small",
            "epochs": 72,
            "batch_size": 16,
            "selection": "validation_auc",
            "patience": 18,
        }
    assert "1,008 steps on the smallest training set" in file.read_text()
    _, out, _ = crossgen("plan", file, "--store", tmp_path / "store")
    assert "to do, on one CPU core: about" in out


def test_files_that_cannot_be_used_are_a_line_to_fill_in(crossgen, images, tmp_path):
    (images / "g1/train/ai/broken.png").write_bytes(b"no image")
    (images / "g1/train/ai/empty.png").touch()
    target = tmp_path / "new.yaml"
    code, out, err = crossgen("init", images, "-o", target)
    assert (code, err) == (0, "")
    assert "! 2 files cannot be used, e.g. images/g1/train/ai/" in out
    assert "next:" not in out
    place = lines_said(out)["unreadable"]
    assert "unreadable" not in yaml.safe_load(target.read_text())
    store = tmp_path / "store"
    code, _, err = crossgen("plan", target, "--store", store)
    assert code == 2
    assert "2 unreadable files" in err
    blank = target.read_text().splitlines()[place - 1]
    put(target, place, blank.removeprefix("# "))
    assert load_experiment(target).unreadable == "leave_out"
    assert crossgen("plan", target, "--store", store)[0] == 0


def test_a_layout_that_is_stated_stands_in_the_file(crossgen, images, tmp_path):
    (images / "list.csv").write_text(
        "path,label,split\n"
        + "".join(
            f"{path.relative_to(images)},{int('ai' in path.parts)},test\n"
            for path in sorted(images.rglob("*.png"))
        )
    )
    target = tmp_path / "new.yaml"
    assert crossgen("init", images, "-o", target, "--layout", "table(fake=1)")[0] == 0
    assert load_experiment(target).data["images"].layout == "table(fake=1)"
    assert load_experiment(target).data["images"].root == images
    # Nothing can be trained on, so no question of training is asked.
    assert "Trained on one" not in target.read_text()


def test_a_folder_in_the_place_of_a_file_is_answered_with_init(crossgen, images):
    code, _, err = crossgen("plan", images)
    assert code == 2
    assert f"crossgen init {images} -o experiment.yaml" in err
