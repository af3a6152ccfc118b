"""Pages of tests have no figures, which take seconds to draw and have tests of their own."""

import pytest

from analysis.sections import figures


@pytest.fixture(scope="session", autouse=True)
def _pages_without_figures():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(figures, "all_figures", dict)
        yield
