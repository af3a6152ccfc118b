"""What a person sees on a terminal while something takes long; it leaves nothing behind."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def waiting(text: str) -> Iterator[Callable[[str], None]]:
    """Show a moving line on stderr, which what is yielded changes; nothing but on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.markup import escape

    from grid.console import Console

    with Console(stderr=True).status(escape(text)) as status:
        yield lambda text: status.update(escape(text))


def images_read(done: int, total: int) -> str:
    """How far the reading of images is; before it begins, their folders are listed."""
    return f"reading images {done:,}/{total:,}" if total else "listing images"
