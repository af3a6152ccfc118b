"""Objects of the driving process that never travel: books, a console, signal handlers."""

from __future__ import annotations

from typing import Any, NoReturn


class StaysHere:
    """Refuses to be pickled, whatever it holds.

    Ray pickles what Tune is given, whether any worker needs it or not. A display on a terminal
    cannot be pickled and one that writes to a pipe can, so without this the mistake of handing it
    over shows only where a person looks on, and no test in a pipe would see it.
    """

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        """Raise TypeError."""
        raise TypeError(
            f"{type(self).__name__} belongs to the process that drives the run and is not pickled; "
            "hand over plain values instead"
        )
