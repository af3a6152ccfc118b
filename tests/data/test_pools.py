from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.image_ids import image_id_of
from data.manifest import COLUMNS, Manifest
from data.pools import label_conflicts, limit, pool_digest, pools_of, rows_digest


def image(name: str, **columns: Any) -> dict[str, Any]:
    row = {
        "image_id": image_id_of(name.encode()), "path": f"{name}.png", "label": 1,
        "generator": "dcgan", "family": "gan", "generator_group": "dcgan", "split": "test",
        "class": "", "pair": "", "real_set": "", "width": 8, "height": 8, "format": "PNG",
        "bytes": 9, "jpeg_tables": "", "subsampling": "", "metadata_bytes": 0,
    }  # fmt: skip
    if columns.get("label") == 0:
        row["real_set"] = f"{columns.get('generator', 'dcgan')}/nature"
    return {**row, **columns}


def manifest(*rows: dict[str, Any]) -> Manifest:
    table = pa.Table.from_pylist(sorted(rows, key=lambda row: row["path"]), schema=COLUMNS)
    return Manifest(Path("root"), "genimage", "because", table, [])


def test_a_pool_is_one_source_label_and_split() -> None:
    pools = pools_of(
        manifest(
            image("a"), image("b"), image("c", split="train"), image("d", label=0),
            image("e", generator="glow", family="flow", generator_group="glow"),
            image("f", label=0, real_set="", generator="", family="", generator_group=""),
        )
    )  # fmt: skip
    assert [(p.source, p.label, p.split, len(p), p.family, p.beside) for p in pools] == [
        ("", 0, "test", 1, "", ""),
        ("dcgan", 1, "test", 2, "gan", ""),
        ("dcgan", 1, "train", 1, "gan", ""),
        ("dcgan/nature", 0, "test", 1, "gan", "dcgan"),
        ("glow", 1, "test", 1, "flow", ""),
    ]
    for pool in pools:
        ids = pool.table["image_id"].to_pylist()
        assert ids == sorted(ids)
        assert pool.pool_id == pool_digest(ids, [pool.label] * len(ids))


def test_nothing_makes_no_pools() -> None:
    assert pools_of(manifest()) == []
    assert label_conflicts([]) == []


def test_files_with_the_same_bytes_are_kept_once_and_counted() -> None:
    same = {"image_id": image_id_of(b"same")}
    (pool,) = pools_of(
        manifest(
            image("z", **same, **{"class": "cat"}), image("b", **same, **{"class": "dog"}),
            image("c", **same, **{"class": "cat"}), image("d"),
        )
    )  # fmt: skip
    assert (len(pool), pool.duplicates) == (2, 2)
    kept = {row["image_id"]: row["path"] for row in pool.table.to_pylist()}
    assert kept[same["image_id"]] == "c.png"
    (single,) = pools_of(manifest(image("q", **same), image("d")))
    assert single.pool_id == pool.pool_id


def test_one_image_of_two_generators_is_in_both_pools() -> None:
    same = {"image_id": image_id_of(b"same")}
    pools = pools_of(manifest(image("a", **same), image("b", generator="glow", **same)))
    assert [(p.source, len(p), p.duplicates) for p in pools] == [("dcgan", 1, 0), ("glow", 1, 0)]


def test_of_the_same_bytes_the_first_by_class_then_by_pair_then_by_path_is_kept() -> None:
    same = {"image_id": image_id_of(b"same")}
    files = [("d", "dog", "1"), ("c", "cat", "3"), ("b", "cat", "2"), ("a", "cat", "3")]
    for kept in "bacd":
        images = [image(path, **same, **{"class": c, "pair": p}) for path, c, p in files]
        (pool,) = pools_of(manifest(*images))
        assert pool.table["path"].to_pylist() == [f"{kept}.png"]
        files = [each for each in files if each[0] != kept]


def test_a_pool_is_its_content_not_its_names() -> None:
    one = pools_of(manifest(image("a"), image("b")))[0]
    moved = [
        image("a", path="elsewhere/x.jpg", generator="alias", family="flow"),
        image("b", path="elsewhere/0.jpg", generator="alias", family="flow"),
    ]
    assert pools_of(manifest(*moved))[0].pool_id == one.pool_id
    assert pools_of(manifest(image("a"), image("changed")))[0].pool_id != one.pool_id
    assert pools_of(manifest(image("a", label=0), image("b", label=0)))[0].pool_id != one.pool_id


image_ids = st.binary(min_size=16, max_size=16).map(bytes.hex)


@given(st.lists(st.tuples(image_ids, st.integers(0, 1)), unique=True), st.randoms())
@settings(deadline=None)  # the machine may be busy
def test_a_digest_knows_no_order_and_no_repetition(rows: list[tuple[str, int]], r: Any) -> None:
    shuffled = rows + rows[: len(rows) // 2]
    r.shuffle(shuffled)
    digest = rows_digest([i for i, _ in rows], [label for _, label in rows])
    assert rows_digest([i for i, _ in shuffled], [label for _, label in shuffled]) == digest
    if rows:
        fewer = rows[1:]
        assert rows_digest([i for i, _ in fewer], [label for _, label in fewer]) != digest
        flipped = [(rows[0][0], 1 - rows[0][1]), *fewer]
        if flipped[0] not in fewer:
            assert rows_digest([i for i, _ in flipped], [x for _, x in flipped]) != digest


def test_digests_are_pinned() -> None:
    # A change here changes the identity of every pool and of every fit.
    ids = [image_id_of(b"a"), image_id_of(b"b")]
    assert pool_digest(ids, [0, 0]) == "p9b9761e378efc36598a2"
    assert (
        rows_digest(ids, [0, 1])
        == "e01077ccd0c37fedee6df9c195abcf91a42e4b5b4846c770d4a7929fd4161393"
    )


def test_a_digest_wants_one_label_per_id() -> None:
    with pytest.raises(ValueError, match="give one each"):
        rows_digest([image_id_of(b"a")], [])


def test_a_limit_is_a_pool_of_its_own_and_nests() -> None:
    (pool,) = pools_of(manifest(*(image(str(n)) for n in range(50))))
    ten, twenty = limit(pool, 10, "limit"), limit(pool, 20, "limit")
    ids = ten.table["image_id"].to_pylist()
    assert len(ten) == 10
    assert ids == sorted(ids)
    assert set(ids) < set(twenty.table["image_id"].to_pylist())
    assert ten.pool_id == pool_digest(ids, [1] * 10)
    assert len({ten.pool_id, twenty.pool_id, pool.pool_id}) == 3
    assert limit(pool, 10, "other").pool_id != ten.pool_id
    assert limit(pool, 50, "limit") is pool
    assert limit(pool, 99, "limit") is pool
    with pytest.raises(ValueError, match="leaves none"):
        limit(pool, 0, "limit")


@given(st.integers(2, 40), st.integers(1, 45), st.sets(st.integers(0, 39)))
def test_what_is_uncounted_takes_no_place_in_a_limit(count: int, n: int, broken: set[int]) -> None:
    """As many others are drawn, and the same, as where it never was."""
    rows = [image(str(number)) for number in range(count)]
    left_out = {rows[number]["image_id"] for number in broken if number < count}
    (pool,) = pools_of(manifest(*rows))
    drawn = set(limit(pool, n, "limit", left_out).table["image_id"].to_pylist())
    others = [row for row in rows if row["image_id"] not in left_out]
    without = pools_of(manifest(*others))
    expected = limit(without[0], n, "limit").table["image_id"].to_pylist() if without else []
    assert drawn - left_out == set(expected)
    assert limit(pool, n, "limit", ["0" * 32]).pool_id == limit(pool, n, "limit").pool_id


def test_an_image_with_two_labels_is_named_with_its_files() -> None:
    pools = pools_of(
        manifest(
            image("a"), image("b"), image("fine"), image("x", label=0, image_id=image_id_of(b"a"))
        )
    )
    (sentence,) = label_conflicts(pools)
    assert image_id_of(b"a") in sentence
    assert "real in dcgan/nature (x.png)" in sentence
    assert "fake in dcgan (a.png)" in sentence
    assert label_conflicts(pools[:1]) == []
    assert label_conflicts([pools[0], pools[0]]) == []
