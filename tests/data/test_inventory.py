"""A collection beside its published numbers: what is missing is named, what is whole is not."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from data.imagenet_classes import _wordnet_ids
from data.inventory import compare
from data.manifest import COLUMNS, Manifest
from data.published_counts import COLLECTIONS

GENIMAGE = {c.name: c for c in COLLECTIONS}["GenImage"]


def manifest_of(layout, rows, root="/nowhere"):
    """A manifest of (generator, split, label, class, images)."""
    counts = [row[4] for row in rows]
    columns = {
        name: np.repeat([row[place] for row in rows], counts)
        for place, name in enumerate(("generator", "split", "label", "class"))
    }
    table = pa.table({name: pa.array(values) for name, values in columns.items()})
    total = sum(counts)
    for field in COLUMNS:
        if field.name not in columns:
            empty = pa.nulls(total, field.type)
            table = table.append_column(field.name, empty)
    return Manifest(Path(root), layout, "made up", table, [])


def genimage(generators, train=162, test=6, classes=1000):
    names = _wordnet_ids()[:classes]
    return [
        (generator, split, 1, name, count)
        for generator in generators
        for name in names
        for split, count in (("train", train), ("test", test))
    ]


def differences(layout, rows, root="/nowhere"):
    return [(c.collection, c.differences) for c in compare(manifest_of(layout, rows, root))]


def test_what_is_whole_differs_in_nothing():
    rows = genimage(GENIMAGE.generators.keys() - {"sd15"}) + genimage(["sd15"], 166, 8)
    rows += [("adm", "train", 0, "", 1_281_167), ("adm", "test", 0, "", 50_000)]
    assert differences("genimage", rows) == [("GenImage", [])]


def test_missing_generators_are_named_with_their_archives():
    rows = genimage(["adm", "biggan", "glide", "midjourney", "vqdm"])
    [(name, [sentence])] = differences("genimage", rows)
    assert name == "GenImage"
    assert sentence.startswith("3 of 8 generators are missing: Stable Diffusion 1.4 (imagenet_ai")
    assert "wukong" in sentence


def test_classes_of_an_archive_that_was_not_unpacked_whole_are_counted():
    rows = genimage(["biggan"], classes=990)
    rows[0] = (*rows[0][:4], 161)
    [(_, [_, train, test])] = differences("genimage", rows)
    assert train == (
        "BigGAN/train: 160,379 of 162,000 published fakes; 11 of 1,000 classes hold fewer than "
        "162 fakes, 10 of them none (the archive imagenet_ai_0419_biggan may not be unpacked whole)"
    )
    assert test.startswith("BigGAN/test: 5,940 of 6,000 published fakes; 10 of 1,000 classes")


def test_classes_may_be_short_where_the_total_is_right():
    rows = genimage(["biggan"])
    rows[0], rows[2] = (*rows[0][:4], 161), (*rows[2][:4], 163)
    [(_, [_, train])] = differences("genimage", rows)
    assert train == (
        "BigGAN/train: 162,000 fakes, as published; 1 of 1,000 classes holds fewer than 162 fakes"
    )


def test_a_split_that_is_not_there_and_one_with_too_many():
    [(_, [_, train, test])] = differences("genimage", genimage(["sd15"], 167, 0))
    assert train == ("Stable Diffusion 1.5/train: 167,000 fakes, more than the 166,000 published")
    assert test.startswith("Stable Diffusion 1.5/test: none of the 8,000 published fakes")


def test_files_that_state_no_class_are_counted_without_classes():
    [(_, [_, train, _])] = differences("genimage", [("adm", "train", 1, "", 5)])
    assert train.startswith("ADM/train: 5 of 162,000 published fakes (the archive")


def test_photographs_are_counted_over_all_generators():
    rows = genimage(GENIMAGE.generators.keys() - {"sd15"}) + genimage(["sd15"], 166, 8)
    rows += [(g, "train", 0, "", 1000) for g in GENIMAGE.generators]
    [(_, said)] = differences("genimage", rows)
    assert said == [
        "train: 8,000 of 1,281,167 published photographs",
        "test: none of the 50,000 published photographs",
    ]


@pytest.mark.parametrize(
    ("layout", "rows"),
    [
        ("genimage", [("mygan", "train", 1, "", 10)]),  # generators of one's own
        ("forensynths", [("adm", "test", 1, "", 10)]),  # GenImage's in another layout
        ("forensynths", [("ldm", "test", 1, "", 10), ("sd1", "test", 1, "", 10)]),
        # AIGCDetectBenchmark has most of ForenSynths' generators, and others.
        ("forensynths", [(g, "test", 1, "", 9) for g in ("progan", "stylegan", "biggan", "adm")]),
        ("real_fake", [("mine", "test", 1, "", 9)]),
    ],
)
def test_what_is_no_published_collection_is_not_judged(layout, rows):
    assert differences(layout, rows) == []


def test_forensynths_is_told_by_its_generators_and_its_training_set_by_progan():
    rows = [(g, "test", 1, "", 9) for g in ("progan", "stylegan", "biggan", "crn")]
    [(name, [sentence])] = differences("forensynths", rows)
    assert name == "ForenSynths' test sets"
    assert sentence.startswith("9 of 13 generators are missing: StyleGAN2, CycleGAN,")
    four = [("progan", "train", label, c, 18_000) for c in ("car", "cat") for label in (0, 1)]
    [(name, [sentence])] = differences("forensynths", four)
    assert name == "ForenSynths' training set"
    assert sentence.startswith(
        "ProGAN/train: 72,000 of 720,000 published images; 18 of 20 classes hold fewer than "
        "36,000 images, 18 of them none"
    )


def test_rounded_figures_are_held_against_in_round_figures():
    for images, expected in ((26_033, 0), (25_000, 0), (20_000, 1)):
        rows = [("", "test", 0, "", images)]
        [(_, said)] = differences("real_fake", rows, "/data/Chameleon/test")
        assert len(said) == expected, said


def test_published_totals_are_those_of_the_papers():
    fakes = [p.images for g in GENIMAGE.generators.values() for p in g.parts]
    assert sum(fakes) == 1_350_000
    assert sum(fakes) + sum(p.images for p in GENIMAGE.whole) == 2_681_167
