"""Images found by content: counted per pool, pairs that are whole, rows of Parquet files too."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.image_digest import image_id_of
from data.pools import pool_digest
from grid.records.places import files_key
from grid.records.pools.file_tables import read_files
from grid.records.pools.manifests import write_pool
from grid.refusal import Refused
from grid.store.opening import open_store
from grid.upkeep.images_at_hand import WithImages, find_images, pools_at_hand

CONTENT = [f"image {number}".encode() for number in range(6)]
PAIRS = ["a", "a", "b", "b", "", ""]


@pytest.fixture
def stored(tmp_path):
    """A store with one pool of six images, and what an experiment says of the pool."""
    store = open_store(tmp_path / "store")
    by_id = sorted(
        (image_id_of(data), data, pair) for data, pair in zip(CONTENT, PAIRS, strict=True)
    )
    ids = [image_id for image_id, _, _ in by_id]
    pool_id = pool_digest(ids, [1] * len(ids))
    rows = {
        "image_id": ids,
        "label": [1] * len(ids),
        "path": [f"{n}.png" for n in range(len(ids))],
        "class": [f"class{n}" for n in range(len(ids))],
        "pair": [pair for _, _, pair in by_id],
        "bytes": [len(data) for _, data, _ in by_id],
    }
    for name in (
        "dataset",
        "generator",
        "family",
        "generator_group",
        "split",
        "real_set",
        "format",
    ):
        rows[name] = [""] * len(ids)
    rows["width"] = rows["height"] = [1] * len(ids)
    write_pool(store, pool_id, rows)
    pool = {"pool_id": pool_id, "n": len(ids)}
    return store, {"pools": [pool]}, ids


def test_pairs_count_where_all_of_their_images_are_there(stored, tmp_path):
    store, experiment, _ = stored
    here = tmp_path / "here"
    here.mkdir()
    for number in (0, 1, 2, 4):  # of pair b one is missing
        (here / f"copy{number}").write_bytes(CONTENT[number])
    (here / "again").write_bytes(CONTENT[0])
    (here / "other").write_bytes(b"image x")  # of the same size
    found = find_images(store, experiment, [here])
    [counted] = pools_at_hand(store, experiment, found)
    assert (counted.images, counted.found) == (6, 4)
    assert (counted.pairs, counted.whole_pairs) == (2, 1)


def test_rows_of_parquet_files_are_at_hand_but_are_no_files(stored, tmp_path):
    store, experiment, _ = stored
    here = tmp_path / "here"
    here.mkdir()
    pq.write_table(pa.table({"image": [*CONTENT[:3], None]}), here / "images.parquet")
    pq.write_table(pa.table({"x": [1]}), here / "numbers.parquet")
    (here / "broken.parquet").write_bytes(b"PAR1")
    found = find_images(store, experiment, [here])
    assert [each.found for each in pools_at_hand(store, experiment, found)] == [3]
    assert not found.files


def test_a_table_of_files_is_made_of_what_was_found(stored, tmp_path):
    store, experiment, ids = stored
    here = tmp_path / "here"
    here.mkdir()
    for number, data in enumerate(CONTENT):
        (here / f"{number}.bin").write_bytes(data)
    [pool] = experiment["pools"]
    key = files_key(pool["pool_id"], "0123")
    table = read_files(WithImages(store, find_images(store, experiment, [here])), key)
    paths = table["path"].to_pylist()
    with_ids = [image_id_of(Path(path).read_bytes()) for path in paths]
    assert with_ids == ids
    assert table["class"].to_pylist() == [f"class{n}" for n in range(6)]
    (here / "3.bin").unlink()
    with pytest.raises(Refused, match="1 of 6 images are not at hand"):
        read_files(WithImages(store, find_images(store, experiment, [here])), key)
