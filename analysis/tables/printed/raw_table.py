"""A table as text before anyone says what its columns are: from CSV, Markdown and LaTeX."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

Confusion = tuple[int, int, int, int]
"""tn, fp, fn, tp: rows are what images are, columns what they were called."""

_HEADING = re.compile(r"^(?:>\s*)?#+\s+(.*)$|^\*\*(.*)\*\*$|^(Table: .*)$")
_RULE = re.compile(r"^[\s|:+=-]*-{2,}[\s|:+=-]*$")
_LATEX_ROW = re.compile(r"(?<!\\)&.*\\\\")
_LATEX_RULE = re.compile(r"^\s*\\(?:hline|toprule|midrule|bottomrule|cmidrule|cline)\b")
_CAPTION = re.compile(r"^\s*\\caption\{(.*)\}\s*$")
_OF_REAL = re.compile(r"^\W*real\W+(\d+)\W+(\d+)\b", re.IGNORECASE)
_OF_FAKE = re.compile(r"^\W*(?:fake|ai)\W+(\d+)\W+(\d+)\b", re.IGNORECASE)


@dataclass(frozen=True)
class RawTable:
    """Heads and rows of text; `confusions` are the counts printed near it, by the heading there.

    `metrics` are what figures of each column are, where its name does not say so.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    metrics: tuple[str, ...] = ()
    confusions: dict[str, Confusion] = field(default_factory=dict)


def csv_table(text: str, title: str) -> RawTable:
    """Read a CSV file: its first line are the heads."""
    rows = [tuple(each) for each in csv.reader(io.StringIO(text.lstrip("\ufeff"))) if any(each)]
    if not rows:
        return RawTable(title, (), ())
    width = len(rows[0])
    return RawTable(title, rows[0], tuple((*row, *[""] * width)[:width] for row in rows[1:]))


def markdown_tables(text: str) -> list[RawTable]:
    r"""Read every table of a text in Markdown or LaTeX, with the heading that it stands under.

    Lines with two bars or more that follow each other are one, rules between them left out; so are
    tables in code blocks, and lines with & that end with \\. Confusion counts in two lines (Real
    5939 61, Fake 281 5719) belong to the table before them.
    """
    found: list[RawTable] = []
    heading, lines, real = "", [], None
    for written in [*text.splitlines(), ""]:
        line = _from_latex(written)
        if line.count("|") >= 2 and not _RULE.match(line):
            lines.append(_cells(line))
            continue
        if _RULE.match(line) or _LATEX_RULE.match(line):
            continue
        found.extend(_made(heading, lines))
        lines = []
        if title := _HEADING.match(line.strip()):
            heading = _plain(next(each for each in title.groups() if each))
        if of_real := _OF_REAL.match(line):
            real = of_real
        elif (of_fake := _OF_FAKE.match(line)) and real is not None:
            tn, fp, fn, tp = (int(each) for each in (*real.groups(), *of_fake.groups()))
            real = None
            if not found:
                found.append(RawTable(heading, (), ()))
            found[-1].confusions[heading] = (tn, fp, fn, tp)
    return found


def _from_latex(line: str) -> str:
    """Return a row of a LaTeX table as one of Markdown, a caption as a heading; others as is."""
    if caption := _CAPTION.search(line):
        return f"# {caption[1]}"
    if not _LATEX_ROW.search(line):
        return line
    row = re.sub(r"\\\\.*$", "", line)
    row = re.sub(r"\\(?:textbf|mathbf)\{([^{}]*)\}", r"**\1**", row)
    row = re.sub(r"\\multicolumn\{[^{}]*\}\{[^{}]*\}\{([^{}]*)\}", r"\1", row)
    row = re.sub(r"\\(?:pm|textpm)\b", "±", row)
    row = re.sub(r"\\[a-zA-Z]+\{([^{}]*)\}", r"\1", row)
    row = re.sub(r"\\([%_#&])|[$]", lambda found: found[1] or "", row.replace(r"\&", "+"))
    return f"| {row.replace('&', '|')} |"


def _cells(line: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in re.split(r"(?<!\\)\|", line.strip().strip("|")))


def _made(heading: str, lines: list[tuple[str, ...]]) -> Iterator[RawTable]:
    if len(lines) > 1:
        heads, *rows = lines
        width = len(heads)
        yield RawTable(
            heading,
            tuple(_plain(head) for head in heads),
            tuple((*row, *[""] * width)[:width] for row in rows),
        )


def _plain(text: str) -> str:
    """Return text without what makes it bold and without pictures of any kind."""
    return re.sub(r"\s+", " ", re.sub(r"[*`_]{2}|[^\x20-\x7e\u00c0-\u024f]", "", text)).strip()
