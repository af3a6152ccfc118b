"""What some steps of training and a batch of testing take, in a process that does nothing else.

The same loops as in a run, on the experiment's own images: also optimiser, augmentation and the
search for the fastest convolutions have their part in the peak.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from grid.records.table_lists import make_known
from grid.records.tested_views import views_of
from grid.store.opening import open_store
from grid.trial.device import name_of
from grid.trial.fit.training_views import training_views
from grid.trial.images import TrialImages
from grid.trial.network import initial_network
from grid.trial.peak_memory import PeakMemory
from grid.trial.spec import TrialSpec, equalises_of
from launch.profiling.kinds_of_work import KindOfWork

if TYPE_CHECKING:
    import torch
    from torch import nn

    from data.images import ImageRows

STEPS = 4
"""The first finds the fastest convolutions and fills what is kept; time is taken of the others."""


def measured(work: KindOfWork) -> dict[str, Any]:
    """Measure one kind of work on the device that its trials run on.

    Returns:
        `device` and `torch` (version), `card_bytes` of a GPU, and what `MemoryProfile` has in bytes
        and seconds, as far as it was measured.

    Raises:
        Exception: whatever a trial may raise; out of memory where the device is too small.
    """
    import torch

    used_before = _used_of_cards()
    spec = cast(TrialSpec, dict(work.spec))
    store = open_store(spec["store"])
    make_known(store, equalises_of(spec))
    rows = TrialImages(store, spec)
    network = initial_network(spec, store)
    device = next(network.parameters()).device
    found: dict[str, Any] = {"device": name_of(device), "torch": torch.__version__}
    if work.test is not None:  # first: on a CPU a process never gives back what training took
        view = views_of(spec["scoring"][work.test.block])[work.test.view]
        found |= _tested(network, rows.pool(work.test.pool_id), view, device)
    if spec["training"] is not None:
        found |= _trained(network, rows, spec, device)
    if device.type == "cuda":
        card = torch.cuda.get_device_properties(device)
        found["card_bytes"] = card.total_memory
        found["context_bytes"] = _context(used_before, str(card.uuid), device)
    return found


def _tested(network: nn.Module, rows: ImageRows, view: Any, device: torch.device) -> dict[str, Any]:
    """Measure the largest image alone, then a batch of the largest; decoding is not in the time."""
    from detectors.prediction import DEFAULT_BATCH_SIZE, predict

    pixels = rows.pixels if rows.pixels is not None else np.ones(len(rows))
    largest_first = np.argsort(pixels, kind="stable")[::-1]
    one = rows.taken(largest_first[:1])
    batch = rows.taken(np.resize(largest_first[:DEFAULT_BATCH_SIZE], DEFAULT_BATCH_SIZE))
    peak = PeakMemory(device)
    predict(network, one, view, device)
    found: dict[str, Any] = {"testing_one_bytes": peak.bytes()}
    peak = PeakMemory(device)
    predict(network, batch, view, device)
    started = time.perf_counter()
    predict(network, batch, view, device)
    found["testing_s_per_image"] = (time.perf_counter() - started) / len(batch)
    return {**found, "testing_bytes": peak.bytes()}


def _trained(
    network: nn.Module, rows: TrialImages, spec: TrialSpec, device: torch.device
) -> dict[str, Any]:
    """Measure some steps at the recipe's batch; nothing of it is kept."""
    import torch

    from detectors.recipe_fields import Recipe
    from detectors.training import train

    own = Recipe.model_validate(spec["recipe"])
    short = {"epochs": 1, "steps": None, "schedule": "constant", "patience": None}
    recipe = own.model_copy(update={**short, "selection": "last", "keep_epochs": ("selected",)})
    training, validation = rows.training()
    view, augmentation, validation_view = training_views(spec)
    times: list[float] = []

    def stepped(_: object) -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(time.perf_counter())

    peak = PeakMemory(device)
    train(
        network,
        training=_of_both_classes(training, STEPS * own.batch_size),
        validation=_of_both_classes(validation, 2),
        view=view,
        augmentation=augmentation,
        validation_view=validation_view,
        recipe=recipe,
        seed=spec["seed"] or 0,
        device=device,
        sink=_Nowhere(),
        progress=stepped,
    )
    images = own.batch_size * (len(times) - 1)
    seconds = (times[-1] - times[0]) / images if images else None
    return {"training_bytes": peak.bytes(), "training_s_per_image": seconds}


class _Nowhere(SimpleNamespace):
    """Keeps nothing of a training."""

    def save_checkpoint(self, data: bytes, epoch: int, step: int) -> None:
        """Nothing."""

    def save_weights(self, epoch: int, data: bytes) -> None:
        """Nothing."""

    def epoch_done(self, row: object) -> None:
        """Nothing."""


def _of_both_classes(rows: ImageRows, count: int) -> ImageRows:
    """So many rows, reals and fakes in turn, again from the first where there are fewer."""
    each = -(-count // 2)
    real, fake = (np.flatnonzero(rows.labels == label) for label in (0, 1))
    if not len(real) or not len(fake):  # of a validation; training has both
        return rows.taken(np.resize(np.arange(len(rows)), count))
    return rows.taken(np.stack([np.resize(real, each), np.resize(fake, each)], 1).ravel()[:count])


def _used_of_cards() -> dict[str, int]:
    """Bytes in use of each GPU by its UUID, whoever uses them; empty where no driver tells."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return {}
    asked = ["--query-gpu=uuid,memory.used", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(
            [program, *asked], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    pairs = [line.split(",") for line in answer.stdout.splitlines()]
    return {uuid.strip(): int(used) << 20 for uuid, used in pairs if used.strip().isdigit()}


def _context(before: dict[str, int], uuid: str, device: torch.device) -> int | None:
    """What this process holds of the GPU beside what torch reserved; None where nobody tells."""
    import torch

    after = _used_of_cards()
    name = uuid if uuid.startswith("GPU-") else f"GPU-{uuid}"
    if name not in before or name not in after:
        return None
    own = after[name] - before[name] - torch.cuda.memory_reserved(device)
    return own if own > 0 else None  # a neighbour has left meanwhile
