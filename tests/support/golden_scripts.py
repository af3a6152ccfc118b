"""Batch scripts as they were last read and found right: tests/fixtures/slurm/NAME.sbatch.

    python tests/support/golden_scripts.py

writes them and launch/grid.sbatch anew after a change that is meant; read the difference before it
is committed.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from launch.slurm.job_script import job_script  # noqa: E402
from launch.slurm.slurm_job import SlurmJob, Tasks  # noqa: E402

FOLDER = ROOT / "tests" / "fixtures" / "slurm"
RUN = ("/home/me/grid.yaml", "--store", "/scratch/runs")
GOLDEN = {
    ROOT / "launch" / "grid.sbatch": SlurmJob(),
    FOLDER / "two_nodes.sbatch": SlurmJob(
        arguments=(*RUN, "--attempts", "5"),
        name="cross-1",
        nodes=2,
        gpus=4,
        cpus=32,
        memory="200G",
        partition="gpu",
        account="lab_7",
        qos="long",
        constraint="a100|h100",
        time="1-12:00:00",
        signal_s=300,
        modules=("cuda/12.4",),
        conda="crossgen env",
        stage=RUN,
        sbatch=("--mail-type=END",),
        logs="/home/me/slurm-logs",
    ),
    FOLDER / "apptainer.sbatch": SlurmJob(
        arguments=RUN,
        gpus=1,
        container="/images/my crossgen.sif",
        mounts=("/scratch", "/home/me:/home"),
        modules=("apptainer",),
        requeue=False,
        logs="/home/me/slurm-logs",
    ),
    FOLDER / "pyxis_array.sbatch": SlurmJob(
        arguments=RUN,
        gpus=1,
        container="docker://registry#crossgen:1",
        runtime="pyxis",
        mounts=("/scratch",),
        tasks=Tasks(total=2500, first=1001, count=1001, at_once=50),
    ),
}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path, job in GOLDEN.items():
        path.write_text(job_script(job), encoding="utf-8")
