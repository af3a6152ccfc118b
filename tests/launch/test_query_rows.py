"""Rows of a query on a terminal: nothing of them is lost, however many columns they have."""

import io

import pyarrow as pa

from grid.console import Console
from launch.query_rows import ROWS_SHOWN_UPRIGHT, print_rows


def printed(rows, width=80):
    file = io.StringIO()
    print_rows(Console(file=file, width=width), rows)
    return file.getvalue()


def test_few_columns_stand_beside_each_other():
    text = printed(pa.table({"auc": [0.5, None], "train": ["progan", "adm"]}))
    assert [line.split() for line in text.splitlines()] == [
        ["auc", "train"],
        ["0.5", "progan"],
        ["-", "adm"],
    ]


def test_columns_that_do_not_fit_are_lines():
    rows = pa.table({f"column_{n:03d}": [n, None] * 4 for n in range(100)})
    text = printed(rows)
    lines = [line.split() for line in text.splitlines()]
    assert lines[0] == ["row", "1", "of", "8"]
    for n in range(100):
        assert [f"column_{n:03d}", str(n)] in lines
        assert [f"column_{n:03d}", "-"] in lines
    assert ["row", str(ROWS_SHOWN_UPRIGHT), "of", "8"] in lines
    assert ["row", str(ROWS_SHOWN_UPRIGHT + 1), "of", "8"] not in lines
    assert "name those that you want" in text
    assert max(map(len, text.splitlines())) <= 80
