"""Images in rows of Parquet files: what is read of them, in which order, in how much memory."""

import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parquet_of_images import png, write_images

from data import image_sources
from data.decode import ImageChanged, decode, decoded
from data.image_files import UnreadableImage
from data.image_ids import image_id_of
from data.image_sources import ParquetRow, row_of
from data.index import index_root
from data.layout_detection import detect
from data.layouts import UnclearLabels, UnknownLayout
from data.parquet_images import RowGroups, image_column
from data.pools import pools_of

IMAGES = [png(seed) for seed in range(10)]
LABELS = {"label": [0, 1] * 5}
NAMED = {"label": ["real", "fake"]}


def found(root: Path, cache: Path, layout: str | None = None) -> dict[str, tuple[int, str, str]]:
    """Label, generator and split of each image of an index, by path."""
    manifest = index_root(root, layout, cache)
    assert manifest.problems == []
    columns = ("path", "label", "generator", "split")
    return {
        path: tuple(rest)
        for path, *rest in zip(*(manifest.table[c].to_pylist() for c in columns), strict=True)
    }


@pytest.mark.parametrize("as_struct", [True, False])
def test_rows_are_indexed_and_decoded_in_place(tmp_path: Path, as_struct: bool) -> None:
    root = tmp_path / "mine"
    write_images(
        root / "data/train-00000-of-00001.parquet",
        IMAGES, LABELS, as_struct=as_struct, class_names=NAMED,
    )  # fmt: skip
    manifest = index_root(root, None, tmp_path / "cache")
    assert manifest.layout == "parquet"
    assert not manifest.problems
    rows = manifest.table.to_pylist()
    by_path = {row["path"]: row for row in rows}
    for n, content in enumerate(IMAGES):
        row = by_path[f"data/train-00000-of-00001.parquet#{n // 4}.{n % 4}"]
        assert row["image_id"] == image_id_of(content)
        assert row["bytes"] == len(content)
        assert (row["label"], row["split"]) == (n % 2, "train")
        pixels = decode(root / row["path"], row["image_id"])
        assert np.array_equal(pixels, decoded(content, "x"))
    assert {(pool.source, pool.label) for pool in pools_of(manifest)} == {
        ("mine", 1), ("mine/real", 0),
    }  # fmt: skip


def test_a_second_index_reads_no_row_and_a_changed_file_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_images(tmp_path / "r/test.parquet", IMAGES, LABELS, class_names=NAMED)
    before = index_root(tmp_path / "r", None, tmp_path / "cache")
    with monkeypatch.context() as patch:
        patch.setattr(RowGroups, "bytes_of", None)  # whoever calls it fails
        again = index_root(tmp_path / "r", None, tmp_path / "cache")
    assert again.table.equals(before.table)
    write_images(file, [png(99), *IMAGES[1:]], LABELS, class_names=NAMED)
    after = index_root(tmp_path / "r", None, tmp_path / "cache")
    changed = set(after.table["image_id"].to_pylist()) - set(before.table["image_id"].to_pylist())
    assert changed == {image_id_of(png(99))}
    with pytest.raises(ImageChanged):
        decode(tmp_path / "r/test.parquet#0.0", image_id_of(IMAGES[0]))


def test_community_forensics_is_read_as_documented(tmp_path: Path) -> None:
    columns = {
        "image_name": [f"{n}.png" for n in range(10)],
        "model_name": ["real" if n % 2 == 0 else "SDXL-Turbo" for n in range(10)],
        "label": [0, 1] * 5,
    }
    for split in ("Systematic", "PublicEval"):
        write_images(
            tmp_path / f"data/{split}-00000-of-00002.parquet",
            IMAGES, columns, as_struct=False, name="image_data",
        )  # fmt: skip
    rows = found(tmp_path, tmp_path / "cache")
    assert set(rows.values()) == {
        (0, "", "train"), (1, "sdxl_turbo", "train"), (0, "", "test"), (1, "sdxl_turbo", "test"),
    }  # fmt: skip
    assert "Community Forensics is documented" in detect(tmp_path)[1]


@pytest.mark.parametrize(
    ("columns", "class_names", "fakes"),
    [
        ({"label": ["real", "fake"] * 5, "model": ["real", "flux.1-dev"] * 5}, None, "odd"),
        ({"label": [0, 1] * 5}, {"label": ["fake", "real"]}, "even"),
        ({"is_real": [True, False] * 5}, None, "odd"),
        ({"is_fake": [True, False] * 5}, None, "even"),
        ({"label": [1, 0] * 5, "generator": ["", "sdxl"] * 5}, None, "odd"),
        ({"label": [0, 1] * 5, "generator": ["real", "sdxl"] * 5}, None, "odd"),
    ],
)
def test_what_is_real_is_read_from_names_and_never_assumed(
    tmp_path: Path, columns: dict, class_names: dict | None, fakes: str
) -> None:
    write_images(tmp_path / "r/0.parquet", IMAGES, columns, class_names=class_names)
    rows = found(tmp_path / "r", tmp_path / "cache")
    for n in range(10):
        is_fake = rows[f"0.parquet#{n // 4}.{n % 4}"][0]
        assert is_fake == (n % 2 == (1 if fakes == "odd" else 0))


def test_files_that_are_sorted_by_label_are_decided_together(tmp_path: Path) -> None:
    for n, (label, name) in enumerate([(1, "sdxl"), (0, ""), (1, "flux")]):
        columns = {"label": [label] * 10, "model": [name] * 10}
        write_images(tmp_path / f"r/{n}.parquet", [png(10 * n + i) for i in range(10)], columns)
    rows = found(tmp_path / "r", tmp_path / "cache")
    assert {(path[0], row[0], row[1]) for path, row in rows.items()} == {
        ("0", 1, "sdxl"), ("1", 0, ""), ("2", 1, "flux"),
    }  # fmt: skip


def test_numbers_alone_are_refused_until_the_user_says_it(tmp_path: Path) -> None:
    write_images(tmp_path / "r/0.parquet", IMAGES, LABELS)
    with pytest.raises(UnclearLabels, match="nothing says which of them is real") as caught:
        detect(tmp_path / "r")
    assert caught.value.layout == "parquet(fake=VALUE)"
    for layout, label in (("parquet(fake=1)", 0), ("parquet(fake=0)", 1), ("parquet(real=1)", 1)):
        assert found(tmp_path / "r", tmp_path / "cache", layout)["0.parquet#0.0"][0] == label
    with pytest.raises(UnknownLayout, match="no row has the value '7'"):
        index_root(tmp_path / "r", "parquet(fake=7)", tmp_path / "cache")


def test_rows_without_an_image_and_damaged_ones_are_named(tmp_path: Path) -> None:
    images = [IMAGES[0], None, b"no image", *IMAGES[3:]]
    write_images(tmp_path / "r/0.parquet", images, LABELS, class_names=NAMED)
    manifest = index_root(tmp_path / "r", None, tmp_path / "cache")
    assert [(p.path, p.reason.split(" in ")[0]) for p in manifest.problems] == [
        ("0.parquet#0.1", "the row holds no bytes of an image"),
        ("0.parquet#0.2", "not an image"),
    ]
    assert len(manifest.table) == 8


@pytest.mark.parametrize(
    ("path", "said"),
    [("0.parquet#9.0", "has no row group 9"), ("0.parquet#0.9", "no row 9"),
     ("0.parquet#1.999", "no row 999")],
)  # fmt: skip
def test_a_row_that_is_not_there_is_no_image(tmp_path: Path, path: str, said: str) -> None:
    write_images(tmp_path / "0.parquet", IMAGES, LABELS)
    with pytest.raises(UnreadableImage, match=said):
        decode(tmp_path / path)


def test_a_file_that_is_gone_says_nothing_about_its_images(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        decode(tmp_path / "gone.parquet#0.0")


def test_a_damaged_file_is_named_and_not_passed_over(tmp_path: Path) -> None:
    write_images(tmp_path / "r/0.parquet", IMAGES, LABELS, class_names=NAMED)
    file = write_images(tmp_path / "r/1.parquet", IMAGES, LABELS, class_names=NAMED)
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    with pytest.raises(UnknownLayout, match=r"1\.parquet"):
        index_root(tmp_path / "r", None, tmp_path / "cache")
    file.write_bytes(content[:40] + bytes(200) + content[240:])  # its pages, not its end
    problems = index_root(tmp_path / "r", None, tmp_path / "cache").problems
    assert problems
    assert all(p.path.startswith("1.parquet#") for p in problems)


@settings(max_examples=40)
@given(
    order=st.lists(st.integers(0, 39), min_size=1, max_size=60),
    most=st.integers(1, 30_000),
    group=st.sampled_from([3, 17, 40]),
)
def test_any_order_gives_the_same_bytes_within_the_bound(
    order: list[int], most: int, group: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.getbasetemp() / f"forty-{group}.parquet"
    images = [bytes([n]) * (50 + 13 * n) for n in range(40)]
    if not file.exists():
        write_images(file, images, {}, rows_per_group=group)
    groups = RowGroups(most, batch_bytes=1000)
    for n in order:
        assert groups.bytes_of(str(file), n // group, n % group) == images[n]
        # Beyond the bound no more stays than the batch that was read last.
        assert groups.kept_bytes <= max(most, 4000)


def test_reading_in_order_reads_each_group_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_images(tmp_path / "0.parquet", [png(n) for n in range(40)], {}, rows_per_group=10)
    opened: list[str] = []
    open_parquet = image_sources.RowGroups.bytes_of.__globals__["open_parquet"]
    monkeypatch.setitem(
        image_sources.RowGroups.bytes_of.__globals__,
        "open_parquet",
        lambda path, metadata=None: (
            (opened.append(path) if metadata is not None else None) or open_parquet(path, metadata)
        ),
    )
    groups = RowGroups()
    for n in range(40):
        assert groups.bytes_of(str(file), n // 10, n % 10) == png(n)
    assert len(opened) == 4
    # Once it has all been read, a shuffled epoch costs nothing more.
    for n in np.random.default_rng(0).permutation(40):
        groups.bytes_of(str(file), int(n) // 10, int(n) % 10)
    assert len(opened) == 4


def test_threads_share_what_is_read(tmp_path: Path) -> None:
    images = [png(n) for n in range(64)]
    file = write_images(tmp_path / "0.parquet", images, {}, rows_per_group=16)
    groups, wrong = RowGroups(2000), []

    def read(seed: int) -> None:
        order = np.random.default_rng(seed).permutation(64).tolist()
        wrong.extend(n for n in order if groups.bytes_of(str(file), n // 16, n % 16) != images[n])

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    ("fields", "column"),
    [
        ([("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())]))], "image.bytes"),
        ([("Image", pa.binary()), ("mask", pa.binary())], "Image"),
        ([("blob", pa.large_binary())], "blob"),
        ([("a", pa.binary()), ("b", pa.binary())], None),
        ([("image", pa.string())], None),
    ],
)
def test_the_column_of_images_is_the_one_that_is_called_so(
    fields: list[tuple[str, pa.DataType]], column: str | None
) -> None:
    assert image_column(pa.schema(fields)) == column


@pytest.mark.parametrize(
    ("path", "row"),
    [
        ("a/b.parquet#3.17", ParquetRow("a/b.parquet", 3, 17)),
        ("a#1.2/b.PARQUET#0.0", ParquetRow("a#1.2/b.PARQUET", 0, 0)),
        ("a/b.png", None), ("a/b#1.png", None), ("a.parquet", None), ("a.parquet#1", None),
    ],
)  # fmt: skip
def test_a_path_says_whether_it_is_a_row(path: str, row: ParquetRow | None) -> None:
    assert row_of(path) == row
    assert row is None or row.path == path


def test_a_list_of_paths_in_parquet_is_a_table(tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r/a.png").write_bytes(IMAGES[0])
    (tmp_path / "r/b.png").write_bytes(IMAGES[1])
    pq.write_table(
        pa.table({"path": ["a.png", "b.png"], "is_fake": [0, 1]}), tmp_path / "r/l.parquet"
    )
    rows = found(tmp_path / "r", tmp_path / "cache")
    assert rows == {"a.png": (0, "", "test"), "b.png": (1, "r", "test")}
