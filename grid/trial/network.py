"""The network of a trial: at its initial weights, or with those that its fit was committed with."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from data.regular_files import read_regular
from grid.records.commits import Commit, read_commit, read_weights
from grid.records.experiments import resolved_epochs
from grid.store.base import Store
from grid.trial.device import trial_device
from grid.trial.spec import TrialSpec

if TYPE_CHECKING:
    from torch import nn


class WeightsLost(RuntimeError):
    """Weights that should be there are gone or changed."""


def initial_network(spec: TrialSpec, store: Store) -> nn.Module:
    """Build the network that training begins with: seeded, or from a parent, or from a file.

    Raises:
        WeightsLost, WeightsChanged: the parent's or the given weights are not what they were.
    """
    from detectors import weights

    if spec["parent"] is None and spec["weights"] is not None:
        return given_network(spec)
    network = _seeded_network(spec)
    if spec["parent"] is not None and spec["weights"] is not None:
        parent = read_commit(store, spec["parent"])
        if parent is None:
            raise RuntimeError(
                f"the parent fit {spec['parent']} is not committed yet; it is trained first "
                "when both stand in one experiment, so run the experiment whole"
            )
        [epoch] = resolved_epochs([spec["weights"]["epoch"]], parent)
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
    content = read_regular(given["path"])
    if hashlib.sha256(content).hexdigest() != given["sha256"]:
        raise WeightsLost(
            f"{given['path']} has changed since the plan was made. Run the experiment again: a "
            "changed checkpoint is another fit"
        )
    weights.from_bytes(network, content)
    return network


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
        OtherVersion: its second view has another version here than in the fit's identity.
    """
    import torch

    from detectors.contract import build, load_card, parse_options
    from detectors.second_view.text import require_view_versions

    torch.set_num_threads(int(spec["threads"]))
    card = load_card(spec["detector"])
    options = parse_options(card, spec["options"])
    require_view_versions(options.second_input(), spec["description"].get("operations", {}))
    network = build(card.name, options, seed=spec["seed"] or 0)
    return network.to(torch.device(trial_device(spec)))
