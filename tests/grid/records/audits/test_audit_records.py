"""Audits in the store: written once, proved by their content; their sentences."""

import json

import pytest

from grid.records.audits.audit_records import read_audits, with_digest, write_audit
from grid.records.audits.audit_words import header_verdict, history_verdict, telling, view_name
from grid.records.places import audit_key
from grid.records.proven.checksums import CorruptRecord
from grid.store.opening import open_store


def rule(accuracy, level=0.6, name="format"):
    return {"rule": name, "accuracy": accuracy, "level": level}


def history(real, fake, *, tells, test="jpeg_grid", too_small=0):
    shares = {"real_share": real, "fake_share": fake, "auc": 0.03, "tells": tells}
    return {"test": test, "reals": 9, "fakes": 9, "too_small": too_small, **shares}


def view(equalise="none", histories=(), size=None):
    counts = {"left_out": 0, "reals": 9, "fakes": 9, "undecodable": [], "low_level": None}
    return {"equalise": equalise, "operations": {}, **counts, "histories": list(histories),
            "size": size}  # fmt: skip


def comparison(headers=(), views=()):
    return {"name": "a/b", "pools": ["p1", "p2"], "reals": 9, "fakes": 9, "tables": {},
            "headers": list(headers), "lengths": [], "views": list(views)}  # fmt: skip


def record(*comparisons, sample=200):
    return with_digest(
        {"name": "n", "sample": sample, "datasets": [], "comparisons": list(comparisons),
         "shared": [], "look_alikes": None}
    )  # fmt: skip


def test_an_audit_is_kept_once_under_its_content(tmp_path):
    store = open_store(tmp_path)
    assert read_audits(store) == []  # a store of an earlier version
    made = record(comparison([rule(1.0)]))
    assert write_audit(store, made)
    assert not write_audit(store, record(comparison([rule(1.0)])))
    other = record(comparison([rule(0.9)]))
    assert write_audit(store, other)
    assert sorted(read_audits(store), key=lambda e: e["digest"]) == sorted(
        [made, other], key=lambda e: e["digest"]
    )


def test_a_changed_audit_is_damaged(tmp_path):
    store = open_store(tmp_path)
    made = record(comparison())
    write_audit(store, made)
    path = tmp_path / audit_key(made["digest"])
    changed = {**json.loads(path.read_text()), "name": "m"}
    changed.pop("file_sha256")
    path.chmod(0o644)
    path.write_text(json.dumps(changed))
    with pytest.raises(CorruptRecord, match="digest"):
        read_audits(store)


@pytest.mark.parametrize(
    ("accuracy", "level", "said"),
    [
        (1.0, 0.6, "labels can be read from the file header: 100% (format)"),
        (0.76, 0.6, "labels can be read from the file header: 76% (format)"),
        (0.76, 0.9, "the file header does not tell labels: 76% (format); chance may reach 90%"),
        (0.65, 0.6, "labels can be read in part from the file header: 65% (format); chance may"),
        (0.51, 0.6, "the file header does not tell labels: 51% (format); chance may reach 60%"),
        (1.0, 1.1, "too few images to say whether the file header tells labels: 100% (format)"),
    ],
)
def test_the_verdict_of_headers(accuracy, level, said):
    assert header_verdict([rule(0.5, level, "size"), rule(accuracy, level)]).startswith(said)


def test_the_best_rule_is_told_and_one_class_alone_has_none():
    assert "(all facts together)" in header_verdict([rule(0.8), rule(0.9, name="header")])
    assert header_verdict([]) == "one class only, so nothing tells labels"


def test_the_verdict_of_pixels():
    loud = history_verdict(history(1.0, 0.02, tells=True))
    assert loud == "JPEG history tells labels: 100% of reals, 2% of fakes, AUC 0.97"
    calm = history_verdict(history(0.0, 0.01, tells=False, test="period"))
    assert calm == "interpolation: 0% of reals, 1% of fakes"
    none = history_verdict(history(None, None, tells=False, too_small=18))
    assert none == "JPEG history: not measured in both classes (18 are too small)"


def test_what_tells_is_listed_for_each_view():
    loud, calm = history(1.0, 0.0, tells=True), history(0.0, 0.0, tells=False)
    after = view('match(tables="0123456789abcdef")', [calm], rule(0.5, name="size"))
    assert view_name(after) == "after match"
    said = telling(comparison([rule(1.0)], [view(histories=[loud]), after]))
    assert [each.partition(":")[0] for each in said] == [
        "labels can be read from the file header", "JPEG history tells labels",
    ]  # fmt: skip
    sizes = telling(comparison([], [view("recompress(96)", [calm], rule(1.0, name="size"))]))
    assert sizes == ["sizes tell labels: 100%, after recompress(96)"]
