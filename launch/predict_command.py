"""`crossgen predict`: loads detectors, scores images, prints and writes what they say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from grid.console import Console
from grid.experiment_file.yaml_reading import read_value
from grid.refusal import Refused
from grid.run.exit_codes import EXIT_DONE, EXIT_FAILED
from launch.command_lines import Pairs
from launch.desk import store_of
from launch.predicting.given_images import given_images
from launch.predicting.scorers import Scorer, scorer_of_file, scorer_of_fit
from launch.predicting.verdict_files import check_output_file, write_verdicts
from launch.predicting.verdicts import ENSEMBLE, Joining, verdicts_of
from launch.show_verdicts import print_scorers, print_verdicts
from launch.waiting import waiting


def predict_images(
    paths: Sequence[Path],
    *,
    fits: Sequence[str],
    ensemble: Joining,
    store: str | None,
    explain: Path | None,
    output: Path | None,
    device: str | None,
    trust_plugins: bool,
    **checkpoint: Any,
) -> int:
    """Score images and say what was found; return the exit code, 1 where one has no score.

    Args:
        paths: files and folders.
        fits: ids of committed fits, or their beginnings.
        ensemble: how several fits are joined.
        store: --store.
        explain: folder for pictures.
        output: file for the numbers.
        device: "cpu", "cuda" or None for what is there.
        trust_plugins: run the code of plug-ins that the store holds.
        checkpoint: weights, detector, options, input_preset and own_keys.

    Raises:
        Refused: what was asked for contradicts itself or is not there.
    """
    _require_sensible(fits, checkpoint)
    _require_device(device)
    if output is not None:
        check_output_file(output)
    console = Console()
    with waiting("looking at images") as say:
        images = given_images(paths)
        if not images:
            named = ", ".join(map(str, paths))
            raise Refused.because(named, "no file of an image lies there", "Name another folder")
        say("loading detectors")
        scorers = _scorers(fits, store, device, checkpoint, trust_plugins=trust_plugins)
        say("scoring images")
        verdicts = verdicts_of(scorers, images, ensemble)
    print_scorers(console, scorers, verdicts)
    print_verdicts(console, scorers, verdicts, ensemble)
    if explain is not None:
        from launch.explaining.explained_images import explain_images

        with waiting("drawing") as say:
            explain_images(scorers, images, verdicts, explain, say)
        console.print(f"pictures in {explain}", highlight=False, markup=False, soft_wrap=True)
    flat = [verdict for row in verdicts for verdict in row]
    if output is not None:
        write_verdicts(output, flat)
        console.print(f"written to {output}", highlight=False, markup=False, soft_wrap=True)
    failed = any(each.reason for each in flat if each.fit != ENSEMBLE)
    return EXIT_FAILED if failed else EXIT_DONE


def _scorers(
    fits: Sequence[str],
    store: str | None,
    device: str | None,
    checkpoint: dict[str, Any],
    *,
    trust_plugins: bool,
) -> list[Scorer]:
    if checkpoint["weights"] is not None:
        pairs: Pairs = checkpoint["options"]
        values = {key: read_value(value, f"--option {key}={value}") for key, value in pairs}
        return [
            scorer_of_file(
                checkpoint["weights"],
                checkpoint["detector"],
                values,
                input_preset=checkpoint["input_preset"] or "",
                own_keys=checkpoint["own_keys"],
                device=device,
            )
        ]
    opened = store_of(store)
    scorers = [scorer_of_fit(opened, fit, device, trust_plugins=trust_plugins) for fit in fits]
    names = [scorer.name for scorer in scorers]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise Refused.because(f"--fit {twice}", "it is given twice", "Give it once")
    return scorers


def _require_sensible(fits: Sequence[str], checkpoint: dict[str, Any]) -> None:
    weights, detector = checkpoint["weights"], checkpoint["detector"]
    if not fits and weights is None:
        raise Refused.because(
            "predict", "it names no detector", "Give --fit FIT, or --weights FILE --detector NAME"
        )
    if fits and weights is not None:
        raise Refused.because("--fit with --weights", "either names a detector", "Give one of them")
    if (weights is None) != (detector is None):
        lone, other = (
            ("--weights", "--detector NAME")
            if detector is None
            else ("--detector", "--weights FILE")
        )
        raise Refused.because(lone, "alone it says half of what is needed", f"Add {other}")
    others = ("options", "input_preset", "own_keys")
    if weights is None and (given := next((name for name in others if checkpoint[name]), None)):
        option = {"options": "--option", "input_preset": "--input", "own_keys": "--own-keys"}[given]
        why = "a fit has its own options and geometry"
        raise Refused.because(option, why, "Leave it out, or give --weights")


def _require_device(device: str | None) -> None:
    if device != "cuda":
        return
    import torch

    if not torch.cuda.is_available():
        raise Refused.because("--device cuda", "torch finds no GPU here", "Leave it out")
