"""A YAML file as plain values; what YAML cannot read is said with its place and its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import yaml

from data.regular_files import read_regular
from grid.refusal import Problem, Refused

# What PyYAML says, by a part of it, in our words: why, and what to do.
_IN_OUR_WORDS = {
    "cannot start any token": (
        "a value cannot begin with this character",
        'Write the value in quotes, as in "@name"',
    ),
    "could not find expected ':'": (
        "the line before it is a name without a colon",
        "Write `key: value`, with a colon and a space",
    ),
    "mapping values are not allowed": (
        "a colon that YAML does not expect here: a second one in a value, or a line that is "
        "indented further than the one it belongs beside",
        "Write a value with a colon in quotes, or begin the line where its neighbours begin",
    ),
    "but found '}'": ("a bracket too many", "Take it out"),
    "but found ']'": ("a bracket too many", "Take it out"),
    "while parsing a block": (
        "this line begins neither where its neighbours begin nor further in",
        "Begin the keys of one mapping, and the dashes of one list, in the same column",
    ),
    "expected the node content": (
        "a bracket or comma stands where a value is expected",
        "Write the value, or take the bracket or comma out",
    ),
    "expected <document start>": (
        "a bracket too many, or a key beside a plain value",
        "Take it out, or write `key: value`",
    ),
    "while scanning a quoted scalar": (
        "a quote is opened here and never closed",
        "Close it in the same line",
    ),
    "could not determine a constructor": ("tags (!...) are not used here", "Take the tag out"),
    "expected a single document": (
        "`---` begins a second document, and one file is one experiment",
        "Write the other experiment into a file of its own",
    ),
    "unhashable key": ("a list or mapping cannot be a key", "Write a plain name before the colon"),
    "expected alphabetic or numeric": (
        "`&` and `*` are marks of YAML",
        "Write the value in quotes",
    ),
}
_INT = "tag:yaml.org,2002:int"
_READ_AS = {_INT: "a whole number", "tag:yaml.org,2002:timestamp": "a date"}
_OPEN = {"sequence": "[", "mapping": "{"}


class _NotHere(yaml.MarkedYAMLError):
    """Good YAML that an experiment file does not use; `problem` says why, `note` what to do."""


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases and without a key given twice: the file says what it says, once."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            _refuse(mark, "anchors and aliases are not used here", "Write the value out")
        return super().compose_node(parent, index)

    def construct_object(self, node: Any, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:  # of a scalar that YAML takes for a number or a date
            kind = _READ_AS.get(node.tag, "a value")
            why = f"YAML reads this as {kind}, and it is none that there is ({error})"
            if node.tag == _INT:  # Python speaks of its own limit there
                why = f"YAML reads this as {kind}, and it has {len(node.value):,} characters"
            return _refuse(node.start_mark, why, "Correct it, or write it in quotes")

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = []
        for key_node, _ in node.value:
            key, spelled = self.construct_object(key_node, deep=True), key_node.value
            if isinstance(key, bool) and key_node.style is None:
                why = f"YAML reads the key `{spelled}` as {str(key).lower()}"
                _refuse(key_node.start_mark, why, f'Write `"{spelled}":`, in quotes')
            if key in keys:
                why = f"the key {key!r} is given twice"
                _refuse(key_node.start_mark, why, "Keep one of both")
            keys.append(key)
        return super().construct_mapping(node, deep)


def _refuse(mark: yaml.Mark, why: str, mend: str) -> NoReturn:
    raise _NotHere(problem=why, problem_mark=mark, note=mend)


def read_yaml(path: Path) -> dict[Any, Any]:
    """Return what a file says, as plain values.

    Raises:
        Refused: it cannot be read, or is not a mapping of keys to values.
    """
    try:
        text = read_regular(path).decode()
    except OSError as error:
        raise _refused(str(path), f"cannot be read ({error.strerror})", "Check the path") from error
    except UnicodeDecodeError as error:
        why = f"is not text in UTF-8 (byte {error.object[error.start]:#x} at {error.start})"
        raise _refused(str(path), why, "Save it as UTF-8") from error
    raw = read_value(text, str(path))
    if not isinstance(raw, dict):
        why = "is not a mapping of keys to values" if text.strip() else "is empty"
        mend = "Begin with `schema: 1`; `crossgen init FOLDER` writes a whole one"
        raise _refused(str(path), why, mend)
    return raw


def read_value(text: str, what: str) -> Any:
    """Return the value of a piece of YAML.

    Raises:
        Refused: `what` is no YAML, or a kind of it that is not used here.
    """
    try:
        return yaml.load(text, Loader=_PlainLoader)
    except yaml.MarkedYAMLError as error:
        raise _located(error, text, what) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        why = f"holds a character that is no text (code {ord(text[error.position]):#x})"
        raise _refused(f"{what}, line {line}", why, "Take it out") from error
    except RecursionError as error:
        why = "brackets or lines are nested hundreds of levels deep"
        raise _refused(what, why, "Experiments need five; look for a bracket too many") from error


def _located(error: yaml.MarkedYAMLError, text: str, what: str) -> Refused:
    """Say where the mistake is, show the line, and say what to write."""
    lines = text.splitlines() or [""]
    mark = error.problem_mark or error.context_mark
    why, mend = _said(error, lines)
    if (error.context or "").startswith(("while parsing a flow", "while scanning a quoted")):
        mark = error.context_mark or mark  # the bracket or quote, not the end of the file
    if mark is None:
        return _refused(what, why, mend)
    row = min(mark.line, len(lines) - 1)
    shown = lines[row].strip()
    where = f"{what}, line {row + 1}, column {mark.column + 1}"
    if shown:
        where += f", `{shown if len(shown) <= 60 else shown[:57] + '...'}`"
    return _refused(where, why, mend)


def _said(error: yaml.MarkedYAMLError, lines: list[str]) -> tuple[str, str]:
    if isinstance(error, _NotHere):
        return str(error.problem), str(error.note)
    if error.problem_mark is not None and error.problem_mark.line < len(lines):
        line = lines[error.problem_mark.line]
        if "\t" in line[: len(line) - len(line.lstrip())]:
            return "a tab indents this line, and YAML knows spaces only", "Put spaces instead"
    for kind, bracket in _OPEN.items():
        if error.context == f"while parsing a flow {kind}" and "content" not in str(error.problem):
            closing = {"[": "]", "{": "}"}[bracket]
            why = f"the `{bracket}` here is not closed, or a comma is missing in it"
            return why, f"Close it with `{closing}`, and put commas between its entries"
    said = f"{error.problem} {error.context}"
    for part, words in _IN_OUR_WORDS.items():
        if part in said:
            return words
    return str(error.problem), "Mend the file there"


def _refused(what: str, why: str, mend: str) -> Refused:
    return Refused([Problem(what=what, why=why, mend=mend)])
