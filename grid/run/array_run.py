"""The books of an array task: some of its trials are done, or given up, by others meanwhile."""

from __future__ import annotations

from dataclasses import replace

from grid.run.books import Run
from grid.run.run_result import RunResult


class ArrayRun(Run):
    """The books of one run among several on the same store and the same trials."""

    _is_left_to_others = False

    def found_done(self, fit_id: str) -> bool:
        """Whether somebody else has done a trial that waits here; it is then done here too."""
        try:
            done = self._is_done(self.schedule.trial(fit_id))
        except OSError as error:
            self.lose_store(error)
            return False
        if done:
            self.schedule.done(fit_id)
            self.options.account.ended(fit_id, "done")
            self.progress.found_done(fit_id)
        return done

    def given_up_elsewhere(self, fit_id: str, reason: str) -> None:
        """Somebody else has given a trial up that waits here: it would fail here as well."""
        before = set(self.schedule.ids("failed"))
        self.schedule.give_up(fit_id, reason)
        for lost in self.schedule.ids("failed"):
            if lost not in before:
                self._told_end(lost, "given up", self.schedule.reason(lost))

    def release_parents(self) -> None:
        """Let children go whose parents somebody else has committed meanwhile."""
        for fit_id in sorted(self._parents):
            self._release_children(fit_id)

    def leave_to_others(self) -> None:
        """All that is left is in other hands: a run that is not over yet is, and not unfinished."""
        self._is_left_to_others = not self.over

    def result(self) -> RunResult:
        """The account; what is left to others is not unfinished here."""
        result = super().result()
        if not self._is_left_to_others:
            return result
        return replace(result, unfinished=(), left_to_others=result.unfinished)
