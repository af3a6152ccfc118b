"""Damage at rest, as a reader of the store meets it: left out and named, or made again."""

import json
import logging

import numpy as np
import pyarrow.parquet as pq
import pytest
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.measuring.cell_cache import COUNTS_KEY, metric_key
from analysis.measuring.metric_registry import find_metric, known_metrics
from analysis.sql.query import query
from grid.records.places import COMPACTED
from grid.records.pools.manifests import ADDED_LATER
from grid.records.proven.parquet_files import FOOTER_KEY, parquet_bytes
from grid.records.scores.compacted import compact
from grid.records.scores.score_files import score_schema
from grid.store.opening import open_store

FOLDER = COUNTS_KEY.removesuffix("counts.parquet")

GRID = SyntheticGrid(
    detectors=(SyntheticDetector(name="npr"),), generators=2, seeds=1, images=60, classes=3
)
ALL = "SELECT piece_id, image, logit, seen FROM scores ORDER BY ALL"
CELLS = "SELECT * FROM cells ORDER BY ALL"


@pytest.fixture
def store(tmp_path):
    store = open_store(tmp_path / "store")
    write_synthetic_store(store, GRID)
    return store


def flip(store, key, bit=300):
    data = bytearray(store.get(key))
    data[bit // 8] ^= 1 << bit % 8
    path = store.local_path(key)
    times = path.stat()
    path.write_bytes(data)
    assert path.stat().st_size == times.st_size


def test_a_query_leaves_out_a_damaged_piece_and_names_it(store, caplog):
    sound = query(store, ALL).to_pylist()
    damaged, other, *_ = store.list("scores/")
    flip(store, damaged)
    store.local_path(other).write_bytes(b"")
    assert query(store, ALL).num_rows == len(sound) - 2 * 60
    told = sorted(r.getMessage() for r in caplog.records)
    for said, (key, why) in zip(
        told,
        sorted([(damaged, "its bytes are not those that were written"), (other, "it is empty")]),
        strict=True,
    ):
        assert said.startswith(f"left out, because it is damaged: {key}: {why}")
    _, fit_id, name = damaged.split("/")
    where = f"WHERE fit_id = '{fit_id}' AND piece_id = '{name.removesuffix('.parquet')}'"
    assert query(store, f"SELECT * FROM scores {where}").num_rows == 0


def test_a_query_proves_only_the_files_that_it_is_about(store, caplog):
    damaged, *others = store.list("scores/")
    flip(store, damaged)
    piece_id = others[0].rpartition("/")[2].removesuffix(".parquet")
    assert query(store, f"SELECT * FROM scores WHERE piece_id = '{piece_id}'").num_rows >= 60
    assert not caplog.records


def test_another_pieces_file_is_not_its_scores(store, caplog):
    first, second, *_ = store.list("scores/")
    store.put_checkpoint(first, store.get(second))
    query(store, ALL)
    assert f"{first}: it holds the scores of {second}" in caplog.text


def test_a_damaged_copy_is_passed_over_and_made_again(store, caplog):
    sound = query(store, ALL)
    compact(store)
    for copy in store.list(COMPACTED):
        flip(store, copy)
    assert query(store, ALL).equals(sound)
    assert "left out" not in caplog.text
    damaged = {copy: store.get(copy) for copy in store.list(COMPACTED)}
    assert compact(store).written == len(damaged) == 2
    assert compact(store).written == 0
    assert {store.get(copy) for copy in damaged}.isdisjoint(damaged.values())
    assert query(store, ALL).equals(sound)


@pytest.mark.parametrize("bit", [0, 9000, -30])
def test_a_damaged_cache_of_cells_is_computed_again(store, bit):
    sound = query(store, CELLS)
    good = {key: store.get(key) for key in store.list(FOLDER)}
    assert len(good) == 1 + len(known_metrics())
    for key, data in good.items():
        flip(store, key, bit % (8 * len(data)))
        assert query(store, CELLS).equals(sound)
        assert {each: store.get(each) for each in good} == good


def test_the_kept_numbers_of_another_metric_are_not_its_own(store):
    sound = query(store, CELLS)
    first, second = (metric_key(find_metric(name)) for name in ("accuracy", "auc"))
    store.put_checkpoint(first, store.get(second))
    assert query(store, CELLS).equals(sound)


def test_a_damaged_manifest_leaves_out_its_images_and_its_cells_of_classes(store, caplog):
    everything = query(store, "SELECT count(*) n FROM images").to_pylist()[0]["n"]
    damaged = store.list("manifests/")[0]
    flip(store, damaged)
    assert query(store, "SELECT count(*) n FROM images").to_pylist()[0]["n"] == everything - 60
    assert f"left out, because it is damaged: {damaged}: " in caplog.text


def test_images_of_a_manifest_of_an_earlier_version_have_unknown_header_facts(store, caplog):
    first, *_ = store.list("manifests/")
    table = pq.read_table(store.local_path(first)).replace_schema_metadata(None)
    earlier = table.drop_columns(list(ADDED_LATER))
    store.put_checkpoint(first, parquet_bytes(earlier, {"key": first}))
    rows = query(store, "SELECT count(*) n, count(width) w, count(metadata_bytes) m FROM images")
    assert rows.to_pylist() == [{"n": 240, "w": 240, "m": 0}]
    unknown = query(store, "SELECT count(*) n FROM images WHERE jpeg_tables IS NULL")
    assert unknown.to_pylist() == [{"n": 240}]
    assert not caplog.records


def test_pieces_of_an_earlier_version_are_read_and_said_to_be_unproven(store, caplog):
    sound = query(store, ALL)
    for key in store.list("scores/"):
        as_an_earlier_version(store, key)
    with caplog.at_level(logging.WARNING):
        assert query(store, ALL).equals(sound)
    [told] = [r.getMessage() for r in caplog.records]
    assert told.startswith("16 score files carry no checksum")
    caplog.clear()
    query(store, CELLS)
    assert "16 score files carry no checksum" in caplog.text
    caplog.clear()
    altered = pq.read_table(store.local_path(key))
    as_an_earlier_version(store, key, altered.slice(1))
    query(store, ALL)
    assert "left out" in caplog.text


def as_an_earlier_version(store, key, table=None):
    path = store.local_path(key)
    file = pq.ParquetFile(path)
    table = file.read() if table is None else table
    facts = json.loads(file.metadata.metadata[FOOTER_KEY])
    facts.pop("file_sha256", None)
    schema = score_schema()
    with pq.ParquetWriter(path, schema, store_schema=False) as writer:
        writer.write_table(table.replace_schema_metadata(None).cast(schema))
        writer.add_key_value_metadata({FOOTER_KEY: json.dumps(facts)})


def test_a_checksum_is_what_the_description_of_the_store_says(store):
    """Anybody can repeat it: the file's digest with these 64 digits as zeros."""
    import hashlib
    import re

    keys = [key for key in store.list() if not key.endswith(".safetensors")]
    assert len(keys) > 20
    for key in keys:
        data = store.get(key)
        found = re.findall(rb'"file_sha256": "([0-9a-f]{64})"', data)
        digest = found[-1]
        assert hashlib.sha256(data.replace(digest, b"0" * 64)).hexdigest() == digest.decode(), key


def test_scores_are_proved_for_every_scan_of_a_query(store):
    """A join scans twice, in threads of DuckDB; a LIMIT leaves a scan unfinished."""
    join = "SELECT count(*) n FROM scores a JOIN scores b USING (fit_id, piece_id, image)"
    assert query(store, join).to_pylist() == [{"n": 16 * 60}]
    assert query(store, "SELECT logit FROM scores LIMIT 1").num_rows == 1
    [row] = query(store, "SELECT avg(logit) m FROM scores WHERE seen IS NOT NULL").to_pylist()
    assert np.isfinite(row["m"])
