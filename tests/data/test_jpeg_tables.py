import io

import PIL.Image
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.jpeg_tables import quality_of, table_values, tables_of_quality, tables_text

VALUES = st.lists(st.integers(1, 65535), min_size=64, max_size=64)


def pillows_tables(quality: int) -> dict[int, list[int]]:
    encoded = io.BytesIO()
    PIL.Image.new("RGB", (16, 16)).save(encoded, "JPEG", quality=quality)
    return PIL.Image.open(encoded).quantization


@pytest.mark.parametrize("quality", range(1, 101))
def test_the_tables_of_every_quality_are_those_that_libjpeg_writes(quality: int) -> None:
    written = tables_text(pillows_tables(quality), [0, 1, 1])
    assert written == tables_of_quality(quality)
    assert quality_of(written) == quality
    assert quality_of(written.partition(":")[0]) == quality  # grey: luma alone


def test_a_table_that_is_not_limited_to_baseline_has_its_quality_too() -> None:
    # Quality 5 scales by 10, quality 50 by 1.
    full = [10 * value for value in table_values(tables_of_quality(50))[0]]
    assert max(full) > 255
    assert quality_of(tables_text({0: full}, [0])) == 5
    assert table_values(tables_of_quality(5))[0] == [min(value, 255) for value in full]


def test_a_table_of_another_encoder_has_no_quality() -> None:
    values = table_values(tables_of_quality(75))[0]
    values[63] += 1
    assert quality_of(tables_text({0: values}, [0])) is None
    assert quality_of("") is None


@pytest.mark.parametrize("quality", [0, 101, -3])
def test_other_qualities_are_refused(quality: int) -> None:
    with pytest.raises(ValueError, match=f"quality of {quality} is not known"):
        tables_of_quality(quality)


@settings(max_examples=30)
@given(st.lists(VALUES, min_size=1, max_size=3))
def test_a_text_gives_its_tables_back(tables: list[list[int]]) -> None:
    text = tables_text(dict(enumerate(tables)), range(len(tables)))
    assert table_values(text) == tables
    assert set(text) <= set("0123456789abcdef:")
    for values, part in zip(tables, text.split(":"), strict=True):
        assert len(part) == (128 if max(values) <= 255 else 256)


def test_tables_stand_in_the_order_of_the_components_each_once() -> None:
    first, second, unused = [1] * 64, [2] * 64, [3] * 64
    text = tables_text({0: second, 1: unused, 7: first}, [7, 0, 0, 5])
    assert table_values(text) == [first, second]
    assert tables_text({}, [0, 1]) == ""
    assert table_values("") == []
    with pytest.raises(ValueError, match="3 digits"):
        table_values("abc")
