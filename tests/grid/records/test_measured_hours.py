"""What trainings took, by share: of a GPU its part, of a CPU its slots."""

import pytest

from grid.records.measured_hours import training_hours

HOUR = {"seconds": 3600.0}


@pytest.mark.parametrize(
    ("provenance", "hours"),
    [
        ({"device": "cpu", "share": {"gpu": 0.0, "cpu": 2.0}}, (0.0, 2.0)),
        ({"device": "NVIDIA H100", "share": {"gpu": 0.25, "cpu": 4.0}}, (0.25, 4.0)),
        ({"device": "NVIDIA H100"}, (1.0, 1.0)),  # of a version that told no share
        ({"device": "cpu"}, (0.0, 1.0)),
        ({}, None),
    ],
)
def test_hours_are_share_times_time(provenance, hours):
    assert training_hours(HOUR, provenance) == hours
