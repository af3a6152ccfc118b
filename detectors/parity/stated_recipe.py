"""A recipe that a parity file states in words and code, and the refusal of one that says more."""

from __future__ import annotations

import ast
import operator
import zlib
from collections.abc import Callable
from typing import Any


class NotUnderstood(ValueError):
    """A recipe or a statement of a parity file that is not known: nothing is guessed from it."""


OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}


def seed_of_key(expression: str, key: str) -> int:
    """What a seed's expression such as `zlib.crc32(k.encode())&0x7fffffff` is for one key.

    Known are `k`, whole numbers, texts, the signs + - * % & | ^, `.encode()` and `zlib.crc32`.

    Raises:
        NotUnderstood: anything else in it, or a value that seeds no RandomState.
    """
    try:
        value = _value(ast.parse(expression.strip(), mode="eval").body, key)
    except (SyntaxError, TypeError, ZeroDivisionError) as error:
        raise NotUnderstood(f"the seed {expression!r} cannot be computed: {error}") from None
    if type(value) is not int or not 0 <= value < 2**32:
        raise NotUnderstood(f"the seed {expression!r} is {value!r} for {key!r}, no 32-bit number")
    return value


def _value(node: ast.expr, key: str) -> Any:
    match node:
        case ast.Name(id="k"):
            return key
        case ast.Constant(value=int() | str() | bytes()):
            return node.value
        case ast.BinOp() if type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](_value(node.left, key), _value(node.right, key))
        case ast.Call(func=ast.Attribute(value=text, attr="encode"), args=[], keywords=[]):
            encoded = _value(text, key)
            if isinstance(encoded, str):
                return encoded.encode()
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="zlib"), attr="crc32"), args=args, keywords=[]
        ):
            return zlib.crc32(*(_value(each, key) for each in args))
    raise NotUnderstood(f"the seed's part {ast.unparse(node)!r} is not known")
