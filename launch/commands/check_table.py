"""`crossgen check-table`: whether a printed table of results agrees with itself."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from launch.options import read_pairs

SECTION, PLACE = "compare", 5


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--metric",
    metavar="RATE",
    default="accuracy",
    show_default=True,
    help="What the numbers below names of test sets are, in all but YAML: accuracy, auc, "
    "average_precision, recall_fake, ...",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME=MEANING",
    callback=read_pairs,
    help="What a column is, where its name does not say so: detector, train, test, overall, "
    "ignore, a rate such as recall_fake, or a count such as n_real or tp.",
)
def command(file: Path, metric: str, columns: tuple[tuple[str, str], ...]) -> None:
    """Check the numbers of a published table against each other.

    FILE is CSV, Markdown, LaTeX or any text with tables in it, or published results as an
    experiment's `published:` names them (YAML). A cell 99.8/100 is accuracy and average
    precision, or what the table's head says (acc/AUC).

    Checked are counts against rates, rates against each other and against the number of images,
    overall figures against their cells, bounds of AUC and average precision, marks of the best,
    generators trained on, rows printed twice. Exit code 0: nothing disagrees, 1: something does.
    """
    from launch.check_table_command import check_table_file

    sys.exit(check_table_file(file, metric, dict(columns)))
