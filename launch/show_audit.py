"""An audit, for people: a line per comparison, then what shouts, then what lies in two places."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from data.counts import counted
from grid.console import Console
from grid.records.audits.audit_records import (
    AuditRecord,
    ComparisonAudit,
    FactRow,
    HistoryRecord,
)
from grid.records.audits.audit_words import (
    best_rule,
    header_verdict,
    is_telling,
    length_verdict,
    shared_in_words,
    telling,
    view_name,
)
from launch.paragraphs import print_paragraph

SHOWN = 12
_TABLES_SHOWN = 2
_HEADS = ("reals", "fakes", "header", "JPEG", "interpol.", "plain")


def print_audit(record: AuditRecord, store: str, *, every: bool = False) -> None:
    """Print an audit.

    Args:
        record: what was found.
        store: where it is kept.
        every: all of it, not the first lines.
    """
    console = Console()
    _print_datasets(console, record, every)
    shown = record["comparisons"] if every else record["comparisons"][:SHOWN]
    if shown:
        console.print(_overview(shown))
        _print_legend(console, record, shown)
    _print_more(console, len(record["comparisons"]) - len(shown), "comparison")
    loud = [each for each in record["comparisons"] if telling(each)]
    for place, each in enumerate(loud if every else loud[:SHOWN]):
        for sentence in telling(each):
            print_paragraph(console, f"! {each['name']}: {sentence}", 0, "bold yellow")
        if every or place < _TABLES_SHOWN:
            _print_tables(console, each)
    if not loud and record["comparisons"]:
        said = "Nothing beside the pictures was found to tell the labels of most images."
        console.print(said, style="green", highlight=False)
    elif not record["comparisons"]:
        console.print("No reals stand against fakes: nothing is compared.", style="yellow")
    _print_shared(console, record, every)
    print_paragraph(console, f"kept as audit {record['digest']} in {store}", 0, "dim")


def _print_datasets(console: Console, record: AuditRecord, every: bool) -> None:
    for dataset in record["datasets"]:
        images = sum(pool["images"] for pool in dataset["pools"])
        twice = sum(pool["duplicates"] for pool in dataset["pools"])
        line = f"{dataset['name']}: {dataset['layout']} layout, {counted(images, 'image')}"
        line += f" in {counted(len(dataset['pools']), 'pool')}"
        line += f", {counted(twice, 'file')} more with the bytes of another" if twice else ""
        print_paragraph(console, line)
        broken = dataset["unreadable_files"]
        if broken:
            does = counted(broken, "unreadable file is", "unreadable files are")
            print_paragraph(console, f"{does} no image of it:", 2, "yellow")
            lines = dataset["unreadable"] if every else dataset["unreadable"][:SHOWN]
            for each in lines:
                print_paragraph(console, each, 4, "dim")
            _print_more(console, broken - len(lines), "file", 4)
        for reason, files in dataset["left_out"].items():
            print_paragraph(console, f"left out, {files:,}: {reason}", 2, "dim")


def _overview(comparisons: Sequence[ComparisonAudit]) -> Table:
    table = Table("", *_HEADS, box=None, header_style="dim")
    table.columns[0].overflow = "fold"
    for column in table.columns[1:]:
        column.justify = "right"
        column.no_wrap = True
    for each in comparisons:
        for view in each["views"]:
            is_stored = view["equalise"] == "none"
            name = Text(each["name"] if is_stored else f"  {_short(view_name(view))}")
            images = [f"{each['reals']:,}", f"{each['fakes']:,}"] if is_stored else ["", ""]
            if view["left_out"]:
                name.append(f", {view['left_out']:,} left out", "dim")
            header = _header(each) if is_stored else ""
            histories = [_shares(found) for found in view["histories"]]
            plain = view["low_level"]
            said = "-" if plain is None else f"{plain['accuracy']:.0%}"
            table.add_row(name, *images, header, *histories, said)
    return table


def _short(text: str) -> str:
    return text if len(text) <= 28 else f"{text[:25]}..."


def _header(comparison: ComparisonAudit) -> Text:
    best = best_rule(comparison["headers"])
    if best is None:
        return Text("-")
    loud = is_telling(best)
    few = "?" if best["level"] >= 1 and not loud else ""
    return Text(f"{best['accuracy']:.0%}{' !' if loud else few}", "bold yellow" if loud else "")


def _shares(found: HistoryRecord) -> Text:
    if found["real_share"] is None or found["fake_share"] is None:
        return Text("-")
    said = f"{100 * found['real_share']:.0f}/{100 * found['fake_share']:.0f}%"
    return Text(f"{said} !", "bold yellow") if found["tells"] else Text(said)


def _print_legend(console: Console, record: AuditRecord, shown: Sequence[ComparisonAudit]) -> None:
    for line in (
        "header: balanced accuracy of a classifier that sees file headers alone (50% says nothing)",
        f"JPEG, interpol.: reals/fakes whose pixels show it, of up to {record['sample']:,} images "
        "a pool; - too small",
        "plain: a linear classifier on brightness, contrast, sharpness, colour, clipping; a "
        "generator's own trace may show in it",
    ):
        print_paragraph(console, line, 2, "dim")
    failed = {line for each in shown for view in each["views"] for line in view["undecodable"]}
    if failed:
        does = counted(len(failed), "sampled image does", "sampled images do")
        print_paragraph(console, f"{does} not decode and count nowhere:", 2, "yellow")
        for line in sorted(failed)[:SHOWN]:
            print_paragraph(console, line, 4, "dim")


def _print_tables(console: Console, comparison: ComparisonAudit) -> None:
    print_paragraph(console, header_verdict(comparison["headers"]), 2, "dim")
    for rule in comparison["lengths"]:
        print_paragraph(console, length_verdict(rule), 2, "dim")
    for fact, rows in comparison["tables"].items():
        table = Table(f"  {fact}", "reals", "fakes", box=None, header_style="dim")
        table.columns[0].overflow = "fold"
        for column in table.columns[1:]:
            column.justify = "right"
        for row in rows:
            table.add_row(Text(f"  {row['value']}"), *_numbers(row))
        console.print(table)


def _numbers(row: FactRow) -> tuple[str, str]:
    return f"{row['reals']:,}", f"{row['fakes']:,}"


def _print_shared(console: Console, record: AuditRecord, every: bool) -> None:
    if not record["shared"]:
        print_paragraph(console, "no image is in two pools")
    else:
        print_paragraph(console, "images in two pools:", 0, "yellow")
    shared = record["shared"] if every else record["shared"][:SHOWN]
    for each in shared:
        print_paragraph(console, shared_in_words(each), 2)
    _print_more(console, len(record["shared"]) - len(shared), "pair of pools", 2)
    near = record["look_alikes"]
    if near is None:
        return
    said = (
        f"look-alikes, {near['images']:,} images hashed, up to {near['bits']} of 64 bits apart "
        f"(hashes spread evenly would give {near['by_chance']:.2g} pairs by chance):"
    )
    print_paragraph(console, said, 0, "yellow" if near["found"] else "")
    if near["undecodable"]:
        does = counted(near["undecodable"], "image does", "images do")
        print_paragraph(console, f"{does} not decode", 2, "yellow")
    alike = near["found"] if every else near["found"][:SHOWN]
    for each in alike:
        line = f"{each['images']:,} of {each['first']} look like one of {each['second']}"
        print_paragraph(console, line, 2)
    _print_more(console, len(near["found"]) - len(alike), "pair of pools", 2)
    if not near["found"]:
        print_paragraph(console, "none in two pools", 2)


def _print_more(console: Console, more: int, what: str, indent: int = 0) -> None:
    if more > 0:
        words = counted(more, f"more {what}", f"more {what.replace('pair', 'pairs', 1)}")
        print_paragraph(console, f"... and {words}; --all shows them", indent, "dim")
