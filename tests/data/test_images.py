import io
import pickle
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from data.decode import ImageChanged, UnreadableImage
from data.image_ids import image_id_of
from data.images import DecodedCache, ImageRows
from data.randomness import stream

BYTES_PER_IMAGE = 4 * 4 * 3


@pytest.fixture
def files(tmp_path: Path) -> tuple[list[str], list[Path]]:
    ids, paths = [], []
    for number in range(4):
        encoded = io.BytesIO()
        pixels_HWC = stream("images", number).integers(0, 256, (4, 4, 3), np.uint8)
        PIL.Image.fromarray(pixels_HWC).save(encoded, "PNG")
        path = tmp_path / f"{number}.png"
        path.write_bytes(encoded.getvalue())
        ids.append(image_id_of(encoded.getvalue()))
        paths.append(path)
    return ids, paths


def rows(files: tuple[list[str], list[Path]], cache: DecodedCache | None) -> ImageRows:
    return ImageRows(files[0], np.array([0, 1, 0, 1], np.int8), files[1], cache)


def test_images_are_loaded_by_position(files: tuple[list[str], list[Path]]) -> None:
    images = rows(files, None)
    assert len(images) == 4
    for number in range(4):
        expected = stream("images", number).integers(0, 256, (4, 4, 3), np.uint8)
        assert np.array_equal(images.load(number), expected)
        assert not images.load(number).flags.writeable


def test_a_cached_image_needs_no_file(files: tuple[list[str], list[Path]]) -> None:
    cache = DecodedCache(max_bytes=2 * BYTES_PER_IMAGE)
    images = rows(files, cache)
    first = images.load(0)
    files[1][0].unlink()
    assert images.load(0) is first
    assert rows(files, cache).load(0) is first  # also for other rows of the same image
    with pytest.raises(FileNotFoundError):
        rows(files, None).load(0)


def test_a_full_cache_keeps_what_it_has(files: tuple[list[str], list[Path]]) -> None:
    cache = DecodedCache(max_bytes=2 * BYTES_PER_IMAGE + 1)
    images = rows(files, cache)
    first = images.load(0)
    for number in (1, 2, 3, 2, 3):
        images.load(number)
    assert (len(cache), cache.used_bytes) == (2, 2 * BYTES_PER_IMAGE)
    assert images.load(0) is first
    assert images.load(3) is not images.load(3)
    cache.retain([files[0][1]])
    assert (len(cache), cache.used_bytes) == (1, BYTES_PER_IMAGE)
    assert images.load(3) is images.load(3)


def test_a_changed_file_is_refused(files: tuple[list[str], list[Path]]) -> None:
    files[1][0].write_bytes(files[1][1].read_bytes())
    with pytest.raises(ImageChanged) as caught:
        rows(files, DecodedCache(10**6)).load(0)
    assert caught.value.image_id == files[0][0]


def test_an_unreadable_image_is_no_image(files: tuple[list[str], list[Path]]) -> None:
    content = files[1][0].read_bytes()[:50]
    files[1][0].write_bytes(content)
    cache = DecodedCache(10**6)
    images = ImageRows([image_id_of(content)], np.zeros(1, np.int8), [files[1][0]], cache)
    with pytest.raises(UnreadableImage) as caught:
        images.load(0)
    assert caught.value.image_id == pickle.loads(pickle.dumps(caught.value)).image_id
    assert caught.value.image_id == image_id_of(content)
    assert len(cache) == 0


def test_columns_of_different_lengths_are_refused(files: tuple[list[str], list[Path]]) -> None:
    with pytest.raises(ValueError, match="one of each per image"):
        ImageRows(files[0], np.zeros(3, np.int8), files[1])
