"""What degradations take from each detector: metrics, and drops against undegraded images."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from analysis.comparing.robustness import Degraded, robustness
from analysis.page.overview import Overview
from analysis.page.section import Placed, Section, nothing
from analysis.page.table_html import table_html
from analysis.tables.table import Table, TableCell

METRICS = {"auc": "AUC", "accuracy": "accuracy"}
_NOTES = (
    "Each training set on each generator counts once (macro mean); ± is the standard deviation "
    "over seeds. Drop: undegraded minus degraded, of the same trained files on the same images, so "
    "that the seeds are pairs; [95 % interval over seeds by the paired t], none of one seed. It "
    "speaks of this training procedure on these generators; nothing is tested here.",
)


def _html(shown: Overview, found: None) -> Markup:
    drops = robustness(shown.matrices, list(METRICS))
    if not drops:
        return Markup("")
    return Markup("<h2>Robustness</h2>\n{}").format(table_html(robustness_table(drops), 3))


def robustness_table(drops: Sequence[Degraded]) -> Table:
    """Return a row per detector and degradation, a pair of columns per scope and metric."""
    columns = list(dict.fromkeys((each.metric, each.scope) for each in drops))
    rows: dict[tuple[str, str], dict[tuple[str, str], Degraded]] = {}
    for each in drops:
        row = rows.setdefault((each.detector, each.degradation), {})
        row[each.metric, each.scope] = each
    left_out = sum(each.left_out for each in drops if each.metric == drops[0].metric)
    more = (f"Left out, since some seed is missing: {left_out} pairs of entries.",)
    return Table(
        name="robustness",
        title="Metrics by degradation, and drop against undegraded images",
        heads=(
            "detector",
            "degradation",
            *(
                head
                for metric, scope in columns
                for head in (f"{METRICS[metric]}, {scope}", "drop")
            ),
        ),
        rows=tuple(
            (
                TableCell(text=detector),
                TableCell(text=degradation),
                *(cell for column in columns for cell in _cells(found.get(column))),
            )
            for (detector, degradation), found in rows.items()
        ),
        notes=(*_NOTES, *(more if left_out else ())),
    )


def _cells(found: Degraded | None) -> tuple[TableCell, TableCell]:
    if found is None:
        return TableCell(text="–"), TableCell(text="–")
    low, high = (found.drop.low, found.drop.high) if found.drop is not None else (None, None)
    return (
        TableCell(value=found.spread.mean, sd=found.spread.sd),
        TableCell(value=found.dropped_by, low=low, high=high),
    )


def _numbers(shown: Overview, found: None) -> list[Degraded]:
    return robustness(shown.matrices, list(METRICS))


SECTION = Section(find=nothing, page=Placed(58, _html), numbers=_numbers)
