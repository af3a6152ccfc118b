"""What headers tell of labels: tables count, pairs stay together, gaps tell nothing."""

import hashlib

import numpy as np
import pyarrow as pa

from data.audit.header_classifier import header_counts, header_results, length_result
from data.jpeg_tables import tables_of_quality


def pool(label, n=60, name="", **columns):
    ids = [hashlib.sha256(f"{name}{label} {i}".encode()).hexdigest()[:32] for i in range(n)]
    facts = {"format": "PNG", "width": 64, "height": 64, "jpeg_tables": "", "subsampling": ""}
    given = {key: columns.get(key, value) for key, value in {**facts, **columns}.items()}
    arrays = {k: v if isinstance(v, list) else [v] * n for k, v in given.items()}
    return header_counts(pa.table({"image_id": ids, **arrays}), label)


def accuracies(*pools):
    return {name: each.accuracy for name, each in header_results(pools).items()}


def test_equal_headers_tell_nothing():
    found = header_results([pool(0), pool(1)])
    assert list(found) == ["format", "size", "quantisation", "header"]
    for result in found.values():
        assert abs(result.accuracy - 0.5) < 0.05
        assert not result.beyond_chance
        assert (result.reals, result.fakes) == (60, 60)


def test_the_quality_of_a_jpeg_tells_where_format_and_size_do_not():
    jpeg = {"format": "JPEG", "subsampling": "4:2:0"}
    apart = [
        pool(label, jpeg_tables=tables_of_quality(q), **jpeg) for label, q in ((0, 75), (1, 95))
    ]
    found = accuracies(*apart)
    assert found["quantisation"] == found["header"] == 1
    assert max(found["format"], found["size"]) < 0.6
    chroma = [
        pool(label, format="JPEG", subsampling=s) for label, s in ((0, "4:2:0"), (1, "4:4:4"))
    ]
    assert accuracies(*chroma)["quantisation"] == 1


def test_facts_that_tell_only_together_are_found_together():
    """Real: a PNG of 64 px or a JPEG of 32 px; fake: the other way round."""
    formats, widths = ["PNG", "JPEG"] * 60, [64, 32] * 60
    real = pool(0, 120, format=formats, width=widths)
    fake = pool(1, 120, format=formats, width=widths[::-1])
    found = accuracies(real, fake)
    assert found["header"] == 1
    assert max(found["format"], found["size"]) < 0.65


def test_sizes_that_never_repeat_tell_by_their_scale():
    rng = np.random.default_rng(0)
    sides = {0: (400, 600), 1: (200, 300)}
    pools = [pool(y, 200, width=rng.integers(*sides[y], 200).tolist(),
                  height=rng.integers(*sides[y], 200).tolist()) for y in (0, 1)]  # fmt: skip
    assert accuracies(*pools)["size"] > 0.9
    alike = [pool(y, 200, width=rng.integers(200, 600, 200).tolist()) for y in (0, 1)]
    assert accuracies(*alike)["size"] < 0.6


def test_what_a_manifest_does_not_say_is_asked_of_none():
    old = pool(0, jpeg_tables=[None] * 60, subsampling=[None] * 60)
    assert accuracies(old, pool(1))["quantisation"] < 0.6
    ids = [hashlib.sha256(f"1 {i}".encode()).hexdigest()[:32] for i in range(60)]
    facts = {"format": ["PNG"] * 60, "width": [64] * 60, "height": [64] * 60}
    without = header_counts(pa.table({"image_id": ids, **facts}), 1)
    assert accuracies(pool(0), without)["header"] < 0.6


def test_one_class_alone_has_no_result():
    assert header_results([pool(0), pool(0, name="more")]) == {}
    assert header_results([]) == {}


def test_a_pair_and_equal_bytes_lie_in_one_fold():
    names = [f"pair{i}" for i in range(40)]
    folds = {}
    for label in (0, 1):
        counts = pool(label, 40, pair=names, width=list(range(40)))
        rows = zip(counts["width"].to_pylist(), counts["fold"].to_pylist(), strict=True)
        folds[label] = dict(rows)
    assert folds[0] == folds[1]
    assert len(set(folds[0].values())) == 5
    alone = pool(0, 40, width=list(range(40)))
    assert dict(zip(*(alone[c].to_pylist() for c in ("width", "fold")), strict=True)) != folds[0]


def test_lengths_are_told_apart():
    ids = [hashlib.sha256(str(i).encode()).hexdigest()[:32] for i in range(120)]
    for sizes, expected in ((([3000] * 60, [9000] * 60), 1), (([3000] * 60, [3001] * 60), 0.5)):
        counts = [
            header_counts(pa.table({"image_id": ids[y::2], "bytes": sizes[y]}), y, ("bytes",))
            for y in (0, 1)
        ]
        result = length_result("bytes", counts)
        assert result is not None
        assert abs(result.accuracy - expected) < 0.06
    unknown = [header_counts(pa.table({"image_id": ids[:5]}), y, ("bytes",)) for y in (0, 1)]
    assert length_result("bytes", unknown) is None
