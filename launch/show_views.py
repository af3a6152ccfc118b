"""`crossgen query` without SQL: the views and their columns, in the words of analysis/README.md."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from analysis.sql.views import VIEWS, schemas
from grid.console import Console


def print_views(console: Console) -> None:
    """Print each view with its columns; a line ends between two columns."""
    indent = max(map(len, VIEWS)) + 2
    for view in VIEWS:
        said = Text(view.ljust(indent), style="bold")
        used = indent
        for number, field in enumerate(schemas()[view]):
            kind = type_name(field.type)
            between = ", " if number else ""
            length = len(between) + len(field.name) + 1 + len(kind)
            if used + length + len(",") > console.width and number:
                between, used = ",\n" + " " * indent, indent - len(", ")
            said.append(f"{between}{field.name}", style="not bold")
            said.append(f" {kind}", style="not bold dim")
            used += length
        console.print(said, highlight=False, soft_wrap=True)


def type_name(kind: Any) -> str:
    """Return what people call a column's Arrow type: how it is encoded is not their concern."""
    import pyarrow.types as types

    if types.is_dictionary(kind):
        return type_name(kind.value_type)
    if types.is_list(kind):
        return f"list of {type_name(kind.value_type)}"
    if types.is_boolean(kind):
        return "boolean"
    if types.is_integer(kind):
        return "integer"
    return "number" if types.is_floating(kind) else "text"
