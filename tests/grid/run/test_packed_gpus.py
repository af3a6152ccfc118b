"""Trials of several widths on a real Ray with pretended GPUs: no card is promised twice."""

import json
import os
import subprocess
import sys
from collections import defaultdict

import pytest
from repository import ROOT

from grid.packages import packages_root

CARD, CPUS = 80 * 10**9, 8


@pytest.fixture(scope="module")
def noted(tmp_path_factory):
    """What each trial noted of its time at work, and what the run said."""
    store = tmp_path_factory.mktemp("packed")
    env = {**os.environ, "PYTHONPATH": str(packages_root()), "CROSSGEN_GPU_MEMORY": "80GB"}
    env.pop("RAY_ADDRESS", None)
    ended = subprocess.run(
        [sys.executable, ROOT / "tests/support/driver_scenarios.py", "packed", store],
        env=env, text=True, capture_output=True, timeout=600, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    lines = [json.loads(line) for line in (store / "noted").read_text().splitlines()]
    return json.loads(ended.stdout), {line["fit_id"]: line for line in lines}, ended.stderr


def moments(work):
    """The trials at work at each moment that one of them begins."""
    for each in work.values():
        now = each["began"]
        yield [other for other in work.values() if other["began"] <= now < other["ended"]]


@pytest.mark.ray
@pytest.mark.slow
def test_a_run_of_mixed_widths_ends_with_everything_done(noted):
    answer, work, said = noted
    assert answer["exit_code"] == 0
    assert len(answer["done"]) == len(work) == 18
    assert "7 trials of unknown GPU memory take a whole GPU each" in said
    shares = {fit_id: each["gpu"] for fit_id, each in work.items()}
    assert {shares[f"narrow{i}"] for i in range(4)} == {0.25}
    assert {shares[f"half{i}"] for i in range(2)} == {0.5}
    assert shares["wide0"] == shares["wide1"] == shares["unknown"] == 1.0
    assert shares["hungry0"] == shares["hungry1"] == 0.5  # after running out of memory
    assert work["processor"]["visible"] == ""


@pytest.mark.ray
@pytest.mark.slow
def test_no_card_is_promised_twice_and_narrow_trials_share_one(noted):
    _, work, _ = noted
    most_together = 0
    for at_work in moments(work):
        on_card = defaultdict(list)
        for each in at_work:
            if each["gpu"]:
                on_card[each["visible"]].append(each)
        for trials in on_card.values():
            assert sum(each["memory"] for each in trials) <= CARD
            assert sum(each["gpu"] for each in trials) <= 1.0
            most_together = max(most_together, len(trials))
    assert most_together >= 2


@pytest.mark.ray
@pytest.mark.slow
def test_cpus_and_threads_that_prepare_images_are_no_more_than_there_are(noted):
    _, work, _ = noted
    for at_work in moments(work):
        assert sum(each["cpu"] for each in at_work) <= CPUS
        assert sum(each["cpus"] for each in at_work) <= at_work[0]["usable"] + 1e-6
    assert work["wide0"]["cpu"] == 4.0
    assert work["narrow0"]["cpu"] == 1.0


@pytest.mark.ray
@pytest.mark.slow
def test_what_the_first_of_a_kind_took_the_last_of_it_are_given(noted):
    _, work, said = noted
    learned = [work[f"learned{i}"]["gpu"] for i in range(6)]
    assert learned[:2] == [1.0, 1.0]
    assert learned[-1] == 0.25  # no more are handed out ahead than there are GPUs
    assert "trials like learned" in said
    assert "need 15 GB of a GPU: gpu: 0.25 from here on" in said


@pytest.mark.ray
@pytest.mark.slow
def test_wide_trials_are_not_starved_by_narrow_ones(noted):
    _, work, _ = noted
    narrow = [work[f"narrow{i}"]["began"] for i in range(4)]
    assert max(work[name]["began"] for name in ("wide0", "wide1", "unknown")) < min(narrow)
