"""One store's results taken into another, by identity: what is missing is copied, nothing replaced.

    manifests, lists -> of each fit its files, then its commit -> scores -> the rest -> experiments

Every file is proved before it is copied, and each key is created whole or not at all, so a merge
that is killed leaves a sound store and goes on when it is started again. The first commit of a fit
wins: scores of other weights than those that the target's commit names are not taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from data.counts import counted
from grid.records.audits.audit_records import audit_of_bytes
from grid.records.commits import Commit, read_commit, read_weights
from grid.records.failures import read_failures
from grid.records.latest import latest_digest, mark_latest
from grid.records.places import (
    ARTIFACTS,
    AUDITS,
    EQUALISE,
    EXPERIMENTS,
    FAILURES,
    FEATURES,
    MANIFESTS,
    PATHS,
    RUNS,
    SCORES,
    commit_key,
    expansions_of,
    history_key,
    provenance_key,
    validation_key,
    weights_key,
)
from grid.records.pools.file_tables import read_files
from grid.records.pools.manifests import pool_of_bytes
from grid.records.proven.checksums import CorruptRecord, UnusableFile
from grid.records.proven.parquet_files import open_parquet
from grid.records.readable import only_keys, readable_commits
from grid.records.runs import runs_of_bytes
from grid.records.scores.score_reading import ForeignScores, scores_of_bytes
from grid.records.stored_experiments import read_experiments
from grid.records.table_lists import read_table_list
from grid.records.tables import read_history, read_provenance, read_validation
from grid.store.base import Store
from grid.store.errors import StoreMissing

Progress = Callable[[str], None]
_ENDINGS = (
    ".parquet",
    ".json",
    ".png",
)  # of what crossgen writes; others' files stay where they are


@dataclass
class Merged:
    """What a merge did.

    Attributes:
        taken: files copied, by kind.
        there: files that the target had already, by kind.
        differs: sentences on what both have and is not equal: the target's stays.
        damaged: the reason of each file of the source that cannot be used, by key.
    """

    taken: Counter[str] = field(default_factory=Counter)
    there: Counter[str] = field(default_factory=Counter)
    differs: list[str] = field(default_factory=list)
    damaged: dict[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether the target now has all that the source has."""
        return not self.differs and not self.damaged


def merge(into: Store, source: Store, progress: Progress = lambda text: None) -> Merged:
    """Copy what a store lacks from another one; repeat it to go on after it was stopped.

    Raises:
        StoreUnwritable: the target cannot be written.
        StoreError: a file cannot be read at all, or the target's own is damaged.
    """
    return _Merge(into, source, progress).run()


class _Merge:
    def __init__(self, into: Store, source: Store, progress: Progress) -> None:
        self.into, self.source, self.progress = into, source, progress
        self.keys = set(into.list())
        self.done = Merged()

    def run(self) -> Merged:
        self._each("manifests", MANIFESTS, lambda key, data: pool_of_bytes(key, data, ()))
        self._each("table lists", EQUALISE, self._table_list)
        self._each("places of images", PATHS, lambda key, data: read_files(self.source, key))
        self._fits()
        self._scores()
        self._each("artifacts", ARTIFACTS, _proved)
        self._each("features", FEATURES, _proved)
        self._each("audits", AUDITS, audit_of_bytes)
        self._each(
            "failures", FAILURES, lambda key, _: read_failures(only_keys(self.source, [key]))
        )
        self._each("runs", RUNS, lambda key, data: runs_of_bytes([(key, data)]))
        markers = {name: self._marked(name) for name in self._names()}
        self._each("experiments", EXPERIMENTS, self._experiment)
        for name, digest in markers.items():
            self._mark(name, digest)
        return self.done

    def _each(self, kind: str, prefix: str, prove: Callable[[str, bytes], object]) -> None:
        """Copy the files of one kind, whose names stand for what is in them."""
        for key in self._listed(kind, prefix):
            if key in self.keys:
                self.done.there[kind] += 1
                continue
            try:
                data = self.source.get(key)
                prove(key, data)
            except (UnusableFile, StoreMissing) as error:
                self._damaged(key, error)
                continue
            self._put(kind, key, data)

    def _fits(self) -> None:
        commits, damaged = readable_commits(self.source)
        self.done.damaged.update(damaged)
        for number, commit in enumerate(_parents_first(commits), 1):
            self.progress(f"fits {number:,}/{len(commits):,}")
            if commit_key(commit["fit_id"]) not in self.keys:
                self._fit(commit)
                continue
            known = read_commit(self.into, commit["fit_id"])
            if known is not None and known["weights"] != commit["weights"]:
                self.done.differs.append(
                    f"{commit['fit_id']}: both stores trained it and their weights differ; "
                    f"those of {self.into.url} stay"
                )
            self.done.there["fits"] += 1

    def _fit(self, commit: Commit) -> None:
        """Copy a fit's own files, each proved, and then its commit: so it is whole once it is."""
        fit_id, attempt = commit["fit_id"], commit["attempt"]
        beside: dict[str, Callable[[Store, str, str], object]] = {
            provenance_key(fit_id, attempt): read_provenance
        }
        if commit["n_train"]:
            beside[history_key(fit_id, attempt)] = read_history
            beside[validation_key(fit_id, attempt)] = read_validation
        try:
            for epoch in map(int, commit["weights"]):
                data = read_weights(self.source, commit, epoch)
                self.into.put_new(weights_key(fit_id, attempt, epoch), data)
            for key, prove in beside.items():
                prove(self.source, fit_id, attempt)
                self.into.put_new(key, self.source.get(key))
        except (UnusableFile, StoreMissing) as error:
            self._damaged(error.key, error)
            return
        self._put("fits", commit_key(fit_id), self.source.get(commit_key(fit_id)))

    def _scores(self) -> None:
        foreign: Counter[str] = Counter()
        commits: dict[str, Commit | None] = {}
        for key in self._listed("pieces", SCORES):
            fit_id = key.removeprefix(SCORES).partition("/")[0]
            if fit_id not in commits:
                commits[fit_id] = read_commit(self.into, fit_id)
            commit = commits[fit_id]
            if commit is None:
                self.done.damaged.setdefault(commit_key(fit_id), "it is gone, so its scores stay")
                continue
            try:
                data = self.source.get(key)
                scores_of_bytes(key, data, commit).table()
            except ForeignScores:
                foreign[fit_id] += 1
                continue
            except (UnusableFile, StoreMissing) as error:
                self._damaged(key, error)
                continue
            if key not in self.keys:
                self._put("pieces", key, data)
            elif wrong := self._unlike(key, data, commit):
                self.done.differs.append(f"{key}: {wrong}")
            else:
                self.done.there["pieces"] += 1
        for fit_id, count in foreign.items():
            self.done.differs.append(
                f"{fit_id}: {counted(count, 'score file')} of other weights than those that "
                f"{self.into.url} has; not taken"
            )

    def _unlike(self, key: str, data: bytes, commit: Commit) -> str:
        """Say how the target's file of a piece differs from a sound one, "" where it does not."""
        if (own := self.into.get(key)) == data:
            return ""
        try:
            ours = scores_of_bytes(key, own, commit).table()
        except UnusableFile as error:
            return f"that of {self.into.url} is damaged ({error.why}): `crossgen check store` mends"
        theirs = scores_of_bytes(key, data, commit).table()
        same = all(
            np.array_equal(
                ours[name].to_numpy(), theirs[name].to_numpy(), equal_nan=name == "logit"
            )
            for name in ("logit", "seen")
        )
        return "" if same else "both stores have it, with other logits"

    def _names(self) -> list[str]:
        keys = self.source.list(EXPERIMENTS)
        return sorted({key.removeprefix(EXPERIMENTS).partition("/")[0] for key in keys})

    def _marked(self, name: str) -> str | None:
        """Return the source's latest expansion of an experiment, where the target knows no other.

        Which of two stores' runs was later no clock tells; so where the target has expansions that
        the source has not, its own latest stays.
        """
        theirs, ours = (self._expansions(store, name) for store in (self.source, self.into))
        digest = latest_digest(self.source, name, theirs)
        known = latest_digest(self.into, name, ours)
        if known is None and ours <= theirs:
            return digest
        if digest not in (None, known):
            self.done.differs.append(
                f"experiment {name}: its latest expansion stays {known or 'as it was'}; that of "
                f"{self.source.url}, {digest}, is shown with --digest"
            )
        return None

    def _mark(self, name: str, digest: str | None) -> None:
        if digest is not None and digest in self._expansions(self.into, name):
            mark_latest(self.into, name, digest)

    @staticmethod
    def _expansions(store: Store, name: str) -> set[str]:
        folder = expansions_of(name)
        return {key.removeprefix(folder).removesuffix(".json") for key in store.list(folder)}

    def _experiment(self, key: str, data: bytes) -> None:
        read_experiments(only_keys(self.source, [key]))

    def _table_list(self, key: str, data: bytes) -> None:
        read_table_list(self.source, key.removeprefix(EQUALISE).removesuffix(".json"))

    def _listed(self, kind: str, prefix: str) -> Iterable[str]:
        keys = [key for key in self.source.list(prefix) if key.endswith(_ENDINGS)]
        for number, key in enumerate(keys, 1):
            self.progress(f"{kind} {number:,}/{len(keys):,}")
            yield key

    def _put(self, kind: str, key: str, data: bytes) -> None:
        (self.done.taken if self.into.put_new(key, data) else self.done.there)[kind] += 1

    def _damaged(self, key: str, error: Exception) -> None:
        self.done.damaged[key] = error.why if isinstance(error, UnusableFile) else "it is gone"


def _proved(key: str, data: bytes) -> None:
    """Raise CorruptRecord where a table is not as it was written; a picture proves nothing."""
    if key.endswith(".parquet") and not open_parquet(key, data).proven:
        raise CorruptRecord(key, "it carries no checksum")


def _parents_first(commits: dict[str, Commit]) -> list[Commit]:
    """Order fits so that each comes behind the one whose weights it began with."""
    ordered: dict[str, Commit] = {}

    def add(commit: Commit) -> None:
        parent = commits.get(commit["parent"] or "")
        if parent is not None and parent["fit_id"] not in ordered:
            add(parent)
        ordered[commit["fit_id"]] = commit

    for commit in commits.values():
        add(commit)
    return list(ordered.values())
