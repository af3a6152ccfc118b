"""Frozen: ids that must never change; logits are held by tests/test_detectors_pins.py.

When one of these fails, results in the stores of users would be retrained or, worse, mixed. Raise
the version of the card or of the operation and pin the new value beside the old one.
"""

import json
from dataclasses import replace

import pytest
from repository import FIXTURES

from data.operations import Pipeline, parse
from data.pools import pool_digest, rows_digest
from data.selection import PoolRows, TrainingRule, select
from detectors.contract import find_preset, load_card, parse_options
from detectors.recipes import resolve_recipe
from grid.expansion.description import describe_fit, operations_of
from grid.plan.differences import differing_fields, value_in_words
from grid.records.identity import fit_id
from grid.records.pieces import Piece

PINS = FIXTURES / "pins.json"
IDS = [f"{i:032x}" for i in range(40)]

DECODING = "data.decode_version.DECODE_VERSION"
SEMANTICS = "grid.expansion.description.TRAINING_SEMANTICS"


def described(detector="npr", *, options=None, recipe="small", seed=0, augment="none", input_=""):
    card = load_card(detector)
    pipelines = find_preset(card, input_)
    pools = [
        PoolRows(f"p{label}", label, IDS[label::2], [""] * 20, [""] * 20, f"s{label}")
        for label in (0, 1)
    ]
    return describe_fit(
        card=card,
        options=parse_options(card, options or {}),
        selection=select(pools, TrainingRule()),
        train_geometry=parse(pipelines.train, "geometry"),
        validation_geometry=parse(pipelines.test, "geometry"),
        augment=parse(augment, "augmentation"),
        recipe=resolve_recipe(card, recipe),
        seed=seed,
        weights=None,
    )


def examples() -> dict[str, str]:
    """Every way in which a fit, a pool or a piece gets its id."""
    piece = Piece(
        fit_id="npr-s0-0123456789abcdef",
        epoch=8,
        pool_id="p0123",
        degradation="jpeg(75)",
        test_pipeline="none",
        equalise="none",
        operations=operations_of(parse("jpeg(75)", "degradation")),
    )
    return {
        "fit npr small": fit_id(described()),
        "fit npr common": fit_id(described(recipe="common")),
        "fit npr common in float32": fit_id(
            described(recipe={"base": "common", "precision": "float32"})
        ),
        "fit npr factor .25": fit_id(described(options={"factor": 0.25})),
        "fit npr seed 1": fit_id(described(seed=1)),
        "fit npr blur_jpeg": fit_id(described(augment="blur_jpeg(p=0.5)")),
        "fit npr native": fit_id(described(input_="npr/native")),
        "fit npr epochs 20": fit_id(described(recipe={"base": "small", "epochs": 20})),
        "fit simple_cnn tiny": fit_id(described("simple_cnn", options={"size": "tiny"})),
        "pool": pool_digest(IDS, [0] * 40),
        "rows": rows_digest(IDS, [i % 2 for i in range(40)]),
        "piece": piece.piece_id,
    }


def test_ids_are_as_pinned():
    assert examples() == json.loads(PINS.read_text())["ids"]


@pytest.mark.parametrize(
    ("version", "follows"),
    [
        (DECODING, lambda name: name.startswith("fit ") or name == "piece"),
        (SEMANTICS, lambda name: name.startswith("fit ")),
    ],
)
def test_what_decodes_or_trains_otherwise_gets_other_ids(version, follows, monkeypatch):
    before = examples()
    monkeypatch.setattr(version, 2)
    after = examples()
    assert {name for name in before if after[name] != before[name]} == set(filter(follows, before))
    assert differing_fields(described(), described()) == {}


def test_a_version_of_decoding_is_said_where_two_fits_differ(monkeypatch):
    before = described()
    monkeypatch.setattr(DECODING, 2)
    monkeypatch.setattr(SEMANTICS, 3)
    fields = differing_fields(before, described())
    assert fields == {"operations.decode": (None, 2), "training_semantics": (None, 3)}
    assert [value_in_words(name, None, before) for name in fields] == ["1 (default)"] * 2


def test_images_without_any_operation_are_decoded_by_a_version_too(monkeypatch):
    none = parse("none", "geometry")
    assert operations_of(none) == {}
    monkeypatch.setattr(DECODING, 2)
    assert operations_of(none) == {"decode": 2}


def test_every_id_of_the_examples_differs():
    ids = examples()
    assert len(set(ids.values())) == len(ids)


def test_neutral_spellings_change_no_id():
    assert fit_id(described(options={"factor": 0.5})) == fit_id(described())
    assert fit_id(described(recipe={"base": "small", "epochs": 8})) == fit_id(described())
    card = load_card("npr")
    assert fit_id(described(input_=f"npr/{card.default_preset}")) == fit_id(described())


def test_operations_of_one_name_and_two_kinds_are_two():
    """A mended degradation must give a piece a new id, also under a geometry of its name."""
    geometry, degradation = parse("resize(64)", "geometry"), parse("resize(64)", "degradation")
    assert operations_of(geometry, degradation) == {"geometry.resize": 1, "degradation.resize": 1}
    mended = Pipeline((replace(degradation.operations[0], version=2),))
    assert operations_of(geometry, mended) == operations_of(mended, geometry)
    assert operations_of(geometry, mended) != operations_of(geometry, degradation)


@pytest.mark.parametrize(
    ("detector", "options", "sees_it"),
    [
        ("npr", {}, True),
        ("resnet50", {"size": "tiny"}, True),
        ("simple_cnn", {"size": "tiny"}, True),
        ("simple_cnn", {}, True),  # its dropout draws for each forward pass
        ("simple_cnn", {"dropout": 0.0}, False),
    ],
)
def test_the_micro_batch_is_identity_only_where_it_acts(detector, options, sees_it):
    def id_with(**changes):
        return fit_id(described(detector, options=options, recipe={"base": "small", **changes}))

    whole = id_with()
    assert (id_with(micro_batch=8) != whole) == sees_it
    assert (id_with(micro_batch=8) != id_with(micro_batch=16)) == sees_it
    assert id_with(micro_batch=32) == whole, "as many as the batch has"
