"""Other names for generators, as the experiment file states them: `aliases:` of a dataset.

A folder called `our_sdxl` is a generator of its own, of unknown family, until the file says that
it is sdxl. Two folders of one generator become one. No identity has a generator's name, but the
images that stand together are in it: joining two folders makes another pool.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa

from data.generators import SEVERAL, generator, of_column, plain_name
from data.manifest import Manifest
from grid.refusal import Problems, did_you_mean


def with_aliases(
    dataset: str, aliases: Mapping[str, str], manifest: Manifest, problems: Problems
) -> Manifest:
    """Return a manifest in which generators bear the names that they stand for.

    Args:
        dataset: its name in the file.
        aliases: by the name of a folder, or of a generator as it is shown, what it is.
        manifest: of the dataset.
        problems: receives names that are no generator of the dataset.
    """
    if not aliases:
        return manifest
    present = {
        part for name in _distinct(manifest.table["generator"]) for part in name.split(SEVERAL)
    } - {""}
    stands_for: dict[str, str] = {}
    for name, meant in aliases.items():
        wanted = {plain_name(name), plain_name(generator(name).name)}
        found = [each for each in present if plain_name(each) in wanted]
        if not found:
            problems.add(
                f"data.{dataset}.aliases: {name}",
                "the dataset has no generator of this name",
                did_you_mean(name, present),
            )
        stands_for.update(dict.fromkeys(found, generator(meant).name))

    def renamed(name: str) -> str:
        parts = dict.fromkeys(stands_for.get(part, part) for part in name.split(SEVERAL))
        return SEVERAL.join(parts)

    def real_set(name: str) -> str:
        first, slash, rest = name.partition("/")
        return f"{stands_for.get(first, first)}{slash}{rest}"

    table = manifest.table
    names = table["generator"]
    for column, source, change in (
        ("family", names, lambda name: of_column(renamed(name)).family),
        ("generator_group", names, lambda name: of_column(renamed(name)).group),
        ("real_set", table["real_set"], real_set),
        ("generator", names, renamed),
    ):
        place = table.schema.get_field_index(column)
        table = table.set_column(place, table.schema.field(column), _mapped(source, change))
    return replace(manifest, table=table)


def _distinct(column: Any) -> list[str]:
    names: list[str] = column.unique().to_pylist()
    return names


def _mapped(column: Any, change: Callable[[str], str]) -> Any:
    """The column with each of its few values changed, of the type that it had."""
    whole = column.combine_chunks()
    coded = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
    changed = pa.array([change(name) for name in coded.dictionary.to_pylist()], pa.string())
    mapped = changed.take(coded.indices)
    return mapped.dictionary_encode() if pa.types.is_dictionary(whole.type) else mapped
