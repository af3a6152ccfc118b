"""Which videos must not be parted: a video and those that were made of it.

Outside of the face a manipulated frame is its original's, so a validation set that holds the one
while the other is trained on is not new. The names of four collections say what was made of what:

| collection | fake | made of |
| --- | --- | --- |
| FaceForensics++ (arXiv 1901.08971) | `000_003` | `000`, with the face of `003`; also the reverse |
| Celeb-DF (arXiv 1909.12962) | `id0_id1_0000` | `id0_0000` |
| DFD | `01_02__kitchen_pan__JZUXXFRB` | `01__kitchen_pan` |
| UADFV | `0000_fake` | `0000` |

In others a video is a group of its own.
"""

import re
from collections.abc import Iterable

Node = tuple[str, str]
"""A collection and a video's name in it."""

_MADE_OF = tuple(
    (re.compile(collection, re.IGNORECASE), re.compile(fake), originals)
    for collection, fake, originals in (
        ("ff", r"(\d{3})_(\d{3})", (r"\1", r"\2")),
        (r"celebdf(v\d)?", r"(id\d+)_id\d+_(\d+)", (r"\1_\2",)),
        ("dfd", r"(\d\d)_\d\d__(.+)__\w+", (r"\1__\2",)),
        ("uadfv", r"(\d+)_fake", (r"\1",)),
    )
)


def pairs_of(videos: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The group of each video, given as label and name.

    Compressions and lists do not matter: a video is what its label and name say. A group is called
    by its collection and first original, `FF/000`; it depends on no order.
    """
    above: dict[Node, Node] = {}

    def top(node: Node) -> Node:
        path = []
        while (next_one := above.get(node, node)) != node:
            path.append(node)
            node = next_one
        for each in path:
            above[each] = node
        return node

    known = {(label, name): (collection_of(label), name) for label, name in videos}
    for node in known.values():
        for original in _originals(*node):
            # An original's name is shorter, so one of them is the top of each group.
            first, other = sorted((top(node), top((node[0], original))), key=_shortest_first)
            if first != other:
                above[other] = first
    return {video: "/".join(top(node)) for video, node in known.items()}


def collection_of(label: str) -> str:
    """What a label begins with: FF of FF-real and FF-DF, CelebDFv2 of CelebDFv2_fake."""
    return re.split(r"[-_]", label, maxsplit=1)[0]


def _shortest_first(node: Node) -> tuple[int, str]:
    return len(node[1]), node[1]


def _originals(collection: str, name: str) -> list[str]:
    for of, fake, originals in _MADE_OF:
        found = fake.fullmatch(name) if of.fullmatch(collection) else None
        if found:
            return [found.expand(original) for original in originals]
    return []
