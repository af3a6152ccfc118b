"""`crossgen warm` and what `plan` says of decoded images."""

import shutil

import pytest

import data.images
from grid.trial import images


@pytest.fixture
def given(own_run):
    shutil.rmtree(own_run.store)
    return own_run.file, "--store", own_run.store, "--set", "equalise=none"


def test_after_it_a_run_decodes_nothing(crossgen, given, cache, monkeypatch) -> None:
    code, out, _ = crossgen("warm", *given, "--jobs", 2)
    assert code == 0
    assert "88 images decoded and kept" in out
    assert "0 kept before" in out
    assert str(cache / "decoded") in out
    assert "0 images decoded and kept; 88 kept before" in crossgen("warm", *given, "--jobs", 1)[1]

    def decoded_again(path, *_):
        raise AssertionError(f"{path} is decoded again")

    monkeypatch.setattr(data.images, "decode", decoded_again)
    images._DECODED.retain(())
    code, _, err = crossgen("run", *given, "--no-ray")
    assert code == 0, err
    assert "nothing is missing" in crossgen("warm", *given)[1]


def test_an_image_that_does_not_decode_is_named(crossgen, given, own_run) -> None:
    victim = min((own_run.folder / "images/g1/val/ai").iterdir())
    content = bytearray(victim.read_bytes())
    content[60:90] = bytes(30)
    victim.write_bytes(content)
    code, out, _ = crossgen("warm", *given, "--jobs", 1)
    assert code == 1
    assert "87 images decoded and kept" in out
    assert "1 image cannot be kept:" in out
    assert out.count(str(victim)) == 1
    code, out, _ = crossgen("warm", *given, "--jobs", 1, "--set", "unreadable=null_score")
    assert code == 0
    assert "0 images decoded and kept; 87 kept before" in out


def test_what_has_no_room_is_counted(crossgen, given, monkeypatch) -> None:
    monkeypatch.setenv("CROSSGEN_DECODED", str(4096 * (8 + 30)))  # eight heads and 30 images
    out = crossgen("plan", *given)[1]
    assert "decoded images: about 360 kB; 156 kB of it, 43%, is kept once per node" in out
    code, out, _ = crossgen("warm", *given, "--jobs", 1)
    assert code == 0
    assert "30 images decoded and kept" in out
    assert "58 images have no room" in out


def test_plan_says_what_images_take(crossgen, given, cache, monkeypatch) -> None:
    assert (
        f"decoded images: about 360 kB, kept once per node in {cache}"
        in crossgen("plan", *given)[1]
    )
    monkeypatch.setenv("CROSSGEN_DECODED", "0")
    assert "about 360 kB, none of it kept" in crossgen("plan", *given)[1]
    assert crossgen("warm", *given)[0] == 1
    monkeypatch.setenv("CROSSGEN_DECODED", "lots")
    code, _, err = crossgen("plan", *given)
    assert code == 2
    assert "CROSSGEN_DECODED='lots': it is no amount of bytes" in err


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_decoded(
    crossgen, given, tmp_path, monkeypatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CROSSGEN_SCRATCH", str(tmp_path / "file"))
    monkeypatch.setenv("CROSSGEN_DECODED", "1GB")
    code, out, _ = crossgen("warm", *given)
    assert code == 1
    assert f"nothing can be kept: {tmp_path / 'file'}/crossgen/decoded cannot be written" in out
    assert "decoded and kept" not in out


def test_why_nothing_is_kept_is_said(crossgen, given, monkeypatch) -> None:
    monkeypatch.setenv("CROSSGEN_DECODED", "0")
    said = "CROSSGEN_DECODED is 0"
    assert f"none of it kept ({said})" in crossgen("plan", *given)[1]
    assert f"nothing can be kept: {said}" in crossgen("warm", *given)[1]
