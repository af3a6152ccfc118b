"""A Ctrl-C in the midst of work: after so many calls of a function."""

from collections.abc import Callable
from itertools import count
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Returned = TypeVar("Returned")


def interrupted_after(calls: int, function: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """The function, which so many calls reach; each later one raises KeyboardInterrupt."""
    number = count(1)  # which threads may share

    def counted(*arguments: Given.args, **named: Given.kwargs) -> Returned:
        if next(number) > calls:
            raise KeyboardInterrupt
        return function(*arguments, **named)

    return counted
