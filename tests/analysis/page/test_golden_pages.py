"""Pages as they were read and found right: a half-done run, one of one seed, 1 GAN vs 7 others."""

import difflib

import pytest
from golden_pages import FOLDER, GRIDS, golden_text

REWRITE = "python tests/support/golden_pages.py writes the pages anew; read the difference first."


@pytest.mark.parametrize("name", GRIDS)
def test_the_page_says_what_it_said(name, tmp_path):
    kept = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    found = golden_text(name, tmp_path)
    changed = difflib.unified_diff(kept.splitlines(), found.splitlines(), "kept", "now", n=0)
    assert kept == found, "\n".join([REWRITE, *changed])


def test_a_half_done_run_says_so_before_any_number():
    text = (FOLDER / "half_done.txt").read_text(encoding="utf-8")
    assert text.index("Partial run:") < text.index("AUC")
    assert "are missing" in text.splitlines()[3]


def test_one_seed_gives_no_p_of_a_procedure():
    text = (FOLDER / "one_seed.txt").read_text(encoding="utf-8")
    assert "One seed, so the variation between training runs is not known" in text
    contrasts = text.partition("## Contrasts")[2].partition("## ")[0]
    assert "seed" in contrasts
    assert " p = " not in contrasts.partition("Tests:")[0]


def test_one_gan_against_seven_diffusion_models_is_refused_in_words():
    text = (FOLDER / "one_gan_seven_diffusion.txt").read_text(encoding="utf-8")
    contrasts = text.partition("## Contrasts")[2].partition("## ")[0]
    refused = [line for line in contrasts.splitlines() if "gan" in line and "No p-value" in line]
    assert len(refused) == 1
    assert "cannot give a p below .125" in refused[0] or ".25" in refused[0]
