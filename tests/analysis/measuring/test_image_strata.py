"""Images are told apart by what their manifest says, in bins that have names of their own."""

import hashlib

import numpy as np
import pytest

from analysis.measuring.image_strata import EVERY, ImageStrata
from data.jpeg_tables import tables_of_quality
from data.pools import pool_digest
from grid.records.pools.manifests import write_pool
from grid.records.pools.quality_words import quality_in_words
from grid.store.opening import open_store

OWN = "0307" * 32


def pool(store, label, source, **columns):
    n = len(next(iter(columns.values())))
    first = hashlib.sha256(source.encode()).hexdigest()[:24]
    ids = [f"{first}{number:08d}" for number in range(n)]
    name = pool_digest(ids, [label] * n)
    write_pool(store, name, {"image_id": ids, "label": [label] * n, **columns})
    return name, {"pool_id": name, "label": label, "source": source}


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "store")


def named(strata, pool_id, axis):
    codes = strata.of(pool_id)[axis]
    return ["" if code == EVERY else strata.names(axis)[code] for code in codes]


def test_each_axis_has_the_words_of_its_values(store):
    fakes, record = pool(
        store,
        1,
        "f",
        format=["PNG", "JPEG", None, "PNG"],
        width=[64, 65, 2000, None],
        height=[90, 256, 1025, 100],
        jpeg_tables=["", tables_of_quality(90), None, OWN],
    )
    strata = ImageStrata(store, {fakes: record})
    assert named(strata, fakes, "format") == ["PNG", "JPEG", "not stated", "PNG"]
    assert named(strata, fakes, "size") == [
        "up to 64 px",
        "65 to 128 px",
        "above 1024 px",
        "not stated",
    ]
    assert named(strata, fakes, "quality") == [
        "no JPEG",
        "JPEG quality 90 to 94",
        "not known",
        "JPEG with own tables",
    ]
    assert named(strata, fakes, "class") == ["not stated"] * 4
    assert named(strata, fakes, "real_source") == [""] * 4, "a fake has none"


def test_pools_share_the_names_and_a_real_has_its_collection(store):
    one, first = pool(store, 0, "nature", format=["PNG", "JPEG"], real_set=["coco", ""])
    other, second = pool(store, 0, "faces", format=["JPEG", "WEBP"], real_set=["", "coco"])
    strata = ImageStrata(store, {one: first, other: second})
    assert named(strata, one, "real_source") == ["coco", "nature"]
    assert named(strata, other, "real_source") == ["faces", "coco"]
    assert named(strata, other, "format") == ["JPEG", "WEBP"]
    codes = strata.of(one)["format"], strata.of(other)["format"]
    assert codes[0][1] == codes[1][0], "JPEG is JPEG in either"
    assert np.unique(np.concatenate(codes)).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("quality", "words"),
    [
        (1, "JPEG quality 1 to 49"),
        (49, "JPEG quality 1 to 49"),
        (50, "JPEG quality 50 to 69"),
        (79, "JPEG quality 70 to 79"),
        (89, "JPEG quality 80 to 89"),
        (94, "JPEG quality 90 to 94"),
        (95, "JPEG quality 95 to 100"),
        (100, "JPEG quality 95 to 100"),
    ],
)
def test_every_quality_has_one_bin(quality, words):
    assert quality_in_words(tables_of_quality(quality)) == words
