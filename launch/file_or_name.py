"""An experiment by one word: its file, or its name in a store.

A file means what it expands to now, a name the latest expansion that the store holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from analysis.selecting.expansion_choice import choose_one
from analysis.selecting.selection import StoreSelection
from grid.refusal import Refused
from launch.chosen_experiment import check_file_or_name, expansion_of_file
from launch.desk import store_of


def file_meant(word: str | None) -> Path | None:
    """Return the file that a word names, None where it is the name of an experiment.

    Raises:
        Refused: it is written as a file's name, and there is no such file.
    """
    if word is None:
        return None
    path = Path(word)
    if path.is_file():
        return path
    if word.endswith((".yaml", ".yml")):
        raise Refused.because(word, "there is no such file", "Correct its name")
    return None


def selection_meant(
    word: str | None, *, store: str | None, digest: str | None = None, **narrowed: Any
) -> StoreSelection:
    """Return what is committed of one expansion of one experiment.

    Args:
        word: a file, or the name of an experiment in the store; None where it holds one alone.
        store: --store.
        digest: --digest, of a named one.
        narrowed: --only, --set, --limit, --rehash and --trust-index, of a file.

    Raises:
        Refused: no expansion is meant, or several are.
    """
    file = file_meant(word)
    check_file_or_name(file, {"digest": digest}, narrowed)
    if file is not None:
        opened, choice = expansion_of_file(file, store, narrowed)
    else:
        opened = store_of(store)
        choice = choose_one(opened, word, digest)
    selection = StoreSelection.of(opened, choice.experiments)
    selection.remarks = choice.remarks
    selection.damaged.update(choice.damaged)
    return selection
