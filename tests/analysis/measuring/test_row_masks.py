"""Which rows of pools count: an image that two collections hold counts once."""

from hashlib import sha256

import pyarrow as pa
import pytest

from analysis.measuring.row_masks import ClassFilter, RowMasks
from data.pools import pool_digest
from grid.records.pools.manifests import write_pool
from grid.store.opening import open_store


def pool_of(store, *names):
    """Write a pool of reals whose images are named; the digit of a name is the class."""
    ids = sorted(sha256(name.encode()).hexdigest()[:32] for name in names)
    class_of = {sha256(name.encode()).hexdigest()[:32]: name[-1] for name in names}
    columns = {
        **{key: ["x"] * len(ids) for key in ("dataset", "generator", "split", "real_set")},
        **{key: [""] * len(ids) for key in ("family", "generator_group", "pair")},
        **{key: [1] * len(ids) for key in ("width", "height", "bytes")},
        "image_id": ids,
        "label": [0] * len(ids),
        "path": [f"{each}.png" for each in ids],
        "class": [class_of[each] for each in ids],
        "format": ["PNG"] * len(ids),
    }
    pool_id = pool_digest(ids, columns["label"])
    write_pool(store, pool_id, columns)
    return pool_id, [class_of[each] for each in ids], ids


def test_an_image_that_an_earlier_pool_holds_does_not_count_again(tmp_path):
    store = open_store(tmp_path / "store")
    first, _, first_ids = pool_of(store, "a1", "b2", "c1")
    second, classes, second_ids = pool_of(store, "b2", "d2", "e1", "c1")
    masks = RowMasks(store)
    one, other = masks.of([first, second], None, 0)
    assert one is None or one.all()
    assert other.tolist() == [each not in first_ids for each in second_ids]
    _, other = masks.of([first, second], ClassFilter(("2",)), 0)
    assert other.sum() == 1
    _, turned = masks.of([second, first], None, 0)
    assert turned.sum() == 1
    [alone] = masks.of([second], ClassFilter(("2",), but=True), 0)
    assert alone.tolist() == [each != "2" for each in classes]


@pytest.mark.parametrize("but", [True, False])
def test_a_row_without_a_class_never_counts(but):
    classes = pa.chunked_array([["1", "", "2"]], pa.string())
    assert ClassFilter(("1",), but=but).mask(classes).tolist() == [not but, False, but]
