"""`crossgen index`: what is shown, written and answered; the exit code says whether all is well."""

import csv
import json
import os
import shutil
import subprocess
import sys

import PIL.Image
import pyarrow.parquet as pq
import pytest
import yaml
from damaged_images import break_pixels

from grid.packages import packages_root


@pytest.fixture
def root(tmp_path, cache, make_genimage):
    return make_genimage(tmp_path / "images", {"g1": 1, "biggan": 2}, train=4, test=3)


def test_a_sound_root_is_summed_up(crossgen, root):
    code, out, _ = crossgen("index", root)
    assert code == 0
    assert "layout genimage: folders {train,val}/{ai,nature} of 2 generators: biggan, g1" in out
    assert "28 images" in out
    row = next(line for line in out.splitlines() if line.startswith("biggan "))
    assert row.split()[:6] == ["biggan", "test", "fake", "3", "PNG", "16x16"]
    assert "GenImage, as published:" in out
    assert "7 of 8 generators are missing" in out


def test_unusable_files_are_listed_counted_and_written(crossgen, root, tmp_path):
    (root / "g1" / "train" / "ai" / "000.png").write_bytes(b"")
    for i in range(20):
        (root / "g1" / "val" / "ai" / f"bad{i:02}.png").write_bytes(b"no image")
    listed = tmp_path / "problems.csv"
    code, out, _ = crossgen("index", root, "--problems", listed)
    assert code == 1
    assert "27 images" in out
    assert "21 more not usable" in out
    assert "g1/train/ai/000.png: the file is empty (0 bytes)" in out
    assert "... and 11 more" in out
    rows = list(csv.DictReader(listed.read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 21
    assert {(row["root"], row["kind"]) for row in rows} == {(str(root), "header")}


def test_images_that_do_not_decode_are_found_on_request_and_stay_rows(crossgen, root, tmp_path):
    break_pixels(root / "g1" / "train" / "ai" / "000.png")
    assert crossgen("index", root)[0] == 0
    listed = tmp_path / "problems.csv"
    code, out, _ = crossgen("index", root, "--decode", "--problems", listed)
    assert code == 1
    assert "28 images" in out
    assert "1 of them not decodable" in out
    assert "g1/train/ai/000.png: broken or truncated pixels" in out
    [row] = csv.DictReader(listed.read_text(encoding="utf-8").splitlines())
    assert row["kind"] == "pixels"
    # Known from then on, without decoding again.
    assert "1 of them not decodable" in crossgen("index", root)[1]


def test_parts_that_several_machines_read_are_merged(crossgen, root, tmp_path, monkeypatch):
    (root / "g1" / "train" / "ai" / "000.png").write_bytes(b"")
    whole = crossgen("index", root)[1]
    for part in (1, 2):
        monkeypatch.setenv("CROSSGEN_CACHE", str(tmp_path / f"machine{part}"))
        _, out, _ = crossgen("index", root, "--shard", f"{part}/2")
        assert f"part {part} of 2, no whole collection" in out
        assert "as published" not in out
    monkeypatch.setenv("CROSSGEN_CACHE", str(tmp_path / "together"))
    code, _, err = crossgen("index", root, "--merge", tmp_path / "machine1")
    assert code == 2
    assert "2/2" in err
    monkeypatch.setattr("data.index.read_files", None)  # nothing is read any more
    both = ["--merge", tmp_path / "machine1", "--merge", tmp_path / "machine2"]
    code, out, _ = crossgen("index", root, *both)
    assert code == 1
    assert out == whole


def test_a_root_that_was_moved_is_not_read_again(crossgen, root, tmp_path, monkeypatch):
    crossgen("index", root)
    root.rename(tmp_path / "elsewhere")
    monkeypatch.setattr("data.index.read_files", None)
    code, out, _ = crossgen("index", "--map", f"{root}={tmp_path / 'elsewhere'}")
    assert code == 0
    assert "28 files of" in out
    assert "28 images" in out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--shard", "0/2"], "is no part"),
        (["--shard", "3/2"], "is no part"),
        (["--shard", "2"], "is no part"),
        (["--map", "here"], "is not OLD=NEW"),
        (["--shard", "1/2", "--map", "a=b"], "--shard reads one part"),
    ],
)
def test_options_that_make_no_sense_are_refused(crossgen, root, options, said):
    code, _, err = crossgen("index", root, *options)
    assert code == 2
    assert said in err


def test_one_image_with_two_labels_is_no_sound_root(crossgen, root):
    shutil.copy(root / "g1/train/ai/000.png", root / "g1/train/nature/copy.png")
    code, out, _ = crossgen("index", root)
    assert code == 1
    assert "one image with two labels" in out
    assert "copy.png" in out


def test_a_root_that_is_none_does_not_keep_the_others_from_being_shown(crossgen, root, tmp_path):
    (tmp_path / "empty").mkdir()
    code, out, err = crossgen("index", tmp_path / "absent", tmp_path / "empty", root)
    assert code == 2
    assert "28 images" in out
    assert "refused (2 problems)" in err
    assert "there is no such folder" in err
    assert "is empty: there is no file in it" in err


def test_a_folder_too_high_is_answered_with_the_command_that_is_right(crossgen, root, tmp_path):
    shutil.copytree(root, tmp_path / "above" / "one")
    shutil.copytree(root, tmp_path / "above" / "two")
    code, _, err = crossgen("index", tmp_path / "above")
    assert code == 2
    assert f"crossgen index {tmp_path / 'above' / 'one'} {tmp_path / 'above' / 'two'}" in err


def test_an_experiment_file_means_its_roots(crossgen, own_run):
    raw = yaml.safe_load(own_run.file.read_text(encoding="utf-8"))
    code, out, _ = crossgen("index", own_run.file)
    assert code == 0
    assert len(raw["data"]) == out.count("layout genimage")
    assert "88 images" in out


def test_the_summary_as_json_and_the_rows_as_parquet(crossgen, root, tmp_path):
    (root / "g1" / "train" / "ai" / "000.png").write_bytes(b"")
    rows = tmp_path / "rows.parquet"
    code, out, _ = crossgen("index", root, "--json", "--write", rows)
    assert code == 1
    [found] = json.loads(out)["collections"]
    assert found["images"] == sum(each["images"] for each in found["sources"]) == 27
    assert [each["path"] for each in found["problems"]] == ["g1/train/ai/000.png"]
    table = pq.read_table(rows)
    assert table.num_rows == 27
    assert set(table["root"].to_pylist()) == {str(root)}


@pytest.mark.parametrize("option", ["--problems", "--write"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_read(
    crossgen, root, tmp_path, option
):
    code, out, err = crossgen("index", root, option, tmp_path / "nowhere" / "file")
    assert code == 2
    assert not out
    assert "is no folder that can be written to" in err


def test_nothing_given_is_refused(crossgen, cache):
    code, _, err = crossgen("index")
    assert code == 2
    assert "no folder is given" in err


def test_a_simulated_collection_is_called_so(crossgen, root):
    from data.simulated import SIMULATED_MARKER, marker_text

    (root / SIMULATED_MARKER).write_text(marker_text({"made_by": "a test"}), encoding="utf-8")
    _, out, _ = crossgen("index", root)
    assert "simulated images: no evidence about real generators" in out


def test_a_plan_may_trust_the_index_and_says_when_it_cannot(crossgen, own_run):
    plan = "plan", own_run.file, "--store", own_run.store
    code, _, err = crossgen(*plan, "--trust-index")
    assert code == 2
    assert "no index of it is kept" in err
    assert crossgen(*plan)[0] == 0
    code, _, err = crossgen(*plan, "--trust-index")
    assert code == 0, err
    code, _, err = crossgen(*plan, "--trust-index", "--rehash")
    assert code == 2
    assert "--rehash with --trust-index" in err


def test_a_folder_without_images_of_the_stated_layout_is_refused(crossgen, root):
    code, out, err = crossgen("index", root, "--layout", "univfd")
    assert code == 2
    assert "0 images" in out
    assert "no image was found there" in err
    assert "GENERATOR/1_fake/" in err  # where they are looked for


def test_a_layout_that_is_none_is_told_of_the_layout_not_of_the_folder(crossgen, root):
    code, _, err = crossgen("index", root, "--layout", "genimag")
    assert code == 2
    assert "layout 'genimag': it is not known. Did you mean genimage?" in err
    assert str(root) not in err


def test_the_next_command_is_named_where_there_is_one(crossgen, root):
    said = f"next:\n  crossgen audit {root}"
    assert said in crossgen("index", root)[1]
    assert said not in crossgen("index", root, "--shard", "1/2")[1]
    assert "next:" not in crossgen("index", root, "--json")[2]
    shutil.copy(root / "g1/train/ai/000.png", root / "g1/train/nature/copy.png")
    assert "next:" not in crossgen("index", root)[1]


def test_values_of_a_cell_are_not_broken_in_a_narrow_terminal(crossgen, root, monkeypatch):
    """Sizes and qualities of photographs: one on a line where a line has no room for two."""
    for number, side in enumerate((100, 100, 120, 140)):
        image = PIL.Image.new("RGB", (1000 + side, 1000), (number, 0, 0))
        image.save(root / f"g1/val/nature/{number}.jpg", quality=90 - side // 10)
    for columns, lines in ((80, 4), (200, 1)):
        monkeypatch.setenv("COLUMNS", str(columns))
        out = crossgen("index", root)[1].splitlines()
        start = next(n for n, line in enumerate(out) if line.split()[:2] == ["g1/nature", "test"])
        row = "\n".join(out[start : start + lines])
        assert "JPEG 57%" in row
        assert "1100x1000 29%" in row
        assert "q80 50%" in row


def test_a_cache_that_cannot_be_written_is_said_in_a_sentence(root):
    env = {**os.environ, "CROSSGEN_CACHE": "/dev/null/x"}
    command = [sys.executable, "-m", "launch", "index", str(root)]
    done = subprocess.run(
        command, cwd=packages_root(), env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stderr.startswith("warning\n  The index cache /dev/null/x/index-")
    assert "CROSSGEN_CACHE" in done.stderr
    assert ".py" not in done.stderr
