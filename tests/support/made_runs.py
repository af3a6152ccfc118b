"""Records of runs that never were."""

from grid.records.runs import RunRecord


def a_run(run: str, **changed) -> RunRecord:
    plain = dict.fromkeys(("pid", "counter", "total", "done", "failed", "unfinished"), 0)
    hours = dict.fromkeys(("gpu_hours", "failed_gpu_hours", "failed_cpu_hours"), 0.0)
    words = dict.fromkeys(("host", "job", "task", "stopped_by", "updated"), "")
    ends = {"ended": None, "exit_code": None, "left_s": None, "running": [], "cpu_hours": 0.5}
    record = {"schema": 1, "run": run, "experiment": "e", "started": run}
    return RunRecord(**(plain | hours | words | ends | record | changed))
