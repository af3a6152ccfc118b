"""Milliseconds per image and parameters of every detector of the zoo, in one CPU thread.

    python tests/benchmarks/detector_cost.py [NAME ...] [--seconds N] [--tiny-only] [--write]

Detectors are found by their files; each is measured with its default options and, where it has
one, at `size: tiny`. The input is noise of the side that the options say (`fixed_input_px`), else
224 px. Testing is a pass, training a step of AdamW, both in float32; batches of four images, of two
where an image takes longer than a second, for about N seconds each (default 4) after a batch that
warms up.
CPU time, so that other work on the machine disturbs less; frozen parts cost what they cost.
`--write` puts the figures at default options into `detectors/measured_cost.json` as they come, and
leaves those of other detectors there.
"""

import argparse
import datetime
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from detectors.contract import build, load_card, names, parse_options
from detectors.optimizers import Optimizer
from detectors.recipes import resolve_recipe

TABLE = Path(__file__).resolve().parents[2] / "detectors" / "measured_cost.json"
ANY_SIZE_PX = 224
BATCH = 4
SLOW_S = 1.0


@dataclass(frozen=True)
class Cost:
    """What `crossgen detectors` shows; None where nothing is trained."""

    ms_per_image_test: float
    ms_per_image_train: float | None
    input_px: int
    cpu: str
    date: str


def measured(name: str, options: dict[str, Any], seconds: float) -> tuple[Cost, int, int]:
    """Cost, parameters, and those of them that are trained."""
    side = parse_options(load_card(name), options).fixed_input_px() or ANY_SIZE_PX
    network = build(name, options, seed=0).to(memory_format=torch.channels_last)
    sizes = [value.numel() for value in network.parameters()]
    trained = [value.numel() for value in network.parameters() if value.requires_grad]
    test_ms = ms_per_image(tested(network.eval(), side), seconds)
    train_ms = ms_per_image(trained_on(network.train(), name, side), seconds) if trained else None
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return Cost(test_ms, train_ms, side, cpu_name(), today), sum(sizes), sum(trained)


def tested(network: nn.Module, side: int) -> Callable[[int], None]:
    """A pass over so many images."""

    def step(count: int) -> None:
        with torch.inference_mode():
            network(noise(count, side))

    return step


def trained_on(network: nn.Module, name: str, side: int) -> Callable[[int], None]:
    """A step of training over so many images; one alone has no batch statistics."""
    optimizer = Optimizer(network, resolve_recipe(load_card(name), "small"))

    def step(count: int) -> None:
        optimizer.zero_grad()
        target_B = torch.arange(count).remainder(2).float()
        logit_B = network(noise(count, side))
        functional.binary_cross_entropy_with_logits(logit_B, target_B).backward()
        optimizer.step(1e-5)

    return step


def ms_per_image(step: Callable[[int], None], seconds: float) -> float:
    """CPU milliseconds of an image; the first batch, of two images, only warms up."""
    began = time.process_time()
    step(2)
    count = 2 if time.process_time() - began > 2 * SLOW_S else BATCH
    images, began = 0, time.process_time()
    while images == 0 or time.process_time() - began < seconds:
        step(count)
        images += count
    return round((time.process_time() - began) / images * 1e3, 3)


def noise(count: int, side: int) -> torch.Tensor:
    images_BCHW = torch.rand(count, 3, side, side, generator=torch.Generator().manual_seed(0))
    return images_BCHW.contiguous(memory_format=torch.channels_last)


def cpu_name() -> str:
    """As Linux names it."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else "unnamed CPU"


def write(name: str, cost: Cost) -> None:
    table = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}
    table[name] = asdict(cost)
    TABLE.write_text(json.dumps(dict(sorted(table.items())), indent=1) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--tiny-only", action="store_true")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(f"One thread of {cpu_name()}, float32, channels last.\n")
    print("| detector | parameters | of them trained | input px | test ms | train ms |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name in given.names or names():
        has_tiny = "size" in load_card(name).options.model_fields
        sizes: list[dict[str, Any]] = [{"size": "tiny"}] if has_tiny else []
        for options in sizes if given.tiny_only else [{}, *sizes]:
            cost, parameters, trained = measured(name, options, given.seconds)
            train = "-" if cost.ms_per_image_train is None else f"{cost.ms_per_image_train:.1f}"
            print(
                f"| {' '.join([name, *options.values()])} | {parameters:,} | {trained:,} "
                f"| {cost.input_px} | {cost.ms_per_image_test:.1f} | {train} |",
                flush=True,
            )
            if given.write and not options:
                write(name, cost)


if __name__ == "__main__":
    main()
