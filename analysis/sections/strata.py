"""Where a detector's rates depend on format, size, quality, class or real source of the images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from markupsafe import Markup

from analysis.comparing.evidence import Evidence
from analysis.comparing.stratum_rates import (
    EntryRates,
    Rate,
    StratumDifference,
    differences,
    entry_rates,
)
from analysis.measuring.image_strata import AXES_IN_WORDS
from analysis.page import page_budget
from analysis.page.overview import Overview
from analysis.page.page_fragments import fragment
from analysis.page.section import Placed, Section, nothing
from analysis.page.table_html import table_html
from analysis.selecting.selection import StoreSelection
from analysis.tables.table import Table, TableCell

SIDES_IN_WORDS = {"tpr": "fakes found (TPR)", "fpr": "reals called fake (FPR)"}
SQL = (
    "SELECT train, seed, test_set, axis, stratum, n_real, fpr, n_fake, tpr, auc FROM strata "
    "WHERE degradation = 'none' AND is_selected AND detector = 'NAME'"
)


_known: WeakKeyDictionary[StoreSelection, ShownStrata] = WeakKeyDictionary()


@dataclass(frozen=True)
class ShownStrata:
    """What the page has of strata: the clearest differences, of how many, and rates by source.

    `false_positives` has the rates of each detector by training set, then by real source.
    """

    shown: tuple[StratumDifference, ...]
    compared: int
    apart: int
    false_positives: Mapping[str, Mapping[str, Mapping[str, Rate]]]


def strata_of_page(evidence: Evidence) -> ShownStrata:
    """Compute the strata of the undegraded images at the selected epoch, and choose what to show.

    Shown are those whose intervals are apart, the farthest first. It is computed once for a
    selection.
    """
    if evidence.selection not in _known:
        _known[evidence.selection] = _strata_of(evidence)
    return _known[evidence.selection]


def _strata_of(evidence: Evidence) -> ShownStrata:
    compared, apart = 0, []
    every = []
    for rates in entry_rates(evidence):
        for each in differences(rates):
            compared += 1
            if each.gap > 0:
                apart.append(each)
        every.append(rates)
    apart.sort(key=lambda each: (-each.gap, each.matrix, each.train, each.tested, each.axis))
    shown = tuple(apart[: page_budget.STRATA_SHOWN])
    return ShownStrata(shown, compared, len(apart), false_positives(every))


def false_positives(every: Sequence[EntryRates]) -> dict[str, dict[str, dict[str, Rate]]]:
    """Return the rates of the reals by detector, training set and real source.

    Test sets that share their reals have one column; where two sources of one name are other
    images, the test set tells them apart.
    """
    of_source: dict[str, dict[tuple[str, ...], str]] = {}
    for rates in every:
        for source in rates.rates.get(("fpr", "real_source"), {}):
            of_source.setdefault(source, {}).setdefault(rates.real_pools, rates.tested)
    found: dict[str, dict[str, dict[str, Rate]]] = {}
    for rates in every:
        for source, rate in rates.rates.get(("fpr", "real_source"), {}).items():
            places = of_source[source]
            label = source if len(places) == 1 else f"{source} ({places[rates.real_pools]})"
            row = found.setdefault(rates.matrix, {}).setdefault(rates.train, {})
            row.setdefault(label, rate)
    return found


def _html(shown: Overview, found: None) -> Markup:
    strata = strata_of_page(shown.evidence)
    if not strata.compared and not strata.false_positives:
        return Markup("")
    return fragment(
        "strata.html.j2",
        found=strata,
        differences=table_html(_differences_table(strata.shown)) if strata.shown else "",
        sources=[table_html(each) for each in _source_tables(strata.false_positives)],
        sql=SQL,
    )


def _differences_table(shown: Sequence[StratumDifference]) -> Table:
    return Table(
        name="strata",
        title="Where they are farthest apart",
        heads=(
            *("detector", "trained on", "tested on", "rate", "by", "lowest in", "lowest"),
            *("highest in", "highest", "images, lowest", "images, highest"),
        ),
        rows=tuple(
            (
                TableCell(text=each.matrix),
                TableCell(text=each.train),
                TableCell(text=each.tested),
                TableCell(text=SIDES_IN_WORDS[each.side]),
                TableCell(text=f"{AXES_IN_WORDS[each.axis]} ({each.strata})"),
                TableCell(text=each.lowest[0]),
                _rate_cell(each.lowest),
                TableCell(text=each.highest[0]),
                _rate_cell(each.highest),
                TableCell(text=f"{each.lowest[1].n:,}"),
                TableCell(text=f"{each.highest[1].n:,}"),
            )
            for each in shown
        ),
    )


def _rate_cell(extreme: tuple[str, Rate, object]) -> TableCell:
    _, rate, _ = extreme
    interval = rate.interval()
    return TableCell(value=rate.mean, low=interval.low, high=interval.high)


def _source_tables(found: Mapping[str, Mapping[str, Mapping[str, Rate]]]) -> list[Table]:
    """Return a table per detector, as many as the page has room for."""
    tables: list[Table] = []
    budget = page_budget.SOURCE_RATES_SHOWN
    for number, (title, rows) in enumerate(found.items()):
        sources = list(dict.fromkeys(source for row in rows.values() for source in row))
        budget -= len(rows) * len(sources)
        if budget < 0 and tables:
            break
        tables.append(
            Table(
                name=f"reals-{number}",
                title=title,
                heads=("trained on", *sources),
                rows=tuple(
                    (TableCell(text=train), *(_source_cell(row.get(each)) for each in sources))
                    for train, row in rows.items()
                ),
            )
        )
    return tables


def _source_cell(rate: Rate | None) -> TableCell:
    if rate is None:
        return TableCell(text="–")
    interval = rate.interval()
    return TableCell(value=rate.mean, low=interval.low, high=interval.high)


def _numbers(shown: Overview, found: None) -> ShownStrata:
    return strata_of_page(shown.evidence)


SECTION = Section(find=nothing, page=Placed(72, _html), numbers=_numbers)
