"""`crossgen failure`: all that was recorded of a fit's failures."""

from __future__ import annotations

import click

from launch.options import store_option_without_file

SECTION, PLACE = "run", 4


@click.command()
@click.argument("fit")
@store_option_without_file
def command(fit: str, store: str | None) -> None:
    """Show all that is recorded of the failures of FIT.

    FIT is an id or its beginning. `run FILE --trial FIT --no-ray --debug` raises it here.
    """
    from launch.failure_command import print_failure_records

    print_failure_records(fit, store)
