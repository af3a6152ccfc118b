"""Prediction: equal to batches of one, in the rows' order, nan only where nothing decodes."""

import io
import time
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from torch import nn

import detectors.image_batches
from data.image_files import ImageChanged, UnreadableImage
from data.image_ids import image_id_of
from data.images import DecodedCache, ImageRows
from data.operations import TooSmall, parse
from data.view import View, view_of
from detectors.contract import build
from detectors.image_batches import Stopped, decoding_jobs
from detectors.prediction import predict

WHOLE = View()
SIZES = [(16, 16), (24, 16), (16, 16), (17, 33), (24, 16), (16, 16), (40, 40)] * 3


@pytest.fixture
def rows(tmp_path: Path) -> ImageRows:
    """PNG files of several sizes."""
    rng = np.random.default_rng(0)
    ids, paths = [], []
    for index, (height, width) in enumerate(SIZES):
        image_HWC = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        PIL.Image.fromarray(image_HWC).save(buffer, "PNG")
        paths.append(tmp_path / f"{index}.png")
        paths[-1].write_bytes(buffer.getvalue())
        ids.append(image_id_of(buffer.getvalue()))
    labels = np.arange(len(ids), dtype=np.int8) % 2
    return ImageRows(ids, labels, paths, DecodedCache(1 << 20))


def one_by_one(network: nn.Module, rows: ImageRows, geometry: str, degradation: str) -> np.ndarray:
    network.eval()
    logits = []
    for index in range(len(rows)):
        image_HWC = parse(degradation, "degradation")(rows.load(index))
        image_HWC = parse(geometry, "geometry")(image_HWC)
        images_BCHW = torch.from_numpy(image_HWC.copy()).permute(2, 0, 1)[None].float() / 255
        with torch.inference_mode():
            logits.append(float(network(images_BCHW)))
    return np.array(logits)


@pytest.mark.parametrize("batch_size", [1, 4, 64])
@pytest.mark.parametrize(
    ("geometry", "degradation"),
    [("none", "none"), ("trim(2)", "jpeg(75)"), ("resize(32,32)", "resize(factor=0.5) | blur(1)")],
)
def test_logits_equal_batches_of_one_in_the_rows_order(
    rows: ImageRows, geometry: str, degradation: str, batch_size: int
) -> None:
    network = build("npr", seed=0)
    expected = one_by_one(network, rows, geometry, degradation)
    view = view_of(degradation=degradation, geometry=geometry)
    predictions = predict(network, rows, view, "cpu", batch_size)
    assert predictions.logits.dtype == np.float32
    assert predictions.unreadable == []
    tolerance = 1e-4 * np.maximum(1, np.abs(expected))
    assert (np.abs(predictions.logits - expected) <= tolerance).all()
    again = predict(network, rows, view, "cpu", batch_size)
    assert again.logits.tobytes() == predictions.logits.tobytes()


def test_memory_bounds_change_the_batches_and_not_the_logits(
    rows: ImageRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = build("npr", seed=0)
    expected = predict(network, rows, WHOLE, "cpu").logits
    batches: list[int] = []
    network.register_forward_pre_hook(lambda _, inputs: batches.append(len(inputs[0])))
    monkeypatch.setattr(detectors.image_batches, "MOST_PIXELS_IN_BATCH", 3 * 16 * 16)
    monkeypatch.setattr(detectors.image_batches, "MOST_PIXELS_WAITING", 1000)
    logits = predict(network, rows, WHOLE, "cpu").logits
    assert max(batches) <= 3
    assert sum(batches) == len(rows)
    assert np.allclose(logits, expected, atol=1e-4)


def test_images_wait_for_a_full_batch_until_as_many_pixels_wait_as_may(
    rows: ImageRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No batch is cut short before the bound is reached, and no more waits than the bound."""
    most_in_batch, most_waiting = 4 * 24 * 16, 2000
    network = build("npr", seed=0)
    loaded, scored, cut_short = [0], [0], []
    viewed = ImageRows.viewed

    def counting(self: ImageRows, index: int, view: View) -> np.ndarray:
        image_HWC = viewed(self, index, view)
        loaded[0] += image_HWC.shape[0] * image_HWC.shape[1]
        return image_HWC

    def look(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        count, _, height, width = inputs[0].shape
        waiting = loaded[0] - scored[0]
        scored[0] += count * height * width
        at_the_end = loaded[0] == sum(h * w for h, w in SIZES)
        assert waiting <= most_waiting + 40 * 40
        if count < max(1, most_in_batch // (height * width)) and not at_the_end:
            cut_short.append(waiting)

    monkeypatch.setattr(ImageRows, "viewed", counting)
    monkeypatch.setattr(detectors.image_batches, "MOST_PIXELS_IN_BATCH", most_in_batch)
    monkeypatch.setattr(detectors.image_batches, "MOST_PIXELS_WAITING", most_waiting)
    network.register_forward_pre_hook(look)
    predict(network, rows, WHOLE, "cpu")
    assert scored == loaded
    assert cut_short
    assert min(cut_short) > most_waiting


def test_rows_that_are_decoded_in_one_go_are_bounded_by_number_and_pixels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(detectors.image_batches, "MOST_PIXELS_IN_BATCH", 1000)
    monkeypatch.setattr(detectors.image_batches, "ROWS_PER_JOB", 4)
    pixels = [400, 600, 1, 1200, 10, 10, 10, 10, 10, 990, 10] + [1] * 10
    jobs = [[*job] for job in decoding_jobs(range(21), np.array(pixels))]
    assert jobs[:6] == [[0, 1], [2], [3], [4, 5, 6, 7], [8, 9], [10, 11, 12, 13]]
    assert [index for job in jobs for index in job] == list(range(21))
    assert [[*job] for job in decoding_jobs(range(21), None)] == [[n] for n in range(21)]
    assert [[*job] for job in decoding_jobs([3, 0, 1], np.array(pixels))] == [[3], [0, 1]]


def test_the_network_comes_back_in_its_own_modes(rows: ImageRows) -> None:
    network = build("simple_cnn", {"input_px": 32}, seed=0)
    network.train()
    network.features.eval()
    view = view_of(geometry="resize(32,32)")
    first = predict(network, rows, view, "cpu").logits
    assert (network.training, network.hidden.training) == (True, True)
    assert not network.features.training
    second = predict(network, rows, view, "cpu").logits
    assert first.tobytes() == second.tobytes(), "dropout must be off"
    assert torch.is_grad_enabled()


def test_autocast_outside_does_not_reach_testing(rows: ImageRows) -> None:
    network = build("npr", seed=0)
    expected = predict(network, rows, WHOLE, "cpu").logits
    with torch.autocast("cpu", torch.bfloat16):
        logits = predict(network, rows, WHOLE, "cpu").logits
    assert logits.tobytes() == expected.tobytes()


def test_an_undecodable_image_is_a_nan_with_a_reason_and_others_are_errors(
    rows: ImageRows,
) -> None:
    network = build("npr", seed=0)
    expected = predict(network, rows, WHOLE, "cpu").logits
    content = Path(rows.paths[3]).read_bytes()
    broken = content[: len(content) // 2]
    Path(rows.paths[3]).write_bytes(broken)
    ids = [*rows.image_ids[:3], image_id_of(broken), *rows.image_ids[4:]]
    damaged = ImageRows(ids, rows.labels, rows.paths, None)
    predictions = predict(network, damaged, WHOLE, "cpu")
    assert [index for index, _ in predictions.unreadable] == [3]
    assert predictions.unreadable[0][1]
    assert np.flatnonzero(np.isnan(predictions.logits)).tolist() == [3]
    others = np.arange(len(rows)) != 3
    assert np.allclose(predictions.logits[others], expected[others], atol=1e-4)
    with pytest.raises(UnreadableImage, match=r"3\.png") as caught:
        predict(network, damaged, WHOLE, "cpu", unreadable="raise")
    assert caught.value.image_id == damaged.image_ids[3]
    Path(rows.paths[3]).write_bytes(Path(rows.paths[4]).read_bytes())
    with pytest.raises(ImageChanged, match=r"3\.png"):
        predict(network, damaged, WHOLE, "cpu")
    Path(rows.paths[3]).unlink()
    with pytest.raises(OSError, match=r"3\.png"):
        predict(network, damaged, WHOLE, "cpu")


def test_a_refused_size_names_the_image(rows: ImageRows) -> None:
    with pytest.raises(TooSmall) as caught:
        predict(build("npr"), rows, view_of(geometry="center_crop(20)"), "cpu")
    assert f"image {rows.image_ids[0]}" in caught.value.__notes__


def test_random_testing_is_refused(rows: ImageRows) -> None:
    with pytest.raises(ValueError, match=r"'random_crop\(16\)' is random; .*center_crop"):
        predict(build("npr"), rows, view_of(geometry="random_crop(16)"), "cpu")


class PixelsAsLogit(nn.Module):
    """A logit that is exact whatever the batch, and another where a pixel is."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, images_BCHW: torch.Tensor) -> torch.Tensor:
        return self.weight * (images_BCHW * 255).round().double().square().sum(dim=(1, 2, 3))


@pytest.mark.parametrize("batch_size", [1, 5, 64])
@pytest.mark.parametrize("threads", [0, 3])
def test_what_a_view_draws_depends_on_no_batch_order_or_thread(
    rows: ImageRows, batch_size: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = view_of(degradation="noise(20)", geometry="trim(2)")
    seen = [view(rows.load(i), rows.image_ids[i], 0).astype(np.float64) for i in range(len(rows))]
    expected = np.array([(image**2).sum() for image in seen], np.float32)
    monkeypatch.setattr(detectors.image_batches, "loader_threads", lambda device: threads)
    backwards = ImageRows(rows.image_ids[::-1], rows.labels[::-1], rows.paths[::-1], rows.cache)
    for some, logits in ((rows, expected), (backwards, expected[::-1])):
        predicted = predict(PixelsAsLogit(), some, view, "cpu", batch_size).logits
        assert predicted.tolist() == logits.tolist()


@pytest.mark.parametrize("value", [torch.inf, torch.nan])
def test_logits_that_are_not_finite_are_an_error(rows: ImageRows, value: float) -> None:
    network = build("npr", seed=0)
    with torch.no_grad():
        network.classifier.bias.fill_(value)
    with pytest.raises(ValueError, match="21 of 21 logits are not finite"):
        predict(network, rows, WHOLE, "cpu")


def test_stop_is_looked_at_between_batches(rows: ImageRows) -> None:
    network = build("simple_cnn", {"size": "tiny"}, seed=0)
    batches: list[int] = []
    network.register_forward_hook(lambda _, inputs, logit_B: batches.append(len(logit_B)))
    answers = iter([False, False, True])
    with pytest.raises(Stopped):
        predict(network, rows, WHOLE, "cpu", 2, stop=lambda: next(answers))
    assert len(batches) == 2


@pytest.mark.parametrize("threads", [0, 4])
def test_a_prediction_that_refuses_unreadable_images_names_all_and_scores_nothing_more(
    rows: ImageRows, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = list(rows.image_ids)
    for index in (5, 2, 20):
        ids[index] = image_id_of(f"nothing {index}".encode())
        Path(rows.paths[index]).write_bytes(f"nothing {index}".encode())
    damaged = ImageRows(ids, rows.labels, rows.paths, DecodedCache(1 << 20))
    monkeypatch.setattr(detectors.image_batches, "loader_threads", lambda device: threads)
    network = build("simple_cnn", {"size": "tiny"}, seed=0)
    scored: list[int] = []
    network.register_forward_hook(lambda _, inputs, logit_B: scored.append(len(logit_B)))
    with pytest.raises(UnreadableImage, match=r"2\.png.* Also at fault: .*5\.png") as caught:
        predict(network, damaged, WHOLE, "cpu", 1, unreadable="raise")
    assert caught.value.image_id == ids[2]
    assert [other.image_id for other in caught.value.others] == [ids[5], ids[20]]
    measured = 1  # the memory account's own pass over a blank image
    assert threads or sum(scored) <= 2 + measured, "nothing behind it was scored"


def test_a_stop_ends_the_search_for_more_unreadable_images(rows: ImageRows) -> None:
    ids = list(rows.image_ids)
    for index in (0, len(ids) - 1):
        ids[index] = image_id_of(f"nothing {index}".encode())
        Path(rows.paths[index]).write_bytes(f"nothing {index}".encode())
    damaged = ImageRows(ids, rows.labels, rows.paths)
    network = build("simple_cnn", {"size": "tiny"}, seed=0)
    with pytest.raises(UnreadableImage) as caught:
        predict(network, damaged, WHOLE, "cpu", unreadable="raise", stop=lambda: True)
    assert caught.value.image_id == ids[0]
    assert caught.value.others == []


@pytest.mark.parametrize(
    ("side_px", "in_flight"), [(64, 16 * 6), (1024, 4 * 6), (4096, 6), (None, 6)]
)
def test_few_large_images_are_decoded_ahead(
    side_px: int | None, in_flight: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen photographs of 16 megapixels for each of six jobs would be 4.6 GB."""
    count, started = 200, []
    ahead: list[int] = []
    pixels = None if side_px is None else np.full(count, side_px**2, np.int64)
    ids = [image_id_of(str(index).encode()) for index in range(count)]
    rows = ImageRows(ids, np.zeros(count, np.int8), ids, None, pixels)

    def viewed(self: ImageRows, index: int, view: View) -> np.ndarray:
        started.append(index)
        return np.zeros((16, 16, 3), np.uint8)

    monkeypatch.setattr(ImageRows, "viewed", viewed)
    monkeypatch.setattr(detectors.image_batches, "loader_threads", lambda device: 4)

    def look() -> bool:
        time.sleep(0.002)
        ahead.append(len(started) - len(ahead))
        return False

    network = build("simple_cnn", {"size": "tiny"}, seed=0)
    predict(network, rows, WHOLE, "cpu", 1, stop=look)
    assert max(ahead) <= in_flight
    assert sorted(started) == list(range(count))
