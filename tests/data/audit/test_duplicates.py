"""Images in two places: equal bytes, and look-alikes found exactly."""

import numpy as np
import PIL.Image
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted_images import lossless, once_jpeg

from data.audit.duplicates import SharedImages, shared_images
from data.audit.near_duplicates import look_alikes, near_pairs, pairs_by_chance
from data.audit.perceptual_hash import perceptual_hash
from data.pools import Pool


def pool(label, split, *images, source="g"):
    table = pa.table({"image_id": [f"{i:032x}" for i in images]})
    return Pool("p", source, label, split, "", "", table, 0, "")


def test_shared_images_are_counted_by_the_gravest_kind():
    pools = [
        pool(0, "train", 1, 2, 3),
        pool(0, "test", 3, 4),
        pool(1, "test", 4, 5),
        pool(0, "train", 1, 2, 3, 9, source="h"),
    ]
    assert shared_images(pools) == [
        SharedImages(1, 2, "labels", 1),
        SharedImages(0, 1, "splits", 1),
        SharedImages(1, 3, "splits", 1),
        SharedImages(0, 3, "generators", 3),
    ]
    assert shared_images(pools[:1]) == shared_images([]) == []


def test_another_label_is_graver_than_another_split():
    pools = [pool(0, "train", 1), pool(1, "test", 1)]
    assert [each.kind for each in shared_images(pools)] == ["labels"]


def distance(first, second):
    return int(first ^ second).bit_count()


bits = st.lists(st.integers(0, 63), max_size=5)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=12), st.data())
def test_near_pairs_are_all_pairs_within_the_radius(centres, data):
    """Some hashes far apart, others a few bits beside one of them."""
    hashes = list(centres)
    for flips in data.draw(st.lists(bits, max_size=12)):
        centre = data.draw(st.sampled_from(centres))
        for bit in flips:
            centre ^= 1 << bit
        hashes.append(centre)
    for radius in (0, 1, 3):
        expected = [
            [i, j]
            for i in range(len(hashes))
            for j in range(i + 1, len(hashes))
            if distance(hashes[i], hashes[j]) <= radius
        ]
        assert near_pairs(np.array(hashes, np.uint64), radius).tolist() == expected
    with pytest.raises(ValueError, match="give those"):
        near_pairs(np.array(hashes, np.uint64), 4)


def test_a_million_equal_hashes_are_one():
    hashes = np.zeros(1_000_000, np.uint64)
    pools = np.arange(1_000_000) % 2
    assert look_alikes(hashes, pools) == {(0, 1): 500_000, (1, 0): 500_000}


def test_look_alikes_are_counted_once_for_each_image():
    hashes = np.array([0, 1, 3, 2**40 - 1, 0], np.uint64)
    assert look_alikes(hashes, np.array([0, 0, 1, 1, 2])) == {
        (0, 1): 2, (1, 0): 1, (0, 2): 2, (2, 0): 1, (1, 2): 1, (2, 1): 1,
    }  # fmt: skip


def test_pictures_keep_their_hash_through_jpeg_and_size():
    hashes = [perceptual_hash(lossless(i)) for i in range(20)]
    apart = [distance(int(a), int(b)) for n, a in enumerate(hashes) for b in hashes[:n]]
    assert min(apart) > 10
    halved = []
    for i in range(20):
        image = lossless(i)
        assert perceptual_hash(once_jpeg(image, 75)) == hashes[i]
        half = np.array(PIL.Image.fromarray(image).resize((88, 80)))
        halved.append(distance(int(perceptual_hash(half)), int(hashes[i])))
    assert sum(bits <= 3 for bits in halved) >= 15  # of photographs, which are smoother, all


def test_the_rate_of_chance():
    assert pairs_by_chance(1_000_000) == pytest.approx(1.19e-3, rel=0.01)
    assert pairs_by_chance(2, 0) == 2.0**-64
