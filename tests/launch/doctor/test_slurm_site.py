"""The doctor of Slurm: what commands of a real site printed, and other sites."""

import json
import os
from dataclasses import replace

import pytest
from repository import FIXTURES, ROOT

from launch.doctor.check_groups import checks_of, outcome
from launch.doctor.slurm_answers import (
    free_nodes_in,
    nodes_in,
    partitions_in,
    seconds_in,
    settings_in,
)
from launch.doctor.slurm_site import SlurmSite, look_at_slurm, srun_words

CHECKS = checks_of("on_slurm")
CONFIG = (FIXTURES / "slurm" / "config_22_05.txt").read_text()
SINFO = """main*|up|1-00:00:00|1|comp|gpu:fake:2|sn1
main*|up|1-00:00:00|1|idle|gpu:fake:2|sn2
urgent|up|1-00:00:00|1|comp|gpu:fake:2|sn1
urgent|up|1-00:00:00|1|idle|gpu:fake:2|sn2
"""
BY_NODE = """sn1|comp|gpu:fake:2
sn1|comp|gpu:fake:2
sn2|idle|gpu:fake:2
sn2|idle|gpu:fake:2
"""
SITE = SlurmSite(
    missing=(),
    version="slurm-wlm 22.05.8",
    controller="Slurmctld(primary) at slctl is UP",
    settings=settings_in(CONFIG),
    partitions=partitions_in(SINFO),
    all_nodes=nodes_in(BY_NODE),
    host="login1",
)


def said(title, **changes):
    found = outcome(CHECKS[title], replace(SITE, **changes))
    return None if found is None else (found.level, f"{found.seen} | {found.mend}")


def with_settings(**changed):
    return {"settings": {**SITE.settings, **changed}}


def test_a_real_sites_answers_are_read():
    settings = settings_in(CONFIG)
    assert settings["jobrequeue"] == "1"
    assert seconds_in(settings["killwait"]) == 20
    assert settings["schedulerparameters"].startswith("bf_interval=5,sched_interval=5")
    main, urgent = partitions_in(SINFO)
    assert str(main) == ("main (default): at most 1-00:00:00, nodes 1 comp, 1 idle, gpu:fake:2")
    assert (urgent.name, urgent.is_default, urgent.usable) == ("urgent", False, 2)
    assert free_nodes_in(BY_NODE) == {"sn2": True}
    assert nodes_in(BY_NODE) == ["sn1", "sn2"]


def test_gpus_are_found_among_other_resources():
    [one] = partitions_in("a|up|infinite|3|mix|gpu:a100:4(S:0-1),nvme:1,gpu:v100:2(S:0,1)|n[1-3]\n")
    assert one.gpus == "gpu:a100:4, gpu:v100:2"
    [none] = partitions_in("a|up|infinite|3|mix|(null)|n[1-3]\n")
    assert none.gpus == ""


@pytest.mark.parametrize("state", ["down*", "drain", "drng", "idle*", "maint", "unk"])
def test_nodes_that_are_gone_are_no_nodes_to_run_on(state):
    [one] = partitions_in(f"a|up|infinite|2|{state}|(null)|n[1-2]\n")
    assert one.usable == 0
    assert said("partitions", partitions=[one])[0] == "problem"
    assert free_nodes_in(f"n1|{state}|(null)\n") == {}


def test_of_a_sound_site_all_is_well():
    levels = {title: said(title) for title in CHECKS}
    wrong = {t: s for t, s in levels.items() if s is not None and s[0] != "ok"}
    # Preempted by SIGTERM with KillWait 20 s: to be known.
    assert list(wrong) == ["preemption"]
    assert "KillWait leaves 20 s" in wrong["preemption"][1]
    assert said("this host") == (
        "ok",
        "login1 is no compute node: `crossgen submit slurm FILE`, do not run here | ",
    )


@pytest.mark.parametrize(
    ("title", "changes", "level", "why"),
    [
        ("commands", {"missing": ["srun"]}, "problem", "not on the path: srun"),
        ("controller", {"controller": "Slurmctld(primary) at c is DOWN"}, "problem", "is DOWN"),
        ("controller", {"fault": "Unable to contact"}, "problem", "Unable to contact"),
        ("partitions", {"partitions": []}, "problem", "no partition has a node"),
        ("partitions", {"partitions": partitions_in(SINFO)[1:]}, "warning", "none is the default"),
        ("requeueing", with_settings(jobrequeue="0"), "warning", "JobRequeue = 0"),
        ("preemption", with_settings(preempttype="preempt/none"), "ok", "none; at the time limit"),
        (
            "preemption",
            with_settings(preemptparameters="send_user_signal"),
            "ok",
            "told by the job's own signal",
        ),
        ("preemption", with_settings(killwait="60 sec"), "ok", "60 s after SIGTERM"),
        ("arrays", with_settings(maxarraysize="1"), "warning", "no arrays"),
        ("arrays", {}, "ok", "up to 1,000 tasks"),
        ("this host", {"host": "sn1"}, "warning", "this is no job"),
        ("this host", {"host": "sn1", "job": "12"}, "ok", "inside job 12"),
    ],
)
def test_what_differs_elsewhere_is_told(title, changes, level, why):
    found, text = said(title, **changes)
    assert (found, why in text) == (level, True), text


def test_without_slurm_only_its_absence_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    site = look_at_slurm(None, None, on_nodes=True, partition=None, say=lambda _: None)
    found = {title: outcome(check, site) for title, check in CHECKS.items()}
    assert [title for title, each in found.items() if each is not None] == ["commands"]
    assert found["commands"].level == "problem"


def test_one_gpu_is_asked_for_where_all_nodes_have_some():
    words = srun_words({"n1": True, "n2": True}, "gpu")
    assert words[1:6] == [
        *("--partition=gpu", "--nodelist=n1,n2", "--nodes=2", "--ntasks=2", "--ntasks-per-node=1")
    ]
    assert "--gres=gpu:1" in words
    assert "--gres=gpu:1" not in srun_words({"n1": True, "n2": False}, None)


@pytest.fixture
def stand_ins(tmp_path, monkeypatch):
    """Programs in place of Slurm's; `srun` runs the command for two nodes, one of them odd."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (tmp_path / "config").write_text(CONFIG)
    (tmp_path / "sinfo").write_text(SINFO)
    (tmp_path / "by_node").write_text(BY_NODE.replace("comp", "mix"))
    texts = {
        "sbatch": "echo slurm-wlm 22.05.8",
        "squeue": "",
        "scancel": "",
        "scontrol": f'[ "$1" = ping ] && echo "Slurmctld is UP" || cat {tmp_path}/config',
        "sinfo": f'case "$*" in *--Node*) cat {tmp_path}/by_node;; *) cat {tmp_path}/sinfo;; esac',
        "srun": (
            'while [ "${1#--}" != "$1" ]; do shift; done\n'
            f"cat > {tmp_path}/asked\n"
            f'SLURMD_NODENAME=sn1 "$@" < {tmp_path}/asked\n'
            f'SLURMD_NODENAME=sn2 PYTHONPATH="{tmp_path}/odd:$PYTHONPATH" "$@" < {tmp_path}/asked'
        ),
    }
    for name, text in texts.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    about = tmp_path / "odd" / "numpy-0.1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 0.1\n")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return tmp_path


@pytest.mark.slow
def test_nodes_are_asked_by_a_job_and_held_against_each_other(stand_ins, own_run, crossgen):
    code, out, err = crossgen(
        "doctor", "slurm", own_run.file, "--store", own_run.store, "--on-nodes"
    )
    assert code == 1, out + err
    assert "ok       nodes: 2 nodes: sn1, sn2" in out
    assert "problem  nodes' packages: not those of this machine" in out
    assert "sn2: numpy 0.1 (" in out
    assert "ok       nodes' images: as here" in out
    assert "ok       nodes' store: as here" in out
    asked = json.loads((stand_ins / "asked").read_text())
    assert (asked["store"], len(asked["files"])) == (str(own_run.store), 3)
