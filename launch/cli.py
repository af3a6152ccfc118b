"""The command `crossgen`: its commands are the files of `launch.commands`.

Exit codes (`grid.run.exit_codes`): 0 done, 75 unfinished (run me again), 1 something failed and
nothing else is left to run, 2 refused, 3 the store failed, 4 the budget of hours is spent.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from launch.command_folder import CommandFolder
from launch.command_lines import command_line
from launch.invocation import Invocation
from launch.output import guard_output
from launch.saying import refuse, say, say_stopped, say_warnings
from launch.submitted import submitted
from launch.trial_raised import TrialRaised


@click.group(
    cls=CommandFolder,
    package="launch.commands",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="crossgen")
def cli() -> None:
    """Experiment grids for detectors of AI-generated images.

    One file says which detectors train on which generators and are tested on which; `run` does
    what is missing, as often as you call it.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; refusals and a store that fails are said in words, with their exit code."""
    # The names of our packages are plain, so first of all: are they ours? This module knows.
    from grid.packages import ForeignPackages, require_own_packages

    output = guard_output() if arguments is None else None
    raised: Exception | None = None
    try:
        require_own_packages()
        if output is not None:
            say_warnings()
        code = _run(arguments)
    except ForeignPackages as error:
        code = refuse("refused", [str(error)])
    except TrialRaised as out:
        raised = out.error
    if raised is not None:  # out of the handler, so that its own causes are all that it shows
        raise raised
    if output is not None and (lost := output.unwritten()):
        say("the output is not whole", [f"standard output cannot be written ({lost})"])
        code = code or 1
    sys.exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    """Run the command line and return the exit code."""
    from data.counts import counted
    from data.refusals import in_words
    from grid.refusal import Refused
    from grid.run.exit_codes import EXIT_DONE, EXIT_REFUSED, EXIT_STORE, EXIT_UNFINISHED
    from grid.store.errors import StoreError, StoreUnwritable, StoreUrlRefused

    words = list(sys.argv[1:] if arguments is None else arguments)
    job = submitted() if arguments is None else None
    again = job.command if job else command_line(*words)
    invocation = Invocation(again, own_process=arguments is None)
    try:
        cli.main(args=words, prog_name="crossgen", obj=invocation, standalone_mode=False)
    except click.exceptions.Abort as abort:
        signal = str(abort.__cause__ or "") or "interrupted from the keyboard"
        say_stopped(invocation, signal)
        return EXIT_UNFINISHED
    except click.ClickException as error:
        error.show()
        return EXIT_REFUSED
    except Refused as refused:
        return refuse(
            f"refused ({counted(len(refused.problems), 'problem')})",
            in_words(refused.problems),
        )
    except StoreUnwritable as error:
        say("the store cannot be written", [str(error)])
        return EXIT_STORE
    except StoreUrlRefused as error:
        return refuse("the store cannot be used", [str(error)])
    except StoreError as error:
        say("the store cannot be read", [str(error)])
        return EXIT_STORE
    return EXIT_DONE
