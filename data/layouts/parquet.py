"""Parquet files whose rows hold the images: Community Forensics, and `datasets` on disk.

They are read in place: image `data/train-0.parquet#3.17` is row 17 of row group 3. The image is a
column of bytes or a struct with `bytes`; labels are ClassLabel names, words or numbers, whose
meaning is read as that of lists. The split is a column's, else the file's or its folder's name.
Options are those of `table`.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from data.counts import counted
from data.folder_walk import FolderListing
from data.image_sources import ParquetRow
from data.label_folders import SPLITS
from data.layout_refusals import DAMAGED_FILE, UnknownLayout
from data.layouts import GENERAL, FoundImage, Inside, LayoutEvidence
from data.lists.listed_images import Defaults, ReadList, checked_options, images_of, understood
from data.parquet_images import DamagedParquet, image_column, open_parquet

PLACE = GENERAL
TREE = """\
[data/]SPLIT-*.parquet               an image and a label in each row"""
# Published formats whose documentation says that 1 is fake, by columns that only they have.
_DOCUMENTED = {
    frozenset({"image_data", "model_name", "label"}): "Community Forensics",
    frozenset({"origin_dataset", "file_id", "generator", "label"}): "AI-GenBench",
}
# Community Forensics calls its splits by where images come from; PublicEval is for testing.
_SPLITS = {
    **SPLITS,
    "systematic": "train",
    "manual": "train",
    "commercial": "train",
    "publiceval": "test",
}


class ParquetLayout:
    """The layout with what the user states of it."""

    TREE = TREE

    def __init__(self, options: Mapping[str, str]) -> None:
        self.options = checked_options("parquet", options)

    def evidence(self, root: Path, listed: FolderListing) -> LayoutEvidence:
        """Say which columns are read and which value is real, with some rows."""
        files = self._files(root)
        if not files:
            words = "looked for *.parquet with a column of images, found none"
            return LayoutEvidence(False, words)
        try:
            read = self._understood(files)[0]
        except UnknownLayout as error:
            return LayoutEvidence(False, str(error), len(files), refusal=error)
        column = image_column(open_parquet(str(files[0])).schema_arrow)
        return LayoutEvidence(
            True,
            f"{counted(len(files), 'file')} with images in `{column}`; {read.words}",
            samples=read.samples,
        )

    def inside(self, root: Path, listed: FolderListing) -> Inside:
        """Whatever is below the root belongs to it."""
        return Inside([], [])

    def scan(self, root: Path, skipped: Counter[str]) -> Iterator[FoundImage]:
        """Yield every row of every file that holds images.

        Raises:
            UnknownLayout: there is none, or one does not say which images are real.
            OSError: a file cannot be read.
        """
        files = self._files(root)
        if not files:
            raise UnknownLayout(root, "holds no Parquet file with a column of images")
        name = root.absolute().name
        for read in self._understood(files):
            file = read.image_list.file
            relative = file.relative_to(root).as_posix()
            defaults = Defaults(name, f"{name}/real", _split_of_folder(relative), _SPLITS)
            yield from images_of(read, root, defaults, skipped, _rows(file, root))

    def _understood(self, files: list[Path]) -> list[ReadList]:
        try:
            names = set(open_parquet(str(files[0])).schema_arrow.names)
        except DamagedParquet as error:
            raise UnknownLayout(files[0], f"cannot be read: {error}", mend=DAMAGED_FILE) from error
        known = [words for columns, words in _DOCUMENTED.items() if columns <= names]
        return understood(files, "parquet", self.options, known[0] if known else "")

    def _files(self, root: Path) -> list[Path]:
        found = []
        for file in sorted([*root.glob("*.parquet"), *root.glob("*/*.parquet")]):
            wanted = self.options.get("file", file.name) == file.name
            if wanted and not file.name.startswith(".") and file.is_file() and _holds_images(file):
                found.append(file)
        return found


def _holds_images(file: Path) -> bool:
    try:
        return image_column(open_parquet(str(file)).schema_arrow) is not None
    except DamagedParquet:
        # Named by `scan`, and not passed over as if it were none of the collection's.
        return True


def _rows(file: Path, root: Path) -> Iterator[str]:
    """The paths of a file's rows, in their order."""
    metadata = open_parquet(str(file)).metadata
    relative = file.relative_to(root).as_posix()
    for group in range(metadata.num_row_groups):
        for row in range(metadata.row_group(group).num_rows):
            yield ParquetRow(relative, group, row).path


def _split_of_folder(relative: str) -> str:
    """The split that a file's folder states: `train/0000.parquet`."""
    folder = relative.rpartition("/")[0].lower()
    return _SPLITS.get(folder, "")


def configured(options: Mapping[str, str]) -> ParquetLayout:
    """The layout with options."""
    return ParquetLayout(options)


_PLAIN = ParquetLayout({})
evidence, inside, scan = _PLAIN.evidence, _PLAIN.inside, _PLAIN.scan
