"""Ray's accounts of dead workers, as Ray 2.56 wrote them, each put into one sentence."""

import pytest

from grid.run.on_ray.ray_account import host_and_pid, verdict

DIED = """Failure # 1 (occurred at 2026-11-21_18-37-03)
The actor died unexpectedly before finishing this task.
\tclass_name: wrap_function.<locals>.ImplicitFunc
\tactor_id: d2027945fa119f9efd4eb18001000000
\tpid: 8606
\tnamespace: 54384dac-4726-4288-84ab-da7b7166e413
\tip: 192.0.2.2
The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR \
Worker exit detail: """
SILENT = (
    "Worker unexpectedly exits with a connection error code 2. End of file. Some common causes "
    "include: (1) the process was killed by the OOM killer due to high memory usage, (2) ray stop "
    "--force was called, or (3) the worker crashed unexpectedly due to SIGSEGV or another "
    "unexpected error. If the process was killed by the kernel OOM killer (verifiable by checking "
    "for OOM in dmesg of the OOMing node), consider enabling resource isolation via "
    "--enable-resource-isolation to prevent node deaths by resource contention."
)
NODE = """The actor died unexpectedly before finishing this task.
\tpid: 8606
\tip: 192.0.2.2
The actor died because its node has died. Node Id: 18712d10bd57c16ece05b2140e36a944
\tthe actor's node was terminated unexpectedly: health check failed due to missing too many heart
"""
UNAVAILABLE = """Failure # 1 (occurred at 2026-11-22_15-56-23)
The actor a6dd803728104a56f2e0f2c1 is unavailable: The actor is temporarily unavailable: RpcError: \
RPC error: Socket closed rpc_code: 14. The task may or may not have been executed on the actor.
"""
SELECTED = (
    "Selected to kill: (Task: job ID=01, lease ID=1f, pid={}, actual memory used=0.05GB, w=3)\n"
)
MEMORY = (
    "1 worker(s) were killed due to the node running low on memory. Memory on the node (IP: "
    "192.0.2.2, ID: d510b50e) was 1.21GB used / 23.54GB limit (0.051577)\n"
    "Considered workers: [\n" + SELECTED.format(10305) + "]\n"
    "9456\t0.16\tpython -m launch run two.yaml\n"
    "Refer to the documentation on how to address the out of memory issue: https://docs.ray.io. "
    + "To adjust the kill threshold, set the environment variable. "
    * 20
)
HERE = "the worker process 8606 on 192.0.2.2"


@pytest.mark.parametrize(
    ("account", "log_tail", "kind", "words"),
    [
        (DIED + SILENT, (), "killed", f"{HERE} ended without a word, as SIGKILL ends one"),
        (DIED + SILENT, (), "killed", "`dmesg`"),
        (DIED + SILENT, (), "killed", "--slots"),
        (
            DIED + SILENT,
            ("*** SIGSEGV received at time=1795286368 on cpu 0 ***",),
            "killed",
            f"{HERE} crashed by SIGSEGV in native code",
        ),
        (
            DIED + SILENT,
            ("Fatal Python error: Bus error",),
            "killed",
            f"{HERE} crashed by Bus error in native code",
        ),
        (
            DIED + "Worker exits unexpectedly. Worker exits with an exit code 1. "
            "The process receives a SIGTERM.",
            (),
            "killed",
            f"{HERE} was ended by SIGTERM",
        ),
        (
            DIED + "Worker exits unexpectedly. Worker exits with an exit code 4.",
            (),
            "killed",
            f"{HERE} called exit with status 4",
        ),
        (DIED + "Something new.", (), "killed", f"{HERE} died: Something new."),
        (UNAVAILABLE, (), "node_lost", "the driver lost its connection to the worker"),
        (NODE, (), "node_lost", f"the node of {HERE} is gone"),
        (
            MEMORY,
            (),
            "out_of_memory",
            "192.0.2.2 ran out of memory (1.21GB of 23.54GB in use) and Ray ended the worker "
            "process 10305 on 192.0.2.2, which held 0.05GB; run fewer trials at a time (--slots",
        ),
        (MEMORY, (), "out_of_memory", "smaller batch_size or micro_batch"),
        ("ray::train() (pid=9, ip=10.0.0.2)\nKeyError: 'x'", (), "error", "KeyError: 'x'"),
    ],
)
def test_an_account_becomes_one_sentence_with_what_to_do(account, log_tail, kind, words):
    found = verdict(account, log_tail)
    assert found.kind == kind
    assert words in found.message
    assert "Some common causes" not in found.message
    assert "\n" not in found.message
    assert len(found.message) < 340


def test_a_page_in_one_line_is_cut_and_says_so():
    assert verdict("RuntimeEnvSetupError: " + "x" * 5000, ()).message.endswith("xx ...")


def test_of_several_killed_workers_none_is_called_ours():
    account = MEMORY.replace(SELECTED.format(10305), SELECTED.format(7) + SELECTED.format(8))
    assert host_and_pid(account) == ("192.0.2.2", None)
    assert "held" not in verdict(account, ()).message
    assert host_and_pid(MEMORY) == ("192.0.2.2", 10305)
    assert host_and_pid("") == ("", None)
