"""JPEG with given tables: written as they are, whole images and crops of them alike."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, JpegImagePlugin

from data.matching.coding import LOSSLESS, WRITABLE, Coding, coded_as


def hexed(*tables, digits=2):
    return ":".join("".join(f"{value:0{digits}x}" for value in table) for table in tables)


def picture(height=48, width=64, seed=0):
    """A smooth picture with noise: its coefficients are neither all zero nor all large."""
    rng = np.random.default_rng(seed)
    ramp = np.add.outer(np.arange(height) * 2, np.arange(width))[..., None] % 256
    return np.clip(ramp + rng.normal(0, 25, (height, width, 3)), 0, 255).astype(np.uint8)


tables = st.lists(st.integers(1, 255), min_size=64, max_size=64)


@settings(max_examples=40, deadline=None)
@given(st.lists(tables, min_size=1, max_size=3), st.sampled_from(sorted(WRITABLE)))
def test_the_file_has_the_tables_and_the_subsampling_that_were_asked_for(values, subsampling):
    written = io.BytesIO()
    original = Image.Image.save

    def kept(self, file, *args, **more):
        original(self, file, *args, **more)
        written.write(file.getvalue())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image.Image, "save", kept)
        coded = coded_as(picture(), Coding(hexed(*values), subsampling))
    file = Image.open(written)
    assert [list(t) for t in file.quantization.values()] == values
    assert JpegImagePlugin.get_sampling(file) == WRITABLE[subsampling]
    assert np.array_equal(coded, np.array(file))


def test_tables_of_two_bytes_a_value_are_written_too():
    values = [300, *range(1, 64)]
    text = hexed(values, digits=4)
    assert coded_as(picture(), Coding(text, "4:4:4")).shape == (48, 64, 3)


def test_no_coding_is_the_image_itself():
    image = picture()
    assert coded_as(image, LOSSLESS) is image


def test_coarse_tables_change_more_than_fine_ones():
    image = picture().astype(int)
    error = [
        np.abs(coded_as(picture(), Coding(hexed([step] * 64), "4:4:4")) - image).mean()
        for step in (1, 8, 60)
    ]
    assert error[0] < 1 < error[1] < error[2]


@pytest.mark.parametrize(
    ("coding", "why"),
    [
        (Coding("00" * 64, "4:2:0"), "values from 0 to 0, not 1 to 32767"),
        (Coding("8000" * 64, "4:2:0"), "values from 32768 to 32768"),
        (Coding("01" * 63, "4:2:0"), "a quantisation table has 128 or 256"),
        (Coding("01" * 64, "4:1:1"), "its subsampling is '4:1:1', none of 4:4:4"),
    ],
)
def test_what_cannot_be_written_is_refused(coding, why):
    with pytest.raises(ValueError, match=why):
        coded_as(picture(), coding)


def test_a_codec_that_writes_other_tables_is_found(monkeypatch):
    original = Image.Image.save

    def other(self, file, format, **given):
        original(self, file, format, quality=75)

    monkeypatch.setattr(Image.Image, "save", other)
    with pytest.raises(RuntimeError, match="wrote other quantisation tables"):
        coded_as(picture(), Coding("01" * 64, "4:2:0"))
