"""Checks of weights: written, read back, and under their official names."""

from __future__ import annotations

import torch

from detectors.contract import module_of
from detectors.contract_checks.subject import Subject, require, some, tested
from detectors.weights import from_bytes, to_bytes


def weights_survive_the_store(subject: Subject) -> None:
    """Weights that are written and read into another network give the same logits."""
    first, second = subject.network(), subject.network(seed=4)
    logit_B = tested(first, subject.images())
    from_bytes(second, to_bytes(first))
    require(
        torch.equal(logit_B, tested(second, subject.images())),
        "a network with the weights of another one gives other logits",
        "Register as buffer or parameter whatever a logit depends on",
    )


def official_keys_map_both_ways(subject: Subject) -> None:
    """`official_weights(options)`, where there is one, maps our keys to official ones and back."""
    official_weights = getattr(module_of(subject.name), "official_weights", None)
    if official_weights is None:
        return
    keys = official_weights(subject.options)
    state = subject.network().state_dict()
    back = keys.from_official(keys.to_official(state))
    lost = sorted(set(state) ^ set(back))
    require(
        not lost,
        f"{len(lost)} keys do not come back from their official names: {some(lost)}",
        "Give the map the pair of beginnings that these keys need",
    )
    changed = [key for key in state if not torch.equal(state[key], back[key])]
    require(
        not changed,
        f"the values of {some(changed)} do not come back from their official form",
        "Turn a sign in both directions, or in none",
    )
