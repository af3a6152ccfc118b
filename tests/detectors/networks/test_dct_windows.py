"""Scores of windows by their DCT: held against scipy, window by window, and what is taken."""

import math

import numpy as np
import pytest
import torch
from scipy.fft import dctn

from detectors.networks import dct_windows
from detectors.networks.dct_windows import DCTWindows


def image(height: int, width: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed))


def plain_score(window_CSS: np.ndarray) -> float:
    """As one would write it down: band by band."""
    size = window_CSS.shape[1]
    total = 0.0
    for band in range(6):
        low, high = size / 3 * band, size / 3 * (band + 1)
        members = [(u, v) for u in range(size) for v in range(size) if low <= u + v <= high]
        for plane_SS in window_CSS.astype(np.float64):
            coefficient_UV = dctn(plane_SS, norm="ortho")
            values = [math.log(1 + abs(coefficient_UV[u, v])) for u, v in members]
            total += 2**band * sum(values) / len(members)
    return total


@pytest.mark.parametrize(("height", "width"), [(8, 8), (19, 13), (12, 25)])
def test_scores_are_those_of_scipys_transform(height: int, width: int) -> None:
    image_CHW = image(height, width)
    scores_RQ = DCTWindows(8, 4).scores(image_CHW)
    assert scores_RQ.shape == ((height - 8) // 4 + 1, (width - 8) // 4 + 1)
    for row in range(scores_RQ.shape[0]):
        for column in range(scores_RQ.shape[1]):
            window = image_CHW[:, 4 * row : 4 * row + 8, 4 * column : 4 * column + 8]
            expected = plain_score(window.numpy())
            assert float(scores_RQ[row, column]) == pytest.approx(expected, rel=1e-5)


def test_few_windows_at_once_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    windows, image_CHW = DCTWindows(8, 4), image(40, 31)
    whole_RQ = windows.scores(image_CHW)
    monkeypatch.setattr(dct_windows, "WINDOWS_AT_ONCE", 5)
    assert torch.allclose(windows.scores(image_CHW), whole_RQ, rtol=1e-6)


def test_the_ends_are_taken_in_the_official_order() -> None:
    image_CHW = torch.full((3, 8, 40), 0.5)
    strength = {0: 0.3, 1: 0.01, 2: 0.2, 3: 0.4, 4: 0.05}
    checks_SS = (torch.arange(8)[:, None] + torch.arange(8)) % 2 - 0.5
    for place, amplitude in strength.items():
        image_CHW[:, :, 8 * place : 8 * place + 8] += amplitude * checks_SS
    windows = DCTWindows(8, 8)
    assert windows.places(image_CHW).tolist() == [1, 3, 4, 0]
    taken_BNCSS = windows(image_CHW[None])
    assert taken_BNCSS.shape == (1, 4, 3, 8, 8)
    for ours, place in zip(taken_BNCSS[0], (1, 3, 4, 0), strict=True):
        assert torch.equal(ours, image_CHW[:, :, 8 * place : 8 * place + 8])


def test_windows_are_cut_where_they_were_scored() -> None:
    windows, image_CHW = DCTWindows(8, 4), image(30, 44)
    scores_N = windows.scores(image_CHW).flatten()
    for place, window in zip(windows.places(image_CHW), windows(image_CHW[None])[0], strict=True):
        assert float(windows.scores(window)) == pytest.approx(float(scores_N[place]), rel=1e-5)


def test_one_window_is_all_four_and_two_are_each_twice() -> None:
    windows = DCTWindows(8, 4)
    assert windows.places(image(8, 11)).tolist() == [0, 0, 0, 0]
    lowest, highest, second_lowest, second_highest = windows.places(image(8, 12)).tolist()
    assert (lowest, second_lowest) == (second_highest, highest)


def test_an_images_windows_are_its_own() -> None:
    windows = DCTWindows(8, 4)
    images_BCHW = torch.stack([image(24, 24, seed) for seed in range(3)])
    together = windows(images_BCHW)
    for place, image_CHW in enumerate(images_BCHW):
        assert torch.equal(windows(image_CHW[None])[0], together[place])


def test_an_image_smaller_than_a_window_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Windows of 8 px .* 7 x 20 px.*squash\(8\)"):
        DCTWindows(8, 4)(torch.rand(1, 3, 7, 20))
