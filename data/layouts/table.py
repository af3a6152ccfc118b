"""Lists of images in the root: CSV, TSV, JSON, JSONL or Parquet with a path and a label each.

ForensicHub's JSON, grip's CSV, and lists of one's own. What the columns stand for is read from
their names, which images are real from the values; `layout: "table(label=COLUMN, fake=VALUE)"`
states either. Paths are relative to the root. Options: the roles of columns (path, label,
generator, split, class, pair, real_set), `real` or `fake` (a value), `file` (one of several lists),
`prefix` (what is taken off each path).

ForensicHub's lists name images by absolute paths or from above the root, as its documentation does:
what all begin with is taken off of them, as far as the rest is there.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from data.folder_walk import FolderListing
from data.layout_refusals import UnknownLayout
from data.layouts import GENERAL, FoundImage, Inside, LayoutEvidence
from data.lists.columns import ROLES, columns_of
from data.lists.listed_images import (
    OPTIONS,
    Defaults,
    ReadList,
    checked_options,
    images_of,
    understood,
)
from data.lists.listed_paths import as_prefix
from data.lists.reading import SUFFIXES, ImageList, opened_list
from data.parquet_images import image_column, open_parquet

PLACE = GENERAL
TREE = """\
FILE.{csv,tsv,json,jsonl,parquet}    a path and a label in each row; the images below the root"""
# Columns of published formats whose documentation says that 1 is fake.
_FORENSICHUB = "ForensicHub's JSON"  # arXiv 2505.11003
_DOCUMENTED = {
    frozenset({"path", "label"}): _FORENSICHUB,
    frozenset({"image", "class", "split"}): "SPAI's CSV",
}
_NOT_LISTS = frozenset({"crossgen-simulated.json"})


class TableLayout:
    """The layout with what the user states of it."""

    TREE = TREE

    def __init__(self, options: Mapping[str, str]) -> None:
        self.options = checked_options("table", options, (*OPTIONS, "prefix"))

    def evidence(self, root: Path, listed: FolderListing) -> LayoutEvidence:
        """Say which columns are read and which value is real, with some rows."""
        lists = self._lists(root)
        if not lists:
            words = "looked for a list with a path and a label in each row, found none"
            return LayoutEvidence(False, words)
        try:
            read = self._understood(lists)
        except UnknownLayout as error:
            return LayoutEvidence(False, str(error), len(lists), refusal=error)
        first = read[0]
        more = f" and {len(read) - 1} more lists" if len(read) > 1 else ""
        prefix = self._prefix(first, root)
        taken_off = f"; `{prefix}` is taken off each path" if prefix else ""
        return LayoutEvidence(True, f"{first.words}{taken_off}{more}", samples=first.samples)

    def inside(self, root: Path, listed: FolderListing) -> Inside:
        """A list speaks of its own root."""
        return Inside([], [])

    def scan(self, root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
        """Yield the images of every list in the root.

        Raises:
            UnknownLayout: no list is there, one is unclear, names a path outside, or two name one.
            OSError: a list cannot be read.
        """
        lists = self._lists(root)
        if not lists:
            raise UnknownLayout(root, "holds no list with a path and a label in each row")
        name = root.absolute().name
        seen: set[int] = set()
        for each in self._understood(lists):
            own: set[int] = set()
            defaults = Defaults(name, f"{name}/real", prefix=self._prefix(each, root))
            for image in images_of(each, root, defaults, skipped):
                if len(lists) > 1:
                    own.add(hash(image.path))
                    if hash(image.path) in seen:
                        raise UnknownLayout(
                            root,
                            f"has {image.path} in several lists. Name the one that counts, as in "
                            f'`layout: "table(file={each.image_list.file.name})"`',
                        )
                yield image
            seen |= own

    def _prefix(self, read: ReadList, root: Path) -> str:
        """What is taken off each path of a list: what is stated, or what ForensicHub's begin with.

        Anybody else's list from another machine is refused: it may be of other images.
        """
        if "prefix" in self.options:
            return as_prefix(self.options["prefix"])
        is_foreign = _documented(read.image_list) == _FORENSICHUB
        return (read.folder.prefix_to_drop(root) or "") if is_foreign else ""

    def _understood(self, lists: list[ImageList]) -> list[ReadList]:
        read: list[ReadList] = []
        for documented in ("", *_DOCUMENTED.values()):
            files = [each.file for each in lists if _documented(each) == documented]
            read += understood(files, "table", self.options, documented)
        return sorted(read, key=lambda each: each.image_list.file)

    def _lists(self, root: Path) -> list[ImageList]:
        """The lists in a root, or the one that is stated."""
        files = sorted(
            file
            for file in root.iterdir()
            if file.suffix.lower() in SUFFIXES and not file.name.startswith(".")
        )
        found = []
        for file in files:
            if file.name in _NOT_LISTS or not file.is_file():
                continue
            if self.options.get("file", file.name) != file.name:
                continue
            image_list = opened_list(file)
            if image_list is not None and self._has_columns(image_list):
                found.append(image_list)
        return found

    def _has_columns(self, image_list: ImageList) -> bool:
        stated = {k: v for k, v in self.options.items() if k in ROLES}
        try:
            columns = columns_of(image_list.columns, stated)
        except UnknownLayout:
            return False
        are_rows_images = (
            image_list.file.suffix.lower() == ".parquet"
            and image_column(open_parquet(str(image_list.file)).schema_arrow) is not None
        )
        return bool(columns.path and columns.label) and not are_rows_images


def _documented(image_list: ImageList) -> str:
    """Whose format a list has, "" where it is nobody's."""
    words = _DOCUMENTED.get(frozenset(image_list.columns), "")
    is_json = image_list.file.suffix.lower().startswith(".json")
    return words if is_json == words.endswith("JSON") else ""


def configured(options: Mapping[str, str]) -> TableLayout:
    """The layout with options."""
    return TableLayout(options)


_PLAIN = TableLayout({})
evidence, inside, scan = _PLAIN.evidence, _PLAIN.inside, _PLAIN.scan
