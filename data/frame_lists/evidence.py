"""What was decided of lists of frames, in words for people."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from data.counts import counted
from data.frame_lists.joining import PlacedList, Video, parted_pairs
from data.frame_lists.labels import compressions_of

_NAMED = 3  # lists
_SAMPLES = 5


class FrameCollection(NamedTuple):
    """What the lists of a root say together."""

    lists: Sequence[PlacedList]
    labels: Mapping[str, int]  # 0 real, 1 fake
    videos: Sequence[Video]
    left_out: Sequence[Video]  # of other compressions than the one that is wanted


def in_words(collection: FrameCollection) -> str:
    """Lists, labels, compressions, paths, splits and pairs, as they are taken."""
    lists, labels, videos, _ = collection
    names = [each.listed.file.name for each in lists]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    said = [f"{', '.join(names[:_NAMED])}{more}: frames of {counted(len(videos), 'video')}"]
    for label, word in enumerate(("real", "fake")):
        of_label = sorted(name for name, meaning in labels.items() if meaning == label)
        said.append(
            f"{', '.join(of_label) or 'none'} {'is' if len(of_label) < 2 else 'are'} {word}"
        )
    compressions = compressions_of(each.listed for each in lists)
    if compressions:
        wanted = {video.compression for video in videos}
        taken = [name for name in compressions if name in wanted]
        left_out = [name for name in compressions if name not in wanted]
        but = f" ({', '.join(left_out)} left out)" if left_out else ""
        said.append(f"compression {', '.join(taken)}{but}, each a generator of its own")
    prefixes = sorted({each.prefix for each in lists if each.prefix})
    said += [f"`{prefix}` is taken off each path" for prefix in prefixes]
    repeated = Counter(video.split for video in videos if video.also_in)
    for split, number in sorted(repeated.items()):
        said.append(f"{counted(number, 'video')} of several splits taken as {split}")
    pairs = counted(
        len({video.pair for video in videos}), "group of a video and", "groups of videos and"
    )
    said.append(f"pairs are {pairs} what is made of it")
    parted = parted_pairs(videos)
    if parted:
        said.append(f"{parted:,} of them in several splits, as the lists have it")
    return "; ".join(said)


def samples(videos: Sequence[Video]) -> tuple[str, ...]:
    """Some frames, each of another source."""
    first = {video.source: video for video in reversed(videos) if video.folders}
    shown = []
    for video in list(first.values())[::-1][:_SAMPLES]:
        folder, names = next(iter(video.folders.items()))
        what = "fake" if video.is_fake else "real"
        shown.append(
            f"{folder}/{names[0]} is {what} ({video.source}), {video.split}, pair {video.pair}"
        )
    return tuple(shown)
