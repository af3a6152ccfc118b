"""Pages whose text is kept as it was last read and found right: tests/fixtures/pages/NAME.txt.

    python tests/support/golden_pages.py

writes them anew after a change of words or numbers that is meant; read the difference before it is
committed. What is folded away on the page is left out but for its head; so are figures.
"""

import json
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parent)]

from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store  # noqa: E402

from analysis.page.overview import overview  # noqa: E402
from analysis.page.report import report_page  # noqa: E402
from analysis.sections import figures  # noqa: E402
from grid.store.opening import open_store  # noqa: E402

FOLDER = HERE.parents[1] / "fixtures" / "pages"
_LINES = {"p", "h1", "h2", "h3", "li", "tr", "summary", "pre", "nav", "dt", "figcaption"}
_SKIPPED = {"style", "script", "figure", "nav", "title"}
TWO = (
    SyntheticDetector(name="npr", options={"factor": 0.5}, skill=4.0),
    SyntheticDetector(name="simple_cnn", skill=2.5),
)
GRIDS = {
    "half_done": SyntheticGrid(
        name="half_done", detectors=TWO, generators=3, seeds=3, images=60, committed=0.75
    ),
    "one_seed": SyntheticGrid(name="one_seed", detectors=TWO, generators=3, seeds=1, images=60),
    "one_gan_seven_diffusion": SyntheticGrid(
        name="one_gan_seven_diffusion",
        detectors=TWO,
        generators=8,
        trained=4,
        seeds=5,
        images=40,
        degradations=("none",),
    ),
}


class PageText(HTMLParser):
    """The text of a page, a line per paragraph, head, item or row."""

    def __init__(self, html):
        super().__init__()
        self._skipped, self._folded, self._summary = 0, 0, False
        self._parts = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self._skipped += tag in _SKIPPED
        self._folded += tag == "details"
        if tag == "summary":
            self._summary = True
        if tag in _LINES:
            self._add("\n## " if tag == "h2" else "\n")
        elif tag in ("td", "th"):
            self._add(" | ")
        elif tag == "dd":
            self._add(": ")

    def handle_endtag(self, tag):
        self._skipped -= tag in _SKIPPED
        if tag == "details":
            self._folded -= 1
        elif tag == "summary":
            self._add(" ...")
            self._summary = False

    def handle_data(self, data):
        self._add(data.replace("\n", " "))

    def _add(self, text):
        if not self._skipped and (self._folded == 0 or (self._folded == 1 and self._summary)):
            self._parts.append(text)

    @property
    def text(self):
        """Lines without blanks at their ends, none of them empty."""
        lines = (" ".join(line.split()) for line in "".join(self._parts).split("\n"))
        return "\n".join(line.removeprefix("| ") for line in lines if line.strip("| ")) + "\n"


def golden_text(name, folder):
    """Return the text of one of the pages, of a store that is written into a folder."""
    store = open_store(folder / name)
    experiment = json.loads(json.dumps(write_synthetic_store(store, GRIDS[name])))
    if name == "one_gan_seven_diffusion":
        one_gan(experiment)
    return PageText(report_page(overview(store, experiment))).text


def one_gan(experiment):
    """Say of all generators but ProGAN that they are diffusion models."""
    for record in (*experiment["test_sets"], *(p for p in experiment["pools"] if p["label"])):
        name = record.get("generator", record.get("source"))
        record["family"] = "gan" if name == "progan" else "diffusion"
    for fit in experiment["fits"]:
        own = fit["train"]["generators"] == ["progan"]
        fit["train"]["families"] = ["gan" if own else "diffusion"]


def write_all():
    """Write every page's text anew."""
    figures.all_figures = dict
    FOLDER.mkdir(exist_ok=True)
    for name in GRIDS:
        with tempfile.TemporaryDirectory() as folder:
            (FOLDER / f"{name}.txt").write_text(golden_text(name, Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    write_all()
