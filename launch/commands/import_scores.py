"""`crossgen import-scores`: scores that another program computed, as rows like any other."""

from __future__ import annotations

from pathlib import Path

import click

from launch.options import store_option_without_file

SECTION, PLACE = "run", 6


@click.command()
@click.argument("file", metavar="FILE.csv", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--detector", metavar="NAME", required=True, help="What computed them; not of the zoo."
)
@click.option(
    "--scale",
    type=click.Choice(["logit", "probability"]),
    required=True,
    help="What the numbers are. Probabilities become logits; 0 and 1 count as 1e-7 from there.",
)
@click.option(
    "--larger",
    type=click.Choice(["fake", "real"]),
    default="fake",
    show_default=True,
    help="What larger numbers mean.",
)
@click.option("--experiment", metavar="NAME", help="Of the store: whose test images they are of.")
@click.option(
    "--as",
    "name",
    metavar="NAME",
    help="The experiment that holds them beside the others' fits; default NAME-with-imports.",
)
@click.option(
    "--degradation", default="none", show_default=True, help="What was done to the images first."
)
@click.option(
    "--trained-on",
    multiple=True,
    metavar="GENERATOR",
    help="What the detector was trained on, as the test sets call it; may be given again. `none`: "
    "no generated image. Unstated, no test is called unseen.",
)
@click.option(
    "--allow-unmatched", is_flag=True, help="Leave out rows whose image no test set holds."
)
@store_option_without_file
def command(
    file: Path,
    detector: str,
    scale: str,
    larger: str,
    experiment: str | None,
    name: str | None,
    degradation: str,
    trained_on: tuple[str, ...],
    allow_unmatched: bool,
    store: str | None,
) -> None:
    """Bring scores from elsewhere into a store, as a fit of a detector that is not here.

    FILE.csv has a column `image` (a path as in the dataset, or the end of a longer one) or
    `image_id`, a column `score`, and where there is one `label`, which is checked. Test images
    without a row get a null score and are counted. Matrix, query and report then show the fit
    beside the experiment's own.
    """
    from launch.import_scores_command import ImportedScores, import_scores

    import_scores(
        ImportedScores(
            file, detector, scale, larger, experiment, name, degradation, trained_on, store
        ),
        allow_unmatched=allow_unmatched,
    )
