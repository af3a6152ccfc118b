"""`weights:` by name: looked up in the weights folder, part of the identity, never fetched."""

import json
import shutil

import pytest
import torch
import yaml
from kept_weights import TINY_RESNET, keep, library_state

import detectors.zoo.npr
from analysis.matrices.lineage import seen_generators
from analysis.matrices.relations import UNSEEN, relation_of
from detectors.contract import build
from detectors.weights import from_bytes
from detectors.weights_folder.entries import tensors_file
from grid.expansion.given_weights import as_published
from grid.experiment_file.loading import parse_experiment
from grid.experiment_file.weights_spec import WeightsSpec
from grid.plan.plan import make_plan, prepare
from grid.records.commits import read_commits, read_weights
from grid.records.failures import read_failures
from grid.records.tables import read_provenance
from grid.refusal import Refused
from grid.store.opening import open_store
from grid.trial.network import initial_network

TIMM = "timm/resnet50.a1_in1k"


@pytest.fixture
def folder(own_run):
    return own_run.folder / "weights"


@pytest.fixture
def raw(own_run, folder):
    """An experiment with one arm: npr on a tiny ResNet, trained on g1 from `weights:`."""
    raw = yaml.safe_load(own_run.file.read_text())
    arm = {
        "name": "begun",
        "detector": "npr",
        **{f"npr.{key}": value for key, value in TINY_RESNET.items()},
        "train": {"sets": ["g/g1"]},
        "input": raw["arms"][0]["input"],
        "recipe": {"base": "small", "epochs": 1, "batch_size": 16},
        "weights": TIMM,
    }
    return {**raw, "weights_folder": "weights", "arms": [arm]}


@pytest.fixture
def plan_of(own_run):
    def plan(raw):
        experiment = parse_experiment(raw, base=own_run.folder)
        expansion = prepare(experiment, cache_dir=own_run.folder / "cache")
        return make_plan(expansion, open_store(own_run.store))

    return plan


@pytest.fixture
def run(own_run, crossgen):
    def run(raw):
        own_run.file.write_text(json.dumps(raw))
        return crossgen("run", own_run.file, "--store", own_run.store, "--no-ray")

    return run


def only_fit(plan):
    [planned] = plan.fits
    return planned.fit


def with_weights(raw, weights, **arm):
    return {**raw, "arms": [{**raw["arms"][0], "weights": weights, **arm}]}


def test_a_backbone_enters_the_identity_by_its_checksum_alone(raw, folder, plan_of):
    entry = keep(folder, TIMM, library_state(), generators=())
    fit = only_fit(plan_of(raw))
    assert fit.description["weights"] == {"sha256": entry.sha256, "backbone": True}
    assert fit.weights["path"] == str(tensors_file(folder, TIMM))
    # The same bytes under another name, of which something else is stated, are the same fit.
    keep(folder, "mine", library_state(), generators=("adm",))
    assert only_fit(plan_of(with_weights(raw, "mine"))).fit_id == fit.fit_id
    assert only_fit(plan_of(with_weights(raw, "none"))).fit_id != fit.fit_id
    keep(folder, "other", library_state(seed=6))
    assert only_fit(plan_of(with_weights(raw, "other"))).fit_id != fit.fit_id


def test_a_detector_by_name_is_the_fit_that_it_is_by_path(raw, folder, plan_of):
    network = build("npr", TINY_RESNET, seed=1)
    entry = keep(folder, "whole", network.state_dict(), detector="npr", options=TINY_RESNET)
    by_name = only_fit(plan_of(with_weights(raw, "whole")))
    path = str(tensors_file(folder, "whole"))
    by_path = only_fit(plan_of(with_weights(raw, path)))
    assert by_name.fit_id == by_path.fit_id
    assert by_path.description["weights"] == {"sha256": entry.sha256}


def test_training_begins_with_the_backbone_and_a_seeded_rest(raw, folder, run, own_run):
    state = library_state()
    keep(folder, TIMM, state, generators=())
    code, _, err = run(raw)
    assert code == 0, err
    store = open_store(own_run.store)
    [commit] = [c for f, c in read_commits(store).items() if f.startswith("npr")]
    spec = read_provenance(store, commit["fit_id"], commit["attempt"])["spec"]
    begun = initial_network(spec, store)
    seeded = build("npr", TINY_RESNET, seed=0)
    assert torch.equal(begun.trunk.layer1[0].conv1.weight, state["layer1.0.conv1.weight"])
    assert torch.equal(begun.classifier.weight, seeded.classifier.weight)
    assert not torch.equal(begun.trunk.conv1.weight, seeded.trunk.conv1.weight)
    trained = build("npr", TINY_RESNET, seed=2)
    from_bytes(trained, read_weights(store, commit, 1))
    assert not torch.equal(trained.trunk.conv1.weight, begun.trunk.conv1.weight)


def test_changed_and_missing_files_fail_the_trial(raw, folder, run, own_run, plan_of):
    keep(folder, TIMM, library_state())
    file = tensors_file(folder, TIMM)
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)  # of the same size: only who reads it can tell
    code, _, _ = run(raw)
    assert code == 1
    assert (
        "has changed since the plan was made"
        in read_failures(open_store(own_run.store))[0]["message"]
    )


def test_a_misfit_lists_its_keys(raw, folder, run, own_run):
    state = library_state()
    del state["layer1.0.conv1.weight"]
    keep(folder, TIMM, state)
    code, _, _ = run(raw)
    assert code == 1
    [failure] = read_failures(open_store(own_run.store))
    assert failure["kind"] == "weights"
    assert "layer1.0.conv1.weight" in failure["message"]


@pytest.mark.parametrize(
    ("weights", "arm", "why"),
    [
        ("timm/resnet18.a1_in1k", {}, "crossgen weights fetch timm/resnet18.a1_in1k"),
        ("wohle", {}, "Did you mean whole?"),
        ("other.pth", {}, "crossgen weights import other.pth --as other"),
        ({"parts": {"semantic": TIMM}}, {}, "has no such part"),
        ("of_full", {}, "imported with size: full, and the arm's detector has size: tiny"),
        ("of_cnn", {}, "weights of simple_cnn, and fit no npr"),
        (TIMM, {"train": "none"}, "a backbone alone is no detector"),
        ({"name": TIMM, "path": "x.safetensors"}, {}, "exactly one place"),
        ({"parts": {"semantic": "x.pth"}}, {}, "crossgen weights import x.pth --as x"),
        ({"nam": TIMM}, {}, "Did you mean name?"),
    ],
)
def test_what_cannot_be_begun_with_is_refused(raw, folder, plan_of, weights, arm, why):
    keep(folder, TIMM, library_state())
    whole = build("npr", TINY_RESNET, seed=1).state_dict()
    keep(folder, "whole", whole, detector="npr", options=TINY_RESNET)
    keep(folder, "of_full", whole, detector="npr", options={"backbone": "resnet50"})
    keep(folder, "of_cnn", library_state(), detector="simple_cnn") if weights == "of_cnn" else None
    with pytest.raises(Refused) as raised:
        plan_of(with_weights(raw, weights, **arm))
    assert why in str(raised.value)


def test_parts_are_files_each_with_its_checksum(raw, folder, plan_of, monkeypatch):
    options = detectors.zoo.npr.CARD.options
    monkeypatch.setattr(options, "weight_parts", lambda self: ("spectral", "semantic"))
    first, second = keep(folder, TIMM, library_state()), keep(folder, "b", library_state(seed=6))
    parts = {"semantic": TIMM, "spectral": str(tensors_file(folder, "b"))}
    fit = only_fit(plan_of(with_weights(raw, {"parts": parts})))
    assert fit.description["weights"] == {
        "parts": {"semantic": {"sha256": first.sha256}, "spectral": {"sha256": second.sha256}}
    }
    with pytest.raises(Refused, match="a backbone alone is no detector"):
        plan_of(with_weights(raw, {"parts": parts}, train="none"))
    with pytest.raises(Refused, match=r"several backbones.*parts: \{spectral: timm/"):
        plan_of(raw)
    # One part may be a whole detector's weights, which its network knows how to take.
    whole = build("npr", TINY_RESNET, seed=1).state_dict()
    keep(folder, "whole", whole, detector="npr", options=TINY_RESNET)
    whole = with_weights(raw, {"parts": {"spectral": "whole"}})
    assert "spectral" in only_fit(plan_of(whole)).description["weights"]["parts"]


def test_paper_stands_for_the_cards_own():
    npr = detectors.zoo.npr.CARD
    assert as_published(WeightsSpec(name="paper"), npr) is None  # the paper begins at random
    begins = npr.model_copy(update={"initial_weights": TIMM})
    assert as_published(WeightsSpec(name="paper"), begins) == WeightsSpec(name=TIMM)
    given = WeightsSpec(name="other")
    assert as_published(given, begins) is given


def seen_in(plan):
    record = plan.record
    [fit] = record["fits"]
    return seen_generators(fit, {fit["fit_id"]: fit}), fit


def test_what_was_stated_of_weights_counts_as_seen(raw, folder, plan_of):
    keep(folder, TIMM, library_state(), generators=("g2", "adm"), classes=("car",))
    seen, fit = seen_in(plan_of(raw))
    assert seen.generators == ("g1", "g2", "adm")
    assert seen.own == {"g1"}
    assert seen.all_known
    assert "diffusion" in seen.families
    assert "path" not in fit["weights"]
    assert "car" in fit["train"]["classes"]


def test_of_weights_of_which_nothing_was_stated_nothing_is_claimed(raw, folder, plan_of):
    keep(folder, TIMM, library_state(), datasets=("something",))
    seen, fit = seen_in(plan_of(raw))
    assert not seen.all_known
    assert "" in fit["train"]["classes"]


def test_photographs_alone_leave_every_generator_unseen(raw, folder, plan_of):
    keep(folder, TIMM, library_state(), generators=())
    seen, _ = seen_in(plan_of(raw))
    assert seen.all_known
    assert seen.generators == ("g1",)


def test_given_weights_of_stated_generators_are_never_called_unseen(
    raw, folder, run, own_run, crossgen, plan_of
):
    network = build("npr", TINY_RESNET, seed=1)
    keep(
        folder,
        "whole",
        network.state_dict(),
        detector="npr",
        options=TINY_RESNET,
        generators=("g2",),
    )
    given = with_weights(raw, "whole", train="none")
    del given["arms"][0]["recipe"]
    code, _, err = run(given)
    assert code == 0, err
    [record] = plan_of(given).record["fits"]
    seen = seen_generators(record, {record["fit_id"]: record})
    sets = {each["generator"]: each for each in plan_of(given).record["test_sets"]}
    assert relation_of(record, seen, sets["g2"]) == "trained"
    assert relation_of(record, seen, sets["g1"]) in UNSEEN
    sql = "SELECT train_generators FROM fits WHERE detector = 'npr'"
    _, out, _ = crossgen("query", sql, "--store", own_run.store, "--csv")
    assert "g2" in out.splitlines()[1]
    _, out, _ = crossgen("matrix", own_run.file, "--store", own_run.store)
    assert "given weights whole" in out


def test_a_fit_of_named_weights_can_be_verified(raw, folder, run, own_run, crossgen):
    keep(folder, TIMM, library_state(), generators=())
    assert run(raw)[0] == 0
    store = open_store(own_run.store)
    [fit_id] = [f for f in read_commits(store) if f.startswith("npr")]
    _, out, err = crossgen("verify", fit_id, "--store", own_run.store)
    assert "equal, bit for bit" in out, err
    shutil.rmtree(folder)
    code, _, err = crossgen("verify", fit_id, "--store", own_run.store)
    assert code != 0
    assert "is not there on this host" in err


def test_a_plan_remarks_what_is_not_known_of_weights(raw, folder, own_run, crossgen, monkeypatch):
    def said(weights):
        own_run.file.write_text(json.dumps(with_weights(raw, weights)))
        code, out, err = crossgen("plan", own_run.file, "--store", own_run.store)
        assert code == 0, err
        return out

    keep(folder, TIMM, library_state(), generators=("adm",))
    assert "the generators are known and the images are not" in said(TIMM)
    keep(folder, "unstated", library_state(seed=6))
    assert "of the weights unstated nobody stated which generators" in said("unstated")
    assert "random initial weights" not in said("none")
    begins = detectors.zoo.npr.CARD.model_copy(update={"initial_weights": TIMM})
    monkeypatch.setattr(detectors.zoo.npr, "CARD", begins)
    assert "random initial weights" not in said("none")  # size: tiny takes no published weights
    del raw["arms"][0]["npr.size"]
    assert f"1 fit of npr with random initial weights, where its paper begins with {TIMM}" in said(
        "none"
    )
    assert "random initial weights" not in said("paper")
