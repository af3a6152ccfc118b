"""What a detector is: a card, its options, a function that builds the network.

A detector `npr` is the file `detectors/zoo/npr.py` with three names in it: a subclass of
`Options`, a `CARD`, and `build(options) -> torch.nn.Module`. The network takes RGB float32 in
[0, 1], images_BCHW, and returns logit_B, larger = more fake; normalisation is its own affair.
Nothing here imports torch before `build` is called.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.suggestions import did_you_mean
from detectors.paper import OfficialCode as OfficialCode
from detectors.paper import Paper as Paper
from detectors.plugins import BadPlugin, plugin_module, registered
from detectors.zoo import zoo_names

if TYPE_CHECKING:
    from torch import nn

DEFAULT_COMMON_SIZE_PX = 224


class UnknownName(ValueError):
    """A detector, option, preset or recipe that does not exist; the message suggests one."""


class BadOption(ValueError):
    """An option of a detector with a value outside its range; the message gives the range."""


class Options(BaseModel):
    """Base of a detector's options; the fields' defaults are the official setting."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def fixed_input_px(self) -> int | None:
        """Side of the only square input that the network takes, in pixels; None = any size."""
        return None

    def micro_batch_acts(self) -> bool:
        """Whether training depends on which images share a forward pass.

        True with batch normalisation, and where a pass draws random numbers (dropout): then
        micro_batch belongs to the identity. A network with neither says False.
        """
        return True

    def second_input(self) -> str | None:
        """The second view that the network is given beside the pixels; None = none.

        A text of `data/second_views.py`. Then `build` of the detector's file returns a network
        that is called with two images, network(images_BCHW, second_BCHW).
        """
        return None

    def last_geometry(self) -> str | None:
        """What the detector itself does to an image last, behind whatever `input:` says.

        A text of the kind geometry, such as "patch(32)", put behind both pipelines of every input,
        `common` too; None = nothing. For a detector whose options say which part of an image it
        looks at.
        """
        return None

    def weight_parts(self) -> tuple[str, ...]:
        """Names of what the network can begin with apart, for `weights: {parts: ...}`.

        The network's `load_backbone(state, part)` is called for each part that is given, and with
        part None where a backbone is given without a part: of a network that has one, or that
        calls one `backbone`. With a part `head`, the last layer, all parts together are a whole
        detector, which can be scored untrained.
        """
        return ()

    def frozen_backbone(self) -> str | None:
        """Name of what is never trained, where all that is trained sees its features alone.

        Then the network has `frozen_features(images_BCHW) -> features_BF`, a module `head` that
        makes logit_B of them, and `features_identity()`, and its features are kept
        (`detectors/frozen_features.py`).
        """
        return None

    def cpu_seconds_per_megapixel(self) -> float | None:
        """What training takes for a million pixels on one CPU core; None = not known.

        For `plan` before anything alike has run. `tests/benchmarks/training_speed.py` measures it;
        what is estimated instead says so.
        """
        return None


class Pipelines(BaseModel):
    """The geometry of training and of testing, as strings of `data.operations`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    train: str
    test: str


class Card(BaseModel):
    """What is known of a detector without building it. Picklable, comparable, torch-free."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: int = Field(ge=1)
    """Raised when equal weights would no longer give equal logits, or a default changes."""
    title: str
    options: type[Options]
    presets: dict[str, Pipelines]
    default_preset: str
    recipes: dict[str, dict[str, Any]] = {}
    """Recipes of its own beside the shared ones: name -> values of `detectors.recipes.Recipe`."""

    paper: Paper | None = None
    """None: it is a control or a baseline of a study that was not published."""
    code: OfficialCode | None = None
    initial_weights: str | None = None
    """What the published training begins with, a name that `weights:` takes; None = at random."""
    published: tuple[str, ...] = ()
    """Published results, a sentence each: trained on what, tested on what, which number, where."""
    published_briefly: str = Field(default="", max_length=45)
    """One of them for a line of a list: `ProGAN: 78.4 % on AIGCDetectBenchmark`."""
    is_control: bool = False
    """Whether it is a simple model that others are held against; reports warn where it wins."""


def names() -> list[str]:
    """Every detector of the zoo and every plug-in that is registered, sorted."""
    return sorted({*zoo_names(), *registered()})


def load_card(name: str) -> Card:
    """The card of the detector in `detectors/zoo/<name>.py`, or of the plug-in of that name.

    Raises:
        UnknownName: no such file and no such plug-in.
        BadPlugin: a plug-in that cannot be run, or has no card of its name.
    """
    card = getattr(module_of(name), "CARD", None)
    if isinstance(card, Card) and card.name == name:
        return card
    if name in registered():
        raise BadPlugin(f"plug-in {name}: CARD must be a Card whose name is {name!r}; correct it")
    raise TypeError(f"detectors/zoo/{name}.py: CARD must be a Card whose name is {name!r}.")


def module_of(name: str) -> ModuleType:
    """The file of a detector as a module: its `CARD`, its `build`, and what else it has.

    Raises:
        UnknownName, BadPlugin: see `load_card`.
    """
    if name in zoo_names():
        return importlib.import_module(f"detectors.zoo.{name}")
    if name in registered():
        return plugin_module(name)
    raise UnknownName(f"Unknown detector {name!r}. {did_you_mean(name, names())}")


def parse_options(card: Card, values: Mapping[str, Any]) -> Options:
    """Values from an experiment file as the detector's validated options.

    Raises:
        UnknownName: a key that the detector does not have.
        BadOption: a value outside its range.
    """
    known = list(card.options.model_fields)
    for key in values:
        if key not in known:
            raise UnknownName(f"Unknown option {key!r} of {card.name}. {did_you_mean(key, known)}")
    try:
        return card.options.model_validate(dict(values))
    except ValidationError as error:
        raise BadOption(_bad_values(card.name, error)) from None


def options_that_differ(card: Card, options: Options) -> dict[str, Any]:
    """The options that are not the card's default, as plain JSON values: what the identity holds.

    A new option with a neutral default therefore changes no identity.
    """
    default = card.options().model_dump(mode="json")
    return {
        key: value
        for key, value in options.model_dump(mode="json").items()
        if value != default[key]
    }


def find_preset(card: Card, text: str = "") -> Pipelines:
    """The geometry called `text`, as seen from one detector.

    "" is the card's default; "native" one of its own presets; "npr/native" a preset of any
    detector; "npr" that detector's default; "common" or "common(S)" the shared one, which
    never resamples: tiles what is smaller than S px (224 when not given), crops S x S.

    Raises:
        UnknownName: no preset and no detector of that name.
    """
    text = text.strip() or card.default_preset
    shared = re.fullmatch(r"common(?:\(\s*([1-9]\d*)\s*\))?", text)
    if shared:
        return common_pipelines(int(shared[1] or DEFAULT_COMMON_SIZE_PX))
    owner, slash, preset = text.partition("/")
    if slash:
        card = load_card(owner)
    elif text in card.presets:
        preset = text
    elif text in names():
        card = load_card(text)
        preset = card.default_preset
    else:
        preset = text
    if preset not in card.presets:
        known = did_you_mean(preset, [*card.presets, "common", "common(S)"])
        raise UnknownName(
            f"Unknown input preset {preset!r} of {card.name}. {known} "
            "Or state both pipelines: {train: ..., test: ...}."
        )
    return card.presets[preset]


def common_pipelines(size_px: int) -> Pipelines:
    """The geometry that every detector can share, so that all of them see the same pixels.

    No resampling, because that would erase the traces that some detectors live on. Crops start
    at even offsets: NPR compares pixels inside fixed 2x2 blocks.
    """
    return Pipelines(
        train=f"tile({size_px}) | random_crop({size_px}, step=2) | hflip",
        test=f"tile({size_px}) | center_crop({size_px}, step=2)",
    )


def build(
    name: str, options: Options | Mapping[str, Any] | None = None, *, seed: int | None = None
) -> nn.Module:
    """The network of a detector, in training mode, on the CPU.

    Args:
        name: detector.
        options: its options; a mapping is validated; None = the defaults.
        seed: initial weights become a function of it (torch's global generator is left as it
            was); None draws from the global generator.

    Raises:
        UnknownName: no such detector or option.
        BadOption: an option outside its range.
    """
    import torch

    from data.randomness import torch_seed

    card = load_card(name)
    if not isinstance(options, Options):
        options = parse_options(card, options or {})
    elif type(options) is not card.options:
        raise BadOption(f"{options!r} are not options of {name}; give {card.options.__name__}.")
    if seed is None:
        return _built(name, options)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(torch_seed(seed, "init"))
        return _built(name, options)


def _built(name: str, options: Options) -> nn.Module:
    network = cast("nn.Module", module_of(name).build(options))
    text = options.second_input()
    if text is None:
        return network
    from detectors.second_view.with_second_view import WithSecondView

    return WithSecondView(network, text)


def _bad_values(detector: str, error: ValidationError) -> str:
    lines = []
    for fault in error.errors():
        where = ".".join(str(part) for part in fault["loc"])
        option = f"{detector}.{where}" if where else detector
        reason = fault["msg"].removeprefix("Value error, ")
        lines.append(f"{option} = {fault['input']!r}: {reason}; give a value in that range.")
    return "\n".join(lines)
