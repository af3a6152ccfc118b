"""`crossgen check detector`: a line per check, for the zoo and for a file of one's own."""

import pytest
from plugin_of_tests import MEAN_COLOUR

from detectors.contract_checks.running import CHECKS
from detectors.plugins import use_plugins


@pytest.fixture(autouse=True)
def _without_plugins():
    yield
    use_plugins([])


def test_a_file_of_ones_own_passes(crossgen, tmp_path):
    (tmp_path / "mine.py").write_text(MEAN_COLOUR)
    code, out, _ = crossgen("check", "detector", tmp_path / "mine.py")
    assert code == 0, out
    assert out.splitlines()[-1] == f"mine: {len(CHECKS)} checks, all hold"
    assert all(line.startswith("ok ") for line in out.splitlines()[:-1])


def test_what_fails_says_why_and_what_to_do(crossgen, tmp_path):
    (tmp_path / "mine.py").write_text(MEAN_COLOUR.replace(".squeeze(1)", ""))
    code, out, _ = crossgen("check", "detector", tmp_path / "mine.py")
    assert code == 1
    lines = out.splitlines()
    place = lines.index("FAILED  one finite logit per image")
    assert "4 images give a tensor of shape (4, 1)" in lines[place + 1]
    assert "Return one logit per image" in lines[place + 1]
    assert lines[-1].endswith(" FAILED")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nrp", "Did you mean npr?"),
        ("missing.py", "cannot be read"),
        ("lab.none", "no such module"),
    ],
)
def test_what_is_no_detector_is_refused(crossgen, name, why):
    code, _, err = crossgen("check", "detector", name)
    assert code == 2
    assert why in err
