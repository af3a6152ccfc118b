"""Images that do not decode, or are too large: what a run does and what the next plan says."""

import shutil

import numpy as np
import PIL.Image
import pytest
import yaml
from damaged_images import break_pixels

from data.image_ids import image_id_of
from data.images import DecodedCache
from detectors.memory_limits import SETTING
from grid.experiment_file.loading import parse_experiment
from grid.plan.known_failures import refuse_known_failures
from grid.plan.plan import make_plan, prepare
from grid.records.failures import failure_of, read_failures, write_failure
from grid.records.scores.score_reading import read_score_footer
from grid.refusal import Refused
from grid.sources import undecodable
from grid.store.opening import open_store
from grid.trial import images as rows


@pytest.fixture(autouse=True)
def nothing_decoded(monkeypatch):
    """Else images are known from other tests in this process."""
    monkeypatch.setattr(rows, "_DECODED", DecodedCache(0))


def first(own_run, folder):
    return min((own_run.folder / "images" / folder).iterdir())


def run(crossgen, own_run, *more):
    return crossgen("run", own_run.file, "--store", own_run.store, "--no-ray", *more)


def footers(own_run):
    store = open_store(own_run.store)
    keys = [key for key in store.list("scores/") if key.endswith(".parquet")]
    return [read_score_footer(store, key) for key in keys]


@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_what_does_not_need_a_damaged_image_is_scored_and_the_next_plan_names_it(
    crossgen, own_run, format
):
    before = len(footers(own_run))
    victim = first(own_run, "g1/val/ai")
    whole = victim.read_bytes()
    break_pixels(victim, format)
    more = ["--set", 'test.degradations=[none, "jpeg(75)"]']
    code, _, err = run(crossgen, own_run, *more)
    assert code == 1
    # Two fits, four pools each: missing are the pieces of the pool with the damaged image.
    degraded = [f for f in footers(own_run) if f["degradation"] == "jpeg(75)"]
    assert len(degraded) == 2 * 3
    assert len(footers(own_run)) == before + len(degraded)
    failures = read_failures(open_store(own_run.store))
    assert len(failures) == 2  # one for each fit, though two pieces of it met the image
    for command in (["plan"], ["run", "--no-ray"]):
        code, _, err = crossgen(*command, own_run.file, "--store", own_run.store, *more)
        assert code == 2
        assert "1 image known not to decode" in err
        assert victim.name in err
        assert "null_score" in err
    assert len(read_failures(open_store(own_run.store))) == 2, "nothing started"
    assert crossgen("status", own_run.file, "--store", own_run.store, *more)[0] == 0
    # Repaired it is what it was: everything is scored already or can be.
    victim.write_bytes(whole)
    assert crossgen("plan", own_run.file, "--store", own_run.store, *more)[0] == 0
    assert run(crossgen, own_run, *more)[0] == 0


def test_on_request_they_are_nulls_that_the_plan_names(crossgen, own_run):
    victim = first(own_run, "g1/val/ai")
    break_pixels(victim)
    assert run(crossgen, own_run)[0] == 1
    more = ["--set", "unreadable=null_score"]
    code, out, _ = crossgen("plan", own_run.file, "--store", own_run.store, *more)
    assert code == 0
    assert "1 image does not decode, its logits will be null:" in out
    assert victim.name in out
    assert run(crossgen, own_run, *more)[0] == 0
    assert sum(f["nulls"] for f in footers(own_run)) == 2
    # Nothing is missing: nobody is refused for what is done.
    assert crossgen("plan", own_run.file, "--store", own_run.store)[0] == 0


def test_no_null_stands_in_for_an_image_that_is_trained_on(crossgen, own_run):
    victim = first(own_run, "g1/train/ai")
    break_pixels(victim)
    more = ["--set", "unreadable=null_score"]
    assert run(crossgen, own_run, *more)[0] == 1
    code, _, err = crossgen("plan", own_run.file, "--store", own_run.store, *more)
    assert code == 2
    assert victim.name in err
    assert "no null helps" in err


def test_an_image_too_large_fails_its_trials_by_name_or_is_a_null(crossgen, own_run, monkeypatch):
    victim = first(own_run, "g1/val/ai")
    pixels = np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8)
    PIL.Image.fromarray(pixels).save(victim, "PNG")
    monkeypatch.setenv(SETTING, "10MB")
    given = ["--set", "equalise=none"]
    code, _, err = run(crossgen, own_run, *given)
    assert code == 1
    assert "ImageTooLarge" in err
    assert victim.name in err
    failures = read_failures(open_store(own_run.store))
    assert {(f["kind"], f["exception"], len(f["image_ids"])) for f in failures} == {
        ("unreadable", "ImageTooLarge", 1)
    }
    assert len(failures) == 2  # not tried again
    # It is a whole image: where there is more memory it is scored, so no plan refuses it.
    assert crossgen("plan", own_run.file, "--store", own_run.store, *given)[0] == 0
    assert run(crossgen, own_run, *given, "--set", "unreadable=null_score")[0] == 0
    [reason] = {fault["reason"] for f in footers(own_run) for fault in f.get("unreadable", [])}
    assert "90,000 pixels take about" in reason


@pytest.fixture
def known(own_run, monkeypatch):
    """Return a function: what a plan with null_score says where some images do not decode."""

    def known(which, **changes):
        store = open_store(own_run.store)
        raw = {**yaml.safe_load(own_run.file.read_text()), "unreadable": "null_score", **changes}
        plan = make_plan(prepare(parse_experiment(raw, base=own_run.folder)), store)
        images = which(plan)
        error = ValueError("it did not decode")
        failure = failure_of(error, fit_id="f", attempt="a", kind="unreadable", image_ids=images)
        write_failure(store, failure)
        monkeypatch.setattr(undecodable, "_why_not", lambda *_: "it is cut")
        return images, refuse_known_failures(plan, store)

    return known


def test_no_null_stands_in_for_an_image_that_is_validated_on(known):
    with pytest.raises(Refused, match="no null helps"):
        known(lambda plan: plan.missing[0].fit.selection.validation.image_ids[:1], seeds=[9])


def test_a_fit_that_is_trained_needs_its_training_images_no_more(known, own_run):
    """One of them is a test image as well: it was trained on, and now it does not decode."""
    image = first(own_run, "g1/train/ai")
    shutil.copy(image, own_run.folder / "images" / "g1" / "val" / "ai" / "copy.png")
    images, found = known(lambda plan: [image_id_of(image.read_bytes())])
    assert [each.image_id for each in found] == images
