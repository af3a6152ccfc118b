"""`crossgen audit`: planted biases shout, on folders and on files; reports pass it on."""

import re

import numpy as np
import pytest
import yaml
from PIL import Image
from planted_images import lossless, once_jpeg

from grid.records.audits.audit_records import read_audits
from grid.records.places import audit_key
from grid.store.opening import open_store

COUNT = {"train": 16, "val": 8}


@pytest.fixture
def plant(tmp_path):
    """Return a function that writes a generator: what is done to its reals, to its fakes."""

    def write(dataset, generator, reals=lambda image: image, fakes=lambda image: image, first=0):
        for label, change in (("nature", reals), ("ai", fakes)):
            for split, count in COUNT.items():
                place = tmp_path / dataset / generator / split / label
                place.mkdir(parents=True)
                for i in range(count):
                    seed = int.from_bytes(f"{label[0]}{split[0]}".encode(), "big") + 100000 * i
                    image = change(lossless(seed + first, 48, 56))
                    Image.fromarray(image).save(place / f"{i}.png")
        return tmp_path / dataset

    return write


def audit(crossgen, tmp_path, *arguments):
    code, out, err = crossgen("audit", *arguments, "--store", tmp_path / "store")
    assert code == 0, err
    return " ".join(out.split()), read_audits(open_store(tmp_path / "store"))


def test_what_was_jpeg_shouts_and_what_was_not_is_calm(crossgen, tmp_path, cache, plant):
    """The headers are alike: both classes are PNG of one size."""
    root = plant("images", "was_jpeg", reals=lambda image: once_jpeg(image, 75))
    plant("images", "clean", first=7)
    out, [record] = audit(crossgen, tmp_path, root)
    assert "! images/was_jpeg: JPEG history tells labels: 100% of reals, 0% of fakes" in out
    assert "images/clean: " not in out
    assert "file header: " not in out.replace("does not tell labels", "")
    by_name = {each["name"]: each for each in record["comparisons"]}
    assert list(by_name) == ["images/clean", "images/was_jpeg", "all of images"]
    loud = [n for n, each in by_name.items() if each["views"][0]["histories"][0]["tells"]]
    assert loud == ["images/was_jpeg"]
    for each in by_name.values():
        for rows in each["tables"].values():  # every image is counted
            assert sum(row["reals"] for row in rows) == each["reals"]
            assert sum(row["fakes"] for row in rows) == each["fakes"]


def test_recompress_and_match_are_looked_at_after_they_acted(crossgen, tmp_path, cache, plant):
    root = plant("images", "g", reals=lambda image: once_jpeg(image, 75))
    out, [record] = audit(crossgen, tmp_path, root, "--equalise", "recompress(60)")
    assert "after recompress(60) 100/100%" in out
    views = record["comparisons"][0]["views"]
    assert [each["equalise"] for each in views] == ["none", "recompress(60)"]
    assert [each["histories"][0]["fake_share"] for each in views] == [0, 1]
    code, _, err = crossgen("audit", root, "--equalise", "recompres(60)")
    assert code == 2
    assert "recompress" in err


def test_equal_and_similar_images_in_two_pools_are_counted(crossgen, tmp_path, cache, plant):
    root = plant("images", "a")
    plant("images", "b", first=11)
    taken = root / "a" / "val" / "nature"
    Image.open(root / "a" / "train" / "nature" / "0.png").save(taken / "copy.bmp")  # other bytes
    (taken / "same.png").write_bytes((root / "a" / "train" / "nature" / "1.png").read_bytes())
    out, [record] = audit(crossgen, tmp_path, root, "--near")
    [shared] = record["shared"]
    assert (shared["across"], shared["images"]) == ("splits", 1)
    pools = {shared["first"], shared["second"]}
    assert pools == {"images/a/nature train reals", "images/a/nature test reals"}
    assert f"1 in {shared['first']} and {shared['second']} (across splits)" in out
    found = {(e["first"], e["second"]): e["images"] for e in record["look_alikes"]["found"]}
    assert found["images/a/nature train reals", "images/a/nature test reals"] == 2
    assert record["look_alikes"]["images"] == 98


def test_broken_files_are_listed_and_count_nowhere(crossgen, tmp_path, cache, plant):
    root = plant("images", "g")
    (root / "g" / "val" / "ai" / "empty.png").write_bytes(b"")
    whole = (root / "g" / "val" / "ai" / "0.png").read_bytes()
    broken = bytearray(whole)
    broken[len(whole) // 2] ^= 0xFF  # the header is whole, the pixels are not
    (root / "g" / "val" / "ai" / "0.png").write_bytes(broken)
    out, [record] = audit(crossgen, tmp_path, root)
    assert "1 unreadable file is no image of it" in out
    assert "1 sampled image does not decode" in out
    [view] = record["comparisons"][0]["views"]
    assert (view["reals"], view["fakes"]) == (24, 23)
    assert len(view["undecodable"]) == 1


def test_an_experiment_is_audited_though_plan_refuses_it(crossgen, tmp_path, cache, plant):
    """And who accepts it finds the verdict of its pixels in every report."""
    plant("images", "g", reals=lambda image: once_jpeg(image, 75))
    for place in (tmp_path / "images" / "g").glob("*/nature/*.png"):
        Image.open(place).save(place.with_suffix(".bmp"))
        place.unlink()
    arm = {"name": "a", "detector": "simple_cnn", "simple_cnn.size": "tiny", "recipe": "small"}
    raw = {
        "schema": 1,
        "name": "e",
        "data": {"images": {"root": "images"}},
        "test": {"sets": ["images"]},
        "arms": [{**arm, "train": {"each": "images"}, "input": {"train": "random_crop(16)",
                  "test": "none"}}],
    }  # fmt: skip
    file = tmp_path / "e.yaml"
    file.write_text(yaml.safe_dump(raw))
    code, _, err = crossgen("plan", file, "--store", tmp_path / "store")
    assert code == 2
    assert "balanced accuracy of 100%" in " ".join(err.split())
    out, [record] = audit(crossgen, tmp_path, file)
    assert "! images/g: labels can be read from the file header: 100% (format)" in out
    names = [each["name"] for each in record["comparisons"]]
    assert names == ["images/g", "training set images/g", "test set images/g"]
    file.write_text(yaml.safe_dump({**raw, "equalise": "none"}))
    code, out, err = crossgen("matrix", file, "--store", tmp_path / "store")
    assert code == 0, err
    said = " ".join(out.split())
    assert "Labels can be read from traces of how the images were prepared" in said
    assert re.search(r"JPEG history tells labels: 100% of reals, 0% of fakes", said)
    page = tmp_path / "page.html"
    crossgen("report", file, "--store", tmp_path / "store", "-o", page)
    text = page.read_text()
    assert "<h2>Audit of the images</h2>" in text
    assert 'id="audit-pixels"' in text

    path = tmp_path / "store" / audit_key(record["digest"])
    path.chmod(0o644)
    path.write_text(path.read_text().replace('"images/g"', '"images/h"'))
    code, out, _ = crossgen("check", "store", "--store", tmp_path / "store")
    assert code != 0
    assert path.name in out
    code, out, err = crossgen("matrix", file, "--store", tmp_path / "store")
    assert code == 0
    assert "traces of how" not in out  # it is left out, and that is said
    assert path.name in " ".join((out + err).split())


def test_the_same_images_give_the_same_audit(crossgen, tmp_path, cache, plant):
    root = plant("images", "g")
    _, first = audit(crossgen, tmp_path, root)
    _, again = audit(crossgen, tmp_path, root, "--rehash")
    assert first == again


def test_a_file_and_a_folder_are_not_audited_together(crossgen, tmp_path, plant):
    root = plant("images", "g")
    (tmp_path / "e.yaml").write_text("")
    code, _, err = crossgen("audit", tmp_path / "e.yaml", root)
    assert code == 2
    assert "not both" in err
    code, _, err = crossgen("audit", tmp_path / "nowhere")
    assert code == 2
    assert "there is no such folder" in " ".join(err.split())
    assert "data." not in err  # nothing of a file that nobody gave
    code, _, err = crossgen("audit", tmp_path / "e.yaml", "--layout", "genimage")
    assert code == 2
    assert "--layout is of folders" in err


def test_a_list_of_numbers_is_audited_with_its_layout_stated(crossgen, tmp_path, cache, plant):
    root = plant("images", "g")
    (tmp_path / "flat").mkdir()
    lines = ["path,label"]
    for number, file in enumerate(sorted(root.rglob("*.png"))):
        file.rename(tmp_path / f"flat/{number}.png")
        lines.append(f"{number}.png,{int('ai' in file.parts)}")
    (tmp_path / "flat/list.csv").write_text("\n".join([*lines, ""]))
    code, _, err = crossgen("audit", tmp_path / "flat", "--store", tmp_path / "store")
    assert code == 2
    assert "Add `--layout 'table(fake=VALUE)'`" in err
    _, [record] = audit(crossgen, tmp_path, tmp_path / "flat", "--layout", "table(fake=1)")
    assert record["datasets"][0]["layout"] == "table(fake=1)"


def test_the_classic_bias_of_photographs_shouts(crossgen, tmp_path, cache, shared):
    out, [record] = audit(crossgen, tmp_path, shared / "data" / "photo-samples", "--sample", "10")
    for each in record["comparisons"]:
        assert f"! {each['name']}: labels can be read from the file header: 100% (format)" in out
        [history, _] = each["views"][0]["histories"]
        assert (history["real_share"], history["fake_share"]) == (1, 0)
        assert np.isclose(history["auc"], 0)
