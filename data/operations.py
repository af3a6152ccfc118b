"""The string language of image operations: "resize(256,256) | random_crop(224, step=2) | hflip".

A string is parsed once, where the experiment is read, so that a wrong name or number never reaches
a worker. `Pipeline.canonical` is part of a fit's identity: strings that mean the same are equal.
"""

import ast
import functools
import inspect
from collections.abc import Iterator, Sequence
from typing import Any

from data.operation_arguments import ArgumentError, coerced
from data.pipelines import (
    MODULE_OF_KIND,
    Apply,
    Image,
    Kind,
    Operation,
    Pipeline,
    PipelineError,
    Registered,
    TooLarge,
    TooSmall,
    known,
    operation,
    registered,
)
from data.suggestions import did_you_mean

__all__ = [
    "Apply",
    "Image",
    "Kind",
    "Operation",
    "Pipeline",
    "PipelineError",
    "TooLarge",
    "TooSmall",
    "known",
    "operation",
    "parse",
]

_LONGEST_TEXT = 2000


@functools.lru_cache(maxsize=4096)
def parse(text: str, kind: Kind) -> Pipeline:
    """Read a string of operations.

    The grammar is a Python expression of calls joined by "|", so quotes and brackets nest as one
    expects; nothing is evaluated but literals. "none" and "" are the empty pipeline.

    Args:
        text: for example "resize(256,256) | random_crop(224) | hflip".
        kind: which operations may be used.

    Raises:
        PipelineError: wrong grammar, an unknown name, a parameter that is missing, unknown, of the
            wrong type or out of range.
    """
    if kind not in MODULE_OF_KIND:
        raise PipelineError(f"Unknown kind {kind!r}. {did_you_mean(kind, MODULE_OF_KIND)}")
    stripped = text.strip()
    if stripped in {"", "none"}:
        return Pipeline(())
    if len(stripped) > _LONGEST_TEXT:
        raise PipelineError(
            f"{stripped[:40]}...: {len(stripped)} characters are more than the {_LONGEST_TEXT} "
            "that a pipeline may have; write fewer operations."
        )
    try:
        tree = ast.parse(stripped, mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise PipelineError(
            f"{stripped!r} cannot be read ({error}); write operations joined by '|', "
            "such as 'resize(256,256) | hflip'."
        ) from error
    return Pipeline(tuple(_operation(node, stripped, kind) for node in _steps(tree)))


def _steps(node: ast.expr) -> Iterator[ast.expr]:
    # a | b | c is read as ((a | b) | c): walk down the left side without recursion.
    right_to_left: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        right_to_left.append(node.right)
        node = node.left
    yield node
    yield from reversed(right_to_left)


def _operation(node: ast.expr, text: str, kind: Kind) -> Operation:
    name, positional, keywords = _call(node, text)
    if name == "none":
        raise PipelineError(f"{text!r}: 'none' stands alone; leave it out beside other operations.")
    entry = registered(name, kind)
    try:
        required, optional = _bound(entry, positional, keywords)
    except ArgumentError as error:
        raise PipelineError(f"{name} in {text!r}: {error} Write {name}({entry.usage}).") from (
            error
        )
    return Operation(name, kind, entry.version, required, optional)


def _call(node: ast.expr, text: str) -> tuple[str, list[Any], dict[str, Any]]:
    if isinstance(node, ast.Name):
        return node.id, [], {}
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        raise PipelineError(
            f"{ast.unparse(node)!r} in {text!r} is not an operation; "
            "write a name with its parameters in brackets, such as jpeg(75)."
        )
    try:
        positional = [ast.literal_eval(argument) for argument in node.args]
        keywords = {
            str(keyword.arg): ast.literal_eval(keyword.value)
            for keyword in node.keywords
            if keyword.arg is not None or _refuse_unpacking(node, text)
        }
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        if isinstance(error, PipelineError):
            raise
        raise PipelineError(
            f"{ast.unparse(node)!r} in {text!r}: parameters are plain values (numbers, quoted "
            "strings, tuples), not expressions or names."
        ) from error
    return node.func.id, positional, keywords


def _refuse_unpacking(node: ast.expr, text: str) -> bool:
    raise PipelineError(f"{ast.unparse(node)!r} in {text!r}: '**' is not part of the language.")


def _bound(
    entry: Registered, positional: Sequence[Any], keywords: dict[str, Any]
) -> tuple[tuple[Any, ...], tuple[tuple[str, Any], ...]]:
    """Parameters in canonical form: the required by position, the others that differ by name."""
    try:
        bound = entry.signature.bind(*positional, **keywords).arguments
    except TypeError as error:
        raise ArgumentError(f"{error}.") from error
    required: list[Any] = []
    optional: list[tuple[str, Any]] = []
    for name, parameter in entry.signature.parameters.items():
        annotation = entry.annotations[name]
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            required.extend(coerced(name, value, annotation) for value in bound.get(name, ()))
        elif parameter.default is inspect.Parameter.empty:
            required.append(_one_spelling(entry, name, coerced(name, bound[name], annotation)))
        elif name in bound:
            value = _one_spelling(entry, name, coerced(name, bound[name], annotation))
            if value != parameter.default:
                optional.append((name, value))
    return tuple(required), tuple(optional)


def _one_spelling(entry: Registered, name: str, value: Any) -> Any:
    """A parameter that is a pipeline itself in its canonical form; any other as it is."""
    kind = entry.pipelines.get(name)
    return value if kind is None else parse(value, kind).canonical
