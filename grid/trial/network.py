"""The network of a trial: at its initial weights, or with those that its fit was committed with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from data.regular_files import read_regular
from grid.records.commits import Commit, read_commit, read_weights
from grid.records.experiments import resolved_epochs
from grid.store.base import Store
from grid.trial.device import trial_device
from grid.trial.plugin_source import use_plugin_of
from grid.trial.spec import TrialSpec

if TYPE_CHECKING:
    from torch import nn


class WeightsLost(RuntimeError):
    """Weights that should be there are gone or changed."""


def initial_network(spec: TrialSpec, store: Store) -> nn.Module:
    """Build the network that training begins with: seeded, or from a parent, or from files.

    Raises:
        WeightsLost, WeightsChanged: the parent's or the given weights are not what they were.
    """
    from detectors import weights

    given = spec["weights"]
    if spec["parent"] is None and given is not None:
        return _with_backbones(spec, given) if _holds_backbones(given) else given_network(spec)
    network = _seeded_network(spec)
    if spec["parent"] is not None and given is not None:
        parent = read_commit(store, spec["parent"])
        if parent is None:
            raise RuntimeError(
                f"the parent fit {spec['parent']} is not committed yet; it is trained first "
                "when both stand in one experiment, so run the experiment whole"
            )
        [epoch] = resolved_epochs([given["epoch"]], parent)
        weights.from_bytes(network, read_weights(store, parent, epoch))
    return network


def given_network(spec: TrialSpec) -> nn.Module:
    """Build the network with the weights of a given file, which must fit it strictly.

    Raises:
        WeightsLost: the file is not the one that was planned with.
    """
    from detectors import weights

    given = spec["weights"]
    assert given is not None, f"{spec['fit_id']} is neither trained nor given"
    network = _seeded_network(spec)
    weights.from_bytes(network, _proved(given))
    return network


def _holds_backbones(given: Mapping[str, Any]) -> bool:
    return "parts" in given or bool(given.get("backbone"))


def _with_backbones(spec: TrialSpec, given: Mapping[str, Any]) -> nn.Module:
    """Build the seeded network, its backbones with the weights of given files."""
    from detectors import weights

    network = _seeded_network(spec)
    files: Mapping[str | None, Mapping[str, Any]] = given.get("parts") or {None: given}
    for part, file in files.items():
        weights.load_backbone(network, _proved(file), part)
    return network


def _proved(file: Mapping[str, Any]) -> bytes:
    """Read a given file whose bytes are those that were planned with.

    Raises:
        WeightsLost: they are not, or the file is not there.
    """
    try:
        content = read_regular(file["path"])
    except FileNotFoundError:
        raise WeightsLost(
            f"{file['path']} is not there on this host. Workers read weights where the plan found "
            "them: put them, or the whole weights folder, where all of them see it"
        ) from None
    if hashlib.sha256(content).hexdigest() != file["sha256"]:
        raise WeightsLost(
            f"{file['path']} has changed since the plan was made. Run the experiment again: a "
            "changed checkpoint is another fit"
        )
    return content


def load_fitted(spec: TrialSpec, commit: Commit, epoch: int, store: Store) -> nn.Module:
    """Build the detector with committed weights, read back and checked, on the trial's device.

    Raises:
        WeightsChanged: the weights in the store are not those that were committed.
    """
    from detectors import weights

    network = _seeded_network(spec)
    weights.from_bytes(network, read_weights(store, commit, epoch))
    return network


def _seeded_network(spec: TrialSpec) -> nn.Module:
    """Build the network at its seeded initial weights, on the trial's device.

    Raises:
        OtherPlugin: its detector is a plug-in, and not the one that the fit is named by.
        OtherVersion: its second view has another version here than in the fit's identity.
    """
    import torch

    from detectors.contract import build, load_card, parse_options
    from detectors.second_view.text import require_view_versions

    torch.set_num_threads(int(spec["threads"]))
    use_plugin_of(spec)
    card = load_card(spec["detector"])
    options = parse_options(card, spec["options"])
    require_view_versions(options.second_input(), spec["description"].get("operations", {}))
    network = build(card.name, options, seed=spec["seed"] or 0)
    return network.to(torch.device(trial_device(spec)))
