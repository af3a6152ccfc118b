"""Files at fault, as disks and downloads leave them: what plan and run say of each."""

import pytest
from damaged_images import cut_short
from faulty_runs import SEED, call, first, nothing_decoded, nulls

from grid.records.commits import read_commits
from grid.store.opening import open_store

__all__ = ["call", "nothing_decoded"]  # fixtures


HEADER_FAULTS = {
    "truncated": (cut_short, "truncated: the end of the file is missing"),
    "empty": (lambda path: path.write_bytes(b""), "the file is empty (0 bytes)"),
    "no image": (lambda path: path.write_text("moved"), "not an image in"),
}


@pytest.mark.parametrize("fault", HEADER_FAULTS)
def test_a_header_at_fault_is_refused_or_left_out_of_its_pool(call, own_run, fault):
    spoil, reason = HEADER_FAULTS[fault]
    victim = first(own_run, "g1/train/ai")
    spoil(victim)
    code, _, err = call("plan")
    assert code == 2
    assert victim.name in err
    assert reason in err
    for policy in ("null_score", "leave_out"):
        code, out, _ = call("plan", policy=policy)
        assert code == 0
        assert "1 unreadable file is left out" in out
        assert f"{victim.name}: {reason}" in out


@pytest.mark.parametrize("policy", ["refuse", "leave_out"])
def test_a_removed_file_is_another_pool_and_never_an_error(call, own_run, policy):
    first(own_run, "g1/val/ai").unlink()
    code, out, _ = call("plan", policy=policy)
    assert code == 0
    assert "nothing to do" not in out
    assert call("run", policy=policy)[0] == 0
    assert nulls(own_run) == 0


@pytest.mark.parametrize(
    ("policy", "change", "said"),
    [
        ("refuse", "removed", "FileNotFoundError"),
        ("null_score", "changed", "ImageChanged"),
        ("leave_out", "removed", "FileNotFoundError"),
        ("leave_out", "changed", "ImageChanged"),
    ],
)
def test_what_changes_during_a_run_fails_the_trial_by_name_and_is_never_a_null(
    call, own_run, monkeypatch, policy, change, said
):
    """Between plan and training: the trial looks for the file that was planned."""
    import launch.run_command as command

    victim = first(own_run, "g1/train/ai")
    planned = command.make_trials

    def then_changed(*given, **options):
        trials = planned(*given, **options)
        if change == "removed":
            victim.unlink()
        else:
            victim.write_bytes(first(own_run, "g2/train/ai").read_bytes())
        return trials

    monkeypatch.setattr(command, "make_trials", then_changed)
    code, _, err = call("run", *SEED, "--attempts", "1", policy=policy)
    assert code == 1
    assert said in err
    assert victim.name in err
    assert nulls(own_run) == 0
    assert len(read_commits(open_store(own_run.store))) == 3, "the other fit is trained"
