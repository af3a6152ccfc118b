"""ImageNet's 1000 classes, named by their WordNet id ("n01440764").

Real images carry the id in their names, generated ones the class number (0 to 999 in the order of
the ids); only one of the two can be compared over both labels.
"""

import functools
import re
from pathlib import Path

from data.generators import is_known

_WORDNET_ID = re.compile(r"n\d{8}(?=_|$)")
_NUMBER_FIRST = re.compile(r"(\d{1,3})_([a-z]\w*?)(?:_\d+)?(?:\.|$)", re.IGNORECASE)
_NUMBER_FIFTH = re.compile(r"(?:vqdm|glide)_\d+_\d+_\d+_(\d{1,3})_", re.IGNORECASE)


def imagenet_class(file_name: str) -> str:
    """The class that a file name of GenImage states, as a WordNet id; "" where it states none.

    The names are "n01440764_10026.JPEG" for reals, "0_adm_12.PNG" and "000_sdv4_00000.png" for
    most generators, "VQDM_1000_200_00_000_vqdm_00000.png" and GLIDE's alike. A bare number
    ("0000.png") is a counter, not a class, and so is one before anything but a known generator
    ("12_dog.png").
    """
    wordnet = _WORDNET_ID.match(file_name)
    if wordnet:
        return wordnet.group()
    number = _NUMBER_FIRST.match(file_name)
    if number and not is_known(number.group(2)):
        return ""
    number = number or _NUMBER_FIFTH.match(file_name)
    return _wordnet_ids()[int(number.group(1))] if number else ""


def class_of_number(number: str) -> str:
    """The WordNet id of a class's number in ImageNet's usual order; "" where it is none."""
    is_one = number.isdecimal() and int(number) < len(_wordnet_ids())
    return _wordnet_ids()[int(number)] if is_one else ""


@functools.cache
def _wordnet_ids() -> tuple[str, ...]:
    return tuple(Path(__file__).with_name("imagenet_wordnet_ids.txt").read_text().split())
