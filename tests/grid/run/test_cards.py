"""The memory of a machine's GPUs, as its driver or the environment says it."""

import pytest

from grid.run import cards


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("81559, Disabled\n", 81559 << 20),
        ("81559, [N/A]\n24564, [N/A]\n", 24564 << 20),
        ("81559, Enabled\n24564, Disabled\n", None),  # cut into instances: nobody says how large
        ("[N/A], [N/A]\n", None),
        ("", None),
    ],
)
def test_the_smallest_of_the_driver(answer, expected, tmp_path, monkeypatch):
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nprintf '{answer}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(cards.SETTING, raising=False)
    assert cards.smallest_card() == expected


def test_the_environment_has_the_first_word(monkeypatch):
    monkeypatch.setenv(cards.SETTING, "80GB")
    assert cards.smallest_card() == 80 * 10**9
    monkeypatch.setenv(cards.SETTING, "large")
    with pytest.raises(cards.BadGpuMemory, match=r"CROSSGEN_GPU_MEMORY=large: .*Write it as 80GB"):
        cards.smallest_card()


def test_no_driver_no_answer(monkeypatch, tmp_path):
    monkeypatch.delenv(cards.SETTING, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert cards.smallest_card() is None
