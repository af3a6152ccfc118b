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
    given = spec["weights"]
    if spec["parent"] is None and given is not None:
        return given_network(spec)
    network = _seeded_network(spec)
    if spec["parent"] is not None and given is not None:
        parent = read_commit(store, spec["parent"])
        if parent is None:
            raise RuntimeError(
                f"the parent fit {spec['parent']} is not committed yet; it is trained first "
                "when both stand in one experiment, so run the experiment whole"
            )
        [epoch] = resolved_epochs([given["epoch"]], parent)
        _load_committed(network, spec, read_weights(store, parent, epoch))
    return network


def given_network(spec: TrialSpec) -> nn.Module:
    """Build the network with the weights of given files, which must fit it strictly.

    Raises:
        WeightsLost: a file is not the one that was planned with.
    """
    from detectors import weights

    given = spec["weights"]
    assert given is not None, f"{spec['fit_id']} is neither trained nor given"
    if holds_backbones(given):
        return _with_backbones(spec, given)
    network = _seeded_network(spec)
    weights.from_bytes(network, _proved(given))
    return network


def holds_backbones(given: Mapping[str, Any]) -> bool:
    """Whether given weights are those of parts: of backbones, and perhaps of a head."""
    return "parts" in given or bool(given.get("backbone"))


def _with_backbones(spec: TrialSpec, given: Mapping[str, Any]) -> nn.Module:
    """Build the seeded network, its backbones with the weights of given files."""
    network = _seeded_network(spec)
    _load_backbones(network, given)
    return network


def _load_backbones(network: nn.Module, given: Mapping[str, Any]) -> None:
    from detectors import weights

    files: Mapping[str | None, Mapping[str, Any]] = given.get("parts") or {None: given}
    for part, file in files.items():
        weights.load_backbone(network, _proved(file), part)


def _load_committed(network: nn.Module, spec: TrialSpec, content: bytes) -> None:
    """Load committed weights; first those of frozen backbones, of which they hold checksums."""
    from detectors import weights
    from detectors.networks.frozen_backbone import has_frozen_backbone

    own = spec["weights"] if spec["parent"] is None else None
    given = own if own is not None and holds_backbones(own) else spec.get("backbones")
    if given is not None and has_frozen_backbone(network):
        _load_backbones(network, given)
    weights.from_bytes(network, content)


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
            f"{file['path']} has changed since the plan was made, or since it was brought into a "
            "weights folder. Of a name, `crossgen weights check` tells whether it is damaged: "
            "delete both files then, and bring it again. Of a file, run the experiment again: "
            "other weights are another fit"
        )
    return content


def load_fitted(spec: TrialSpec, commit: Commit, epoch: int, store: Store) -> nn.Module:
    """Build the detector with committed weights, read back and checked, on the trial's device.

    Raises:
        WeightsChanged: the weights in the store are not those that were committed.
        WeightsLost: those of a frozen backbone are not where they were.
    """
    network = _seeded_network(spec)
    _load_committed(network, spec, read_weights(store, commit, epoch))
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
