"""`crossgen check-table`: reads a table in any of its forms, checks it, prints what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from analysis.tables.checks.all_checks import checked
from analysis.tables.checks.check_result import CheckResult, Verdict
from analysis.tables.printed.printed_table import RATES, PrintedTable
from analysis.tables.printed.published_rows import printed_of
from analysis.tables.printed.raw_table import csv_table, markdown_tables
from analysis.tables.printed.table_layout import laid_out
from data.counts import counted
from grid.console import Console
from grid.experiment_file.published import is_own_table, read_published
from grid.refusal import Refused, did_you_mean
from launch.paragraphs import print_paragraph

_STYLES: Mapping[Verdict, str] = {
    "consistent": "green",
    "doubtful": "yellow",
    "inconsistent": "bold red",
}


def check_table_file(file: Path, metric: str, columns: Mapping[str, str]) -> int:
    """Check every table of a file and print each check; return 1 where something is inconsistent.

    Args:
        file: CSV, YAML of published results, or any other text with tables in it.
        metric: what the numbers below names of test sets are.
        columns: what columns are, by their names; of a table that has them.

    Raises:
        Refused: nothing in it is a table of results, or the metric or what is stated of a column
            is nothing known.
    """
    if metric not in RATES:
        raise Refused.because(
            f"--metric {metric}", "no table is checked for it", did_you_mean(metric, RATES)
        )
    tables = _tables(file, metric, columns)
    found = [(table, checked(table)) for table in tables]
    if not any(table.lines for table, _ in found):
        raise Refused.because(
            str(file),
            "no table with figures in it was found",
            "Give CSV with a head line, Markdown with | between the cells, or YAML of published "
            "results; --column says what columns are",
        )
    console = Console()
    for table, results in found:
        if results:
            _print(console, table, results)
    _print_sum(console, found)
    return int(any(r.verdict == "inconsistent" for _, results in found for r in results))


def _tables(file: Path, metric: str, columns: Mapping[str, str]) -> list[PrintedTable]:
    if is_own_table(file.name):
        table = read_published(file)
        return [printed_of(table.source, [row.model_dump(mode="json") for row in table.results])]
    text = _text(file)
    if file.suffix.lower() == ".csv":
        return [laid_out(csv_table(text, file.name), metric=metric, stated=columns)]
    raw = markdown_tables(text)
    heads = {head for each in raw for head in each.heads}
    if unknown := [name for name in columns if name not in heads]:
        raise Refused.because(
            f"--column {unknown[0]}=...",
            f"no table of {file} has such a column",
            "Write the name as it stands in the head of the table",
        )
    return [
        laid_out(each, metric=metric, stated={k: v for k, v in columns.items() if k in each.heads})
        for each in raw
    ]


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Refused.because(
            str(file), "it is no text in UTF-8", "Save it as UTF-8, or give another file"
        ) from error


def _print(console: Console, table: PrintedTable, results: Sequence[CheckResult]) -> None:
    print_paragraph(console, table.title or "a table", style="bold")
    if table.ignored:
        print_paragraph(console, f"not checked: column {', '.join(table.ignored)}", 2, "dim")
    for each in results:
        text = f"{each.verdict}  {each.check}: {each.where}: {each.said}"
        if each.explanation:
            text += f" ({each.explanation})"
        print_paragraph(console, text, 2, _STYLES[each.verdict])
    console.print()


def _print_sum(
    console: Console, found: Sequence[tuple[PrintedTable, Sequence[CheckResult]]]
) -> None:
    verdicts = Counter(each.verdict for _, results in found for each in results)
    checks = sum(verdicts.values())
    looked_at = sum(1 for _, results in found if results)
    without = sum(1 for table, results in found if table.lines and not results)
    text = f"{counted(checks, 'check')} of {counted(looked_at, 'table')}"
    text += "".join(f", {verdicts[each]} {each}" for each in _STYLES if verdicts[each])
    if without:
        text += f"; nothing to check in {counted(without, 'more table')}"
    print_paragraph(console, f"{text}.", style="bold" if verdicts["inconsistent"] else "")
