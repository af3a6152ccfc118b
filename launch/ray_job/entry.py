"""What a job runs: `python -m launch.ray_job.entry run FILE ...`, the command and a last line.

Ray tells of a stopped job that it was stopped and no more; the last line of its log tells how
crossgen ended, in a form that `outcome` reads.
"""

from __future__ import annotations

from launch.cli import main as run_command
from launch.ray_job.last_line import last_line


def main() -> None:
    """Run the command line of this process; print how it ended and end the same way."""
    code = 1  # of an exception that nobody foresaw
    try:
        run_command()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(bool(end.code))
        raise
    finally:
        print(last_line(code), flush=True)


if __name__ == "__main__":
    main()
