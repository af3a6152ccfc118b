"""Ray's account of an attempt that came to no end of its own: pages, put into one sentence.

The sentence says what happened, where, and what to do; the account itself stays in the failure's
record. Its forms are those of Ray 2.56; of one that is not known the last line is repeated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

LONGEST = 300
LESS_AT_A_TIME = "run fewer trials at a time (--slots, or more cpu for each under resources:)"
SMALLER = "or train with a smaller batch_size or micro_batch"

CUT_OFF = (
    "the driver lost its connection to the worker (its node or the network went); see that both "
    "are up, or go on without: a trial resumes its checkpoint on any node"
)


class Verdict(NamedTuple):
    """What an account comes to; `kind` is one of `grid.records.failures.KINDS`."""

    kind: str
    message: str


def host_and_pid(account: str) -> tuple[str, int | None]:
    """Where the attempt ran, as far as the account says: of several killed workers none is ours."""
    host = re.search(r"\b(?:ip|IP)[:=] ?([0-9a-fA-F.:]*[0-9a-fA-F])", account)
    killed = re.findall(r"Selected to kill: .*?\bpid=(\d+)", account)
    named = killed or re.findall(r"\bpid[:=] ?(\d+)", account)[:1]
    return host[1] if host else "", int(named[0]) if len(set(named)) == 1 else None


def verdict(account: str, log_tail: Sequence[str]) -> Verdict:
    """Put an account into a sentence.

    Args:
        account: Ray's, without colours.
        log_tail: the last lines that the worker printed: of some signals only they tell.
    """
    host, pid = host_and_pid(account)
    worker = f"the worker process{f' {pid}' if pid else ''} on {host or 'an unknown host'}"
    broken = re.search(r"DeviceBroken: (.*)", account)
    if broken:
        return Verdict("device", broken[1])
    if "running low on memory" in account:
        return Verdict("out_of_memory", _out_of_memory(account, host, worker))
    if "its node has died" in account or "local raylet died" in account:
        return Verdict("node_lost", _node_gone(worker))
    if "actor is temporarily unavailable" in account:
        return Verdict("node_lost", CUT_OFF)
    if "The actor died unexpectedly" in account or "worker died unexpectedly" in account:
        return Verdict("killed", _died(account, worker, log_tail))
    last = (account.splitlines() or ["Ray says nothing"])[-1]
    kind = "out_of_memory" if re.search(r"OutOfMemory|out of memory", account) else "error"
    return Verdict(kind, _cut(last))


def _out_of_memory(account: str, host: str, worker: str) -> str:
    node = re.search(r"was ([\d.]+ ?\w?B) used / ([\d.]+ ?\w?B) limit", account)
    used = f" ({node[1]} of {node[2]} in use)" if node else ""
    held = re.findall(r"Selected to kill: .*?actual memory used=([\d.]+ ?\w?B)", account)
    said = f", which held {held[0]}" if len(held) == 1 else ""
    return (
        f"{host or 'its node'} ran out of memory{used} and Ray ended {worker}{said}; "
        f"{LESS_AT_A_TIME} {SMALLER}"
    )


def _node_gone(worker: str) -> str:
    return (
        f"the node of {worker} is gone (shut down, taken back or cut off); see that it is up, or "
        "go on without it: a trial resumes its checkpoint on any node"
    )


def _died(account: str, worker: str, log_tail: Sequence[str]) -> str:
    crash = re.search(r"\*\*\* (SIG[A-Z]+) received|Fatal Python error: (.+)", "\n".join(log_tail))
    if crash:
        return (
            f"{worker} crashed by {crash[1] or crash[2]} in native code; the end of its log tells "
            "in which call"
        )
    if "receives a SIGTERM" in account:
        return f"{worker} was ended by SIGTERM: find out who sends it (a batch system, a person)"
    status = re.search(r"exits with an exit code (\d+)", account)
    if status:
        return f"{worker} called exit with status {status[1]}; the end of its log may say why"
    if "connection error code" in account:
        return (
            f"{worker} ended without a word, as SIGKILL ends one: where `dmesg` on that host tells "
            f"of the out-of-memory killer, {LESS_AT_A_TIME} {SMALLER}; else somebody killed it"
        )
    detail = re.search(r"exit detail: (.*?)(?= Some common causes|$)", account, re.MULTILINE)
    return f"{worker} died: {_cut(detail[1] if detail else account.splitlines()[-1])}"


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."
