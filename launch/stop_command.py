"""`crossgen stop` and `crossgen follow`: a job that was submitted, by its id."""

from __future__ import annotations

from grid.console import Console
from grid.refusal import Refused
from grid.run.exit_codes import EXIT_DONE, EXIT_FAILED
from launch.paragraphs import print_paragraph
from launch.waiting import waiting

_LAST_LINES = 5


def stop_job(job: str, address: str | None) -> int:
    """Stop a submitted run cleanly, wait for its end, say what is left; return the exit code.

    Raises:
        Refused: no such job, or no such cluster.
    """
    if job.isdigit() or _is_array_task(job):
        from launch.slurm.stopping import stop_slurm_job

        stop_slurm_job(job)
        return EXIT_DONE
    return _stop_ray_job(job, address)


def follow_job(job: str, address: str | None) -> int:
    """Follow a Ray job from its beginning; return the exit code of its run.

    Raises:
        Refused: no such job, or no such cluster.
    """
    if job.isdigit() or _is_array_task(job):
        raise Refused.because(
            f"follow {job}",
            "a job of Slurm writes its log into a file",
            f"Follow that file: tail -f FILE; `scontrol show job {job}` names it as StdOut",
        )
    from launch.job_following import follow_to_its_end
    from launch.ray_job.job_client import connect, dashboard_address, job_details

    place = dashboard_address(address)
    client = connect(place)
    job_details(client, job, place)
    return follow_to_its_end(client, job, place, "")


def _stop_ray_job(job: str, address: str | None) -> int:
    from launch.job_following import outcome_of, say_outcome
    from launch.ray_job.job_client import ask_to_stop, connect, dashboard_address, job_details
    from launch.ray_job.job_environment import STOP_WAIT_S
    from launch.ray_job.log_following import wait_for_end

    place = dashboard_address(address)
    client = connect(place)
    console = Console(stderr=True)
    if job_details(client, job, place).status.is_terminal():
        console.print(f"{job} had ended before", highlight=False, markup=False, soft_wrap=True)
    else:
        ask_to_stop(client, job, place)
        with waiting(f"{job} stops: its trials write checkpoints"):
            ended = wait_for_end(client, job, place, STOP_WAIT_S + 30)
        if not ended:
            print_paragraph(
                console, f"{job} has not ended {STOP_WAIT_S + 30} s after the stop; call again"
            )
            return EXIT_FAILED
    log = client.get_job_logs(job)
    for line in log.rstrip().splitlines()[-_LAST_LINES:-1]:
        print_paragraph(console, line, 2, "dim")
    say_outcome(console, job, outcome_of(client, job, place, log))
    return EXIT_DONE


def _is_array_task(job: str) -> bool:
    """Whether a job is a task of a Slurm array, or the array's tasks: 123_4, 123_[0-7]."""
    array, found, task = job.partition("_")
    return bool(found) and array.isdigit() and task[:1] in "0123456789["
