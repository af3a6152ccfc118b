"""Photographs that a dataset names in place of its own: `reals:` in `data:`.

A collection of fakes alone (Synthbuster, DRCT-2M, most of Community Forensics) is half a dataset.
What it names stands beside each of its generators in training, validation, testing and in every
comparison of headers, split by split; identities are made of pools, whosever they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from data.pools import Pool
from grid.experiment_file.schema import DatasetSpec
from grid.refusal import Problems, did_you_mean
from grid.sources.source import FAKE, REAL, Source

Pools = Mapping[str, Sequence[Pool]]
"""Of each dataset that could be indexed."""


def with_named_reals(
    sources: Mapping[str, Sequence[Source]],
    pools: Pools,
    data: Mapping[str, DatasetSpec],
    problems: Problems,
) -> dict[str, tuple[Source, ...]]:
    """Return the sources of each dataset, with the photographs that it names beside them.

    Args:
        sources: of each dataset, with its own photographs.
        pools: of the same datasets.
        data: all datasets of the file.
        problems: receives names that lead to no photographs.
    """
    made: dict[str, tuple[Source, ...]] = {}
    for alias, own in sources.items():
        made[alias] = tuple(own)
        if not data[alias].reals:
            continue
        reals = _named(alias, data, pools, problems)
        if not own:
            problems.add(
                f"data.{alias}.reals",
                "the dataset holds no fakes, so there is nothing to stand beside",
                "Leave it out, or write it in the dataset that holds the fakes",
            )
        made[alias] = tuple(
            replace(source, pools=(*source.of_label(FAKE), *reals)) for source in own
        )
    return made


def _named(
    alias: str, data: Mapping[str, DatasetSpec], pools: Pools, problems: Problems
) -> list[Pool]:
    found: dict[str, Pool] = {}
    for name in data[alias].reals:
        other, _, real_set = name.partition("/")
        where = f"data.{alias}.reals: {name}"
        if other not in data:
            why = f"`data:` has no dataset {other!r}"
            problems.add(where, why, did_you_mean(other, data))
        if other not in pools:  # not there, or refused with its own reason
            continue
        reals = [pool for pool in pools[other] if pool.label == REAL]
        chosen = [pool for pool in reals if real_set in ("", pool.source)]
        if not chosen:
            mend = did_you_mean(real_set, {pool.source for pool in reals})
            if not reals:
                mend = (
                    f"Where all of {data[other].root} are photographs, write "
                    f"`layout: photographs` in data.{other}"
                )
            problems.add(where, "no real images were found under that name", mend)
        found.update({pool.pool_id: pool for pool in chosen})
    return list(found.values())
