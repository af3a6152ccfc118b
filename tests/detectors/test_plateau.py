"""When a rate falls for want of progress, against CNNSpot's rule written out."""

from hypothesis import given
from hypothesis import strategies as st

from detectors.contract import load_card
from detectors.history import HistoryRow
from detectors.plateau import falls_so_far, is_at_the_end
from detectors.recipes import resolve_recipe

NPR = load_card("npr")


def cnnspot(**changes: object):
    spec = {
        "base": "small",
        "schedule": "plateau",
        "lr": 1e-4,
        "epochs": 99,
        "selection": "validation_accuracy",
        "plateau_patience": 5,
        "plateau_delta": 0.001,
        "plateau_delta_after": 0.002,
        "plateau_min_lr": 1e-6,
    }
    return resolve_recipe(NPR, {**spec, **changes})


def history(accuracies: list[float]) -> list[HistoryRow]:
    return [
        HistoryRow(e, e, 1e-3, 0.5, 0.5, 0.9, accuracy, 1.0, 1.0, 0.0)
        for e, accuracy in enumerate(accuracies, 1)
    ]


def falls_by_the_rule(accuracies: list[float], patience: int, before: float, after: float) -> int:
    """A best value, a counter, a new pair of them after each fall."""
    falls, best, counter = 0, None, 0
    for accuracy in accuracies:
        delta = after if falls else before
        if best is None or (accuracy > best and accuracy - best >= delta):
            best, counter = accuracy, 0
            continue
        counter += 1
        if counter >= patience:
            falls, best, counter = falls + 1, None, 0
    return falls


def test_five_epochs_of_too_small_progress_divide_the_rate():
    recipe = cnnspot()
    assert falls_so_far(history([0.8, 0.8005, 0.8006, 0.8007, 0.8008]), recipe) == 0
    assert falls_so_far(history([0.8, 0.8005, 0.8006, 0.8007, 0.8008, 0.8009]), recipe) == 1
    # .8010 is progress of .001 and starts the count anew.
    assert falls_so_far(history([0.8, 0.8, 0.8, 0.8, 0.8, 0.802, 0.802]), recipe) == 0


def test_after_a_fall_the_mark_is_new_and_progress_must_be_larger():
    recipe = cnnspot()
    fallen = [0.8] * 6
    # .7 is the new mark, though below the best; .7015 is not .002 more.
    assert falls_so_far(history([*fallen, 0.7, *[0.7015] * 4]), recipe) == 1
    assert falls_so_far(history([*fallen, 0.7, *[0.7015] * 5]), recipe) == 2
    assert falls_so_far(history([*fallen, 0.7, *[0.7021] * 5]), recipe) == 1


def test_training_ends_where_the_rate_would_fall_below_the_least():
    # 1e-4, 1e-5, 1e-6, then 1e-7: the third fall ends it.
    assert not is_at_the_end(history([0.8] * 17), cnnspot())
    assert is_at_the_end(history([0.8] * 18), cnnspot(plateau_min_lr=0.9e-6))
    assert not is_at_the_end(history([0.8] * 18), cnnspot(plateau_min_lr=0.0))


def test_another_schedule_never_falls():
    recipe = resolve_recipe(NPR, "common")
    assert falls_so_far(history([0.8] * 50), recipe) == 0
    assert not is_at_the_end(history([0.8] * 50), recipe)


@given(
    st.lists(st.sampled_from([0.5, 0.5005, 0.501, 0.502, 0.6, 0.9]), max_size=40),
    st.integers(1, 5),
)
def test_falls_are_those_of_the_rule(accuracies: list[float], patience: int):
    recipe = cnnspot(plateau_patience=patience)
    expected = falls_by_the_rule(accuracies, patience, 0.001, 0.002)
    assert falls_so_far(history(accuracies), recipe) == expected
