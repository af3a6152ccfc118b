"""A collection held against what was published of it: which archives, folders, classes miss images.

A download that broke off or an archive that was not unpacked whole is a valid collection, only a
smaller one, and nothing else would say so. What is no published collection is not judged.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from data.counts import counted
from data.manifest import Manifest
from data.published_counts import (
    COLLECTIONS,
    Part,
    PublishedCollection,
    PublishedGenerator,
)

_WORDS = {0: "photographs", 1: "fakes", None: "images"}
_FOLDERS = {"train": "train", "validation": "validation", "test": "test", "": "all"}
_ROUNDED = 0.05  # what a rounded figure may be short of


@dataclass(frozen=True)
class Comparison:
    """A manifest beside one published collection; `differences` are sentences, none where equal."""

    collection: str
    differences: list[str]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing and nothing too many."""
        return not self.differences


def compare(manifest: Manifest) -> list[Comparison]:
    """Hold a manifest against each published collection that it is or is a part of."""
    images = _Images(manifest.table)
    found = []
    for collection in COLLECTIONS:
        if collection.layouts and manifest.layout not in collection.layouts:
            continue
        if collection.root_says not in str(manifest.root).lower():
            continue
        if _is_recognised(collection, images):
            found.append(Comparison(collection.name, list(_differences(collection, images))))
    return found


class _Images:
    """How many images there are of each generator, split, label and class."""

    def __init__(self, table: Any) -> None:
        keys = ["generator", "split", "label", "class"]
        groups = table.select(keys).group_by(keys).aggregate([([], "count_all")])
        # Words of a dictionary become Python's one by one, which takes ten times as long.
        plain = {name: pa.string() for name in keys if name != "label"}
        columns = [
            (groups[name].cast(plain[name]) if name in plain else groups[name]).to_pylist()
            for name in (*keys, "count_all")
        ]
        self._classes: dict[tuple[str, str, int], dict[str, int]] = {}
        for generator, split, label, class_name, images in zip(*columns, strict=True):
            self._classes.setdefault((generator, split, label), {})[class_name] = images
        self.generators = frozenset(name for name, _, label in self._classes if label == 1)

    def by_class(self, part: Part, generator: str | None = None) -> Counter[str]:
        """The images of a part by class, of one generator or of all."""
        found: Counter[str] = Counter()
        for (name, split, label), classes in self._classes.items():
            if (
                generator in (None, name)
                and part.split in ("", split)
                and part.label in (None, label)
            ):
                found.update(classes)
        return found


def _is_recognised(collection: PublishedCollection, images: _Images) -> bool:
    if not collection.has_others and not images.generators <= collection.generators.keys():
        return False
    there = [
        key
        for key in images.generators & collection.generators.keys()
        if not (parts := collection.generators[key].parts)
        or any(images.by_class(part, key) for part in parts)
    ]
    return len(there) >= collection.enough


def _differences(collection: PublishedCollection, images: _Images) -> Iterator[str]:
    missing = [g for key, g in collection.generators.items() if key not in images.generators]
    if missing:
        names = ", ".join(_with_archive(each) for each in missing)
        verb = "is" if len(missing) == 1 else "are"
        yield f"{len(missing)} of {len(collection.generators)} generators {verb} missing: {names}"
    for key, generator in collection.generators.items():
        if generator in missing:
            continue
        for part in generator.parts:
            where = f"{generator.name}/{_FOLDERS[part.split]}" if part.split else generator.name
            by_class = images.by_class(part, key)
            yield from _of_part(part, where, by_class, collection.classes, generator.archive)
    if not missing:
        for part in collection.whole:
            where = _FOLDERS[part.split]
            yield from _of_part(part, where, images.by_class(part), collection.classes, "")


def _with_archive(generator: PublishedGenerator) -> str:
    return f"{generator.name} ({generator.archive})" if generator.archive else generator.name


def _of_part(
    part: Part, where: str, by_class: Counter[str], classes: int, archive: str
) -> Iterator[str]:
    """Sentences about one part: how many are missing, and of which classes."""
    found, word = by_class.total(), _WORDS[part.label]
    if part.is_about and abs(found - part.images) <= _ROUNDED * part.images:
        return
    if found == part.images and not part.per_class:
        return
    about = "about " if part.is_about else ""
    hint = f" (the archive {archive} may not be unpacked whole)" if archive else ""
    if found == 0:
        yield f"{where}: none of the {about}{part.images:,} published {word}{hint}"
        return
    of_classes = _of_classes(part, by_class, classes, word)
    if found < part.images:
        yield f"{where}: {found:,} of {about}{part.images:,} published {word}{of_classes}{hint}"
    elif found > part.images:
        yield f"{where}: {found:,} {word}, more than the {about}{part.images:,} published"
    elif of_classes:
        yield f"{where}: {found:,} {word}, as published{of_classes}"


def _of_classes(part: Part, by_class: Counter[str], classes: int, word: str) -> str:
    """Which classes are short, "" where the files do not say their classes or none is."""
    named = {name: images for name, images in by_class.items() if name}
    if not part.per_class or not named or by_class[""]:
        return ""
    short = sum(images < part.per_class for images in named.values())
    absent = max(classes - len(named), 0)
    if not short + absent:
        return ""
    none = f", {absent:,} of them none" if absent else ""
    holds = "holds" if short + absent == 1 else "hold"
    return (
        f"; {short + absent:,} of {counted(classes, 'class', 'classes')} {holds} fewer than "
        f"{part.per_class:,} {word}{none}"
    )
