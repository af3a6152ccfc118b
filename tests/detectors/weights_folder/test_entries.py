"""The weights folder: names, entries, and what is damaged in it."""

import hashlib

import pytest

from data.refusals import Refused
from detectors.weights_folder.entries import (
    TrainedOn,
    WeightsEntry,
    entry_file,
    names_in,
    read_entry,
    tensors_file,
    write_weights,
)
from detectors.weights_folder.names import (
    fault_of,
    library_of,
    looks_like_path,
    timm_dataset,
)
from detectors.weights_folder.proving import proved

CONTENT = b"tensors"


def entry(name="mine", content=CONTENT, **more) -> WeightsEntry:
    return WeightsEntry(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        bytes=len(content),
        source="mine.pth",
        added="2026-01-31",
        **more,
    )


def test_what_is_written_is_read_again(tmp_path):
    stated = TrainedOn(generators=("progan",), classes=("car",), datasets=("ForenSynths",))
    written = entry("open_clip/ViT-L-14/openai", trained_on=stated)
    write_weights(tmp_path, written, CONTENT)
    assert read_entry(tmp_path, written.name) == written
    assert tensors_file(tmp_path, written.name).read_bytes() == CONTENT
    assert names_in(tmp_path) == [written.name]
    assert [each.fault for each in proved(tmp_path)] == [""]


def test_a_name_never_changes_what_it_means(tmp_path):
    write_weights(tmp_path, entry(), CONTENT)
    with pytest.raises(Refused, match="other weights of that name"):
        write_weights(tmp_path, entry(content=b"others"), b"others")
    assert tensors_file(tmp_path, "mine").read_bytes() == CONTENT
    # The same bytes may be said more of.
    write_weights(tmp_path, entry(licence="MIT"), CONTENT)
    assert read_entry(tmp_path, "mine").licence == "MIT"


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda f: tensors_file(f, "mine").write_bytes(b"tensorS"), "its bytes have the checksum"),
        (lambda f: tensors_file(f, "mine").write_bytes(b"tens"), "4 bytes instead of 7"),
        (lambda f: tensors_file(f, "mine").unlink(), "No such file"),
        (lambda f: entry_file(f, "mine").write_text("{"), "damaged"),
        (
            lambda f: entry_file(f, "mine").rename(entry_file(f, "yours")),
            "it is the entry of mine",
        ),
    ],
)
def test_damage_is_found(tmp_path, harm, why):
    write_weights(tmp_path, entry(), CONTENT)
    harm(tmp_path)
    assert any(why in each.fault and each.is_damage for each in proved(tmp_path))


def test_a_file_without_an_entry_is_named_and_no_damage(tmp_path):
    write_weights(tmp_path, entry(), CONTENT)
    (tmp_path / "stranger.safetensors").write_bytes(b"?")
    found = {each.name: each for each in proved(tmp_path)}
    assert "no entry" in found["stranger.safetensors"].fault
    assert not any(each.is_damage for each in found.values())


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("timm/resnet50.a1_in1k", "crossgen weights fetch timm/resnet50.a1_in1k"),
        ("mime", "crossgen weights import FILE --as mime"),
        ("mime", "Did you mean mine?"),
    ],
)
def test_missing_weights_name_the_command_that_brings_them(tmp_path, name, command):
    write_weights(tmp_path, entry(), CONTENT)
    with pytest.raises(Refused) as raised:
        read_entry(tmp_path, name)
    assert command in str(raised.value)


@pytest.mark.parametrize(
    "name",
    [
        *("../etc/passwd", "/abs", "a/../b", "a//b", "a b", "", ".hidden"),
        *("none", "paper", "x.pth", "x.json", "timm/resnet50", "open_clip/ViT"),
    ],
)
def test_names_that_cannot_be(tmp_path, name):
    assert fault_of(name)
    with pytest.raises(Refused):
        read_entry(tmp_path, name)


def test_names_and_paths_are_told_apart():
    assert library_of("timm/resnet50.a1_in1k") == "timm"
    assert library_of("open_clip/ViT-L-14/openai") == "open_clip"
    assert library_of("cnnspot") is None
    for path in ("./cnnspot", "/w/cnnspot", "~/cnnspot", "w/cnnspot.safetensors", "x.pth"):
        assert looks_like_path(path)
    for name in ("timm/resnet50.a1_in1k", "cnnspot", "mine/blur_jpg.prob0.5"):
        assert not looks_like_path(name)
        assert not fault_of(name)


@pytest.mark.parametrize(
    ("tag", "dataset"),
    [
        ("resnet50.a1_in1k", "ImageNet-1k"),
        ("resnet50.tv_in1k", "ImageNet-1k"),
        ("convnext_tiny.in12k_ft_in1k", "ImageNet-12k and ImageNet-1k"),
        ("swin_tiny.ms_in22k_ft_in1k", "ImageNet-22k and ImageNet-1k"),
        ("resnet50.fb_ssl_yfcc100m_ft_in1k", None),
        ("vit_base_patch16_clip_224.openai", None),
        ("vit_base_patch16_clip_224.openai_ft_in1k", None),
        ("efficientnet.ns_jft_in1k", None),
        ("vit_base_patch14_dinov2.lvd142m", None),
    ],
)
def test_only_a_tag_that_says_so_is_of_photographs(tag, dataset):
    assert timm_dataset(f"timm/{tag}") == dataset
