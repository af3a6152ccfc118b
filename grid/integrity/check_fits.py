"""A committed fit's own files: its weights, and what its training left beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from grid.integrity.check_files import Checked, FileCheck
from grid.integrity.damage import Damage, missized_weights, weights_damage
from grid.records.commits import Commit
from grid.records.places import (
    attempt_prefix,
    commit_key,
    history_key,
    provenance_key,
    validation_key,
    weights_key,
)
from grid.records.tables import (
    history_schema,
    read_history,
    read_provenance,
    read_validation,
    validation_schema,
)

_READ_BY = {
    "history": "query has none of its epochs",
    "validation scores": "verify cannot hold a repetition against them",
    "provenance": "verify cannot repeat it, and no page says what it was made with",
}


@dataclass
class FitFound:
    """What a fit's own files came to."""

    damage: list[Damage] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)
    unproven: Counter[str] = field(default_factory=Counter)


class FitCheck:
    """Looks at the files of one fit after the other.

    Args:
        files: Looks at one file.
        sizes: Of all keys of the store.
        pieces: Ids of the pieces by fit.
        children: Fits that are still to begin, by the fit that they begin from.
    """

    def __init__(
        self,
        files: FileCheck,
        sizes: Mapping[str, int],
        pieces: Mapping[str, set[str]],
        children: Mapping[str, set[str]],
    ) -> None:
        self._files = files
        self._sizes = sizes
        self._pieces = pieces
        self._children = children
        self._attempts: dict[str, list[str]] = {}
        for key in sizes:
            self._attempts.setdefault(key.rpartition("/")[0] + "/", []).append(key)

    def check(self, commit: Commit) -> FitFound:
        """Look at a fit's weights, history, validation scores and provenance."""
        found = FitFound()
        if self._files.store.holds_weights:
            self._weights(commit, found)
        self._beside(commit, found)
        # A fit is its commit and what the commit names: it goes aside whole, and is made whole.
        prefix = attempt_prefix(commit["fit_id"], commit["attempt"])
        whole = (commit_key(commit["fit_id"]), *self._attempts.get(prefix, ()))
        found.damage = [replace(each, aside=whole, again="trained") for each in found.damage]
        return found

    def _weights(self, commit: Commit, found: FitFound) -> None:
        fit_id = commit["fit_id"]
        wrong = missized_weights(commit, self._sizes)
        for epoch, kept in commit["weights"].items():
            found.checked["weights"] += 1
            if self._files.deep and epoch not in wrong:
                checked = self._files.sha256(weights_key(fit_id, commit["attempt"], int(epoch)))
                if checked.unreadable:
                    found.unreadable.append(checked.unreadable)
                elif checked.content != kept["sha256"]:
                    wrong[epoch] = "its bytes are not those that were committed"
        pieces, children = self._pieces.get(fit_id, set()), self._children.get(fit_id, set())
        for epoch, why in wrong.items():
            found.damage.append(weights_damage(commit, epoch, why, pieces, children))

    def _beside(self, commit: Commit, found: FitFound) -> None:
        fit_id, attempt = commit["fit_id"], commit["attempt"]
        store, table = self._files.store, self._files.table
        history, validation = history_key(fit_id, attempt), validation_key(fit_id, attempt)
        provenance = provenance_key(fit_id, attempt)
        looks: dict[str, tuple[str, Callable[[], Checked[int]]]] = {
            provenance: (
                "provenance",
                lambda: self._files.look(
                    provenance, lambda: len(read_provenance(store, fit_id, attempt))
                ),
            )
        }
        if commit["n_train"]:  # given weights were not trained here
            names = history_schema().names
            looks[history] = (
                "history",
                lambda: table(history, lambda: read_history(store, fit_id, attempt), names),
            )
            columns = validation_schema().names
            looks[validation] = (
                "validation scores",
                lambda: table(validation, lambda: read_validation(store, fit_id, attempt), columns),
            )
        for key, (name, look) in looks.items():
            size = self._sizes.get(key)
            if size is None:
                checked = Checked[int](why="it is gone")
            else:
                checked = look() if size else self._files.damaged(key, "it is empty")
            why = checked.why
            found.checked[name] += 1
            found.unproven[name] += checked.unproven
            if checked.unreadable:
                found.unreadable.append(checked.unreadable)
            if why:
                so = f"fit {fit_id} has no {name}: {_READ_BY[name]}"
                found.damage.append(Damage(key=key, why=why, so=so, fit_id=fit_id))
