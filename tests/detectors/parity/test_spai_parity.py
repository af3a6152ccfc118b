"""SPAI reproduces the official code's numbers."""

import pytest
from repository import FIXTURES

from detectors.parity.checking import check_parity


@pytest.mark.slow
def test_every_number_is_the_official_one() -> None:
    said: list[str] = []
    [check] = check_parity(FIXTURES / "parity" / "SPAI.json", said.append)
    assert check.detector == "spai"
    assert check.is_equal, check
    assert len([what for what in said if "logit" in what]) == 3
    assert check.values > 200
