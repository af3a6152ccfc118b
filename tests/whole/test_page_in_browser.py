"""The page in a browser: its tables read as SQL says, sorted by a click, on a phone, on paper."""

import base64
import hashlib
import json
import re

import in_chromium
import pytest
from page_reader import Page
from synthetic_store import SyntheticDetector, SyntheticGrid, write_synthetic_store

from analysis.page.overview import overview
from analysis.page.report import report_page
from analysis.sql.query import query
from grid.store.opening import open_store

pytestmark = pytest.mark.skipif(
    in_chromium.browser() is None, reason="no Chromium is installed; any of its names on PATH does"
)
GRID = SyntheticGrid(
    name="browser",
    detectors=(SyntheticDetector(name="npr", skill=2.0), SyntheticDetector(name="simple_cnn")),
    generators=6,
    seeds=2,
    images=30,
)


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    store = open_store(folder / "store")
    experiment = write_synthetic_store(store, GRID)
    page = folder / "page.html"
    page.write_text(report_page(overview(store, experiment)), encoding="utf-8")
    return store, page


def with_script(page, script, target):
    """Write a page with one more script, which its policy is told to allow."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    html = page.read_text(encoding="utf-8")
    html = html.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
    target.write_text(html.replace("</body>", f"<script>{script}</script>\n</body>"), "utf-8")
    return target


def said_by(folder, page, script, width=1280):
    """Return what an expression of JavaScript is on the page, as JSON can tell it."""
    code = (
        "var said = document.createElement('output'); said.id = 'said';"
        f"said.textContent = JSON.stringify({script}); document.body.appendChild(said);"
    )
    changed = with_script(page, code, folder / "asked.html")
    found = re.search(
        r'<output id="said">(.*?)</output>', in_chromium.dom(folder, changed, width=width)
    )
    return json.loads(found[1])


def test_the_matrix_in_the_browser_is_that_of_sql(shown, tmp_path):
    store, page = shown
    tables = Page(in_chromium.dom(tmp_path, page)).tables
    first = next(lines for at, lines in tables if at.get("data-metric") == "auc")
    columns = [text for _, text in first[1]][1:]
    rows = query(
        store,
        "SELECT train, generator, avg(auc) auc FROM cells WHERE detector = 'npr' "
        "AND degradation = 'none' GROUP BY ALL",
    ).to_pylist()
    wanted = {(r["train"], r["generator"]): r["auc"] for r in rows}
    body = [line for line in first[2:] if len(line) > 1]
    assert len(body) * len(columns) == len(wanted) == 36
    for line in body:
        for column, (_, text) in zip(columns, line[1:], strict=True):
            assert float(text) == pytest.approx(wanted[line[0][1], column], abs=0.0051)


def test_a_click_on_a_head_sorts_and_another_turns_it_round(shown, tmp_path):
    _, page = shown
    script = """(function () {
      var table = document.querySelector('#summary'), head = table.tHead.rows[0].cells[2];
      function column() {
        return Array.from(table.tBodies[0].rows).map(function (row) {
          return row.cells[2].textContent; });
      }
      var before = column();
      head.querySelector('button').click();
      var falling = column(), state = head.getAttribute('aria-sort');
      head.querySelector('button').click();
      return [before, falling, state, column(), head.getAttribute('aria-sort')];
    })()"""
    before, falling, state, rising, turned = said_by(tmp_path, page, script)
    values = [float(text.split(" ")[0]) for text in before]
    assert [float(text.split(" ")[0]) for text in falling] == sorted(values, reverse=True)
    assert [float(text.split(" ")[0]) for text in rising] == sorted(values)
    assert (state, turned) == ("descending", "ascending")
    assert len(set(values)) > 2, "there was something to sort"


@pytest.mark.slow
def test_a_script_that_the_policy_does_not_name_is_not_run(shown, tmp_path):
    _, page = shown
    script = "document.body.appendChild(document.createElement('output'));"
    foreign = tmp_path / "foreign.html"
    html = page.read_text(encoding="utf-8")
    foreign.write_text(html.replace("</body>", f"<script>{script}</script></body>"), "utf-8")
    assert "<output>" not in in_chromium.dom(tmp_path, foreign)
    allowed = with_script(page, script, tmp_path / "allowed.html")
    assert "<output>" in in_chromium.dom(tmp_path, allowed)


@pytest.mark.slow
def test_without_the_script_the_page_reads_the_same(shown, tmp_path):
    _, page = shown
    html = page.read_text(encoding="utf-8")
    bare = tmp_path / "bare.html"
    bare.write_text(re.sub(r"<script>.*?</script>", "", html, flags=re.S), "utf-8")
    with_it, without = (Page(in_chromium.dom(tmp_path, each)) for each in (page, bare))
    assert with_it.text == without.text
    assert with_it.tables == without.tables
    assert "button" in with_it.tags
    assert "button" not in without.tags


@pytest.mark.slow
@pytest.mark.parametrize("width", [500, 1280])
def test_the_page_is_never_wider_than_the_screen(shown, tmp_path, width):
    """Tables scroll in boxes of their own. (Chromium's windows are at least 500 px wide.)"""
    _, page = shown
    script = (
        "[document.documentElement.scrollWidth, window.innerWidth, "
        "document.querySelector('.scroll').scrollWidth > 0]"
    )
    unfolded = tmp_path / "unfolded.html"
    html = page.read_text(encoding="utf-8").replace("<details>", "<details open>")
    unfolded.write_text(html, "utf-8")
    needed, there, has_tables = said_by(tmp_path, unfolded, script, width)
    assert has_tables
    assert needed <= there <= width


def test_on_a_phone_the_page_fits_as_well(shown, tmp_path):
    """In a frame of 390 px, since no window can be that narrow."""
    _, page = shown
    frame = tmp_path / "frame.html"
    inner = page.read_text(encoding="utf-8").replace("<details>", "<details open>")
    inner = re.sub(r'<meta http-equiv="Content-Security-Policy".*?>', "", inner)
    tell = "<script>parent.postMessage(document.documentElement.scrollWidth, '*')</script>"
    escaped = (
        (inner.replace("</body>", f"{tell}</body>")).replace("&", "&amp;").replace('"', "&quot;")
    )
    frame.write_text(
        "<!DOCTYPE html><body><script>addEventListener('message', function (e) {"
        "document.title = 'needs ' + e.data; });</script>"
        f'<iframe width="390" height="800" srcdoc="{escaped}"></iframe></body>',
        "utf-8",
    )
    found = re.search(r"<title>needs (\d+)</title>", in_chromium.dom(tmp_path, frame))
    assert int(found[1]) <= 390


@pytest.mark.slow
def test_printed_it_has_as_many_pages_as_it_needs(shown, tmp_path):
    _, page = shown
    pdf = in_chromium.printed(tmp_path, page)
    assert pdf.startswith(b"%PDF")
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert 5 <= pages <= 40
