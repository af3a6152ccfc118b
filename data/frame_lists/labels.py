"""Which labels of frame lists are real, and which generator each of the others names."""

import functools
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from data.face_manipulations import COMPRESSIONS
from data.frame_lists.reading import FrameList
from data.generators import generator, is_known
from data.layout_refusals import UnclearLabels, UnknownLayout

_REAL_WORDS = frozenset({"real", "reals", "original", "originals", "pristine", "authentic"})
_DOCUMENTED = frozenset({"ff_df", "ff_f2f", "ff_fs", "ff_nt", "ff_fh", "ff_sh"})  # its label_dict
_FAKE_ENDING = re.compile(r"[\W_]*fakes?$", re.IGNORECASE)


def labels_of(lists: Sequence[FrameList], stated_real: str = "") -> dict[str, int]:
    """0 real, 1 fake of each label.

    A label says it by a word (`FF-real`, `DFDCP_FakeA`) or is one of FaceForensics++'s
    manipulations; beside a label that says real any other one names a manipulation.

    Args:
        lists: that are read.
        stated_real: a label that the user says is real, "" for none.

    Raises:
        UnclearLabels: nothing says it of one.
        UnknownLayout: no label is the stated one, or a video contradicts where it stands.
    """
    beside: dict[str, set[str]] = {}  # by label the labels of its datasets
    file_of: dict[str, Path] = {}
    for each in lists:
        of_dataset: dict[str, set[str]] = {}
        for video in each.videos:
            of_dataset.setdefault(video.dataset, set()).add(video.label)
        for labels in of_dataset.values():
            for label in labels:
                beside.setdefault(label, set()).update(labels)
                file_of.setdefault(label, each.file)
    if stated_real and stated_real not in beside:
        raise UnknownLayout(
            f"label {stated_real!r}", f"is in none of the lists, which have {_listed(beside)}"
        )
    said = {label: _said(label) for label in beside} | ({stated_real: 0} if stated_real else {})
    meaning: dict[str, int] = {}
    for label, others in beside.items():
        known = said[label]
        if known is None and any(said[other] == 0 for other in others):
            known = 1
        if known is None:
            raise UnclearLabels(
                f"{file_of[label]}, label {label!r}",
                f"is unclear: neither it nor another label of its dataset ({_listed(others)}) "
                "says which is real",
                "deepfakebench(real=LABEL)",
                "LABEL being the one that is real",
            )
        meaning[label] = known
    _require_no_contradiction(lists, meaning)
    return meaning


@functools.cache
def source_name(label: str, compression: str, is_fake: bool) -> str:
    """What the images of a label and compression are called: a generator, or a set of reals.

    For example FF-DF and c23 are deepfakes_c23, DFDCP_FakeA is dfdcp_a, FF-real is FF-real_c23.
    """
    name = label
    if is_fake:
        name = generator(label if is_known(label) else _FAKE_ENDING.sub("", label) or label).name
    return f"{name}_{compression}" if compression else name


def compressions_of(lists: Iterable[FrameList]) -> list[str]:
    """The compressions that are stated, the known ones first and as they are usually ordered."""
    found = {video.compression for each in lists for video in each.videos} - {""}
    return [*(c for c in COMPRESSIONS if c in found), *sorted(found - set(COMPRESSIONS))]


def _said(label: str) -> int | None:
    words = re.split(r"[\W_]+", label.lower())
    is_real = not _REAL_WORDS.isdisjoint(words)
    is_fake = any(word.startswith("fake") for word in words) or "_".join(words) in _DOCUMENTED
    return None if is_real == is_fake else int(is_fake)


def _require_no_contradiction(lists: Sequence[FrameList], meaning: dict[str, int]) -> None:
    for each in lists:
        for video in each.videos:
            if video.own_label == video.label:
                continue
            own = meaning.get(video.own_label, _said(video.own_label))
            if own is not None and own != meaning[video.label]:
                raise UnknownLayout(
                    each.file,
                    f"has video {video.name} below {video.label}, and says {video.own_label} of "
                    "it. Correct the one that is wrong",
                )


def _listed(labels: Iterable[str]) -> str:
    return ", ".join(sorted(labels))
