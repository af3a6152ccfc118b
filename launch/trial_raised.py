"""`crossgen run --no-ray --debug`: what a trial raises ends the command as it was raised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grid.trial.attempt import Outcome
    from grid.trial.contract import Report, Stop


class TrialRaised(Exception):
    """Carries a trial's exception out, past all who would put one of its kind in words."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def attempt_or_raise(spec: dict[str, Any], report: Report, stop: Stop) -> Outcome:
    """Run a trial once; a failure is recorded as ever, then raised.

    Raises:
        TrialRaised: with the exception.
    """
    from grid.trial.attempt import attempt_trial

    try:
        return attempt_trial(spec, report, stop, raises=True)
    except Exception as error:
        raise TrialRaised(error) from error
