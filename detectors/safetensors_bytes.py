"""Tensors as the bytes of one safetensors file, written with a single copy.

The format is 8 bytes of length, a JSON header, the tensors' bytes. The library reads what is
written here; its own writer copies everything three times, which a checkpoint after each short
epoch feels, and does not promise equal bytes from version to version, while the sha256 of these
bytes is the name of a fit's weights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import torch
from torch import Tensor

DTYPE_NAMES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


def to_bytes(tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> bytes:
    """One file; equal tensors give equal bytes, whatever their device, layout and key order.

    Tied tensors are written once each.

    Raises:
        ValueError: a tensor of a type that is not in DTYPE_NAMES.
    """
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    parts: list[memoryview] = []
    end = 0
    # Wide types first keeps every tensor aligned, as readers that map the file want it.
    for name in sorted(tensors, key=lambda name: (-tensors[name].element_size(), name)):
        tensor = tensors[name].detach().cpu().contiguous()
        if tensor.dtype not in DTYPE_NAMES:
            known = ", ".join(DTYPE_NAMES.values())
            raise ValueError(f"{name} is {tensor.dtype}, which is not stored; cast it to {known}.")
        content = raw_bytes(tensor)
        start, end = end, end + content.nbytes
        header[name] = {
            "dtype": DTYPE_NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [start, end],
        }
        parts.append(content)
    text = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])


def raw_bytes(tensor: Tensor) -> memoryview:
    """The memory of a contiguous CPU tensor."""
    return tensor.reshape(-1).view(torch.uint8).numpy().data
