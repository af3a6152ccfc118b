"""Single-bit damage of each kind of file in a store: found by name, or it changes nothing.

`make test-slow` flips every bit of one small file of each kind and prints the counts; `make test`
a sample.
"""

import json
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest
from synthetic_store import ATTEMPT, SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.measuring.cell_cache import COUNTS_KEY, CellCache, metric_key
from analysis.measuring.metric_registry import find_metric
from analysis.sql.query import query
from detectors import checkpoint_headers, checkpoints
from grid.records.commits import read_commits, read_weights
from grid.records.failures import failure_of, read_failures, write_failure
from grid.records.latest import latest_digest, mark_latest
from grid.records.places import COMPACTED, PATHS
from grid.records.pools.file_tables import publish_files, read_files
from grid.records.pools.manifests import read_pool
from grid.records.proven.json_records import CorruptRecord
from grid.records.proven.parquet_files import FOOTER_KEY
from grid.records.scores.compacted import check_copy, compact
from grid.records.scores.score_files import score_schema
from grid.records.scores.score_reading import read_score_footer, read_scores
from grid.records.stored_experiments import read_experiments
from grid.records.tables import read_history, read_provenances, read_validation
from grid.store.errors import StoreError
from grid.store.local import LocalStore

GRID = SyntheticGrid(
    detectors=(SyntheticDetector(name="npr"),),
    generators=1,
    seeds=1,
    images=40,
    classes=3,
    unreadable=2,
    seen=3,
)
SAMPLE = 150


class OneAltered(LocalStore):
    """A store on disk of which one file reads otherwise."""

    altered = ("", b"")

    def get(self, key):
        return self.altered[1] if key == self.altered[0] else super().get(key)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    opened = OneAltered(tmp_path_factory.mktemp("flips") / "store")
    experiment = write_synthetic_store(opened, GRID)
    mark_latest(opened, experiment["name"], experiment["digest"])
    [fit] = experiment["fits"]
    error = failure_of(ValueError("no"), fit_id=fit["fit_id"], attempt="a1", log_tail=["a line"])
    write_failure(opened, error)
    publish_files(opened, "p1", {"path": ["/x/é.png"], "class": ["cat"], "pair": [""]})
    import torch

    state = {"weight": torch.arange(6.0), "step": torch.tensor(3)}
    opened.put_new("checkpoint", checkpoints.pack(state, {"step": 1, "epoch": 2}, "a fit"))
    query(opened, "SELECT * FROM cells")
    compact(opened)
    return opened


def unpacked(store, key):
    checkpoint_headers.position(store.get(key))
    tensors, facts = checkpoints.unpack(store.get(key), "a fit")
    return {name: value.tolist() for name, value in tensors.items()}, facts


def latest_of(store, key):
    return latest_digest(store, "synthetic", [key])


def commit(store):
    [found] = read_commits(store).values()
    return found


# What lies where, and how it is read: by the reader that everything else goes through.
READERS = {
    "scores": ("^scores/", lambda s, key: read_scores(s, key, commit(s)).to_pydict()),
    "score footer": ("^scores/", read_score_footer),
    "commit": ("commits/", lambda s, key: commit(s)),
    "experiment": ("experiments/", lambda s, key: read_experiments(s)),
    "failure": ("failures/", lambda s, key: read_failures(s)),
    "provenance": ("/provenance.json", lambda s, key: read_provenances(s, [commit(s)])),
    "manifest": ("manifests/", lambda s, key: read_pool(s, key[10:-8]).to_pydict()),
    "history": (
        "/history.parquet",
        lambda s, key: read_history(s, key.split("/")[1], ATTEMPT).to_pydict(),
    ),
    "validation": (
        "/validation.parquet",
        lambda s, key: read_validation(s, key.split("/")[1], ATTEMPT).to_pydict(),
    ),
    "weights": ("/weights-6", lambda s, key: read_weights(s, commit(s), 6)),
    "checkpoint": ("checkpoint", unpacked),
    "files of a pool": (PATHS, lambda s, key: read_files(s, key).to_pydict()),
}
# Caches: never an error, never another number.
CACHES = {
    "counts of cells": (COUNTS_KEY, lambda s, key: CellCache(s)._counts),
    "a metric of cells": (
        metric_key(find_metric("auc")),
        lambda s, key: CellCache(s)._values["auc"],
    ),
    "compacted scores": (COMPACTED, lambda s, key: _checked(key, s.get(key))),
}


def _checked(key, data):
    try:
        check_copy(key, data)
    except CorruptRecord:
        return None
    return data


def flips(data, sample):
    bits = range(8 * len(data))
    if sample:
        bits = np.random.default_rng(len(data)).choice(len(bits), SAMPLE, replace=False)
    for bit in bits:
        altered = bytearray(data)
        altered[bit // 8] ^= 1 << bit % 8
        yield int(bit), bytes(altered)


def outcomes(store, place, read, sample):
    """Count flips that are found (the error names the file) and that change nothing."""
    key = next(key for key in store.list() if place in f"^{key}")
    data, expected = store.get(key), read(store, key)
    counted = Counter()
    try:
        for bit, altered in flips(data, sample):
            store.altered = (key, altered)
            try:
                same = repr(read(store, key)) == repr(expected)
            except StoreError as error:
                counted["found" if str(error).startswith(f"{key}: ") else "unnamed"] += 1
            except checkpoints.CheckpointInvalid:
                counted["found"] += 1
            else:
                assert same, f"{key}: bit {bit} is silently another value"
                counted["same"] += 1
    finally:
        store.altered = ("", b"")
    assert not counted["unnamed"]
    return counted


AMOUNTS = [
    pytest.param(True, id="sample"),
    pytest.param(False, id="all", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("sample", AMOUNTS)
@pytest.mark.parametrize("kind", READERS)
def test_a_flipped_bit_is_found_or_changes_nothing(store, kind, sample):
    counted = outcomes(store, *READERS[kind], sample)
    print(f"\n{kind}: {counted.total()} flips, {counted['found']} found, {counted['same']} same")
    assert counted["found"] > 0.95 * counted.total()


@pytest.mark.parametrize("sample", AMOUNTS)
@pytest.mark.parametrize("kind", CACHES)
def test_a_flipped_cache_is_not_used(store, kind, sample):
    place, read = CACHES[kind]
    unused = None if kind == "compacted scores" else {}

    def used_or_not(store, key):
        found = read(store, key)
        if found == unused and store.altered[0]:
            raise CorruptRecord(key, "not used")
        return found

    counted = outcomes(store, place, used_or_not, sample)
    print(f"\n{kind}: {counted.total()} flips, {counted['found']} not used, {counted['same']} same")
    assert counted["found"] > 0.95 * counted.total()


def test_a_marker_that_is_damaged_is_passed_over(store):
    key = store.list("latest/")[0]
    [experiment] = read_experiments(store)
    for bit, altered in flips(store.get(key), sample=True):
        store.altered = (key, altered)
        assert latest_of(store, experiment["digest"]) in (None, experiment["digest"]), bit
    store.altered = ("", b"")


@pytest.mark.slow
def test_flips_of_a_piece_of_an_earlier_version_escape_as_no_other_error(store):
    """It has no checksum: some flips are silent, which is why it is told to be unproven."""
    key = store.list("scores/")[0]
    table = pq.ParquetFile(store.local_path(key))
    facts = json.loads(table.metadata.metadata[FOOTER_KEY])
    facts.pop("file_sha256")
    earlier = table.read().cast(score_schema()).replace_schema_metadata(None)
    with pq.ParquetWriter(store.local_path("scores/older"), earlier.schema) as writer:
        writer.write_table(earlier)
        writer.add_key_value_metadata({FOOTER_KEY: json.dumps(facts).encode()})
    older = store.get("scores/older")
    store.delete("scores/older")
    told = set()
    counted = Counter()
    for _, altered in flips(older, sample=False):
        store.altered = (key, altered)
        try:
            read_scores(store, key, commit(store), unproven=told)
            counted["read"] += 1
        except StoreError as error:
            counted["found" if str(error).startswith(f"{key}: ") else "unnamed"] += 1
    store.altered = ("", b"")
    print(f"\nearlier piece: {counted.total()} flips, {counted['found']} found")
    assert told == {key}
    assert not counted["unnamed"]
