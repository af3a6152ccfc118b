"""What our calls of torch's fused kernels save beside `torch.optim(..., fused=True)`.

    python tests/benchmarks/optimizer_kernels.py [--repeats N] [--steps N]

First CPU seconds of fresh processes, smallest of N: until an optimiser has made its first step, by
each way, with torch alone and after a network of timm, which some detectors need anyway; and what
timm costs. Then milliseconds per step of both in one process, by turns, smallest of N rounds; the
weights are held equal bit for bit. Start it twice: the first time fills the bytecode cache.
"""

import argparse
import os
import subprocess
import sys
import time

import torch

from detectors.contract import build, load_card
from detectors.optimizers import Optimizer
from detectors.recipes import resolve_recipe

NETWORK = "network = torch.nn.Linear(8, 8); network(torch.ones(1, 8)).sum().backward()\n"
OURS = (
    "from detectors.contract import load_card\n"
    "from detectors.optimizers import Optimizer\n"
    "from detectors.recipes import resolve_recipe\n"
    f"{NETWORK}"
    "Optimizer(network, resolve_recipe(load_card('npr'), 'small')).step(0.1)\n"
)
THEIRS = (
    "from detectors.contract import load_card\n"
    "import detectors.optimizers\n"
    f"{NETWORK}"
    "torch.optim.AdamW(network.parameters(), fused=True).step()\n"
)
SWIN = "from detectors.contract import build; build('swin_t')\n"
ONE_MODULE = "import timm.models.swin_transformer\n"
PROGRAMS = {
    "torch": "import torch\n",
    "torch, step by our calls": f"import torch\n{OURS}",
    "torch, step by torch.optim": f"import torch\n{THEIRS}",
    "torchvision": "import torch, torchvision\n",
    "timm": "import torch, timm\n",
    "timm.models.swin_transformer alone": f"import torch\n{ONE_MODULE}",
    "swin_t built": f"import torch\n{SWIN}",
    "swin_t built, step by our calls": f"import torch\n{SWIN}{OURS}",
    "swin_t built, step by torch.optim": f"import torch\n{SWIN}{THEIRS}",
}
STEPPED = (("npr", {}), ("resnet50", {"size": "tiny"}), ("resnet50", {}), ("swin_t", {}))


def cpu_seconds(program: str, repeats: int) -> float:
    """Smallest CPU time of fresh processes."""
    seconds = []
    for _ in range(repeats):
        process = subprocess.Popen([sys.executable, "-c", program])
        _, status, usage = os.wait4(process.pid, 0)
        assert status == 0, program
        seconds.append(usage.ru_utime + usage.ru_stime)
    return min(seconds)


def step_ms(name: str, options: dict, rounds: int, steps: int) -> tuple[float, float]:
    """Milliseconds of a step by our calls and by torch.optim."""
    recipe = resolve_recipe(load_card(name), {"base": "common", "precision": "float32"})
    ours, theirs = (build(name, options, seed=0) for _ in range(2))
    generator = torch.Generator().manual_seed(0)
    for value, twin in zip(ours.parameters(), theirs.parameters(), strict=True):
        value.grad = torch.randn(value.shape, generator=generator)
        twin.grad = value.grad.clone()
    mine = Optimizer(ours, recipe)
    groups = [
        {"params": [theirs.get_parameter(key) for key in keys], "weight_decay": decay}
        for decay, keys in mine.groups()
    ]
    reference = torch.optim.AdamW(groups, lr=recipe.lr, betas=recipe.betas, fused=True)
    ways = (lambda: mine.step(recipe.lr), reference.step)
    best = [float("inf"), float("inf")]
    for _ in range(rounds):
        for index, step in enumerate(ways):
            began = time.process_time()
            for _ in range(steps):
                step()
            best[index] = min(best[index], (time.process_time() - began) / steps * 1e3)
    for value, twin in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(value, twin), "both must end with the same bits"
    return best[0], best[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print("| fresh process | CPU s |\n| --- | --- |")
    for label, program in PROGRAMS.items():
        print(f"| {label} | {cpu_seconds(program, given.repeats):.2f} |", flush=True)
    print("\n| one step of AdamW | ours ms | torch.optim ms |\n| --- | --- | --- |")
    for name, options in STEPPED:
        label = " ".join([name, *options.values()])
        ours, theirs = step_ms(name, options, given.repeats, given.steps)
        print(f"| {label} | {ours:.2f} | {theirs:.2f} |", flush=True)


if __name__ == "__main__":
    main()
