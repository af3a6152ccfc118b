"""Where an experiment's numbers come from: code, packages, machines, seeds, time, failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from analysis.comparing.evidence import Evidence
from analysis.page import page_budget
from analysis.page.overview import Overview
from analysis.page.page_fragments import fragment
from analysis.page.section import Caution, Placed, Section
from analysis.selecting.selection import StoreSelection
from grid.records.experiments import ExperimentRecord, PoolRecord
from grid.records.failures import Failure
from grid.records.measured_hours import training_hours
from grid.records.readable import readable_failures, readable_provenances, readable_runs
from grid.records.runs import Hours, hours_of


@dataclass(frozen=True)
class FailedAttempt:
    """A failure of one of its fits; `mended` when the fit was committed by another attempt."""

    label: str
    failure: Failure
    mended: bool


@dataclass(frozen=True)
class Provenance:
    """What its fits say of themselves; the counters count fits.

    `training_s` is the committed attempts' time, summed: what one slot would have taken; `gpu_s`
    what of it was on GPUs, each by its share, None where some fit does not say on what it was made.
    `cpu_time_s` is the processes' CPU time, None where it is not known of all. `runs` are those on
    record, and `hours` what all their attempts took, failed ones and scoring among them.
    """

    code: Counter[str]
    python: Counter[str]
    packages: Mapping[str, Counter[str]]
    machines: Counter[tuple[str, str, str]]
    threads: Counter[str]
    training_s: float
    gpu_s: float | None
    cpu_time_s: float | None
    runs: int
    hours: Hours
    fits: int
    without: int
    seeds: tuple[int, ...]
    failures: tuple[FailedAttempt, ...]
    pools: tuple[PoolRecord, ...]

    @property
    def mixed(self) -> dict[str, Counter[str]]:
        """The packages, Python among them, of which more than one version was at work.

        And our code, where some of it was changed and not committed: between commits the versions
        of cards and operations say what is equal, of changed files nobody does.
        """
        named = {"python": self.python, **self.packages}
        if any("-dirty" in code for code in self.code):
            named["code"] = self.code
        return {name: versions for name, versions in named.items() if len(versions) > 1}


def provenance_of(selection: StoreSelection, experiment: ExperimentRecord) -> Provenance:
    """Gather the provenance of an experiment's committed fits; reads one small file per fit."""
    commits = {
        fit["fit_id"]: selection.commits[fit["fit_id"]]
        for fit in experiment["fits"]
        if fit["fit_id"] in selection.commits
    }
    records, damaged = readable_provenances(selection.store, commits.values())
    every_failure, damaged_failures = readable_failures(selection.store)
    runs, damaged_runs = readable_runs(selection.store, experiment["name"])
    selection.damaged.update({**damaged, **damaged_failures, **damaged_runs})
    packages: dict[str, Counter[str]] = {}
    for record in records.values():
        for name, version in record.get("packages", {}).items():
            packages.setdefault(name, Counter())[version] += 1
    labels = {fit["fit_id"]: fit["label"] for fit in experiment["fits"]}
    failures = [each for each in every_failure if each["fit_id"] in labels]
    return Provenance(
        code=_counted(records, "code"),
        python=_counted(records, "python"),
        packages=packages,
        machines=Counter(
            (str(r.get("host", "?")), str(r.get("device", "?")), str(r.get("cpu", "?")))
            for r in records.values()
        ),
        threads=_counted(records, "threads"),
        training_s=sum(commit["seconds"] for commit in commits.values()),
        gpu_s=_sum_of_all(
            commits,
            {
                fit_id: hours.gpu * 3600.0
                for fit_id, record in records.items()
                if (hours := training_hours(commits[fit_id], record)) is not None
            },
        ),
        cpu_time_s=_sum_of_all(
            commits,
            {f: r["cpu_seconds"] for f, r in records.items() if "cpu_seconds" in r},
        ),
        runs=len(runs),
        hours=hours_of(runs),
        fits=len(commits),
        without=len(commits) - len(records),
        seeds=tuple(sorted({f["seed"] for f in experiment["fits"] if f["seed"] is not None})),
        failures=tuple(
            FailedAttempt(labels[each["fit_id"]], each, each["fit_id"] in commits)
            for each in failures
        ),
        pools=tuple(experiment["pools"]),
    )


def _sum_of_all(commits: Collection[str], known: Mapping[str, float]) -> float | None:
    """Return a sum over fits, None where it is not known of each."""
    return sum(known.values()) if commits and len(known) == len(commits) else None


def _counted(records: Mapping[str, Mapping[str, Any]], name: str) -> Counter[str]:
    return Counter(str(r[name]) for r in records.values() if r.get(name) is not None)


def _find(evidence: Evidence) -> Provenance:
    return provenance_of(evidence.selection, evidence.experiment)


def _cautions(evidence: Evidence, found: Provenance) -> Iterator[Caution]:
    if found.mixed:
        yield Caution(
            "mixed_versions",
            "Mixed versions: the fits were not all made with the same packages and code, which can "
            "change numbers as a seed does.",
            tuple(
                f"{name}: " + ", ".join(f"{v} ({n} fits)" for v, n in versions.most_common())
                for name, versions in found.mixed.items()
            ),
        )


def _html(shown: Overview, found: Provenance) -> Markup:
    most = page_budget.POOLS_SHOWN
    return fragment(
        "fits_provenance.html.j2",
        experiment=shown.experiment,
        provenance=found,
        pools=found.pools[:most],
        pools_left_out=len(found.pools[most:]),
    )


SECTION = Section(
    find=_find,
    cautions=Placed(60, _cautions),
    page=Placed(90, _html),
    numbers=lambda shown, found: found,
)
