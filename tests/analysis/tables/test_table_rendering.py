"""Tables in four formats: nothing is cut, nothing formats itself, full precision in CSV."""

import csv
import io
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.tables.table import Table, TableCell
from analysis.tables.table_csv import as_csv
from analysis.tables.table_latex import as_latex, escaped
from analysis.tables.table_markdown import as_markdown
from analysis.tables.table_text import as_text
from analysis.tables.written import percent

TABLE = Table(
    name="means of 100 %",
    title="AUC of npr_multi & friends, 50 % of it",
    heads=("detector", "new generators", "adm", "why"),
    rows=(
        (
            TableCell(text="npr, factor=0.25"),
            TableCell(value=0.98765, sd=0.0031, low=0.97, high=0.9951, mark="best"),
            TableCell(value=0.5),
            TableCell(text="seen"),
        ),
        (
            TableCell(text="simple_cnn {old} $x^2$ ~ \\"),
            TableCell(value=0.98764, mark="not_worse", text="†"),
            TableCell(text="·"),
            TableCell(text="a | b"),
        ),
    ),
    notes=("Macro: each test set counts once; † 100 % of it.",),
)


def plain(table: Table, width: int) -> list[str]:
    return [line.plain for line in as_text(table, width)]


@pytest.mark.parametrize(
    ("value", "text"), [(0.984, "98.4"), (1.0, "100.0"), (-0.0001, "0.0"), (-0.012, "-1.2")]
)
def test_percent(value, text):
    assert percent(value) == text


def test_text_shows_marks_spread_and_missing_without_colour():
    text = "\n".join(plain(TABLE, 100))
    assert "98.8* ± 0.3 [97.0, 99.5]" in text
    assert "98.8†~" in text
    assert "·" in text
    assert "* best of its column; ~ not shown to be worse" in text


def test_what_a_table_above_has_said_is_not_said_again():
    told = set()
    first, again = (
        "\n".join(line.plain for line in as_text(TABLE, 200, told)).splitlines() for _ in range(2)
    )
    assert first == plain(TABLE, 200)
    assert again == [*first[:-3], "Notes as above."]
    assert first[-1].endswith("without a sign: shown to be worse, or not tested.")
    other = replace(TABLE, notes=(*TABLE.notes, "Pooled."))
    assert [line.plain for line in as_text(other, 200, told)][-2:] == [
        "Pooled.",
        "Other notes as above.",
    ]


@pytest.mark.parametrize("width", [30, 45, 80, 200])
def test_no_line_is_wider_than_the_screen_and_nothing_is_lost_unsaid(width):
    lines = plain(TABLE, width)
    assert max(map(len, lines)) <= width
    joined = re.sub(r"\s", "", "".join(lines))
    for said in ("98.8*", "50.0", "seen", "98.8†~"):
        assert said in joined
    assert ("[97.0,99.5]" in joined) != ("ntervalsareleftoutforwantofroom" in joined)


NAMES = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"]), max_size=40)


@given(
    labels=st.lists(NAMES, min_size=1, max_size=4),
    values=st.lists(st.none() | st.floats(0, 1), min_size=1, max_size=8),
    width=st.integers(40, 120),
)
def test_any_table_fits_and_repeats_its_labels(labels, values, width):
    table = Table(
        name="t",
        title="t",
        heads=("name", *(f"column {n}" for n in range(len(values)))),
        rows=tuple(
            (TableCell(text=label), *(TableCell(value=v, sd=v) for v in values)) for label in labels
        ),
    )
    lines = plain(table, width)
    assert max(map(len, lines)) <= width
    shown = [percent(v) for v in values if v is not None]
    text = " ".join(lines)
    assert all(text.count(each) >= len(labels) for each in shown)


def test_rows_of_one_name_are_numbered_where_columns_stand_below():
    row = (TableCell(text="npr"), TableCell(text="x" * 30), TableCell(text="y" * 30))
    table = Table(name="t", title="t", heads=("a", "b", "c"), rows=(row, row))
    assert "1 npr" not in " ".join(plain(table, 100))
    narrow = " ".join(plain(table, 50))
    assert narrow.count("1 npr") == narrow.count("2 npr") == 2


def test_csv_gives_back_every_digit_and_what_is_beside_it():
    rows = list(csv.DictReader(io.StringIO(as_csv(TABLE))))
    assert float(rows[0]["new generators"]) == 0.98765
    assert float(rows[0]["new generators_low"]) == 0.97
    assert rows[1]["new generators_low"] == ""
    assert [row["new generators_mark"] for row in rows] == ["best", "not_worse"]
    assert rows[1]["new generators_sign"] == "†"
    assert rows[1]["adm"] == ""
    assert "adm_sd" not in rows[0]
    assert rows[1]["why"] == "a | b"


def test_markdown_marks_in_two_styles_and_escapes_names():
    text = as_markdown(TABLE)
    assert "**98.8** ± 0.3 [97.0, 99.5]" in text
    assert "*98.8†*" in text
    assert r"a \| b" in text
    body = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in body} == {5}
    assert body[1] == "| --- | --: | --: | --- |"


def is_sound(latex: str) -> bool:
    """Whether braces and environments balance and no special character stands unescaped."""
    without = re.sub(r"\\[\\{}&%$#_]", "", latex)
    depth = 0
    for letter in without:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if depth < 0:
            return False
    begun = re.findall(r"\\begin\{(\w+)\}", latex)
    ended = re.findall(r"\\end\{(\w+)\}", latex)
    return depth == 0 and begun == ended[::-1] and without.count("$") % 2 == 0


def test_latex_is_sound_and_marks_in_two_styles():
    text = as_latex(TABLE)
    assert is_sound(text)
    assert r"\textbf{98.8} {\scriptsize $\pm$ 0.3 [97.0, 99.5]}" in text
    assert r"\underline{98.8$^{\dagger}$}" in text
    assert r"npr\_multi \& friends, 50 \% of it" in text
    assert r"\begin{tabular}{lrrl}" in text
    assert r"\label{tab:means-of-100}" in text
    rows = text.partition(r"\midrule")[2].partition(r"\bottomrule")[0]
    assert [len(re.findall(r"(?<!\\)&", row)) for row in rows.strip().splitlines()] == [3, 3]


@given(st.text('\\{}$&#%_~^[]<>|"±†–ab 1\n', max_size=40))
def test_any_name_is_escaped_in_latex(name):
    text = escaped(name)
    assert is_sound(text)
    assert not re.search(r"(?<!\\)[&%#_]", text)
    assert not text.startswith("[")
