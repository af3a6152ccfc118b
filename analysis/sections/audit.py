"""Whether something beside the pictures tells the labels: a verdict for all that is compared.

Headers are judged from the manifests, so of every store. What pixels say of JPEG history and
interpolation is told where `crossgen audit` has looked: audits in the store whose pools are the
experiment's, after the equalise that it asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from rich.text import Text

from analysis.comparing.evidence import Evidence
from analysis.page.image_headers import compared_in, pools_with_headers
from analysis.page.overview import Overview
from analysis.page.page_fragments import fragment
from analysis.page.section import Caution, Placed, Screen, Section
from data.counts import counted
from grid.records.audits.audit_records import AuditRecord, RuleRecord, ViewAudit, audit_of_bytes
from grid.records.audits.audit_words import (
    best_rule,
    header_verdict,
    history_verdict,
    is_telling,
    view_name,
)
from grid.records.experiments import equalises_of
from grid.records.places import AUDITS
from grid.records.pools.header_facts import rules_of
from grid.records.readable import by_halves
from grid.records.table_lists import as_asked


@dataclass(frozen=True)
class AuditedHeaders:
    """A comparison, and how well headers tell its labels; None where no manifest says."""

    name: str
    best: RuleRecord | None
    verdict: str


@dataclass(frozen=True)
class AuditedPixels:
    """A comparison of a stored audit: what pixels say, and whether any of it tells labels."""

    name: str
    verdicts: tuple[str, ...]
    tells: bool


@dataclass(frozen=True)
class Verdicts:
    """What is known of an experiment's images; `equalise` is all that its fits ask for."""

    equalise: str
    headers: tuple[AuditedHeaders, ...]
    pixels: tuple[AuditedPixels, ...]


def _find(evidence: Evidence) -> Verdicts:
    experiment = evidence.experiment
    facts = pools_with_headers(evidence.selection, experiment)
    headers = []
    for name, pools in compared_in(experiment):
        known = [facts[pool_id] for pool_id in pools if pool_id in facts]
        rules = rules_of(known) if len(known) == len(pools) else []
        verdict = header_verdict(rules) if rules else "not known: nothing of it is in the store"
        headers.append(AuditedHeaders(name, best_rule(rules), verdict))
    asked = [as_asked(each) for each in equalises_of(experiment)]
    return Verdicts(", ".join(asked), tuple(headers), tuple(_pixels(evidence, asked)))


def _pixels(evidence: Evidence, asked: Sequence[str]) -> Iterator[AuditedPixels]:
    """What the audits say of the experiment's pools, each comparison by its largest sample."""
    own = {pool["pool_id"] for pool in evidence.experiment["pools"]}
    found: dict[tuple[frozenset[str], str], AuditedPixels] = {}
    for audit in sorted(_audits(evidence), key=lambda each: (each["sample"], each["digest"])):
        for comparison in audit["comparisons"]:
            pools = frozenset(comparison["pools"])
            for view in comparison["views"]:
                equalise = as_asked(view["equalise"])
                if pools <= own and equalise in asked:
                    found[pools, equalise] = _of_view(comparison["name"], view)
    yield from sorted(found.values(), key=lambda each: (not each.tells, each.name))


def _of_view(name: str, view: ViewAudit) -> AuditedPixels:
    verdicts = [history_verdict(each) for each in view["histories"]]
    tells = any(each["tells"] for each in view["histories"])
    size = view["size"]
    if view["equalise"] != "none" and size is not None and is_telling(size):
        tells = True
        verdicts.append(f"sizes tell labels: {size['accuracy']:.0%}")
    return AuditedPixels(name, (*verdicts, view_name(view)), tells)


def _audits(evidence: Evidence) -> list[AuditRecord]:
    store = evidence.selection.store
    keys = [key for key in store.list(AUDITS) if key.endswith(".json")]
    read, damaged = by_halves(
        keys, lambda some: [audit_of_bytes(k, d) for k, d in store.get_many(list(some)).items()]
    )
    evidence.selection.damaged.update(damaged)
    return [audit for part in read for audit in part]


def _cautions(evidence: Evidence, found: Verdicts) -> Iterator[Caution]:
    loud = [each for each in found.pixels if each.tells]
    if loud:
        yield Caution(
            "history",
            "Labels can be read from traces of how the images were prepared, as an audit found; "
            "the numbers may come from that alone.",
            tuple(f"{each.name}: {'; '.join(each.verdicts)}" for each in loud),
        )


def _lines(shown: Overview, found: Verdicts, screen: Screen) -> Iterator[Text]:
    for line in _in_short(found):
        yield Text(line, style="dim")


def _in_short(found: Verdicts) -> Iterator[str]:
    """One line for headers, one for pixels."""
    known = [each for each in found.headers if each.best is not None]
    worst = max(known, key=lambda each: each.best["accuracy"] if each.best else 0, default=None)
    if worst is not None:
        before = "" if found.equalise == "none" else ", before `equalise`"
        yield f"audit{before}: {worst.verdict}, {_of_which(worst.name, len(known))}"
    if found.pixels:
        first = found.pixels[0]
        said = "; ".join(first.verdicts)
        yield f"audit of pixels: {said}, {_of_which(first.name, len(found.pixels))}"


def _of_which(name: str, comparisons: int) -> str:
    if comparisons == 1:
        return name
    return f"{name}, the most of {counted(comparisons, 'comparison')}"


def _html(shown: Overview, found: Verdicts) -> Markup:
    return fragment("audit.html.j2", found=found)


SECTION = Section(
    find=_find,
    cautions=Placed(15, _cautions),
    terminal=Placed(35, _lines),
    page=Placed(62, _html),
    numbers=lambda shown, found: found,
)
