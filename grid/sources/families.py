"""Families and groups of generators that the experiment file states, for those not known by name.

They are informative: no identity has them, so stating them runs nothing again. They decide only
what `leave_one_out: family` and `group` leave out, and how results are grouped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from data.generators import GROUPS, SEVERAL
from data.pools import Pool
from grid.experiment_file.words import UNKNOWN_FAMILY, yaml_word
from grid.refusal import Problems, did_you_mean

if TYPE_CHECKING:
    from grid.sources.source import Source

PLACEHOLDER = "FAMILY"  # in lines to copy; no family is written in capitals


def with_stated(
    alias: str,
    families: Mapping[str, str],
    groups: Mapping[str, str],
    pools: Sequence[Pool],
    problems: Problems,
) -> list[Pool]:
    """Return a dataset's pools with what the file states of their generators.

    Args:
        alias: the dataset.
        families: by generator; they go before what is known of its name.
        groups: the same, of near copies.
        pools: of the dataset; reals go with the generator whose folder holds them.
        problems: receives names that are no generator of the dataset.
    """
    known = {_generator(pool) for pool in pools} - {""}
    for key, stated in (("families", families), ("groups", groups)):
        for name in stated:
            if name not in known:
                problems.add(
                    f"data.{alias}.{key}: {name}",
                    "the dataset has no generator of this name",
                    did_you_mean(name, known),
                )
    return [
        _restated(
            pool,
            families.get(_generator(pool), pool.family),
            groups.get(_generator(pool), pool.generator_group),
        )
        for pool in pools
    ]


def check_groups(
    stated: Mapping[str, Mapping[str, str]], sources: Sequence[Source], problems: Problems
) -> None:
    """Note in `problems` each stated group that joins its generator to nothing: a wrong word."""
    for alias, groups in stated.items():
        for name, group in groups.items():
            others = {s.generator_group for s in sources if s.name != f"{alias}/{name}"}
            if group not in others | GROUPS:
                problems.add(
                    f"data.{alias}.groups: {name}: {group}",
                    "no other generator is of this group, so nothing would be kept together",
                    did_you_mean(group, others | GROUPS),
                )


def lines_to_add(sources: Iterable[Source]) -> dict[str, str]:
    """Return, by dataset, the line that states the families of those that are not known."""
    unknown: dict[str, dict[str, None]] = {}
    for source in sources:
        if source.family == UNKNOWN_FAMILY:
            unknown.setdefault(source.dataset, {})[source.generator] = None
    return {
        alias: f"families: {{{', '.join(f'{yaml_word(name)}: {PLACEHOLDER}' for name in names)}}}"
        for alias, names in unknown.items()
    }


def _generator(pool: Pool) -> str:
    if pool.label == 1:
        return pool.source
    return "" if SEVERAL in pool.beside else pool.beside


def _restated(pool: Pool, family: str, group: str) -> Pool:
    table = pool.table
    for column, value in (("family", family), ("generator_group", group)):
        place = table.schema.get_field_index(column)
        same = pa.DictionaryArray.from_arrays(np.zeros(len(table), np.int32), pa.array([value]))
        table = table.set_column(place, column, same)
    return pool.restated(table, family, group)
