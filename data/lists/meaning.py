"""Which values of a list's label mean real, and what says so; never by a guess.

The word "real" in a value says it, and so does a column called `is_fake`, the documentation of a
published format, the names of a ClassLabel, or that one value goes with generators or with folders
of fakes throughout. 0 and 1 alone say nothing: half of the field writes 1 for real.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from data.label_folders import label_of

_REAL_WORDS = frozenset(
    {
        *("real", "0_real", "reals", "nature", "natural", "authentic", "genuine", "human"),
        *("photo", "photograph", "camera", "original", "pristine", "bonafide"),
    }
)
_FAKE_WORDS = frozenset(
    {
        *("fake", "1_fake", "fakes", "ai", "generated", "synthetic", "aigc", "ai_generated"),
        *("ai-generated", "artificial", "deepfake", "machine", "synth"),
    }
)
_NO_WORDS = frozenset({"", "nan", "none", "null", "unknown", "n/a", "-"})
_TRUE, _FALSE = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})
_SAYS_FAKE = frozenset(
    {
        *("is_fake", "fake", "is_ai", "ai", "ai_generated", "is_generated", "generated"),
        *("is_synthetic", "synthetic"),
    }
)
_SAYS_REAL = frozenset({"is_real", "real", "authentic", "is_authentic"})
_FEW = 6  # values that are named in a reason


class Meaning(NamedTuple):
    """What the values of a label mean.

    `otherwise` is what any value that is not in `labels` means: None where such a row is left out.
    """

    labels: Mapping[str, int]  # by value, in lower case
    otherwise: int | None
    reason: str

    def of(self, value: str) -> int | None:
        """0 real, 1 fake, None for a value that says neither."""
        word = value.lower()
        if word in self.labels:
            return self.labels[word]
        return None if word in _NO_WORDS else self.otherwise


class Unclear(ValueError):
    """The values do not say which is real."""


@dataclass
class Values:
    """The values of a label, and what goes along with each."""

    counts: Counter[str] = field(default_factory=Counter)
    in_fake_folders: Counter[tuple[str, int]] = field(default_factory=Counter)
    of_generators: Counter[tuple[str, bool]] = field(default_factory=Counter)

    def add(self, value: str, path: str, generator: str | None) -> None:
        """Count one row; `generator` is None where the list has no such column."""
        word = value.lower()
        self.counts[word] += 1
        said = {label_of(folder) for folder in path.split("/")[:-1]} - {None}
        if len(said) == 1:
            self.in_fake_folders[word, said.pop() or 0] += 1
        if generator is not None:
            self.of_generators[word, generator.lower() not in _REAL_WORDS | _NO_WORDS] += 1

    @classmethod
    def over(cls, parts: Iterable["Values"]) -> "Values":
        """The values of several lists together."""
        every = cls()
        for part in parts:
            every.counts += part.counts
            every.in_fake_folders += part.in_fake_folders
            every.of_generators += part.of_generators
        return every


def is_real_word(value: str) -> bool:
    """Whether a value in a column of generators says that there was none."""
    return value.lower() in _REAL_WORDS | _NO_WORDS


def stated_meaning(values: Iterable[str], real: str, fake: str) -> Meaning:
    """What the user says: the value that is real, or the one that is fake; "" where unsaid.

    Raises:
        Unclear: no row has that value, or a third value is left open.
    """
    words = {value.lower() for value in values} - _NO_WORDS
    stated, label = (real.lower(), 0) if real else (fake.lower(), 1)
    if stated not in words:
        raise Unclear(f"no row has the value {stated!r}, but {_listed(words)}")
    others = words - {stated}
    if label == 1 and len(others) > 1:
        raise Unclear(f"besides {stated!r} there are {_listed(others)}; say `real=` instead")
    # Besides what is real every value may name a generator.
    meanings = {stated: label, **dict.fromkeys(others, 1 - label)}
    return Meaning(meanings, None, "as stated in `layout:`")


def meaning_of(
    column: str,
    values: Values,
    class_names: Sequence[str] = (),
    documented: str = "",
) -> Meaning:
    """What the values of a label column mean.

    Args:
        column: its name.
        values: of every row.
        class_names: of the whole numbers, where the file has them.
        documented: whose format this is, if its documentation says that 1 is fake.

    Raises:
        Unclear: nothing says it, or two things contradict each other.
    """
    words = set(values.counts) - _NO_WORDS
    if class_names:
        return _by_class_names(column, words, class_names)
    named = _by_words(words)
    if named is not None:
        return named
    if not words <= _TRUE | _FALSE:
        raise Unclear(f"its values are {_listed(words)}, and none of them says real")
    name = column.lower()
    if name in _SAYS_FAKE | _SAYS_REAL:
        return _numbers(1 if name in _SAYS_FAKE else 0, f"the column is called {column}")
    if documented:
        return _numbers(1, f"so {documented} is documented")
    said = [each for each in (_by_folders(values), _by_generators(values)) if each is not None]
    if not said:
        raise Unclear(f"its values are {_listed(words)}, and nothing says which of them is real")
    if len({label for label, _ in said}) > 1:
        raise Unclear("; ".join(reason for _, reason in said) + ", which contradict each other")
    return _numbers(*said[0])


def _numbers(one: int, reason: str) -> Meaning:
    labels = {**dict.fromkeys(_TRUE, one), **dict.fromkeys(_FALSE, 1 - one)}
    return Meaning(labels, None, reason)


def _by_words(words: Iterable[str]) -> Meaning | None:
    """By what the values say; those beside real ones that say nothing are names of generators."""
    known = {w: 0 if w in _REAL_WORDS else 1 for w in words if w in _REAL_WORDS | _FAKE_WORDS}
    others = set(words) - known.keys()
    if not known or (others and (0 not in known.values() or others & (_TRUE | _FALSE))):
        return None
    if others:
        return Meaning(known, 1, f"{_listed(known)} is real, {_listed(others)} name generators")
    return Meaning(known, None, f"the values say it: {_listed(known)}")


def _by_class_names(column: str, words: set[str], names: Sequence[str]) -> Meaning:
    meaning = _by_words(name.lower() for name in names)
    if meaning is None:
        raise Unclear(f"the names of {column} are {_listed(names)}, and none of them says real")
    labels: dict[str, int] = {}
    for number, name in enumerate(names):
        label = meaning.of(name)
        if label is not None:
            labels[str(number)] = labels[name.lower()] = label
    if words - labels.keys():
        raise Unclear(f"{_listed(words - labels.keys())} of {column} has no name in the file")
    return Meaning(labels, None, f"the file names the values of {column}: {_listed(names)}")


def _by_folders(values: Values) -> tuple[int, str] | None:
    one = _agreed({(w, bool(label)): n for (w, label), n in values.in_fake_folders.items()})
    if one is None:
        return None
    return one, f"{one} stands with folders of fakes" if one else "1 stands with folders of reals"


def _by_generators(values: Values) -> tuple[int, str] | None:
    one = _agreed(values.of_generators)
    if one is None:
        return None
    return one, "1 stands with generators" if one else "0 stands with generators"


def _agreed(seen: Mapping[tuple[str, bool], int]) -> int | None:
    """The label of 1, where what stands with fakes and with reals has one value each throughout."""
    of_fakes = {word in _TRUE for (word, is_fake), n in seen.items() if n and is_fake}
    of_reals = {word in _TRUE for (word, is_fake), n in seen.items() if n and not is_fake}
    if len(of_fakes) == 1 and len(of_reals) == 1 and of_fakes != of_reals:
        return int(of_fakes.pop())
    if len(of_fakes | of_reals) == 1 and not (of_fakes and of_reals):  # one class alone
        [is_one] = of_fakes or of_reals
        return int(is_one == bool(of_fakes))
    return None


def _listed(words: Iterable[str]) -> str:
    shown = sorted(words)
    more = f" and {len(shown) - _FEW} more" if len(shown) > _FEW else ""
    return ", ".join(shown[:_FEW]) + more
