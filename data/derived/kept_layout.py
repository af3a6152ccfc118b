"""Whether a copy of a collection's folders is read as the collection is.

Some layouts take the generator or the split from the root's own name. So the folders are made once
with an empty file in each, under the name that the copy will have, and read.
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from data import layouts
from data.manifest import Manifest
from data.refusals import Refused

_SAID_BY_PLACE = ("label", "generator", "split", "class", "pair", "real_set")


def require_kept_layout(source: Manifest, paths: Sequence[str], out: Path) -> None:
    """Refuse a folder in which a collection's images would be read otherwise.

    Args:
        source: the collection.
        paths: where each of its rows will lie below `out`.
        out: the folder; it need not be there.

    Raises:
        Refused: one image is read otherwise; it says which and how.
    """
    said = source.table.select(list(_SAID_BY_PLACE)).to_pylist()
    first = {path.rpartition("/")[0]: (path, row) for path, row in zip(paths, said, strict=True)}
    name = out.resolve().name
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / name
        for path, _ in first.values():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).touch()
        try:
            if layouts.detect(root)[0] != source.layout and source.reason != "named by the user":
                raise layouts.UnknownLayout(root, f"is no {source.layout} layout")
            scan = layouts.load(source.layout).scan(root, Counter())
            found = {
                image.path: dict(zip(_SAID_BY_PLACE, image[1:], strict=True)) for image in scan
            }
        except layouts.UnknownLayout as error:
            raise _refused(out, source, f"its folders alone say less: {error.why}") from error
    for path, row in first.values():
        there = found.get(path, {})
        for key, value in row.items():
            if there.get(key) != value:
                what = f"{path} is of {key} {value!r} in the source and {there.get(key)!r} there"
                raise _refused(out, source, what)


def _refused(out: Path, source: Manifest, what: str) -> Refused:
    wanted = out / source.root.name
    why = f"images would be read otherwise in a folder called {out.resolve().name!r}: {what}"
    return Refused.because(str(out), why, f"Call it as the source is called, {wanted}")
