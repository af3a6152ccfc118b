"""All checks in the order in which one would mend a detector, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from detectors.contract_checks import card_checks, logit_checks, training_checks, weight_checks
from detectors.contract_checks.subject import CheckFailed, Subject

Check = Callable[[Subject], None]

CHECKS: dict[str, Check] = {
    "the card is complete and pickles": card_checks.card_is_complete,
    "loading the card imports nothing heavy": card_checks.imports_are_light,
    "every preset is geometry, none tests at random": card_checks.presets_are_geometry,
    "every recipe resolves": card_checks.recipes_resolve,
    "one finite logit per image": logit_checks.one_finite_logit_per_image,
    "the only input size is said": logit_checks.input_size_is_said,
    "testing repeats itself": logit_checks.testing_repeats_itself,
    "images do not touch each other": logit_checks.images_do_not_touch_each_other,
    "the memory layout changes no logit": logit_checks.memory_layout_changes_nothing,
    "the seed decides the initial weights": logit_checks.seed_decides_the_weights,
    "what it sees can be drawn": logit_checks.maps_can_be_drawn,
    "gradients reach every trainable weight": training_checks.gradients_reach_the_weights,
    "whether the micro-batch acts is said": training_checks.micro_batch_is_said,
    "a bfloat16 step is finite": training_checks.bfloat16_step_is_finite,
    "frozen parts stay in eval mode": training_checks.frozen_parts_stay_asleep,
    "weights survive writing and reading": weight_checks.weights_survive_the_store,
    "official keys map both ways": weight_checks.official_keys_map_both_ways,
}
"""By what each says of the detector."""


@dataclass(frozen=True)
class CheckOutcome:
    """One check of one detector; `why` and `mend` are empty where it holds."""

    title: str
    why: str = ""
    mend: str = ""

    @property
    def holds(self) -> bool:
        """Whether the detector is as it must be."""
        return not self.why


def checked(subject: Subject) -> Iterator[CheckOutcome]:
    """Run every check."""
    return (outcome_of(title, subject) for title in CHECKS)


def outcome_of(title: str, subject: Subject) -> CheckOutcome:
    """Run one check; one that breaks down is a failure of the detector, with what it raised."""
    try:
        CHECKS[title](subject)
    except CheckFailed as error:
        return CheckOutcome(title, error.why, error.mend)
    except Exception as error:  # any: it is the detector's code that runs
        said = f"{type(error).__name__}: {error}"
        return CheckOutcome(title, said, "Mend what the detector's code raises")
    return CheckOutcome(title)
