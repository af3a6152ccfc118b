"""The augmentation that recipes of CNNSpot and its heirs ask for."""

import numpy as np
import pytest

import data.augmentations.blur_and_jpeg
from data.operations import parse
from data.randomness import stream


def test_blur_jpeg_draws_its_numbers_from_the_stated_ranges(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: dict[str, list[float]] = {"sigma": [], "quality": []}
    order: list[list[str]] = []

    def blurred(image_HWC: np.ndarray, sigma_px: float) -> np.ndarray:
        drawn["sigma"].append(sigma_px)
        order[-1].append("blur")
        return image_HWC

    def coded(image_HWC: np.ndarray, quality: int, subsampling: str) -> np.ndarray:
        drawn["quality"].append(quality)
        order[-1].append("jpeg")
        assert subsampling == "4:2:0"
        return image_HWC

    monkeypatch.setattr(data.augmentations.blur_and_jpeg, "gaussian_blur", blurred)
    monkeypatch.setattr(data.augmentations.blur_and_jpeg, "jpeg_coded", coded)
    num = 4000
    for text, p in (("blur_jpeg", 0.5), ("blur_jpeg(p=0.1)", 0.1)):
        drawn["sigma"].clear()
        drawn["quality"].clear()
        order.clear()
        pipeline = parse(text, "augmentation")
        for index in range(num):
            order.append([])
            pipeline(np.zeros((4, 4, 3), np.uint8), stream("augmentation", index))
        for values in drawn.values():
            assert len(values) / num == pytest.approx(p, abs=0.03)
        both = [steps for steps in order if len(steps) == 2]
        assert len(both) / num == pytest.approx(p * p, abs=0.03)
        assert all(steps == ["blur", "jpeg"] for steps in both)
        sigma, quality = np.array(drawn["sigma"]), np.array(drawn["quality"])
        assert sigma.min() >= 0
        assert sigma.max() <= 3
        assert sigma.mean() == pytest.approx(1.5, abs=0.15)
        assert sigma.std() == pytest.approx(3 / 12**0.5, abs=0.1)
        assert set(quality) <= set(range(30, 101))
        assert len(set(quality)) > (60 if p == 0.5 else 40), "every whole quality can come"
        assert {30, 100} <= set(quality) or p < 0.5
