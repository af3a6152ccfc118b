"""Artifacts prove themselves, come back as they were, and are replaced where they are damaged."""

import numpy as np
import pytest

from grid.records.artifacts import feature_planes, pool_residuals, pool_spectra
from grid.records.artifacts.artifact_files import read_artifact, sound_artifact
from grid.records.artifacts.counted import CountedImages
from grid.records.proven.checksums import CorruptRecord
from grid.store.opening import open_store

MADE_FROM = {"equalise": "none", "size_px": 8, "version": 1, "operations": {"a": 1}}


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "store")


def spectrum(pool="p1", seed=0):
    rng = np.random.default_rng(seed)
    plane, ring = (rng.normal(size=shape).astype(np.float32) for shape in ((8, 5), (5,)))
    counted = CountedImages(images=7, unreadable=1, too_small=2, left_out=3)
    return pool_spectra.PoolSpectrum(
        pool_id=pool,
        equalise="none",
        size_px=8,
        counted=counted,
        mean=plane,
        error=np.abs(plane),
        ring_mean=ring,
        ring_error=np.abs(ring),
    )


def test_a_spectrum_comes_back_as_it_was(store):
    written = spectrum()
    key = pool_spectra.write_spectrum(store, written, MADE_FROM)
    [read], damaged = pool_spectra.readable_spectra(store, {"p1"})
    assert not damaged
    assert (read.pool_id, read.size_px, read.counted) == ("p1", 8, written.counted)
    for name in ("mean", "error", "ring_mean", "ring_error"):
        assert np.array_equal(getattr(read, name), getattr(written, name)), name
    # Each row says itself where it stands: row 0 is the lowest frequency down, none across.
    first, last = (read_artifact(store, key).table.to_pylist()[row] for row in (0, -1))
    assert (first["down"], first["across"], first["ring"]) == (-4, 0, None)
    assert (last["down"], last["across"], last["ring"]) == (None, None, 4)
    assert pool_spectra.readable_spectra(store, {"p2"}) == ([], {})


def test_residuals_come_back_as_they_were(store):
    rng = np.random.default_rng(0)
    mean, error, one, two = rng.random((4, 8, 8)).astype(np.float32)
    written = pool_residuals.PoolResiduals(
        pool_id="p1",
        equalise="none",
        size_px=8,
        counted=CountedImages(images=2),
        mean=mean,
        error=error,
        examples={"ffff": one, "0000": two},
    )
    pool_residuals.write_residuals(store, written, MADE_FROM)
    [read], _ = pool_residuals.readable_residuals(store, {"p1"})
    assert np.array_equal(read.mean, mean)
    assert np.array_equal(read.error, error)
    assert list(read.examples) == ["ffff", "0000"]
    assert np.array_equal(read.examples["0000"], two)


def test_planes_come_back_as_they_were(store):
    rng = np.random.default_rng(0)
    planes = {
        at: feature_planes.FeaturePlane(
            at=at,
            facts=feature_planes.PlaneFacts(
                features=9, explained=[0.5, 0.25], auc=auc, auc_low=None, auc_high=None
            ),
            points=rng.normal(size=(3, 2)),
            labels=np.array([0, 1, 1]),
            generators=["real", "g", "g"],
            image_ids=["a", "b", "c"],
            logits=np.array([0.5, 1.5, -2.0]),
        )
        for at, auc in (("init", None), ("final", 0.75))
    }
    written = feature_planes.FeaturePlanes(
        fit_id="f1", made_from={"version": 1}, unreadable=2, planes=planes
    )
    feature_planes.write_planes(store, written)
    [read], _ = feature_planes.readable_planes(store, {"f1"})
    assert (read.fit_id, read.unreadable, list(read.planes)) == ("f1", 2, ["init", "final"])
    for at, plane in planes.items():
        assert read.planes[at].facts == plane.facts
        assert np.array_equal(read.planes[at].points, plane.points)
        assert read.planes[at].generators == plane.generators
        assert np.array_equal(read.planes[at].logits, plane.logits)


def test_equal_numbers_give_equal_bytes_and_other_inputs_another_name(store, tmp_path):
    other = open_store(tmp_path / "other")
    keys = [pool_spectra.write_spectrum(each, spectrum(), MADE_FROM) for each in (store, other)]
    assert keys[0] == keys[1]
    assert store.get(keys[0]) == other.get(keys[1])
    renamed = pool_spectra.write_spectrum(store, spectrum(), {**MADE_FROM, "version": 2})
    assert renamed != keys[0]


def test_what_is_sound_is_never_written_again(store):
    key = pool_spectra.write_spectrum(store, spectrum(), MADE_FROM)
    before = store.get(key)
    pool_spectra.write_spectrum(store, spectrum(seed=1), MADE_FROM)
    assert store.get(key) == before


@pytest.mark.parametrize("at", range(0, 1000, 97))
def test_any_turned_bit_is_found_and_the_file_made_again(store, at):
    key = pool_spectra.write_spectrum(store, spectrum(), MADE_FROM)
    whole = store.get(key)
    turned = bytearray(whole)
    turned[at * len(whole) // 1000] ^= 4
    store.put_checkpoint(key, bytes(turned))
    assert sound_artifact(store, key) is None
    found, damaged = pool_spectra.readable_spectra(store, {"p1"})
    assert (found, list(damaged)) == ([], [key])
    pool_spectra.write_spectrum(store, spectrum(), MADE_FROM)
    assert store.get(key) == whole


def test_a_sound_file_under_another_name_is_refused(store):
    key = pool_spectra.write_spectrum(store, spectrum(), MADE_FROM)
    for other in (key.replace("p1", "p2"), key.replace("spectra", "residual_maps")):
        store.put_new(other, store.get(key))
        with pytest.raises(CorruptRecord, match="it was written as"):
            read_artifact(store, other)


def test_check_store_proves_artifacts_and_knows_no_stray(store):
    from grid.integrity.store_check import check_store

    key = pool_spectra.write_spectrum(store, spectrum(), MADE_FROM)
    found = check_store(store)
    assert (found.damage, found.stray, found.checked["artifacts"]) == ([], [], 1)
    store.put_checkpoint(key, store.get(key)[:-9])
    [damage] = check_store(store).damage
    assert damage.aside == (key,)
    assert "figures leave it out" in str(damage)
