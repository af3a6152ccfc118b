"""Which expansions of a store's experiments are looked at: one rule for every reader.

An experiment changes: an alias is renamed, an epoch dropped, an image replaced. The store keeps
every expansion that was run, and cells of several of them together are no experiment: the same
images count twice under two names. So each experiment is shown as its latest expansion, and what
that leaves out is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grid.records.experiments import ExperimentRecord
from grid.records.latest import latest_digest
from grid.records.readable import readable_experiments
from grid.refusal import Refused
from grid.store.base import Store

# A line that named forty expansions would not be read.
_OTHERS_NAMED = 3


@dataclass(frozen=True)
class ExpansionChoice:
    """What is looked at; `remarks` say in a sentence what is left out, if anything is.

    `damaged` holds the reason of each expansion, by key, whose record cannot be read.
    """

    experiments: tuple[ExperimentRecord, ...]
    remarks: tuple[str, ...] = ()
    damaged: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Latest:
    """One experiment as it is shown, and its other expansions, the largest first."""

    shown: ExperimentRecord
    others: tuple[ExperimentRecord, ...]
    marked: bool


def choose(
    store: Store,
    experiment: str | None = None,
    digest: str | None = None,
    *,
    all_expansions: bool = False,
) -> ExpansionChoice:
    """Return the expansions that are meant: by default of each experiment the latest.

    The latest is the one that was run last (`grid.records.latest`), though none that was made with
    `--limit` where there is one without. In a store whose runs have marked none, the one that wants
    most (fits, then test sets) stands in, since an experiment grows by generators and seeds.

    Args:
        store: The store.
        experiment: Only this one.
        digest: Only the expansion whose digest begins so.
        all_expansions: Every expansion, as they are.

    Raises:
        Refused: No such experiment or digest, several expansions of one beginning, or both a
            digest and all.
    """
    if digest is not None and all_expansions:
        raise Refused.because(
            f"digest {digest!r} and all expansions",
            "one asks for one expansion and the other for every",
            "Give one of them",
        )
    found, damaged = readable_experiments(store, experiment, digest)
    if not found and damaged:
        key, why = next(iter(damaged.items()))
        raise Refused.because(
            key,
            f"it is damaged ({why})",
            "Set it aside with `crossgen check store --repair`, and run the experiment again",
        )
    if all_expansions:
        return ExpansionChoice(tuple(found), damaged=damaged)
    if digest is not None:
        return ExpansionChoice((_only(found, digest),), damaged=damaged)
    by_name: dict[str, list[ExperimentRecord]] = {}
    for each in found:
        by_name.setdefault(each["name"], []).append(each)
    latest = [_latest(store, expansions) for expansions in by_name.values()]
    return ExpansionChoice(tuple(each.shown for each in latest), _remarks(latest), damaged)


def choose_one(store: Store, name: str | None = None, digest: str | None = None) -> ExpansionChoice:
    """Return the choice of the one expansion that is meant, by default the latest.

    Raises:
        Refused: no such experiment or digest, or several experiments and none is named.
    """
    choice = choose(store, name, digest)
    found = choice.experiments
    names = sorted({each["name"] for each in found})
    if not found:
        raise Refused.because(
            f"store {store.url}", "no experiment has run in it", "Run one, or name another store"
        )
    if len(names) > 1:
        raise Refused.because(
            f"store {store.url}",
            f"it holds {len(names)} experiments",
            f"Name one of {', '.join(names)}",
        )
    return choice


def _only(found: Sequence[ExperimentRecord], digest: str) -> ExperimentRecord:
    if len(found) > 1:
        known = ", ".join(f"{each['digest']} ({each['name']})" for each in found)
        raise Refused.because(
            f"experiment digest {digest!r}",
            f"{len(found)} expansions begin with it",
            f"Give more of {known}",
        )
    return found[0]


def _latest(store: Store, expansions: Sequence[ExperimentRecord]) -> _Latest:
    ordered = sorted(
        expansions,
        key=lambda each: (len(each["fits"]), len(each["test_sets"]), each["digest"]),
        reverse=True,
    )
    if len(ordered) == 1:
        return _Latest(ordered[0], (), marked=True)
    candidates = [each for each in ordered if each["limit"] is None] or ordered
    digests = {each["digest"] for each in candidates}
    marked = latest_digest(store, ordered[0]["name"], digests)
    shown = next((each for each in candidates if each["digest"] == marked), candidates[0])
    others = tuple(each for each in ordered if each is not shown)
    return _Latest(shown, others, marked=marked is not None)


def _remarks(latest: Sequence[_Latest]) -> tuple[str, ...]:
    """Return one sentence at most, however many experiments are shown in part."""
    partly = [each for each in latest if each.others]
    if not partly:
        return ()
    if len(partly) == 1:
        [one] = partly
        why = (
            "the one that was run last"
            if one.marked
            else "which wants most, since no run has marked the latest (`crossgen run FILE` does)"
        )
        named = ", ".join(
            f"{each['digest']} ({_size(each)})" for each in one.others[:_OTHERS_NAMED]
        )
        more = len(one.others) - _OTHERS_NAMED
        others = f"{named} and {more} more" if more > 0 else named
        return (
            f"{one.shown['name']}: shown is 1 of {len(one.others) + 1} expansions, "
            f"{one.shown['digest']} ({_size(one.shown)}), {why}. Others, with --digest: {others}.",
        )
    counts = ", ".join(f"{each.shown['name']} 1 of {len(each.others) + 1}" for each in partly)
    widest = [each.shown["name"] for each in partly if not each.marked]
    unmarked = f" (the one that wants most of {', '.join(widest)})" if widest else ""
    return (
        f"Each experiment is shown as its latest expansion{unmarked}: {counts}. "
        "--experiment NAME names the others, --digest shows one.",
    )


def _size(each: ExperimentRecord) -> str:
    limit = "" if each["limit"] is None else f", --limit {each['limit']}"
    return f"{len(each['fits'])} fits, {len(each['test_sets'])} test sets{limit}"
