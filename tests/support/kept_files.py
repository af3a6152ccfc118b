"""What is committed in a store, and that nothing of it is written or trained again later."""

from grid.records.commits import committed_fits
from grid.store.base import Store


def committed(store: Store) -> dict[str, object]:
    """Committed files and when they were written: a file written again would differ."""
    return {
        entry.key: (entry.bytes, entry.modified_s)
        for folder in ("commits", "scores")
        for entry in store.entries(folder)
        if not entry.temporary
    }


def attempts(store: Store) -> dict[str, set[str]]:
    """By committed fit, the attempts that ever began it: training again would add one."""
    return {
        fit_id: {key.split("/")[2] for key in store.list(f"fits/{fit_id}/")}
        for fit_id in committed_fits(store)
    }


def kept(before: dict, after: dict) -> None:
    assert {k: after.get(k) for k in before} == before


class Ledger:
    """Every committed file and attempt as it was first seen, to be held against what is there."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._files: dict[str, object] = {}
        self._attempts: dict[str, set[str]] = {}

    def look(self) -> None:
        """Note what is new; fail over what is lost, written again or trained again."""
        files, begun = committed(self.store), attempts(self.store)
        kept(self._files, files)
        for fit_id, known in self._attempts.items():
            # What lost the race to commit is discarded; nobody begins once the commit is there.
            assert begun[fit_id] <= known, f"{fit_id} was begun again after its commit"
        self._files |= files
        self._attempts = begun | self._attempts
