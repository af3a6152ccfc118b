"""float32 is float32 where we say so, whichever of torch's two sets of switches is on outside."""

import json
import subprocess
import sys

import torch

from detectors.networks.precision import without_tf32

CASES = {
    "as torch starts": "pass",
    "older": "matmul.allow_tf32 = cudnn.allow_tf32 = True",
    "older, by a word": "torch.set_float32_matmul_precision('high')",
    "older, bfloat16 on a CPU": "torch.set_float32_matmul_precision('medium')",
    "newer, everywhere": "torch.backends.fp32_precision = 'tf32'",
    "newer, bfloat16 on a CPU": "torch.backends.fp32_precision = 'bf16'",
    "newer, of a library": "cudnn.fp32_precision = 'tf32'",
    "newer, one by one": "matmul.fp32_precision = cudnn.conv.fp32_precision = 'tf32'",
    "newer, products only": "matmul.fp32_precision = 'tf32'; cudnn.conv.fp32_precision = 'ieee'",
    "older, then newer": "matmul.allow_tf32 = True; torch.backends.fp32_precision = 'tf32'",
    "newer, then older": "torch.backends.fp32_precision = 'tf32'; cudnn.allow_tf32 = False",
    "all off": "torch.backends.fp32_precision = 'ieee'; cudnn.allow_tf32 = False",
}

# One process loads torch, and a child of it has each case to itself: settings that were mixed once
# cannot be unmixed for the next one.
SCRIPT = """
import json, os, sys
import torch
from detectors.networks import precision
matmul, cudnn, onednn = torch.backends.cuda.matmul, torch.backends.cudnn, torch.backends.mkldnn
SWITCHES = [matmul, cudnn.conv, cudnn.rnn, onednn.matmul, onednn.conv, onednn.rnn]
OLDER = [
    torch.get_float32_matmul_precision, lambda: matmul.allow_tf32, lambda: cudnn.allow_tf32
]

def older(read):
    try:
        return read()
    except RuntimeError:
        return "mixed"

def state():
    return [switch.fp32_precision for switch in SWITCHES], [older(read) for read in OLDER]

def run(case):
    exec(case)
    before = state()
    with precision.without_tf32():
        inside = state()
        assert set(inside[0]) <= {"none", "ieee"}, inside
        if before != inside and "mixed" not in before[1]:
            assert inside[1] == ["highest", False, False], inside
        with precision.without_tf32():
            assert state() == inside
        assert state() == inside
        with precision.with_tf32():
            assert state()[0] == ["tf32"] * 3 + inside[0][3:], state()
            with precision.without_tf32():
                assert set(state()[0]) <= {"none", "ieee"}, state()
            assert state()[0][:3] == ["tf32"] * 3, state()
        assert state()[0] == inside[0], state()
    assert state() == before, (before, state())

for name, case in json.loads(sys.argv[1]).items():
    if os.fork() == 0:
        try:
            run(case)
        except BaseException as error:
            print(name, "|", repr(error), flush=True)
        os._exit(0)
    os.wait()
"""


def test_nothing_inexact_is_on_inside_and_all_is_as_before_afterwards():
    command = [sys.executable, "-c", SCRIPT, json.dumps(CASES)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == []


def test_a_torch_that_has_only_the_older_switches_is_held_to_them(monkeypatch):
    monkeypatch.setattr("detectors.networks.precision._newer_switches", list)
    older = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    assert older == ("highest", True), "as torch starts"
    with without_tf32():
        assert not torch.backends.cudnn.allow_tf32
        assert not torch.backends.cuda.matmul.allow_tf32
    assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == older
