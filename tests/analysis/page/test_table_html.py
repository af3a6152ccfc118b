"""A table as data on the page: its numbers, spreads, marks and words, escaped, and nothing lost."""

from page_reader import Page

from analysis.page.table_html import table_html
from analysis.tables.table import Table, TableCell

TABLE = Table(
    name="some",
    title="Some <b>table</b>",
    heads=("detector", "AUC", "accuracy", "said"),
    rows=(
        (
            TableCell(text="npr,factor=.5"),
            TableCell(value=0.934, sd=0.02, mark="best"),
            TableCell(value=0.5, low=0.41, high=0.59),
            TableCell(text="a < b"),
        ),
        (
            TableCell(text="cnn"),
            TableCell(value=0.93, mark="not_worse"),
            TableCell(),
            TableCell(text=""),
        ),
    ),
    notes=("Means over 5 seeds.",),
)


def test_what_a_table_holds_is_on_the_page():
    page = Page(table_html(TABLE))
    [(attributes, lines)] = page.tables
    assert attributes == {"class": "list", "id": "table-some"}
    assert [text for _, text in lines[0]] == ["detector", "AUC", "accuracy", "said"]
    assert [kind for kind, _ in lines[0]] == ["", "num", "num", ""]
    assert [text.strip() for _, text in lines[1]] == ["npr,factor=.5", ".93", ".50", "a < b"]
    assert [text for _, text in lines[2]] == ["cnn", ".93", "–", "–"], "undefined is no number"
    assert "± .02" in page.text
    assert "[.41, .59]" in page.text
    assert "Some <b>table</b>" in page.text
    assert "Means over 5 seeds." in page.text


def test_best_and_not_worse_are_two_styles():
    [(_, lines)] = Page(table_html(TABLE)).tables
    assert [line[1][0] for line in lines[1:]] == ["num best", "num not-worse"]


def test_a_wide_table_says_that_it_scrolls():
    heads = tuple(f"c{n}" for n in range(16))
    cells = tuple(TableCell(value=n / 100) for n in range(16))
    wide = Table(name="wide", title="Wide", heads=heads, rows=(cells,))
    assert "beyond-any" in table_html(wide)
    assert 'class="scroll "' in table_html(
        Table(name="n", title="N", heads=heads[:2], rows=(cells[:2],))
    )
