"""GPUs: those of the driver's own list beside those that torch can compute on."""

from __future__ import annotations

import os
import shutil
import subprocess

from data.byte_counts import in_bytes
from data.counts import counted
from launch.doctor.diagnosis import Diagnosis, broken, doubtful, fine
from launch.doctor.this_machine import ThisMachine

VISIBLE = "CUDA_VISIBLE_DEVICES"
TAKEN = 0.1
"""From this part of a card's memory on, somebody else is at work there."""


def gpus(machine: ThisMachine) -> Diagnosis:
    """Whether torch computes on the cards that are there."""
    listed, complaint = _listed()
    import torch

    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if complaint:
        return broken(
            f"nvidia-smi fails: {complaint}",
            "Load the NVIDIA driver again, or ask who runs this machine",
        )
    if not cards and not listed:
        return fine("none: training and scoring are computed on the CPU")
    if not cards:
        return broken(
            f"nvidia-smi lists {counted(len(listed), 'GPU')} ({listed[0]}), and torch "
            f"{torch.__version__} sees none",
            _why_unseen(torch.version.cuda),
        )
    try:
        for number in range(cards):
            torch.ones(8, device=f"cuda:{number}").sum().item()
    except RuntimeError as error:
        first = str(error).splitlines()[0]
        return broken(
            f"torch sees {counted(cards, 'GPU')} and cannot compute there: {first}",
            "Install a torch for this card and driver (nvidia-smi says which CUDA it has)",
        )
    names = ", ".join(dict.fromkeys(torch.cuda.get_device_name(n) for n in range(cards)))
    seen = f"{counted(cards, 'GPU')}: {names}"
    if cards < len(listed):
        return fine(f"{seen}, of {len(listed)} here ({VISIBLE}={os.environ.get(VISIBLE, '')})")
    return fine(seen)


def gpu_memory(machine: ThisMachine) -> Diagnosis | None:
    """Whether the cards are free: trials are sized for whole ones."""
    import torch

    if not torch.cuda.is_available():
        return None
    taken, free_bytes = [], []
    for number in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(number)
        free_bytes.append(free)
        if free < (1 - TAKEN) * total:
            taken.append(f"{number} has {in_bytes(free)} of {in_bytes(total)} free")
    if taken:
        return doubtful(
            f"others are at work there: GPU {'; GPU '.join(taken)}",
            f"Wait for them, or leave these cards out by {VISIBLE}",
        )
    return fine(f"{in_bytes(min(free_bytes, default=0))} free on each")


def _listed() -> tuple[list[str], str]:
    """Names of the cards that nvidia-smi lists, and what it complains of."""
    if shutil.which("nvidia-smi") is None:
        return [], ""
    command = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return [], str(error)
    if done.returncode:
        said = (done.stdout + done.stderr).strip() or f"exit code {done.returncode}"
        return [], "" if "No devices" in said else said.splitlines()[0]
    return done.stdout.split("\n")[:-1], ""


def _why_unseen(built_for: str | None) -> str:
    if built_for is None:
        return "This torch is for CPUs only: install one for CUDA"
    if os.environ.get(VISIBLE, "all") in ("", "-1"):
        return f"{VISIBLE} hides them: unset it"
    return (
        f"Its CUDA {built_for} is newer than the driver: update the driver, or take an older torch"
    )


WHERE_TRIALS_RUN = True
PLACE = 2
CHECKS = {"GPUs": gpus, "GPU memory": gpu_memory}
