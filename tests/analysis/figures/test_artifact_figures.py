"""Figures of artifacts show the numbers that are stored, and say what is missing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.comparing.evidence import Evidence
from analysis.figures.drawn import azimuthal_profiles, feature_pca, residual_maps, spectra
from analysis.figures.test_set_sides import parts_of, pooled
from analysis.selecting.selection import StoreSelection
from grid.records.artifacts.counted import CountedImages
from grid.records.artifacts.feature_planes import (
    FeaturePlane,
    FeaturePlanes,
    PlaneFacts,
    write_planes,
)
from grid.records.artifacts.pool_residuals import PoolResiduals, write_residuals
from grid.records.artifacts.pool_spectra import PoolSpectrum, write_spectrum
from grid.store.opening import open_store

SIDE = 16


def spectrum(pool, level, size=SIDE, images=20):
    plane = level + np.random.default_rng(len(pool)).normal(size=(size, size // 2 + 1))
    rings = np.linspace(0, -30, size // 2 + 1) + level
    return PoolSpectrum(
        pool_id=pool,
        equalise="none",
        size_px=size,
        counted=CountedImages(images=images),
        mean=plane,
        error=np.ones_like(plane),
        ring_mean=rings,
        ring_error=np.full_like(rings, 0.5),
    )


def made_from(size=SIDE, **more):
    return {"equalise": "none", "size_px": size, "version": 1, **more}


@pytest.fixture
def evidence(tmp_path):
    """A store of two test sets whose fakes have 6 dB more, with nothing of pixels in it yet."""
    store = open_store(tmp_path / "store")
    grid = SyntheticGrid(
        detectors=(SyntheticDetector(name="npr"),), generators=2, seeds=1, images=6, committed=0
    )
    record = write_synthetic_store(store, grid)
    return Evidence(StoreSelection.of(store, [record]), record, ())


def sides(evidence):
    return [(s["real_pools"], s["fake_pools"]) for s in evidence.experiment["test_sets"]]


def write_spectra(evidence, **more):
    for reals, fakes in sides(evidence):
        for pools, level in ((reals, -20.0), (fakes, -14.0)):
            for pool in pools:
                write_spectrum(
                    evidence.selection.store, spectrum(pool, level, **more), made_from(**more)
                )


def shown(picture):
    """The values of each row of panels, as they are drawn."""
    images = [axes.images[0] for axes in picture.canvas.axes if axes.images]
    return [image.get_array().data for image in images]


def test_spectra_show_reals_fakes_and_their_difference(evidence):
    write_spectra(evidence)
    [picture] = spectra.FIGURE.pictures(evidence)
    panels = np.array(shown(picture))
    assert panels.shape == (6, SIDE, SIDE)
    real, fake, difference = panels.reshape(3, 2, SIDE, SIDE)
    assert np.allclose(difference, fake - real, atol=1e-5)
    assert difference.mean() == pytest.approx(6, abs=0.01)
    limits = [axes.images[0].get_clim() for axes in picture.canvas.axes if axes.images]
    assert limits == [(-60, 10)] * 4 + [(-30, 30)] * 2
    assert "+6.0 dB" in picture.alternative
    assert "20 and 20" in picture.caption
    [again] = spectra.FIGURE.pictures(evidence)
    assert again.png() == picture.png()


def test_profiles_show_differences_with_bands_by_students_t(evidence):
    from scipy.stats import t

    write_spectra(evidence)
    [picture] = azimuthal_profiles.FIGURE.pictures(evidence)
    _, below = picture.canvas.axes
    line = below.lines[1]  # the first is zero
    assert np.allclose(line.get_xdata(), np.arange(1, SIDE // 2 + 1) / SIDE)
    assert np.allclose(line.get_ydata(), 6, atol=1e-5)
    band = below.collections[0].get_paths()[0].vertices[:, 1]
    half = t.ppf(0.975, 19) * 0.5 * 2**0.5
    assert (band.min(), band.max()) == pytest.approx((6 - half, 6 + half), abs=1e-4)


def test_of_several_sizes_and_draws_the_most_is_shown(evidence):
    write_spectra(evidence)
    [(reals, fakes), _] = sides(evidence)
    store = evidence.selection.store
    for pool in (*reals, *fakes):  # of one test set alone
        write_spectrum(store, spectrum(pool, 0.0, size=32), made_from(32))
        write_spectrum(store, spectrum(pool, -10.0, images=30), made_from(images=30))
    [picture] = spectra.FIGURE.pictures(evidence)
    assert "The middle 16 x 16 px" in picture.caption
    assert "30 and 30" in picture.caption
    assert "20 and 20" in picture.caption


def test_what_is_not_computed_is_named_and_what_is_damaged_is_left_out(evidence):
    assert spectra.FIGURE.pictures(evidence) == ()
    write_spectra(evidence)
    store = evidence.selection.store
    _, (_, [pool]) = sides(evidence)
    [key] = store.list(f"artifacts/spectra/{pool}/")
    store.put_checkpoint(key, store.get(key)[:-1] + b"x")
    [picture] = spectra.FIGURE.pictures(evidence)
    assert len(shown(picture)) == 3
    missing = evidence.experiment["test_sets"][1]["name"]
    assert f"Not computed: {missing}" in picture.caption
    assert list(evidence.selection.damaged) == [key]


def residuals(pool, mean, images=20):
    example = np.random.default_rng(1).random((SIDE, SIDE))
    return PoolResiduals(
        pool_id=pool,
        equalise="none",
        size_px=SIDE,
        counted=CountedImages(images=images),
        mean=mean,
        error=np.ones_like(mean),
        examples={f"{n:032x}": example for n in range(4)},
    )


def test_residuals_show_the_phases_of_a_grid(evidence):
    flat = np.full((SIDE, SIDE), 4.0)
    grid = flat.copy()
    grid[3::8, 5::8] += 2  # once in each 8 x 8 block
    for reals, fakes in sides(evidence):
        for pools, mean in ((reals, flat), (fakes, grid)):
            for pool in pools:
                write_residuals(evidence.selection.store, residuals(pool, mean), made_from())
    means, examples = residual_maps.FIGURE.pictures(evidence)
    panels = shown(means)
    assert [each.shape for each in panels] == [(SIDE, SIDE)] * 4 + [(8, 8)] * 6
    expected = np.zeros((8, 8))
    expected[3, 5] = 2
    assert np.allclose(panels[-1], expected)
    assert len(shown(examples)) == 2 * 2 * residual_maps.SHOWN_EXAMPLES


def plane(at, auc):
    rng = np.random.default_rng(0)
    facts = PlaneFacts(
        features=9,
        explained=[0.5, 0.25],
        auc=auc,
        auc_low=None if auc is None else auc - 0.1,
        auc_high=None if auc is None else auc + 0.1,
    )
    return FeaturePlane(
        at=at,
        facts=facts,
        points=rng.normal(size=(6, 2)),
        labels=np.array([0, 0, 1, 1, 1, 1]),
        generators=["real", "real", "a", "a", "b", "b"],
        image_ids=[f"{n:032x}" for n in range(6)],
        logits=np.zeros(6),
    )


@pytest.mark.parametrize("auc", [0.75, None])
def test_features_stand_side_by_side_with_their_separation(evidence, auc):
    fit = evidence.experiment["fits"][0]["fit_id"]
    made = {"images": "test", "sets": [], "images_per_pool": 5, "draw_seed": 0}
    planes = {"init": plane("init", None), "final": plane("final", auc)}
    found = FeaturePlanes(fit_id=fit, made_from=made, unreadable=3, planes=planes)
    write_planes(evidence.selection.store, found)
    [picture] = feature_pca.FIGURE.pictures(evidence)
    left, right = picture.canvas.axes
    assert left.get_title(loc="left") == "initial weights: too few images for an AUC"
    said = "too few images for an AUC" if auc is None else "AUC 0.75 [0.65, 0.85]"
    assert right.get_title(loc="left") == f"final weights: {said}"
    points = np.concatenate([c.get_offsets().data for c in right.collections])
    assert np.allclose(points, planes["final"].points)
    assert "3 images not decoded" in picture.caption
    others = replace(found, made_from={**made, "draw_seed": 1})
    write_planes(evidence.selection.store, others)
    names = {each.name for each in feature_pca.FIGURE.pictures(evidence)}
    assert len(names) == 2


@given(seed=st.integers(0, 1000), sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_pooled_is_the_mean_of_all_images(seed, sizes):
    rng = np.random.default_rng(seed)
    parts = [rng.normal(n, 1 + n, (size, 3)) for n, size in enumerate(sizes)]
    errors = [
        p.std(axis=0, ddof=1) / len(p) ** 0.5 if len(p) > 1 else np.full(3, np.nan) for p in parts
    ]
    mean, error = pooled([(len(p), p.mean(axis=0), e) for p, e in zip(parts, errors, strict=True)])
    every = np.concatenate(parts)
    assert np.allclose(mean, every.mean(axis=0))
    if len(every) > 1:
        assert np.allclose(error, every.std(axis=0, ddof=1) / len(every) ** 0.5)
    else:
        assert np.isnan(error).all()


def test_half_a_plane_is_mirrored_to_the_whole():
    image = np.random.default_rng(0).normal(size=(SIDE, SIDE))
    power = np.abs(np.fft.fft2(image)) ** 2
    half = np.fft.fftshift(np.abs(np.fft.rfft2(image)) ** 2, axes=0)
    assert np.allclose(spectra.whole_plane(half), np.fft.fftshift(power))


@given(count=st.integers(0, 40), most=st.integers(1, 9))
def test_parts_hold_all_items_and_are_about_equal(count, most):
    parts = list(parts_of(list(range(count)), most))
    assert [item for part in parts for item in part] == list(range(count))
    assert all(0 < len(part) <= most for part in parts)
    assert len(parts) == -(-count // most)
