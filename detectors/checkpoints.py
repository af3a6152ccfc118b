"""A training's whole state as one safetensors file, and its writing in the background.

A checkpoint is complete in itself (also the weights of the epochs kept so far), so resuming needs
no other file of an attempt that may have died while it wrote. Random generators are not in it:
randomness is a function of seed, epoch, step and image.
"""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load as tensors_from_bytes
from torch import Tensor

from detectors import safetensors_bytes
from detectors.checkpoint_headers import FORMAT, HEADER_KEY, CheckpointInvalid, header_of, torn


def pack(tensors: Mapping[str, Tensor], facts: Mapping[str, Any], belongs_to: str) -> bytes:
    """One file of tensors and JSON facts.

    Args:
        tensors: by name.
        facts: plain JSON; floats come back exactly.
        belongs_to: digest of what is being trained; `unpack` insists on it.
    """
    on_cpu = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    header = {
        "format": FORMAT,
        "belongs_to": belongs_to,
        "crc32": _checksum(on_cpu, dict(facts)),
        "facts": dict(facts),
    }
    return safetensors_bytes.to_bytes(on_cpu, {HEADER_KEY: json.dumps(header)})


def unpack(data: bytes, belongs_to: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors and facts of a checkpoint.

    Raises:
        CheckpointInvalid: see there.
    """
    header = header_of(data)
    try:
        tensors = tensors_from_bytes(data)
    except (SafetensorError, ValueError) as error:
        raise torn(data, error) from None
    for key, expected in (("format", FORMAT), ("belongs_to", belongs_to)):
        if header.get(key) != expected:
            raise CheckpointInvalid(
                f"The checkpoint's {key} is {header.get(key)!r} where {expected!r} is trained; "
                "use one of this fit, or start anew."
            )
    if header["crc32"] != _checksum(tensors, header["facts"]):
        raise CheckpointInvalid(
            "The checkpoint's content is not what was written (checksum differs); "
            "use an earlier one, or start anew."
        )
    return tensors, header["facts"]


def _checksum(tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> int:
    checksum = zlib.crc32(json.dumps(facts, sort_keys=True).encode())
    for name in sorted(tensors):
        checksum = zlib.crc32(name.encode(), checksum)
        checksum = zlib.crc32(safetensors_bytes.raw_bytes(tensors[name]), checksum)
    return checksum


class BackgroundWriter:
    """Writes checkpoints in a thread, so that training does not wait for a disk or a network.

    Of several that are waiting only the newest is written. Leaving the `with` block waits for
    what was submitted; an error of the write is raised by the next call or on leaving.

    Args:
        write: called in the thread with (data, epoch, step).
    """

    def __init__(self, write: Callable[[bytes, int, int], None]) -> None:
        self._write = write
        self._changed = threading.Condition()
        self._waiting: tuple[bytes, int, int] | None = None
        self._closing = False
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> BackgroundWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._changed:
            self._closing = True
            if error is not None:
                self._waiting = None
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        if error is None:
            self._raise_error()

    def submit(self, data: bytes, epoch: int, step: int) -> None:
        """Have this checkpoint written soon, in place of one that still waits."""
        self._raise_error()
        with self._changed:
            self._waiting = (data, epoch, step)
            self._changed.notify_all()
        if self._thread is None:
            # Not a daemon: a checkpoint that is being written is finished before Python exits.
            self._thread = threading.Thread(target=self._run, name="checkpoint", daemon=False)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting is not None or self._closing)
                if self._waiting is None:
                    return
                job, self._waiting = self._waiting, None
            try:
                self._write(*job)
            except BaseException as error:
                self._error = error
                return

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error
