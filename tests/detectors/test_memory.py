"""An image that is too large for its trial's memory is a fault of that image, known beforehand."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from repository import ROOT

from data.image_files import ImageTooLarge
from data.image_ids import image_id_of
from data.images import DecodedCache, ImageRows
from data.view import View, view_of
from detectors import memory_limits
from detectors.contract import build
from detectors.forward_memory import forward_memory
from detectors.memory_account import MemoryAccount
from detectors.memory_limits import BadMemorySetting, host_bytes, machine_bytes
from detectors.prediction import evaluating, predict

CPU = torch.device("cpu")
WHOLE = View()
PEAK_OF_A_PASS = """
import os, sys, threading, time
import torch
from detectors.contract import build
from detectors.forward_memory import forward_memory
from detectors.prediction import evaluating
torch.set_num_threads(1)
network = build("simple_cnn", {"size": "tiny"}, seed=0).to(memory_format=torch.channels_last)
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
SIDE = 1024
with evaluating(network, torch.device("cpu")):
    said = forward_memory(network, SIDE, SIDE, torch.device("cpu")).of(SIDE * SIDE)
    before, peak, over = resident(), 0, False
    def watch():
        global peak
        while not over:
            peak = max(peak, resident() - before)
            time.sleep(0.002)
    thread = threading.Thread(target=watch)
    thread.start()
    network(torch.zeros(1, 3, SIDE, SIDE).contiguous(memory_format=torch.channels_last))
    over = True
    thread.join()
print(said, peak)
"""


@pytest.fixture
def rows(tmp_path: Path) -> ImageRows:
    """Twenty images of 48 px and, the third, one of 320 x 300."""
    rng = np.random.default_rng(0)
    ids, paths, pixels = [], [], []
    for index in range(21):
        height, width = (300, 320) if index == 2 else (48, 48)
        paths.append(tmp_path / f"{index}.png")
        image_HWC = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        PIL.Image.fromarray(image_HWC).save(paths[-1])
        ids.append(image_id_of(paths[-1].read_bytes()))
        pixels.append(height * width)
    labels = np.arange(len(ids), dtype=np.int8) % 2
    return ImageRows(ids, labels, paths, DecodedCache(1 << 22), np.array(pixels))


def test_what_a_pass_takes_is_known_within_a_half() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PEAK_OF_A_PASS],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=120,
    )
    said, peak = map(int, done.stdout.split())
    assert peak <= said <= 1.5 * peak


def test_a_large_image_is_a_null_with_its_reason_and_the_others_are_scored(
    rows: ImageRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = build("simple_cnn", {"size": "tiny"}, seed=0)
    expected = predict(network, rows, WHOLE, CPU).logits
    monkeypatch.setenv(memory_limits.SETTING, "20MB")  # about 30 MB are needed
    sizes: list[torch.Size] = []
    network.register_forward_pre_hook(lambda _, inputs: sizes.append(inputs[0].shape))
    predicted = predict(network, rows, WHOLE, CPU)
    assert [index for index, _ in predicted.unreadable] == [2]
    assert "96,000 pixels take about" in predicted.unreadable[0][1]
    assert "may take 20 MB" in predicted.unreadable[0][1]
    assert np.isnan(predicted.logits[2])
    others = np.delete(np.arange(21), 2)
    assert np.allclose(predicted.logits[others], expected[others], atol=1e-4)
    assert (300, 320) not in [tuple(size[2:]) for size in sizes]
    with pytest.raises(ImageTooLarge, match="null_score") as caught:
        predict(network, rows, WHOLE, CPU, unreadable="raise")
    assert caught.value.image_id == rows.image_ids[2]


def test_a_large_image_that_is_brought_to_a_small_size_is_scored(
    rows: ImageRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(memory_limits.SETTING, "20MB")
    network = build("npr", seed=0)
    predicted = predict(network, rows, view_of(geometry="resize(48,48)"), CPU)
    assert not predicted.unreadable


def test_one_without_room_to_be_decoded_is_not_read(
    rows: ImageRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blur at native size takes four times what decoding does."""
    network = build("simple_cnn", {"size": "tiny"}, seed=0)
    resized = view_of(geometry="resize(48,48)")
    monkeypatch.setenv(memory_limits.SETTING, "4MB")
    blurred = view_of(degradation="blur(1)", geometry="resize(48,48)")
    assert not predict(network, rows, resized, CPU).unreadable
    Path(rows.paths[2]).unlink()
    rows = ImageRows(rows.image_ids, rows.labels, rows.paths, None, rows.pixels)
    [(index, reason)] = predict(network, rows, blurred, CPU).unreadable
    assert index == 2
    assert "to be decoded" in reason


def test_batches_shrink_with_memory_and_logits_stay(
    rows: ImageRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = build("npr", seed=0)
    resized = view_of(geometry="resize(48,48)")
    expected = predict(network, rows, resized, CPU).logits
    monkeypatch.setenv(memory_limits.SETTING, "8MB")  # an image of 48 px takes .8 MB
    counts: list[int] = []
    measured = predict(network, rows, resized, CPU)  # the first one measures as well
    network.register_forward_pre_hook(lambda _, inputs: counts.append(len(inputs[0])))
    again = predict(network, rows, resized, CPU)
    assert max(counts) == 4
    tolerance = 1e-4 * np.maximum(1, np.abs(expected))
    scored = np.isfinite(again.logits)
    assert scored.sum() >= 20
    assert (np.abs(again.logits - expected) <= tolerance)[scored].all()
    assert again.logits.tobytes() == measured.logits.tobytes()


def test_the_cache_gives_way_to_an_image_that_needs_its_room(
    rows: ImageRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = build("npr", seed=0)
    assert rows.cache is not None
    rows.cache.put("another", np.zeros((1000, 1000, 3), np.uint8))
    monkeypatch.setenv(memory_limits.SETTING, "105MB")
    with evaluating(network, CPU):
        account = MemoryAccount(network, WHOLE, CPU, rows.cache)
        assert account.too_large_to_score(48, 48) == ""
        assert len(rows.cache) == 1
        assert account.too_large_to_score(500, 650) == ""
    assert len(rows.cache) == 0


def test_large_images_are_decoded_one_at_a_time_and_small_ones_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """17 bytes of a pixel on a CPU; as many at once as batches are prepared ahead must fit."""
    monkeypatch.setenv(memory_limits.SETTING, str(17 * 4 * 1000))
    account = MemoryAccount(build("npr", seed=0), WHOLE, CPU, None)

    def enters_beside(pixels: int) -> bool:
        entered = threading.Event()

        def prepare() -> None:
            with account.preparing(pixels):
                entered.set()

        thread = threading.Thread(target=prepare)
        with account.preparing(1001):
            thread.start()
            beside = entered.wait(0.1)
        thread.join(5)
        assert entered.is_set()
        return beside

    assert enters_beside(1000)
    assert not enters_beside(1001)


class Attention(torch.nn.Module):
    """Every position attends to every one: memory grows with the square of the pixels."""

    def forward(self, images_BCHW: torch.Tensor) -> torch.Tensor:
        tokens_BNC = images_BCHW[:, :, ::8, ::8].flatten(2).transpose(1, 2)
        weights_BNN = torch.softmax(tokens_BNC @ tokens_BNC.transpose(1, 2), dim=2)
        return (weights_BNN @ tokens_BNC).mean((1, 2))


class OneSize(torch.nn.Module):
    def forward(self, images_BCHW: torch.Tensor) -> torch.Tensor:
        assert images_BCHW.shape[2:] == (300, 300), "this network takes 300 x 300"
        return images_BCHW.mean((1, 2, 3))


def test_growth_faster_than_the_pixels_is_followed() -> None:
    with torch.inference_mode():
        network = Attention()
        said = forward_memory(network, 1024, 1024, CPU).of(1024**2)
    positions = (1024 // 8) ** 2
    assert 2 * 4 * positions**2 < said < 1.5 * 2 * 4 * positions**2


def test_a_network_of_one_size_is_measured_at_its_size() -> None:
    with torch.inference_mode():
        assert forward_memory(OneSize(), 300, 300, CPU).of(300**2) > 12 * 300**2


def test_the_machines_memory_is_what_its_container_leaves(tmp_path: Path) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text("MemTotal:       16000000 kB\nMemFree: 1 kB\n")
    assert machine_bytes(tmp_path) == 16_000_000 * 1024
    (tmp_path / "proc/self/cgroup").write_text("12:cpu,memory:/a/b\n0::/c/d\n")
    group = tmp_path / "sys/fs/cgroup/c"
    (group / "d").mkdir(parents=True)
    (group / "d" / "memory.max").write_text("max\n")
    assert machine_bytes(tmp_path) == 16_000_000 * 1024
    (group / "memory.max").write_text("8000000000\n")
    assert machine_bytes(tmp_path) == 8_000_000_000
    first_version = tmp_path / "sys/fs/cgroup/memory/a/b"
    first_version.mkdir(parents=True)
    (first_version / "memory.limit_in_bytes").write_text("7000000000\n")
    assert machine_bytes(tmp_path) == 7_000_000_000


def test_a_share_of_the_machine_less_what_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_limits, "machine_bytes", lambda: 40_000_000_000)
    monkeypatch.setattr(memory_limits, "_resident", lambda: 3_000_000_000)
    try:
        memory_limits.take_share(0.25)
        assert host_bytes() == 5_500_000_000
        assert host_bytes(droppable=1_000_000_000) == 6_500_000_000
        memory_limits.take_share(0.01)
        assert host_bytes() == memory_limits.LEAST
    finally:
        memory_limits.take_share(1.0)


@pytest.mark.parametrize(
    ("text", "expected"), [("800MB", 800_000_000), ("1.5 gb", 1_500_000_000), ("123", 123)]
)
def test_the_setting_is_an_amount(
    text: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(memory_limits.SETTING, text)
    assert host_bytes() == expected
    monkeypatch.setenv(memory_limits.SETTING, "much")
    with pytest.raises(BadMemorySetting, match="800MB"):
        host_bytes()
