"""A fit by its id, or by the beginning of its id."""

from __future__ import annotations

from collections.abc import Collection

from grid.refusal import Problem, Refused, did_you_mean


def named_fit(given: str, known: Collection[str]) -> str:
    """Return the one fit that an id or its beginning names.

    Raises:
        Refused: no fit begins so, or several do and none is called so.
    """
    if given in known:
        return given
    found = [fit_id for fit_id in known if fit_id.startswith(given)]
    if len(found) != 1:
        why = "the store knows no such fit" if not found else f"{len(found)} fits begin with it"
        raise Refused([Problem(what=given, why=why, mend=did_you_mean(given, known))])
    return found[0]
