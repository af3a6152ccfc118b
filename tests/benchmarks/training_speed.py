"""CPU seconds of training per million pixels on one core: what `plan` estimates by.

    python tests/benchmarks/training_speed.py [--seconds N]

Each network trains on noise at the batch size of the recipe `small` for about N seconds (default
10), in one thread; CPU time, which a busy machine disturbs least. A detector's file states the
figure (`Options.cpu_seconds_per_megapixel`); the table holds the measured one beside it. Decoding
and validation come on top and are small on a CPU.
"""

import argparse
import time

import torch

from detectors.contract import build, load_card, parse_options
from detectors.optimizers import Optimizer
from detectors.recipes import resolve_recipe

MEASURED = (
    ("aide", {"size": "tiny"}, 64),
    ("deit_s", {"size": "tiny"}, 32),
    ("deit_s", {}, 224),
    ("dual_input", {"size": "tiny"}, 32),
    ("dual_input", {}, 32),
    ("dual_input", {}, 224),
    ("dual_input", {"backbone": "resnet50", "size": "tiny"}, 32),
    ("dual_input", {"backbone": "swin_t", "size": "tiny"}, 32),
    ("dual_input", {"backbone": "deit_s", "size": "tiny"}, 32),
    ("f3net", {"size": "tiny"}, 64),
    ("f3net", {}, 299),
    ("gramnet", {"size": "tiny"}, 32),
    ("gramnet", {}, 224),
    ("log_dct_linear", {"size": "tiny"}, 32),
    ("log_dct_linear", {}, 224),
    ("log_fft_linear", {"size": "tiny"}, 32),
    ("log_fft_linear", {}, 224),
    ("npr", {"size": "tiny"}, 32),
    ("npr", {"backbone": "resnet50", "size": "tiny"}, 32),
    ("npr", {}, 32),
    ("npr", {}, 224),
    ("patchcraft", {"size": "tiny"}, 64),
    ("patchcraft", {}, 256),
    ("npr_multi", {"size": "tiny"}, 32),
    ("npr_multi", {"join": "mean_logit", "size": "tiny"}, 32),
    ("resnet50", {"size": "tiny"}, 32),
    ("resnet50", {}, 224),
    ("sem_spai", {"size": "tiny"}, 64),
    ("simple_cnn", {"size": "tiny"}, 32),
    ("simple_cnn", {"size": "tiny"}, 224),
    ("simple_cnn", {"size": "seed"}, 224),
    ("spai", {"size": "tiny"}, 64),
    ("spec", {"size": "tiny"}, 32),
    ("spec", {}, 224),
    ("ssp", {"size": "tiny"}, 32),
    ("ssp", {}, 32),
    ("swin_t", {"size": "tiny"}, 32),
    ("swin_t", {}, 224),
)


def seconds_per_megapixel(detector: str, options: dict, side: int, seconds: float) -> float:
    card = load_card(detector)
    recipe = resolve_recipe(card, "small")
    network = build(detector, options, seed=0).train()
    optimizer = Optimizer(network, recipe)
    labels = torch.arange(recipe.batch_size).remainder(2).float()
    images = torch.rand(recipe.batch_size, 3, side, side)
    steps, began = -1, 0.0
    while steps < 1 or time.process_time() - began < seconds:
        if steps == 0:  # the first step warms up
            began = time.process_time()
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(network(images), labels)
        loss.backward()
        optimizer.step(recipe.lr)
        steps += 1
    return (time.process_time() - began) / steps / (images.shape[0] * side * side / 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    seconds = parser.parse_args().seconds
    torch.set_num_threads(1)
    print("detector                 side  s/Mpx measured  stated")
    for detector, options, side in MEASURED:
        name = detector + "".join(f" {key}={value}" for key, value in options.items())
        stated = parse_options(load_card(detector), options).cpu_seconds_per_megapixel()
        measured = seconds_per_megapixel(detector, options, side, seconds)
        print(f"{name:24} {side:4}  {measured:14.2f}  {stated}", flush=True)


if __name__ == "__main__":
    main()
