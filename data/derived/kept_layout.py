"""Whether a copy of a collection's folders is read as the collection is.

Some layouts take the generator or the split from the root's own name, some say labels by lists or
tables. So the folders are made once with an empty file in each, under the name that the copy will
have, and read.
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data import layouts
from data.layout_detection import detect
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
    name, own_name = out.resolve().name, source.root.resolve().name
    difference = _difference(source, dict(first.values()), name)
    if not difference:
        return
    why = f"images would be read otherwise in a folder called {name!r}: {difference}"
    mend = (
        "Derive from a collection whose folders say labels and generators: the layout "
        f"{source.layout} does not"
    )
    if name != own_name and not _difference(source, dict(first.values()), own_name):
        mend = f"Call it as the source is called, {out / own_name}"
    raise Refused.because(str(out), why, mend)


def _difference(source: Manifest, probes: dict[str, dict[str, Any]], name: str) -> str:
    """How some images are read in folders of their own below a root of this name; "" if alike."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / name
        for path in probes:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).touch()
        try:
            layout = source.layout
            if source.reason != "named by the user":
                layout, _ = detect(root)
            scan = layouts.load(layout).scan(root, Counter())
            found = {
                image.path: dict(zip(_SAID_BY_PLACE, image[1:], strict=False)) for image in scan
            }
        except layouts.UnknownLayout as error:
            return f"it {error.why}"
    for path, row in probes.items():
        there = found.get(path, {})
        for key, value in row.items():
            if there.get(key) != value:
                return f"{path} is of {key} {value!r} in the source and {there.get(key)!r} there"
    return ""
