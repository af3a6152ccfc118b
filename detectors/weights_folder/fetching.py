"""Published backbones by name, from timm and open_clip, with what is known of them.

The only place that asks a network for weights: trials read what lies in the folder. Of open_clip's
models the image tower is kept, under its own keys (`visual. ...`).
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from data.refusals import Refused
from data.suggestions import did_you_mean
from detectors.lasting_errors import WeightsMismatch
from detectors.weights import misfits
from detectors.weights_folder.names import OPEN_CLIP, TIMM, fault_of, library_of, timm_dataset

IMAGE_TOWER = "visual."
_NEAR = 4


class Published(NamedTuple):
    """What a library says of weights that it publishes."""

    source: str
    licence: str | None
    datasets: tuple[str, ...]
    generators: tuple[str, ...] | None
    """Empty where the tag says that photographs alone were trained on; None where it does not."""


def fetched(name: str) -> dict[str, Tensor]:
    """Return the tensors of published weights, from the library's cache or over the network.

    Raises:
        Refused: no such name, or the network does not give them.
    """
    published(name)  # a typing mistake is no network's fault
    try:
        with _without_warnings():
            return _of_images(name, _model(name, pretrained=True).state_dict())
    except Exception as error:  # each library, and each of its hosts, has errors of its own
        raise Refused.because(
            name,
            f"the weights could not be fetched ({type(error).__name__}: {_shortened(error)})",
            "Run `crossgen weights fetch` on a machine with a network and copy its two files "
            f"into the weights folder, or download the file and run `crossgen weights import FILE "
            f"--as {name}`",
        ) from error


def adopted(name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a downloaded file that is to be the published weights of a name.

    Raises:
        WeightsMismatch: its keys and shapes are not those of the library's model.
    """
    published(name)
    kept = _of_images(name, state)
    with torch.device("meta"), _without_warnings():
        expected = _of_images(name, _model(name, pretrained=False).state_dict())
    if listed := misfits(expected, kept):
        raise WeightsMismatch(f"The file is not {name}: {listed}.")
    return kept


def published(name: str) -> Published:
    """Return what a library says of published weights.

    Raises:
        Refused: it has none of that name.
    """
    if fault := fault_of(name):
        raise Refused.because(name, fault, "Correct the name")
    if library_of(name) == "timm":
        return _of_timm(name)
    if library_of(name) == "open_clip":
        return _of_open_clip(name)
    raise Refused.because(
        name,
        "only timm's and open_clip's weights are fetched by name",
        f"Download the file and run `crossgen weights import FILE --as {name}`",
    )


def _of_timm(name: str) -> Published:
    import timm

    model, _, tag = name.removeprefix(TIMM).partition(".")
    tags = [each.partition(".")[2] for each in timm.list_pretrained(f"{model}.*")]
    if tag not in tags:
        near = difflib.get_close_matches(model, timm.list_models(pretrained=True), n=_NEAR)
        raise _unknown(name, "timm", [f"{TIMM}{model}.{each}" for each in tags], near)
    config = timm.get_pretrained_cfg(f"{model}.{tag}")
    dataset = timm_dataset(name)
    return Published(
        source=str(config.hf_hub_id or config.url or "timm"),
        licence=config.license,
        datasets=(dataset,) if dataset else (),
        generators=() if dataset else None,
    )


def _of_open_clip(name: str) -> Published:
    import open_clip

    model, _, tag = name.removeprefix(OPEN_CLIP).partition("/")
    pairs = open_clip.list_pretrained()
    if (model, tag) not in pairs:
        tags = [f"{OPEN_CLIP}{model}/{known}" for each, known in pairs if each == model]
        raise _unknown(name, "open_clip", tags, list(dict.fromkeys(each for each, _ in pairs)))
    config = open_clip.get_pretrained_cfg(model, tag)
    return Published(
        source=str(config.get("hf_hub") or config.get("url") or "open_clip").rstrip("/"),
        licence=None,
        datasets=(),
        generators=None,  # of billions of images from the web nobody knows how many are fakes
    )


def _model(name: str, *, pretrained: bool) -> nn.Module:
    """Build a library's model as its weights were published for it."""
    if library_of(name) == "timm":
        import timm

        model: nn.Module = timm.create_model(name.removeprefix(TIMM), pretrained=pretrained)
        return model
    import open_clip

    architecture, _, tag = name.removeprefix(OPEN_CLIP).partition("/")
    settings: dict[str, Any] = {"pretrained": tag} if pretrained else {"load_weights": False}
    device = torch.get_default_device()  # "meta" where shapes alone are asked for
    clip: nn.Module = open_clip.create_model(architecture, device=device, **settings)
    return clip


@contextmanager
def _without_warnings() -> Iterator[None]:
    """The libraries say each retry twice, and that a model without weights has none."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _of_images(name: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    if library_of(name) != "open_clip":
        return dict(state)
    return {key: value for key, value in state.items() if key.startswith(IMAGE_TOWER)}


def _unknown(name: str, library: str, tags: list[str], models: list[str]) -> Refused:
    """Refuse a name: with the tags of its model, else with models."""
    why = f"{library} publishes no such weights"
    mend = did_you_mean(name, tags) if tags else f"Models: {', '.join(sorted(models)) or 'none'}"
    return Refused.because(name, why, mend)


def _shortened(error: BaseException) -> str:
    return (str(error).strip().split("\n")[0] or "no message")[:160].rstrip(".")
