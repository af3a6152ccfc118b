"""Every file of a store is looked at: what is damaged or missing, and what that makes unusable.

    listing -> commits, experiments, manifests -> each fit's own files, each piece -> the rest

Without `deep` the records and the footers are read, and the sizes are those of the listing; with
it every byte. Memory holds the listing and what is found; of the files one at a time, or as many as
threads ask a store that is not on this machine's disk.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from data.counts import counted
from grid.integrity.check_files import Checked, FileCheck
from grid.integrity.check_fits import FitCheck
from grid.integrity.damage import (
    Damage,
    commit_damage,
    experiment_damage,
    lost_commit_damage,
    manifest_damage,
    piece_damage,
    record_damage,
)
from grid.records.commits import Commit
from grid.records.places import (
    ARTIFACTS,
    ASIDE,
    AUDITS,
    BUNDLE,
    CLAIMS,
    COMMITS,
    DERIVED,
    EQUALISE,
    EXPERIMENTS,
    FAILURES,
    FITS,
    LATEST,
    MANIFESTS,
    PROFILES,
    RUNS,
    SCORES,
    manifest_key,
)
from grid.store.base import Store

Progress = Callable[[str], None]
Job = TypeVar("Job")
Found = TypeVar("Found")

THREADS = 16
_AT_ONCE = 1024
_EMPTY = "it is empty"
_FORMS = {
    "commits": re.compile(rf"{COMMITS}(?P<fit>[^/]+)\.json"),
    "experiments": re.compile(rf"{EXPERIMENTS}(?P<name>[^/]+)/(?P<digest>[^/]+)\.json"),
    "table lists": re.compile(rf"{EQUALISE}(?P<digest>[^/]+)\.json"),
    "manifests": re.compile(rf"{MANIFESTS}(?P<pool>[^/]+)\.parquet"),
    "fits": re.compile(
        rf"{FITS}(?P<fit>[^/]+)/(?P<attempt>[^/]+)/(?:weights-\d+\.safetensors|history\.parquet"
        r"|validation\.parquet|provenance\.json|checkpoint\.safetensors)"
    ),
    "pieces": re.compile(rf"{SCORES}(?P<fit>[^/]+)/(?P<piece>[^/]+)\.parquet"),
    "markers": re.compile(rf"{LATEST}(?P<name>[^/]+)/(?P<number>\d+)\.json"),
    "failures": re.compile(rf"{FAILURES}(?P<fit>[^/]+)/(?P<attempt>.+)-(?P<number>\d+)\.json"),
    "runs": re.compile(rf"{RUNS}(?P<run>[^/]+)\.json"),
    "audits": re.compile(rf"{AUDITS}(?P<digest>[^/]+)\.json"),
    "profiles": re.compile(rf"{PROFILES}[^/]+/[^/]+\.json"),
    "artifacts": re.compile(rf"{ARTIFACTS}[^/]+/(?P<subject>[^/]+)/[^/]+\.parquet"),
    "places of images": re.compile(rf"{DERIVED}paths/(?P<pool>[^/]+)/(?P<digest>[^/]+)\.parquet"),
    "caches": re.compile(rf"{DERIVED}.+"),
    "": re.compile(rf"(?:{CLAIMS}|{ASIDE}|{BUNDLE}).+"),
}


@dataclass
class StoreCheck:
    """What a check found.

    Attributes:
        checked: How many files of each kind were looked at.
        damage: What is damaged or missing.
        stray: Keys that no version of crossgen writes.
        unreadable: Sentences about files that could not be read at all: permissions, I/O errors.
        unproven: How many files of each kind are of an earlier version and carry no checksum.
    """

    checked: Counter[str] = field(default_factory=Counter)
    damage: list[Damage] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    unproven: Counter[str] = field(default_factory=Counter)


def check_store(
    store: Store, *, deep: bool = False, progress: Progress = lambda text: None
) -> StoreCheck:
    """Look at every file of a store; nothing is changed.

    Args:
        store: The store.
        deep: Whether every byte is read, those of the weights among them.
        progress: Told what is looked at.

    Raises:
        StoreError: The store cannot be listed.
    """
    progress("listing")
    return _Check(store, store.sizes(), deep=deep, progress=progress).run()


class _Check:
    def __init__(
        self, store: Store, sizes: dict[str, int], *, deep: bool, progress: Progress
    ) -> None:
        self.sizes = sizes
        self.files = FileCheck(store, deep=deep)
        self.progress = progress
        self.found = StoreCheck()
        self.by_kind: dict[str, list[re.Match[str]]] = {kind: [] for kind in _FORMS}
        for key in sizes:
            kind, place = next(
                ((kind, m) for kind, form in _FORMS.items() if (m := form.fullmatch(key))),
                ("stray", None),
            )
            if place is None:
                self.found.stray.append(key)
            else:
                self.by_kind[kind].append(place)
        self.pieces: dict[str, set[str]] = {}
        for place in self.by_kind["pieces"]:
            self.pieces.setdefault(place["fit"], set()).add(place["piece"])

    def run(self) -> StoreCheck:
        commits = self._commits()
        children, images = self._experiments(commits)
        rows = self._manifests(images)
        checker = FitCheck(self.files, self.sizes, self.pieces, children)
        for damaged in self._each("fits", list(commits.values()), checker.check):
            self.found.damage.extend(damaged.damage)
            self.found.unreadable.extend(damaged.unreadable)
            self.found.checked.update(damaged.checked)
            self.found.unproven.update(damaged.unproven)
        self._pieces(commits, rows)
        self._records()
        return self.found

    def _commits(self) -> dict[str, Commit]:
        commits = {}
        places = self.by_kind["commits"]
        for place, checked in self._checked("commits", places, self.files.commit):
            fit_id = place["fit"]
            if checked.why:
                pieces = len(self.pieces.get(fit_id, ()))
                self.found.damage.append(commit_damage(fit_id, checked.why, pieces))
            elif checked.content is not None:
                commits[fit_id] = checked.content
        known = {place["fit"] for place in places}
        for fit_id in sorted(self.pieces.keys() - known):
            self.found.damage.append(lost_commit_damage(fit_id, len(self.pieces[fit_id])))
        return commits

    def _experiments(
        self, commits: dict[str, Commit]
    ) -> tuple[dict[str, set[str]], dict[str, int]]:
        """Return the fits that are still to begin, by their parent, and the images of each pool."""
        children: dict[str, set[str]] = {}
        images: dict[str, int] = {}
        places = self.by_kind["experiments"]
        for place, checked in self._checked("experiments", places, self.files.experiment):
            if checked.why:
                self.found.damage.append(experiment_damage(place.string, checked.why))
            elif checked.content is not None:
                parents, counts = checked.content
                images.update(counts)
                for fit_id, parent in parents.items():
                    if fit_id not in commits:
                        children.setdefault(parent, set()).add(fit_id)
        return children, images

    def _manifests(self, images: dict[str, int]) -> dict[str, int]:
        rows = {}
        places = self.by_kind["manifests"]
        for place, checked in self._checked("manifests", places, self.files.manifest):
            pool_id, why = place["pool"], checked.why
            if not why and checked.content not in (None, images.get(pool_id, checked.content)):
                why = f"it has {checked.content:,} of {counted(images[pool_id], 'image')}"
            if why:
                self.found.damage.append(manifest_damage(place.string, why, 0))
            elif checked.content is not None:
                rows[pool_id] = checked.content
        return rows

    def _pieces(self, commits: dict[str, Commit], rows: dict[str, int]) -> None:
        scored: Counter[str] = Counter()

        def check(place: re.Match[str]) -> Checked[str]:
            return self.files.piece(place.string, commits.get(place["fit"]), rows)

        for place, checked in self._checked("pieces", self.by_kind["pieces"], check):
            if checked.why:
                self.found.damage.append(piece_damage(place["fit"], place.string, checked.why))
            elif checked.content is not None:
                scored[checked.content] += 1
        for pool_id in sorted(scored):
            key = manifest_key(pool_id)
            if key not in self.sizes:
                gone = manifest_damage(key, "it is gone", scored[pool_id], gone=True)
                self.found.damage.append(gone)

    def _records(self) -> None:
        checks: dict[str, Callable[[re.Match[str]], Checked[Any]]] = {
            "markers": self.files.marker,
            "table lists": self.files.table_list,
            "failures": self.files.failure,
            "runs": self.files.run,
            "audits": self.files.audit,
            "profiles": self.files.profile,
            "artifacts": self.files.artifact,
            "places of images": self.files.paths,
            "caches": self.files.cache,
        }
        for kind, check in checks.items():
            for place, checked in self._checked(kind, self.by_kind[kind], check):
                if checked.why:
                    self.found.damage.append(record_damage(kind, place.string, checked.why))

    def _checked(
        self,
        kind: str,
        places: list[re.Match[str]],
        check: Callable[[re.Match[str]], Checked[Found]],
    ) -> Iterator[tuple[re.Match[str], Checked[Found]]]:
        """Check files of one kind; an empty one needs no parsing."""

        def looked(place: re.Match[str]) -> tuple[re.Match[str], Checked[Found]]:
            key = place.string
            return place, check(place) if self.sizes[key] else self.files.damaged(key, _EMPTY)

        for place, checked in self._each(kind, places, looked):
            self.found.checked[kind] += 1
            self.found.unproven[kind] += checked.unproven
            if checked.unreadable:
                self.found.unreadable.append(checked.unreadable)
            yield place, checked

    def _each(self, kind: str, jobs: list[Job], check: Callable[[Job], Found]) -> Iterator[Found]:
        """Do jobs, told as they go: one after the other, or by threads where each is a request."""
        done = 0
        waiting = iter(jobs)
        with ThreadPoolExecutor(1 if self.files.is_local else THREADS) as threads:
            while batch := list(islice(waiting, _AT_ONCE)):
                for result in threads.map(check, batch):
                    done += 1
                    self.progress(f"{kind} {done:,}/{len(jobs):,}")
                    yield result
