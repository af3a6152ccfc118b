"""Which simulated images stand in for the datasets of a file: generators, classes, photographs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from data.generators import generator
from grid.records.identity import digest

GAN, DIFFUSION = "gan", "diffusion"
# Added where a dataset is meant as a whole: one of each family, so that any may be left out.
ADDED = {GAN: "simulated_gan", DIFFUSION: "simulated_diffusion"}
TRAIN_IMAGES, TEST_IMAGES = 24, 8
IMAGES_OF_A_CLASS = 6
OF_NO_ARM = "class_of_no_arm"
NO_DATA = ("name", "recipe", "input", "augment")  # of an arm: words that may look like a dataset's


@dataclass(frozen=True)
class SimulatedGenerator:
    """A generator that the file names, or one that was added; what imitates its family."""

    name: str
    family: str
    family_is_stated: bool


@dataclass(frozen=True)
class SimulatedDataset:
    """What one dataset of the file becomes; without generators it is photographs alone."""

    alias: str
    generators: tuple[SimulatedGenerator, ...]
    classes: tuple[str, ...]
    train: int
    test: int
    """Images of each class, real or fake, of each generator."""

    @property
    def names(self) -> list[str]:
        """Of its generators."""
        return [each.name for each in self.generators]

    @property
    def folder(self) -> str:
        """The folder's name, which its content decides: files that agree in it share it."""
        content = [
            self.alias,
            [[each.name, each.family] for each in self.generators],
            list(self.classes),
            self.train,
            self.test,
        ]
        return f"{self.alias}-{digest(content)[:12]}"

    @property
    def sources(self) -> list[str]:
        """Its generators as the file calls them."""
        return [f"{self.alias}/{name}" for name in self.names]


def simulated_datasets(
    raw: Mapping[str, Any], totals: Mapping[int, int]
) -> dict[str, SimulatedDataset]:
    """Return what each dataset of a file becomes.

    Args:
        raw: the file, its arms as small as they are to be.
        totals: every `total_images` of the file, and what it becomes.
    """
    arms = [{k: v for k, v in arm.items() if k not in NO_DATA} for arm in raw["arms"]]
    texts = list(_texts([arms, raw["test"], raw.get("exclude")]))
    trained = list(_trained(raw))
    classes = tuple(dict.fromkeys(name for each in _class_lists(raw) for name in each))
    if classes:
        classes = (*classes, OF_NO_ARM)
    largest = max(totals.values(), default=0)
    train = max(TRAIN_IMAGES, IMAGES_OF_A_CLASS * len(classes), largest)
    test = max(TEST_IMAGES, 2 * len(classes))
    photographs = _photographs(raw, texts)
    made = {}
    for alias, spec in raw["data"].items():
        generators: list[SimulatedGenerator] = []
        if alias not in photographs:
            names = _named(alias, texts)
            stated = spec.get("families") or {}
            generators = [_generator(name, stated) for name in names]
            whole = not names or alias in texts or "*" in trained
            families = {each.family for each in generators}
            for family, name in ADDED.items() if whole else ():
                if family not in families:
                    generators.append(SimulatedGenerator(name, family, True))
        made[alias] = SimulatedDataset(alias, tuple(generators), classes, train, test)
    return made


def _generator(name: str, stated: Mapping[str, str]) -> SimulatedGenerator:
    if name in stated:
        return SimulatedGenerator(name, stated[name], True)
    return SimulatedGenerator(name, generator(name).family, False)


def _named(alias: str, texts: list[str]) -> list[str]:
    """Generators that the file names as `alias/generator`, also within a training set's label."""
    found = re.compile(rf"(?:^|\+){re.escape(alias)}/([^,+/]+)")
    return list(dict.fromkeys(name for text in texts for name in found.findall(text)))


def _trained(raw: Mapping[str, Any]) -> Iterator[str]:
    """Yield "*" where a file trains on all datasets, or on all but one of them."""
    for arm in raw["arms"]:
        stages = [stage.get("train") for stage in arm.get("stages") or ()]
        for train in (*(arm.get("train") or ()), *stages):
            if isinstance(train, dict) and (train.get("all") or train.get("leave_one_out")):
                yield "*"


def _photographs(raw: Mapping[str, Any], texts: list[str]) -> set[str]:
    """Datasets that are photographs alone: said so, or named as reals and nowhere else."""
    as_reals = [spec.get("reals") or () for spec in raw["data"].values()]
    tests = [raw["test"], *(arm.get("test") or {} for arm in raw["arms"])]
    as_reals += [test.get("reals") or () for test in tests]
    named = [
        name.partition("/")[0]
        for names in as_reals
        for name in ([names] if isinstance(names, str) else names)
    ]
    of_fakes = {name.partition("/")[0] for test in tests for name in test.get("sets") or ()}
    found = {a for a, s in raw["data"].items() if str(s.get("layout", "")).startswith("photo")}
    for alias in named:
        if alias in raw["data"] and alias not in of_fakes and not _is_trained(alias, raw):
            found.add(alias)
    return found


def _is_trained(alias: str, raw: Mapping[str, Any]) -> bool:
    """Whether fakes of a dataset are trained on, as far as the file says it by name."""
    arms = {"arms": [{k: v for k, v in arm.items() if k != "test"} for arm in raw["arms"]]}
    return any(text.partition("/")[0] == alias and "/" in text for text in _texts(arms))


def _class_lists(value: Any) -> Iterator[list[str]]:
    """Yield every list of classes, wherever it stands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "classes" and isinstance(inner, list):
                yield [str(name) for name in inner]
            else:
                if key == "classes" and inner == "not_trained_classes":
                    yield [OF_NO_ARM]
                yield from _class_lists(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _class_lists(inner)


def _texts(value: Any) -> Iterator[str]:
    """Yield every text of some plain values."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)
