"""What trials take of a GPU: as the experiment's file states it, else as the like was measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from grid.checks.sizes import mean_pixels
from grid.expansion.fits import Expansion, Fit
from grid.records.memory_profiles import MemoryProfile, kind_of_memory, read_profiles
from grid.records.tested_views import views_of
from grid.store.base import Store
from grid.trial.contract import GpuNeed
from grid.trial.device import CPU
from grid.trial.gpu import CONTEXT_BYTES

MARGIN = 1.15
"""What is given beyond the measured peak: the allocator's blocks do not fit without a rest."""

# Values of a recipe that memory depends on.
_OF_RECIPE = ("batch_size", "micro_batch", "precision", "optimizer", "momentum", "freeze", "views")


def memory_work(fit: Fit, expansion: Expansion) -> dict[str, Any]:
    """Return all that a fit's memory depends on: network, size and number of images, precision.

    Of one that is trained the size that its tests are of is left out: they come in smaller batches
    where memory is short.
    """
    work: dict[str, Any] = {
        "detector": fit.card.name,
        "version": fit.card.version,
        "options": dict(fit.description.get("options", {})),
    }
    if plugin := fit.description.get("plugin"):
        work["plugin"] = plugin
    if fit.recipe is None or fit.training is None:
        return {**work, "tested_pixels": _largest_tested(fit, expansion)}
    pixels = mean_pixels(fit.train_view, fit.training.pools[0])
    recipe = fit.recipe.model_dump(mode="json")
    return {
        **work,
        "trained_pixels": None if pixels is None else round(pixels),
        "augment": fit.augment,
        "recipe": {name: recipe[name] for name in _OF_RECIPE},
    }


def gpu_needs(fits: Iterable[Fit], expansion: Expansion, store: Store) -> dict[str, GpuNeed]:
    """Return what each fit's trial takes of a GPU, by fit id.

    Args:
        fits: of the expansion.
        expansion: the experiment; what its file states under `resources:` comes first.
        store: with the profiles of what ran in it, or was measured for it.
    """
    profiles: Mapping[str, list[MemoryProfile]] | None = None
    found = {}
    for fit in fits:
        kind = kind_of_memory(memory_work(fit, expansion))
        stated = expansion.experiment.resources.get(fit.card.name)
        memory = stated.memory_bytes if stated is not None else None
        if memory is None:
            profiles = read_profiles(store) if profiles is None else profiles
            memory = needed_bytes(profiles.get(kind, ()))
        gpu_type = (stated.gpu_type if stated is not None else None) or ""
        found[fit.fit_id] = GpuNeed(kind=kind, memory_bytes=memory, gpu_type=gpu_type)
    return found


def known_memory(store: Store, kind: str) -> int | None:
    """Return the GPU memory that a kind of work needs by what the store holds now."""
    return needed_bytes(read_profiles(store, kind).get(kind, ()))


def needed_bytes(profiles: Iterable[MemoryProfile]) -> int | None:
    """Return the GPU memory that a kind of work needs by its profiles, None where none is of a GPU.

    The largest of several GPUs counts, with what CUDA takes beside it and a margin. A test's batch
    may shrink, so of a trained fit the largest image alone has to have room.
    """
    needed = [_bytes_of(profile) for profile in profiles if profile["device"] != CPU]
    return max((each for each in needed if each is not None), default=None)


def _bytes_of(profile: MemoryProfile) -> int | None:
    training, testing = profile["training_bytes"], profile["testing_bytes"]
    peak = testing if training is None else max(training, profile["testing_one_bytes"] or 0)
    if peak is None:
        return None
    context = profile["context_bytes"]
    return int(MARGIN * (peak + (CONTEXT_BYTES if context is None else context)))


def _largest_tested(fit: Fit, expansion: Expansion) -> int | None:
    """Return the pixels of the largest images that a fit is tested on, of a pool's mean."""
    areas = [
        mean_pixels(view, expansion.catalog.pool(pool_id))
        for block in expansion.scoring.get(fit.fit_id, ())
        for view in views_of(block)
        for pool_id in block["pools"]
    ]
    known = [area for area in areas if area is not None]
    return round(max(known)) if known else None
