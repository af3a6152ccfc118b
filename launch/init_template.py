"""The text of a new experiment: a pure function of the images that were found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jinja2

from data.counts import counted
from grid.checks.bias import one_sided_of
from grid.experiment_file.words import yaml_word
from grid.records.pools.header_facts import OneSided
from grid.sources.catalog import Catalog, IndexedDataset
from grid.sources.families import lines_to_add
from grid.sources.source import FAKE, REAL, TEST, TRAIN, VALIDATION
from launch.command_lines import command_line

_SHOWN = 12  # generators by name
_STEPS, _BATCH = 1000, 16
_FEWEST_EPOCHS = 8  # of large sets
_MOST_EPOCHS = 100  # of tiny ones, which teach nothing more

_TEMPLATE = jinja2.Template(
    """\
# An experiment for the images found below:
{% for line in found %}#   {{ line }}
{% endfor %}{% for blank in blanks %}# FILL IN FIRST {{ blank }}
{% endfor %}# `{{ plan }}` shows what it would do, `{{ run }}` does it.
schema: 1
name: {{ name }}
question: {{ question }}
# store: results        # else --store, CROSSGEN_STORE or ./runs
data:
{% for alias, keys in data %}{% if alias in families %}  {{ alias }}:
{% for key, value in keys %}    {{ key }}: {{ value }}
{% endfor %}    # Not known by name.
    # A family is gan, diffusion, autoregressive, flow, vae or your own word.
    # {{ families[alias] }}
{% else %}  {{ alias }}: { {%- for key, value in keys -%}
{{ ", " if not loop.first }}{{ key }}: {{ value }}{% endfor %}}
{% endif %}{% endfor %}
{% if bias %}# One-sided, so that a detector can read the label from that fact alone:
{% for each in bias %}#   {{ each.comparison }}, {{ each.fact }}: {{ each.classes }}
{% endfor %}# Prepare both classes alike and call `crossgen init` again, or say here what is done
# about it: until this is a line of its own, `crossgen plan` refuses.
#   match           fakes are coded once as the reals were, both classes cropped to one square
#   recompress(96)  both are coded once more; sizes stay, and JPEG reals are then coded twice
#   none            the images are taken as they are, which is said before every number
# equalise: match
{% else %}# equalise: none      # formats and sizes of both classes look alike
{% endif %}
{% if unusable %}# {{ unusable }} cannot be used; `{{ index }}` lists them.
# Repair or remove them and call `crossgen init` again, or say here what is done about them:
# until this is a line of its own, `crossgen plan` refuses.
#   null_score  they are left out, listed and counted; an image whose pixels turn out to be
#               broken gets no score, and fails what would train on it
#   leave_out   as null_score, and training leaves out images whose pixels are broken
# unreadable: leave_out

{% endif %}test:
  sets: [{{ test_sets | join(', ') }}]
  degradations: [none]  # add for instance "jpeg(75)" or "blur(1.0)"

seeds: [0, 1, 2]        # seeds are replicates; claims about a procedure need five

arms:
{% if train_sets %}  # A list is an axis and an arm is the product of its axes: here one
  # fit for each training generator, factor and seed.
{% for alias, each in train_sets.items() %}  {% set budget = budgets[alias] -%}
  # {{ budget.steps }} steps on the smallest training set. Training ends early when the validation
  # AUC has not risen for {{ budget.patience }} epochs, and the best epoch is the detector.
  - name: npr-{{ alias }}
    detector: npr
    npr.factor: [0.5]
    train: {each: {{ each }}}
    input: {{ input }}
    recipe: {{ budget.recipe }}
  - name: simple-cnn-{{ alias }}
    detector: simple_cnn
    simple_cnn.size: tiny
    train: {each: {{ each }}}
    input: {{ input }}
    recipe: {{ budget.recipe }}
{% endfor %}{% else %}  # No training split with both classes was found, so weights are given,
  # for instance of another run: fits/<fit_id>/<attempt>/weights-<epoch>.safetensors in its store.
  - name: given
    detector: npr       # and its options, as those weights were trained
    train: none
    weights: FILE.safetensors
{% endif %}""",
    trim_blocks=False,
    keep_trailing_newline=True,
)


class Budget(NamedTuple):
    """How long a detector is trained, by the number of steps that small sets need.

    Measured with NPR on 540 images of 32 px, two generators, steps of 16 images: the training loss
    reaches zero after 700 to 1,000 steps, the validation AUC is best after 370 to 440, and the
    validation loss is best after 30 to 70, before anything is learned.
    """

    epochs: int
    patience: int
    steps: str

    @property
    def recipe(self) -> str:
        """As it stands in the file."""
        return (
            f"{{base: small, epochs: {self.epochs}, batch_size: {_BATCH}, "
            f"selection: validation_auc, patience: {self.patience}}}"
        )


def budget(images: int) -> Budget:
    """Return the budget for a training set of so many images, before validation is carved."""
    steps_per_epoch = max(1, -(-int(images * 0.9) // _BATCH))
    epochs = min(max(-(-_STEPS // steps_per_epoch), _FEWEST_EPOCHS), _MOST_EPOCHS)
    return Budget(epochs, max(3, -(-epochs // 4)), f"{epochs * steps_per_epoch:,}")


class Blank(NamedTuple):
    """A line that must be filled in before anything else can be done."""

    line: int
    key: str
    words: str

    def __str__(self) -> str:
        return f"line {self.line}, `{self.key}:` {self.words}"


# A blank is the line that begins so.
_EQUALISE = (
    "# equalise: match",
    "equalise",
    "match, recompress(96) or none, for one-sided formats or sizes; plan refuses until it is there",
)
_UNREADABLE = (
    "# unreadable: leave_out",
    "unreadable",
    "leave_out or null_score, for files that cannot be used; plan refuses until it is there",
)
_SETS = (
    "  sets: []",
    "sets",
    "generators with test images, or `reals:` for them; without, nothing is tested",
)
_WEIGHTS = (
    "    weights: ",
    "weights",
    "the file of trained weights to score; plan refuses without it",
)


_ACROSS = "Trained on one generator, which others does each detector find?"
_GIVEN = "Which generators does a detector find whose weights are given?"


@dataclass(frozen=True)
class NewExperiment:
    """The text of an experiment file, and what is to be said of it."""

    text: str
    found: tuple[str, ...]
    bias: tuple[OneSided, ...]
    families: Mapping[str, str]  # by dataset, the line that states those which are not known
    blanks: tuple[Blank, ...]
    unusable: tuple[str, ...]  # files, with the reason


def new_experiment(catalog: Catalog, file: str, layout: str | None = None) -> NewExperiment:
    """Return an experiment over all of a catalog, in a file that will be called so.

    Args:
        catalog: what was found; files that cannot be used are told by its datasets.
        file: name of the file, for the commands in it.
        layout: of all roots, where it was stated.
    """
    datasets = catalog.datasets.values()
    found = [line for dataset in datasets for line in _found(dataset)]
    bias = one_sided_of([(source.name, source.pools) for source in catalog.all_sources()])
    families = lines_to_add(catalog.all_sources())
    test_sets = [name for dataset in datasets for name in _usable(dataset, TEST)]
    trained = {d.alias: _usable(d, TRAIN) for d in datasets if _usable(d, TRAIN)}
    unusable = tuple(
        f"{each.alias}/{problem.path}: {problem.reason}"
        for each in datasets
        for problem in each.manifest.problems
    )
    blanks = [
        *([_EQUALISE] if bias else []),
        *([_UNREADABLE] if unusable else []),
        *([_SETS] if not test_sets else []),
        *([_WEIGHTS] if not trained else []),
    ]

    def text(numbered: Sequence[Blank]) -> str:
        rendered: str = _TEMPLATE.render(
            found=found,
            blanks=numbered,
            plan=command_line("plan", file),
            run=command_line("run", file),
            name="-".join(catalog.datasets),
            index=command_line("index", file),
            question=_ACROSS if trained else _GIVEN,
            unusable=counted(len(unusable), "file") if unusable else "",
            data=[(d.alias, _keys(d, layout)) for d in datasets],
            families=families,
            bias=bias,
            test_sets=test_sets,
            train_sets={
                alias: names[0] if names == [alias] else f"[{', '.join(names)}]"
                for alias, names in trained.items()
            },
            budgets={
                d.alias: budget(_fewest_to_train_on(d)) for d in datasets if d.alias in trained
            },
            input=_fitting_input(catalog),
        )
        return rendered

    # The lines are the same with numbers and without.
    lines = text([Blank(0, key, words) for _, key, words in blanks]).splitlines()
    numbered = tuple(
        Blank(1 + next(n for n, line in enumerate(lines) if line.startswith(start)), key, words)
        for start, key, words in blanks
    )
    return NewExperiment(text(numbered), tuple(found), tuple(bias), families, numbered, unusable)


def _keys(dataset: IndexedDataset, layout: str | None) -> list[tuple[str, str]]:
    """What is stated of a dataset: its root, and its layout where it was not detected."""
    stated = {"root": str(dataset.root), **({"layout": layout} if layout else {})}
    return [(key, json.dumps(value, ensure_ascii=False)) for key, value in stated.items()]


def _found(dataset: IndexedDataset) -> Iterator[str]:
    """What was found below a root: layout and generators; images by split and label."""
    names = [source.generator for source in dataset.sources]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    listed = f": {', '.join(names[:_SHOWN])}{more}" if names else ", photographs only"
    generators = counted(len(names), "generator")
    yield f"{dataset.alias}: {dataset.manifest.layout} layout, {generators}{listed}"
    decided, *samples = dataset.manifest.reason.splitlines()
    if samples:  # of a list: which value is real was read from it, and can be looked at
        yield f"  {decided}"
        yield from samples
    splits = []
    for split in (TRAIN, VALIDATION, TEST):
        real, fake = (
            sum(len(p) for p in dataset.pools if (p.split, p.label) == (split, label))
            for label in (REAL, FAKE)
        )
        if real or fake:
            splits.append(f"{split} {real:,} real and {fake:,} fake")
    yield f"  images: {'; '.join(splits)}"


def _usable(dataset: IndexedDataset, split: str) -> list[str]:
    """The names that stand for all generators with both classes in a split: the dataset's if all.

    Those without fakes to train on may stand below its name all the same.
    """
    whole = [s for s in dataset.sources if s.of(split, REAL) and s.of(split, FAKE)]
    others = [s for s in dataset.sources if s not in whole]
    if not whole or not any(split == TEST or s.of(split, FAKE) for s in others):
        return [dataset.alias] if whole else []
    return [yaml_word(source.name) for source in whole]


def _fewest_to_train_on(dataset: IndexedDataset) -> int:
    """The images of its smallest training set, of those that name one generator."""
    sizes = [
        sum(len(pool) for pool in source.of(TRAIN))
        for source in dataset.sources
        if source.of(TRAIN, REAL) and source.of(TRAIN, FAKE)
    ]
    return min(sizes)


def _fitting_input(catalog: Catalog) -> str:
    """Crops that the smallest image can give; nothing is resampled, which would hide traces."""
    sides = [
        min(min(p.table["width"].to_pylist()), min(p.table["height"].to_pylist()))
        for d in catalog.datasets.values()
        for p in d.pools
    ]
    side = min(min(sides, default=224), 224) // 8 * 8
    return '{train: "random_crop(%d, step=2) | hflip", test: "none"}' % side  # noqa: UP031
