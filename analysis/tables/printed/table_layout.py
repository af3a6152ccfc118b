"""From text to a printed table: which number is what, of which row and test set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from analysis.tables.printed.column_meanings import ColumnMeaning, is_overall, meanings
from analysis.tables.printed.paired_cells import parted
from analysis.tables.printed.printed_table import (
    COUNTS,
    ONLY_ROW,
    RATES,
    PrintedLine,
    PrintedNumber,
    PrintedTable,
    printed_number,
)
from analysis.tables.printed.raw_table import RawTable

_LABELS = ("detector", "train")
# A number, perhaps bold, with its unit, spread and a remark; "~90K images" and "224x224" are none.
_NUMBER = re.compile(
    r"[*_]*([+-]?(?:\d{1,3}(?:,\d{3})+|\d*\.\d+|\d+))\s*(%?)[*_]*"
    r"(?:\s*(?:±|\+/-|\+-)\s*[\d.]+\s*%?[*_]*)?"
    r"(?:\s+[(\[].*[)\]]|[^A-Za-z0-9.,%]*)$"
)


def laid_out(
    raw: RawTable, *, metric: str = "accuracy", stated: Mapping[str, str] | None = None
) -> PrintedTable:
    """Return a table with each number where it belongs.

    Args:
        raw: the table as text.
        metric: what the numbers below names of test sets are.
        stated: what columns are, by their names.

    Raises:
        Refused: what is stated is of no column, or is nothing known.
    """
    raw = parted(raw, metric)
    numeric = [any(_NUMBER.match(row[n]) for row in raw.rows) for n in range(len(raw.heads))]
    columns = meanings(raw.heads, numeric, stated or {}, raw.metrics)
    numbers = [_numbers([row[n] for row in raw.rows], each) for n, each in enumerate(columns)]
    lines: dict[tuple[str, str, str], PrintedLine] = {}
    for at, row in enumerate(raw.rows):
        labels = {
            each.meaning: _unbold(row[n])
            for n, each in enumerate(columns)
            if each.meaning in (*_LABELS, "test")
        }
        for n, column in enumerate(columns):
            number = numbers[n][at]
            if number is not None:
                made = _line(labels, column, number, _is_bold(row[n]))
                place = (made.block, made.row, made.test_set)
                if _is_there(lines.get(place), made):  # a second row of one name
                    made = replace(made, row=f"{made.row} (row {at + 1})")
                    place = (made.block, made.row, made.test_set)
                lines[place] = joined(lines.get(place), made)
    found = [line for line in lines.values() if line.rates or line.counts]
    return PrintedTable(
        title=raw.title,
        lines=tuple(_with_confusions(found, raw)),
        ignored=tuple(
            head
            for head, each, holds in zip(raw.heads, columns, numeric, strict=True)
            if each.meaning == "ignore" and holds
        ),
    )


def _numbers(texts: Sequence[str], column: ColumnMeaning) -> list[PrintedNumber | int | None]:
    """Read the numbers of a column: all in percent or all shares, "100" with the others' digits."""
    found = [_NUMBER.match(text) for text in texts]
    plain = [each[1].replace(",", "") if each else "" for each in found]
    if column.meaning in COUNTS:
        return [int(each) if each.isdigit() else None for each in plain]
    if column.meaning not in RATES:
        return [None for _ in texts]
    in_percent = any(each and each[2] for each in found) or any(
        float(each) > 1 for each in plain if each
    )
    decimals = [len(each.partition(".")[2]) for each in plain]
    most = max(decimals, default=0)
    return [
        printed_number(text, most if float(text) == 100 else n, in_percent=in_percent)
        if text
        else None
        for text, n in zip(plain, decimals, strict=True)
    ]


def _line(
    labels: Mapping[str, str], column: ColumnMeaning, number: PrintedNumber | int, marked: bool
) -> PrintedLine:
    test_set = column.test_set or labels.get("test", "")
    names = [labels[each] for each in _LABELS if each in labels]
    is_mean = any(is_overall(name) for name in names)
    block = [name for name in names[:-1] if not is_overall(name)] if len(names) > 1 else []
    row = ", ".join(name for name in names if name)
    return PrintedLine(
        row="" if is_mean else row or ONLY_ROW,
        test_set="" if is_overall(test_set) else test_set,
        rates={column.meaning: number} if isinstance(number, PrintedNumber) else {},
        counts={column.meaning: number} if isinstance(number, int) else {},
        marked=frozenset([column.meaning] if marked else []),
        is_own=is_own(labels.get("train", ""), test_set),
        block=", ".join(block),
    )


def is_own(train: str, test_set: str) -> bool:
    """Say whether a test set is of a generator trained on, by their names, or as it says itself."""
    if "(seen" in test_set.lower():
        return True
    name = _key(test_set.rpartition("/")[2])
    return bool(name) and name in {_key(each.rpartition("/")[2]) for each in train.split("+")}


def _key(name: str) -> str:
    """Return what is left of a name without remarks, capitals and signs."""
    return re.sub(r"[^a-z0-9]", "", name.partition("(")[0].lower())


def _is_there(one: PrintedLine | None, other: PrintedLine) -> bool:
    return one is not None and bool(set(one.rates) & set(other.rates))


def joined(one: PrintedLine | None, other: PrintedLine) -> PrintedLine:
    """Return a line with what is printed in two places of the same row and test set."""
    if one is None:
        return other
    return replace(
        one,
        rates={**one.rates, **other.rates},
        counts={**one.counts, **other.counts},
        marked=one.marked | other.marked,
    )


def _with_confusions(lines: Sequence[PrintedLine], raw: RawTable) -> Iterator[PrintedLine]:
    """Give the counts printed beside a table to the one line that their heading names."""
    left = dict(raw.confusions)
    for line in lines:
        key = _key(line.test_set)
        named = [each for each in left if key and key in _key(each.replace("(", " "))]
        if len(named) == 1:
            tn, fp, fn, tp = left.pop(named[0])
            line = replace(line, counts={**line.counts, "tn": tn, "fp": fp, "fn": fn, "tp": tp})
        yield line
    for heading, (tn, fp, fn, tp) in left.items():
        yield PrintedLine(
            row=ONLY_ROW,
            test_set=heading,
            rates={},
            counts={"tn": tn, "fp": fp, "fn": fn, "tp": tp},
        )


def _is_bold(text: str) -> bool:
    return text.strip().startswith(("**", "__"))


def _unbold(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"\*\*|__|`", "", text)).strip()
