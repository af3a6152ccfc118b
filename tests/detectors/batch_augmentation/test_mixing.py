"""mixup, cutmix and erasing against their definitions."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from frequency_batches import a_batch, after
from hypothesis import given, settings
from hypothesis import strategies as st

from data.operations import PipelineError, known, parse
from data.pipelines import registered
from detectors.batch_augmentation.batch import BatchDraws, TrainingBatch
from detectors.batch_augmentation.implementations import implementations
from detectors.batch_augmentation.mixing import _rectangles
from detectors.batch_augmentation.step_inputs import step_inputs

MIXES = ["mixup(0.8)", "cutmix(1.0)", "mixup_or_cutmix"]


def numbered(num: int = 24, height: int = 12, width: int = 10) -> TrainingBatch:
    """Images of one value each, so that what is seen of whom can be counted."""
    batch = a_batch(num, height, width)
    values = (torch.arange(num, dtype=torch.float32) / num).view(-1, 1, 1, 1)
    return replace(batch, images_BCHW=values.expand(-1, 3, height, width).clone())


def test_every_declared_augmentation_of_batches_is_implemented_with_its_parameters() -> None:
    declared = {
        name: registered(name, "augmentation")
        for name in known("augmentation")
        if registered(name, "augmentation").acts_on != "image"
    }
    assert set(declared) == set(implementations())
    for name in declared:
        assert "p" in declared[name].signature.parameters


@pytest.mark.parametrize("text", MIXES)
@given(height=st.integers(1, 12), width=st.integers(1, 12), seed=st.integers(0, 99))
@settings(max_examples=12, deadline=None)
def test_a_target_is_what_is_seen_of_each_image(
    text: str, height: int, width: int, seed: int
) -> None:
    batch = replace(numbered(10, height, width), seed=seed)
    result = after(text, batch)
    partners = BatchDraws(batch, 0, 1.0).partners(within_label=False)
    values = batch.images_BCHW[:, 0, 0, 0]
    for row, partner in enumerate(partners):
        mean = float(result.images_BCHW[row].mean())
        if row == partner:
            assert mean == pytest.approx(float(values[row]), abs=1e-6)
            continue
        share = (mean - float(values[row])) / float(values[partner] - values[row])
        mine, theirs = float(batch.target_B[row]), float(batch.target_B[partner])
        expected = (1 - share) * mine + share * theirs
        assert float(result.target_B[row]) == pytest.approx(expected, abs=1e-4)


def test_mixup_is_even_and_cutmix_a_rectangle() -> None:
    batch = numbered()
    even = after("mixup(0.8)", batch).images_BCHW
    assert float((even.amax(dim=(1, 2, 3)) - even.amin(dim=(1, 2, 3))).max()) < 1e-6
    cut = after("cutmix(1.0)", batch).images_BCHW
    partners = BatchDraws(batch, 0, 1.0).partners(within_label=False)
    seen = 0
    for row, partner in enumerate(partners):
        theirs = cut[row, 0] == batch.images_BCHW[partner, 0]
        mine = cut[row, 0] == batch.images_BCHW[row, 0]
        assert bool((theirs | mine).all())
        if row != partner and bool(theirs.any()):
            rows, columns = theirs.any(1).nonzero(), theirs.any(0).nonzero()
            inside = theirs[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
            assert bool(inside.all())
            seen += 1
    assert seen > 8


def test_the_share_has_its_distribution() -> None:
    draws = BatchDraws(a_batch(2000, 1, 1), 0, 1.0)
    share = draws.beta(0.8)
    assert share.mean() == pytest.approx(0.5, abs=0.03)
    assert share.var() == pytest.approx(1 / (4 * (2 * 0.8 + 1)), abs=0.01)


def test_cut_rectangles_have_the_areas_of_the_paper() -> None:
    """Sides sqrt(m), m uniform, centre uniform: a side s is seen as s - s^2 / 4 in the mean."""
    batch = a_batch(2000, 64, 48)
    _, share = _rectangles(batch, BatchDraws(batch, 0, 1.0), 1.0)
    assert share.mean() == pytest.approx(1 / 2 - 1 / 5 + 1 / 48, abs=0.03)
    assert share.min() >= 0
    assert share.max() > 0.8


def test_one_of_the_two_is_chosen_for_each_image() -> None:
    batch = numbered(200)
    result = after("mixup_or_cutmix(cutmix_share=0.25)", batch).images_BCHW
    is_even = (result.amax(dim=(1, 2, 3)) - result.amin(dim=(1, 2, 3))) < 1e-6
    assert 0.6 < float(is_even.float().mean()) < 0.9


@pytest.mark.parametrize("fill", ["zero", "uniform", "normal"])
def test_erased_is_one_rectangle_of_the_area_said(fill: str) -> None:
    batch = replace(a_batch(60, 32, 40), images_BCHW=torch.full((60, 3, 32, 40), 2.0))
    result = after(f"random_erasing(p=1, area=(0.1, 0.2), fill='{fill}')", batch).images_BCHW
    assert bool((batch.images_BCHW == 2).all()), "the input is not written to"
    for image in result:
        is_erased = (image != 2).any(0)
        rows, columns = is_erased.any(1).nonzero(), is_erased.any(0).nonzero()
        down, across = (int(each.max() - each.min()) + 1 for each in (rows, columns))
        assert int(is_erased.sum()) == down * across
        assert 0.08 < down * across / (32 * 40) < 0.23
        assert 0.25 < down / across < 3.9
    erased = result[result != 2]
    expected = {"zero": 0.0, "uniform": 0.5, "normal": float(np.mean([0.485, 0.456, 0.406]))}[fill]
    assert float(erased.mean()) == pytest.approx(expected, abs=0.02)


def test_what_does_not_fit_is_not_erased() -> None:
    batch = a_batch(8, 1, 1)
    assert torch.equal(after("random_erasing(p=1)", batch).images_BCHW, batch.images_BCHW)
    thin = a_batch(8, 4, 4)
    same = after("random_erasing(p=1, area=(1, 1), ratio=(1, 1))", thin).images_BCHW
    assert torch.equal(same, thin.images_BCHW)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mixup(0)", "out of range"),
        ("mixup | phase_jitter(0.1)", "write phase_jitter before mixup"),
        ("cutmix | hflip", "write hflip before cutmix"),
        ("random_erasing | blur_jpeg", "write blur_jpeg before random_erasing"),
        ("random_erasing(area=(0.5, 0.1))", "out of range"),
        ("mixup_or_cutmix(cutmix_share=2)", "out of range"),
    ],
)
def test_mistakes_of_mixing_are_refused(text: str, says: str) -> None:
    with pytest.raises(PipelineError, match=says):
        parse(text, "augmentation")


def test_an_operation_of_batches_refuses_a_single_image() -> None:
    pipeline = parse("hflip | mixup", "augmentation")
    assert pipeline.per_image == parse("hflip", "augmentation")
    assert pipeline.on_batch == parse("mixup", "augmentation")
    with pytest.raises(PipelineError, match="acts on a training batch"):
        pipeline(np.zeros((4, 4, 3), np.uint8), np.random.default_rng(0))


def test_the_micro_batch_changes_no_input() -> None:
    images_BCHW = torch.arange(6 * 3 * 16, dtype=torch.uint8).view(6, 3, 4, 4)
    given = step_inputs(
        images_BCHW,
        torch.arange(6).remainder(2).float(),
        augmentation=parse("spectrum_mix(1, p=1) | mixup", "augmentation"),
        second=parse("none", "augmentation"),
        image_ids=[str(n) for n in range(6)],
        seed=0,
        epoch=1,
        step=0,
    )
    [whole] = given.of(slice(0, 6))
    parts = [given.of(slice(start, start + 2))[0] for start in (0, 2, 4)]
    assert torch.equal(torch.cat(parts), whole)
    assert whole.dtype == torch.float32
