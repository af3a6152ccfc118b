"""Weights that an arm is given as files: their checksums, and what is said where there is none."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data.regular_files import open_regular
from detectors.backbone_names import fits_backbone
from detectors.contract import Card, Options
from detectors.weights_folder.entries import WeightsEntry, read_entry, tensors_file
from grid.experiment_file.weights_spec import PAPER, WeightsFile, WeightsSpec
from grid.refusal import Problems, Refused, did_you_mean

HOW_TO_MAKE = (
    "Correct the path. A file of weights is the whole state dict of the arm's detector with its "
    "options, as safetensors. Every committed fit has such files, in its store: "
    'fits/<fit_id>/<attempt>/weights-<epoch>.safetensors, where `crossgen query "SELECT name, '
    'fit_id, attempt, kept_epochs FROM fits WHERE committed"` gives the names'
)
Found = dict[str, Any] | None
BACKBONE, HEAD = "backbone", "head"
"""Parts of a detector with one frozen backbone. The backbone is meant where no part is named; with
a head it is whole."""


def as_published(spec: WeightsSpec | None, card: Card) -> WeightsSpec | None:
    """Return the weights that `paper` stands for, None where that is at random; others as given."""
    if spec is None or spec.name != PAPER:
        return spec
    return WeightsSpec(name=card.initial_weights) if card.initial_weights is not None else None


def given_weights(
    where: str,
    spec: WeightsSpec,
    card: Card,
    options: Options,
    folder: Path,
    problems: Problems,
    *,
    trained: bool,
) -> Found:
    """Return what stands for given weights in a fit, paths and what is known of them included.

    Args:
        where: the place in the experiment file.
        spec: names files.
        card: the arm's detector.
        options: its options.
        folder: of weights by name.
        problems: receives a file that is not there, cannot be read or is another detector's.
        trained: the fit is trained; else the weights must be a whole detector's.
    """
    parts = options.weight_parts()
    if not spec.parts:
        found = _file(where, spec, folder, problems)
        if found is None:
            return None
        if found.get("backbone") and _is_others(where, found, card, options, problems):
            return None
        return _checked(where, found, card, options, problems, trained=trained)
    files: dict[str, Any] = {}
    for part, file in spec.parts.items():
        place = f"{where}.parts.{part}"
        if part not in parts:
            what = f"{card.name} with these options has no such part"
            problems.add(place, what, did_you_mean(part, parts))
            return None
        found = _file(place, file, folder, problems)
        if found is None:
            return None
        # It may be a whole detector's, as SPAI's is a part of Sem-SPAI: the network knows it.
        owner, _ = found.pop("detector", None), found.pop("options", None)
        if part == BACKBONE and owner is None and _is_others(place, found, card, options, problems):
            return None
        files[part] = {key: value for key, value in found.items() if key != "backbone"}
    if not trained and not (HEAD in files and set(files) == set(parts)):
        _refuse_untrained(where, problems)
        return None
    return {"parts": files}


def _checked(
    where: str,
    found: dict[str, Any],
    card: Card,
    options: Options,
    problems: Problems,
    *,
    trained: bool,
) -> Found:
    """Return one file's value where the arm's detector can begin with it."""
    parts = options.weight_parts()
    owner, imported_with = found.pop("detector", None), found.pop("options", {})
    if owner is not None and owner != card.name:
        problems.add(
            f"{where}: {found['name']}",
            f"they are weights of {owner}, and fit no {card.name}",
            "Name weights of the arm's detector",
        )
        return None
    if owner is not None and _is_of_another_size(where, found, imported_with, options, problems):
        return None
    if found.get("backbone") and not trained:
        _refuse_untrained(where, problems)
        return None
    if found.get("backbone") and parts and BACKBONE not in parts:
        problems.add(
            f"{where}: {found['name']}",
            f"{card.name} has several backbones",
            f"Say which one: `weights: {{parts: {{{parts[0]}: {found['name']}}}}}`, of the parts "
            f"{', '.join(parts)}",
        )
        return None
    return found


def _is_of_another_size(
    where: str,
    found: dict[str, Any],
    imported_with: Mapping[str, Any],
    options: Options,
    problems: Problems,
) -> bool:
    """Note a problem where weights were imported for another `size` of the arm's detector.

    Other options may differ: many leave the weights their shapes, and what does not fit is found
    when the network is loaded.
    """
    field = type(options).model_fields.get("size")
    if field is None:
        return False
    theirs, ours = imported_with.get("size", field.default), options.model_dump()["size"]
    if theirs != ours:
        problems.add(
            f"{where}: {found['name']}",
            f"they were imported with size: {theirs}, and the arm's detector has size: {ours}",
            "Give the arm their size, or name other weights",
        )
    return bool(theirs != ours)


def _is_others(
    where: str, found: dict[str, Any], card: Card, options: Options, problems: Problems
) -> bool:
    """Note a problem where weights by name are those of another backbone than the options say."""
    name, backbone = found.get("name", ""), options.frozen_backbone()
    if backbone is None or fits_backbone(name, backbone):
        return False
    problems.add(
        f"{where}: {name}",
        f"{card.name} with these options is built over {backbone}",
        f"Name its weights, or set `{card.name}.backbone`",
    )
    return True


def _refuse_untrained(where: str, problems: Problems) -> None:
    problems.add(
        where,
        "with `train: none` a backbone alone is no detector: its last layer would be random",
        "Say what it trains on, or give the weights of a whole detector",
    )


def _file(where: str, spec: WeightsFile, folder: Path, problems: Problems) -> Found:
    """Return a file's checksum and path, and what its entry says where it has a name."""
    if spec.path is not None:
        checksum = _noted(where, spec.path, problems)
        return None if checksum is None else {"sha256": checksum, "path": str(spec.path)}
    name = spec.name or ""
    try:
        entry = read_entry(folder, name)
    except Refused as refused:
        for problem in refused.problems:
            problems.add(f"{where}: {name}", problem.why, problem.mend)
        return None
    found: dict[str, Any] = {"sha256": entry.sha256, "path": str(tensors_file(folder, name))}
    found["name"] = name
    if entry.is_backbone:
        found["backbone"] = True
    else:
        found |= {"detector": entry.detector, "options": entry.options}
    if stated := _stated(entry):
        found["trained_on"] = stated
    return found


def _stated(entry: WeightsEntry) -> dict[str, Any]:
    """Return what was stated of generators and classes; nothing where not even generators were."""
    trained_on = entry.trained_on
    if trained_on.generators is None:
        return {}
    classes = {} if trained_on.classes is None else {"classes": list(trained_on.classes)}
    return {"generators": list(trained_on.generators), **classes}


def _noted(where: str, path: Path, problems: Problems) -> str | None:
    """Return a file's checksum; None, with a problem noted, where it cannot be read."""
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        problems.add(f"{where} = {path}", "there is no such file", HOW_TO_MAKE)
    except OSError as error:
        problems.add(f"{where} = {path}", f"it cannot be read ({error.strerror})", HOW_TO_MAKE)
    return None
