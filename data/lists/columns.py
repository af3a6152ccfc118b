"""What the columns of a list stand for, by their names."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from data.layout_refusals import UnknownLayout
from data.suggestions import did_you_mean

# Of each role the names that a column of it has, the likeliest first.
_NAMES: dict[str, tuple[str, ...]] = {
    "path": (
        *("path", "image_path", "img_path", "filepath", "file_path", "filename", "file_name"),
        *("relative_path", "image", "img", "file"),
    ),
    "label": (
        *("label", "is_fake", "fake", "is_ai", "ai_generated", "is_generated", "is_synthetic"),
        *("is_real", "real", "target", "ground_truth", "gt", "label_a", "typ", "type", "y"),
    ),
    "generator": ("generator", "model", "model_name", "generator_name", "method", "architecture"),
    "split": ("split", "mode", "subset", "partition"),
    "class": ("class", "category", "synset", "class_name", "label_name"),
    "pair": ("pair", "pair_id", "group", "group_id", "source_id", "video", "video_id"),
    "real_set": ("real_set", "origin_dataset", "real_source", "source_dataset"),
}
ROLES = tuple(_NAMES)
# A column that holds classes in most lists and labels in some (SPAI's).
_LABEL_OR_CLASS = "class"


class Columns(NamedTuple):
    """The column of each role, "" where there is none."""

    path: str
    label: str
    generator: str
    split: str
    class_name: str
    pair: str
    real_set: str


def columns_of(names: Sequence[str], stated: Mapping[str, str]) -> Columns:
    """The roles of a list's columns.

    Args:
        names: of its columns.
        stated: by role, the column that the user names.

    Raises:
        UnknownLayout: a stated column is not there.
    """
    lowered = {name.lower().strip(): name for name in reversed(names)}
    found: dict[str, str] = {}
    for role, column in stated.items():
        if column not in names:
            raise UnknownLayout(
                f"column {column!r}", f"is not in the list. {did_you_mean(column, names)}"
            )
        found[role] = column
    for role, known in _NAMES.items():
        taken = set(found.values())
        column = next((lowered[n] for n in known if n in lowered and lowered[n] not in taken), "")
        found.setdefault(role, column)
    if not found["label"] and not found["generator"] and "label" not in stated:
        found["label"], found[_LABEL_OR_CLASS] = found[_LABEL_OR_CLASS], ""
    # Without a label, a column of generators says which images are no generator's.
    found["label"] = found["label"] or found["generator"]
    return Columns(*(found[role] for role in ROLES))
