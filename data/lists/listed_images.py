"""From the rows of a list to the images of a collection."""

import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from data.generators import generator
from data.label_folders import SPLITS
from data.layout_refusals import DAMAGED_FILE, UnclearLabels, UnknownLayout
from data.layouts import FoundImage
from data.lists.columns import ROLES, Columns, columns_of
from data.lists.listed_paths import CommonFolder, path_below, with_forward_slashes
from data.lists.meaning import Meaning, Unclear, Values, is_real_word, meaning_of, stated_meaning
from data.lists.reading import ImageList, opened_list
from data.suggestions import did_you_mean

OPTIONS = (*ROLES, "real", "fake", "file")
_SAMPLES = 5
_WORDS = ("real", "fake")


class ReadList(NamedTuple):
    """A list of which it is known what it says."""

    image_list: ImageList
    columns: Columns
    meaning: Meaning
    samples: tuple[str, ...]  # the first rows as they are understood, for people
    folder: CommonFolder  # of all its paths

    @property
    def words(self) -> str:
        """Which columns are read, and what decides about the labels."""
        roles = [
            f"{role} from `{column}`"
            for role, column in zip(ROLES, self.columns, strict=True)
            if column
        ]
        return f"{self.image_list.file.name}: {', '.join(roles)}; {self.meaning.reason}"


class Defaults(NamedTuple):
    """What holds for the images of a list that does not say it in a column."""

    generator: str  # of fakes
    real_set: str  # of reals
    split: str = ""  # "" where the list's name, the image's folders or the root's name say it
    splits: Mapping[str, str] = SPLITS  # of words
    prefix: str = ""  # what is taken off each path; ends with a slash


def checked_options(
    layout: str, options: Mapping[str, str], known: Sequence[str] = OPTIONS
) -> dict[str, str]:
    """The options of a layout that reads lists.

    Raises:
        UnknownLayout: one of them is none of the known ones, or both labels are stated.
    """
    for name in options:
        if name not in known:
            raise UnknownLayout(
                f"layout {layout}: option {name!r}", f"is not known. {did_you_mean(name, known)}"
            )
    if "real" in options and "fake" in options:
        raise UnknownLayout(f"layout {layout}", "has both real= and fake=; one says the other")
    return dict(options)


def understood(
    files: Sequence[Path], layout: str, options: Mapping[str, str], documented: str = ""
) -> list[ReadList]:
    """Read what lists of one collection say: of all rows, the first time that it is asked for.

    Lists of equal columns are parts of one, sorted by label as they often are, so what a value
    means is decided over all of them.

    Args:
        files: the lists.
        layout: its name, for what is to be written where the labels are unclear.
        options: that the user states.
        documented: whose format it is, if its documentation says that 1 is fake.

    Raises:
        UnclearLabels: the lists do not say which images are real.
        UnknownLayout: one is damaged, or has not the columns that are stated.
        OSError: one cannot be read.
    """
    parts: dict[tuple[str, ...], list[_Part]] = {}
    for file in files:
        status = file.stat()
        part = _read_once(file, status.st_size, status.st_mtime_ns, _stated(options))
        parts.setdefault(part.columns, []).append(part)
    read = [
        each for group in parts.values() for each in _decided(group, layout, options, documented)
    ]
    order = {file: n for n, file in enumerate(files)}
    return sorted(read, key=lambda each: order[each.image_list.file])


class _Part(NamedTuple):
    """A list before it is decided what its labels mean."""

    image_list: ImageList
    columns: Columns
    values: Values
    first: list[tuple[str, str]]
    folder: CommonFolder


def _stated(options: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((role, name) for role, name in options.items() if role in ROLES))


@functools.lru_cache(maxsize=16384)
def _read_once(file: Path, size: int, mtime_ns: int, stated: tuple[tuple[str, str], ...]) -> _Part:
    """`size` and `mtime_ns` are those of the file: a changed one is read again."""
    image_list = opened_list(file)
    if image_list is None:
        raise UnknownLayout(file, "is damaged, or no list of images", mend=DAMAGED_FILE)
    columns = columns_of(image_list.columns, dict(stated))
    if not columns.label:
        raise UnknownLayout(file, f"has no column of labels: {', '.join(image_list.columns)}")
    return _Part(image_list, columns, *_values(image_list, columns))


def _decided(
    parts: Sequence[_Part], layout: str, options: Mapping[str, str], documented: str
) -> list[ReadList]:
    column = parts[0].columns.label
    values = Values.over([part.values for part in parts])
    names = {part.image_list.class_names.get(column, ()) for part in parts}
    first = next((part.first for part in parts if part.first), [])
    try:
        if len(names) > 1:
            raise Unclear("its files name the values of the column differently")
        if "real" in options or "fake" in options:
            meaning = stated_meaning(
                values.counts, options.get("real", ""), options.get("fake", "")
            )
        else:
            meaning = meaning_of(column, values, names.pop(), documented)
    except Unclear as error:
        kept = "".join(f"{key}={value}, " for key, value in options.items() if key in ROLES)
        raise UnclearLabels(
            f"{parts[0].image_list.file}, column `{column}`",
            f"is unclear: {error}",
            f"{layout}({kept}fake=VALUE)",
            "VALUE being the one that stands for fakes",
            ["its first rows:", *(f"  {path}: {value}" for path, value in first)],
        ) from error
    samples = tuple(f"{path} is {_said(meaning.of(value))} ({value})" for path, value in first)
    return [
        ReadList(part.image_list, part.columns, meaning, samples, part.folder) for part in parts
    ]


def _said(label: int | None) -> str:
    return "left out" if label is None else _WORDS[label]


def _values(
    image_list: ImageList, columns: Columns
) -> tuple[Values, list[tuple[str, str]], CommonFolder]:
    """The values of the label; some rows, of several values if it has some; where paths lie."""
    values, folder = Values(), CommonFolder()
    shown: dict[str, list[tuple[str, str]]] = {}
    has_generators = columns.generator not in ("", columns.label)
    wanted = [columns.label, columns.path, columns.generator if has_generators else ""]
    read = [column for column in wanted if column]
    for number, row in enumerate(image_list.rows(read)):
        said = dict(zip(read, row, strict=True))
        value, path = said[columns.label], said.get(columns.path, f"row {number}")
        values.add(value, path, said[columns.generator] if has_generators else None)
        folder.add(with_forward_slashes(path))
        if len(shown) < _SAMPLES or value in shown:
            rows = shown.setdefault(value, [])
            if len(rows) < _SAMPLES:
                rows.append((path, value))
    each = max(1, _SAMPLES // max(1, len(shown)))
    first = [row for rows in shown.values() for row in rows[:each]]
    rest = [row for rows in shown.values() for row in rows[each:]]
    return values, (first + rest)[:_SAMPLES], folder


def images_of(
    read: ReadList,
    root: Path,
    defaults: Defaults,
    skipped: Counter[str],
    paths: Iterable[str] | None = None,
) -> Iterator[FoundImage]:
    """The images of a list.

    Args:
        read: the list.
        root: of the collection, which paths are relative to.
        defaults: what holds where no column says it.
        skipped: receives the rows that are neither real nor fake, and those of unknown splits.
        paths: of the rows in their order, where the images are the rows themselves.

    Raises:
        UnknownLayout: a path leads out of the root.
    """
    columns = read.columns
    wanted = [column for column in columns if column and not (paths and column == columns.path)]
    place_of = {column: n for n, column in enumerate(wanted)}
    places = [place_of.get(column, -1) for column in columns]
    above = "" if defaults.split else _split_named(root, read.image_list.file, defaults.splits)
    rows = read.image_list.rows(wanted)
    given = iter(paths) if paths is not None else None
    for number, row in enumerate(rows):
        said = Columns(*(row[n] if n >= 0 else "" for n in places))
        label = read.meaning.of(said.label)
        path = next(given) if given is not None else said.path
        if label is None:
            skipped[f"label {said.label!r} in {read.image_list.file.name}"] += 1
            continue
        if given is None:
            where = f"{read.image_list.file}, row {number + 1}"
            path = path_below(path, root, where, defaults.prefix)
        split = defaults.splits.get(said.split.lower(), "") if columns.split else ""
        if columns.split and not split:
            skipped[f"split {said.split!r} in {read.image_list.file.name}"] += 1
            continue
        split = split or defaults.split or above or _split_in(path, defaults.splits)
        name = _generator(said, read, defaults) if label else ""
        real_set = "" if label else said.real_set or defaults.real_set
        yield FoundImage(path, label, name, split or "test", said.class_name, said.pair, real_set)


def _generator(said: Columns, read: ReadList, defaults: Defaults) -> str:
    """The generator of a fake: its column's, or its label where that names one."""
    if said.generator and not is_real_word(said.generator):
        return generator(said.generator).name
    names_it = read.meaning.otherwise == 1 and said.label.lower() not in read.meaning.labels
    return generator(said.label).name if names_it else defaults.generator


def _split_named(root: Path, file: Path, splits: Mapping[str, str]) -> str:
    """The one split that the list's name states, else the root's."""
    for name in (file.stem, root.absolute().name):
        parts = re.split(r"[\W_\d]+", name.lower())
        stated = {splits[part] for part in (*parts, name.lower()) if part in splits}
        if len(stated) == 1:
            return stated.pop()
    return ""


def _split_in(path: str, splits: Mapping[str, str]) -> str:
    return next((splits[p.lower()] for p in path.split("/")[:-1] if p.lower() in splits), "")
