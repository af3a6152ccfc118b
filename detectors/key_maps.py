"""Names of weights in an official checkpoint and in our network, both ways.

A detector whose official checkpoints can be read has a function `official_weights(options)` in its
file of the zoo, which returns a `KeyMap`. Reading stays strict: what a map gives is loaded by
`detectors.weights.load_strictly`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

DATA_PARALLEL = "module."
"""What torch's DataParallel puts before each key of what it saves."""


class KeyMap(Protocol):
    """From an official `state_dict` to ours and back."""

    def from_official(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Ours; a key that nothing is known of keeps its name, so that strict loading names it."""
        ...

    def to_official(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Theirs, but for tensors that our network does without."""
        ...


@dataclass(frozen=True)
class PrefixMap:
    """A key map by the beginnings of keys: the first pair that fits renames a key.

    Args:
        prefixes: pairs of (official, ours); ("", "trunk.") as the last one takes all others.
        unused: beginnings of official keys whose tensors nothing is computed with.
        negated: our keys whose values change sign: the last layer, where official 1 means real.
    """

    prefixes: tuple[tuple[str, str], ...]
    unused: tuple[str, ...] = ()
    negated: tuple[str, ...] = ()

    def from_official(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Our keys of official ones; also of a checkpoint saved from DataParallel."""
        ours = {}
        for key, value in state.items():
            key = key.removeprefix(DATA_PARALLEL)
            if not key.startswith(self.unused):
                ours[self._renamed(key, 0, 1)] = value
        return self._signed(ours)

    def to_official(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Official keys of ours, the inverse of `from_official`."""
        signed = self._signed(state)
        return {self._renamed(key, 1, 0): value for key, value in signed.items()}

    def _renamed(self, key: str, old: int, new: int) -> str:
        for pair in self.prefixes:
            if key.startswith(pair[old]):
                return pair[new] + key.removeprefix(pair[old])
        return key

    def _signed(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {key: -value if key in self.negated else value for key, value in state.items()}
