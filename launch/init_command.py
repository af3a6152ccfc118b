"""`crossgen init`: a valid, commented experiment for the images that were found."""

from __future__ import annotations

import re
from pathlib import Path

import click
import jinja2

from data.counts import counted
from grid.bias import one_sided_of, refused
from grid.catalog import TEST, TRAIN, Catalog, open_catalog
from grid.experiment import DatasetSpec
from grid.refusal import Problems

_TEMPLATE = jinja2.Template(
    """\
# An experiment for the images found below:
{% for line in found %}#   {{ line }}
{% endfor %}# `crossgen plan {{ file }}` shows what it would do, `crossgen run {{ file }}` does it.
schema: 1
name: {{ name }}
question: Trained on one generator, which others does each detector find?
# store: results        # else --store, CROSSGEN_STORE or ./runs
data:
{% for alias, root in data %}  {{ alias }}: {root: "{{ root }}"}
{% endfor %}
{% for line in bias %}# {{ line }}
{% endfor %}{% if bias %}# Until both classes are prepared alike, numbers may come from that alone.
equalise: none
{% else %}# equalise: none      # formats and sizes of both classes look alike
{% endif %}
test:
  sets: [{{ test_sets | join(', ') }}]
  degradations: [none]  # add for instance "jpeg(75)" or "blur(1.0)"

seeds: [0, 1, 2]        # seeds are replicates; claims about a procedure need five

arms:
{% if train_sets %}  # A list is an axis and an arm is the product of its axes: here one
  # fit for each training generator, factor and seed.
{% for alias in train_sets %}  - name: npr-{{ alias }}
    detector: npr
    npr.factor: [0.5]
    train: {each: {{ alias }}}
    input: {{ input }}
    recipe: small
  - name: simple-cnn-{{ alias }}
    detector: simple_cnn
    simple_cnn.size: tiny
    train: {each: {{ alias }}}
    input: {{ input }}
    recipe: small
{% endfor %}{% else %}  # No training split with both classes was found: score a given checkpoint.
  - name: given
    detector: npr
    train: none
    weights: "checkpoint.safetensors"   # put your file here
{% endif %}""",
    trim_blocks=False,
    keep_trailing_newline=True,
)


def write_experiment(folders: tuple[Path, ...], output: Path | None) -> None:
    """Write an experiment for some folders, to a file that does not exist yet or to stdout.

    Raises:
        Refused: a folder has no known layout, or files that cannot be read.
        click.ClickException: the output file exists.
    """
    if output is not None and output.exists():
        raise click.ClickException(
            f"{output} exists and is not overwritten: choose another name, or delete it first"
        )
    problems = Problems()
    specs = {_alias(f, folders): DatasetSpec(root=f.expanduser().resolve()) for f in folders}
    catalog = open_catalog(specs, image_limit=None, problems=problems)
    problems.raise_if_any()
    text = experiment_text(catalog, output.name if output else "FILE")
    if output is None:
        click.echo(text, nl=False)
        return
    with output.open("x", encoding="utf-8") as file:
        file.write(text)
    click.echo(f"wrote {output}; next: crossgen plan {output}")


def experiment_text(catalog: Catalog, file: str) -> str:
    """Return the text of an experiment over all of a catalog; a pure function of it."""
    found, bias, train_sets, test_sets = [], [], [], []
    for alias, dataset in catalog.datasets.items():
        generators = ", ".join(s.generator for s in dataset.sources)
        images = sum(len(p.table) for p in dataset.pools)
        found.append(
            f"{alias}: {dataset.manifest.layout} layout ({dataset.manifest.reason}), "
            f"{counted(images, 'image')}, generators {generators or 'none'}"
        )
        sources = [(source.name, source.pools) for source in dataset.sources]
        bias += [f"{p.what}: {p.why}" for p in refused(one_sided_of(sources))]
        if any(s.of(TRAIN, 0) and s.of(TRAIN, 1) for s in dataset.sources):
            train_sets.append(alias)
        if any(s.of(TEST, 0) and s.of(TEST, 1) for s in dataset.sources):
            test_sets.append(alias)
    text: str = _TEMPLATE.render(
        found=found,
        bias=bias,
        file=file,
        name="-".join(catalog.datasets),
        data=[(alias, d.root) for alias, d in catalog.datasets.items()],
        test_sets=test_sets or list(catalog.datasets),
        train_sets=train_sets,
        input=_fitting_input(catalog),
    )
    return text


def _fitting_input(catalog: Catalog) -> str:
    """Crops that the smallest image can give; nothing is resampled, which would hide traces."""
    sides = [
        min(min(p.table["width"].to_pylist()), min(p.table["height"].to_pylist()))
        for d in catalog.datasets.values()
        for p in d.pools
    ]
    side = min(min(sides, default=224), 224) // 8 * 8
    return '{train: "random_crop(%d, step=2) | hflip", test: "none"}' % side  # noqa: UP031


def _alias(folder: Path, folders: tuple[Path, ...]) -> str:
    """Return a short name for a folder; a second folder of that name gets a number."""

    def plain(path: Path) -> str:
        return re.sub(r"[^A-Za-z0-9]+", "_", path.resolve().name).strip("_").lower() or "data"

    same = [f for f in folders if plain(f) == plain(folder)]
    return plain(folder) if len(same) == 1 else f"{plain(folder)}_{same.index(folder) + 1}"
