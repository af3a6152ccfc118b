"""`crossgen compare` on stores whose true answer is known: how often is it told something wrong?

A logit of a synthetic store is normal, and so is all that its separation is made of: generator,
seed, and the collections' own shifts. So the AUC that a procedure has on new generators is known in
closed form: P(fake > real) of two normals, over all of these.
"""

import json
import os
from statistics import NormalDist, fmean

import pytest
from click.testing import CliRunner
from scipy.optimize import brentq
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from grid.store.opening import open_store
from launch.commands.compare import command

STORES = 20
A, B = "npr", "simple_cnn"
SEEDS, GENERATORS, IMAGES = 5, 7, 100
ON_IMAGES = "these files on these generators"
# One is trained on: of the six others three are of its family, which are nearer to it.
NEARNESS = [0.55] * 3 + [0.2] * 3
OF_COLLECTION, OF_IMAGE, NOISE = 0.3, 0.6, 1.0
SKILL = 4.0
# How much a seed and a generator change what a detector separates, where A is so much better.
EFFECTS = {3.0: (0.1, 0.1), 0.0: (0.3, 0.6)}


def true_auc(skill, points):
    """The AUC of a procedure, in the mean over new generators and seeds."""
    variance = 2 * (NOISE**2 + OF_IMAGE**2 + OF_COLLECTION**2)
    variance += sum(effect**2 for effect in EFFECTS[points])
    separations = [skill * (near + 0.8) / 2 for near in NEARNESS]
    return fmean(NormalDist().cdf(each / variance**0.5) for each in separations)


def better_by(points):
    """The skill whose true AUC is so many points above that of SKILL."""
    wanted = true_auc(SKILL, points) + points / 100
    return brentq(lambda skill: true_auc(skill, points) - wanted, SKILL, 20)


def answered(folder, points, seed, *words):
    """Return the finding of A against B in a store where A is so many points better."""
    if not folder.exists():
        grid = SyntheticGrid(
            name="known",
            detectors=(
                SyntheticDetector(name=A, skill=better_by(points)),
                SyntheticDetector(name=B, skill=SKILL),
            ),
            generators=GENERATORS,
            trained=1,
            seeds=SEEDS,
            images=IMAGES,
            degradations=("none",),
            seed_effect=EFFECTS[points][0],
            generator_effect=EFFECTS[points][1],
            seed=seed,
        )
        write_synthetic_store(open_store(folder), grid)
    asked = [A, B, "--store", str(folder), "--json", *words]
    result = CliRunner().invoke(command, asked, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    [finding] = json.loads(result.stdout)
    return finding


@pytest.fixture
def without_waiting_for_disks(monkeypatch):
    """Stores of this test need not survive a power cut."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.mark.slow
@pytest.mark.usefixtures("without_waiting_for_disks")
def test_compare_says_what_is_true(tmp_path):
    wrong_words, left_out, found_better, of_files = [], [], 0, 0
    for points in EFFECTS:
        for seed in range(STORES):
            folder = tmp_path / f"{points}-{seed}"
            finding = answered(folder, points, seed)
            headline, sentence = finding["headline"], finding["sentence"]
            is_open = "not shown to differ" in sentence
            assert is_open == (finding["p_corrected"] > 0.05)
            assert f"{abs(100 * headline['value']):.1f} points" in sentence
            says_better, says_worse = (
                not is_open and (headline["value"] > 0) == above for above in (True, False)
            )
            found_better += points > 0 and says_better
            wrong_words.append(says_worse or (points == 0 and says_better))
            left_out.append(not headline["low"] <= points / 100 <= headline["high"])
            if points == 0:
                narrow = answered(folder, points, seed, "--claim", ON_IMAGES, "--where", "seed=0")
                of_files += "not shown to differ" not in narrow["sentence"]
                assert "This speaks about these trained files on these" in narrow["sentence"]
    assert sum(wrong_words) / len(wrong_words) <= 0.08
    assert sum(left_out) / len(left_out) <= 0.08
    assert found_better >= STORES / 4
    # The very same stores: these files differ, though their procedures do not.
    assert of_files >= STORES / 4
