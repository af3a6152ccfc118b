"""A page in headless Chromium: its DOM after scripts, a picture, its pages as printed."""

import os
import shutil
import subprocess
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 120


def browser():
    """Return a Chromium that is installed, None where there is none."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def _run(folder, page, *options):
    command = [
        browser(),
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--hide-scrollbars", f"--user-data-dir={folder / 'profile'}"),
        *options,
        Path(page).resolve().as_uri(),
    ]
    env = {**os.environ, "HOME": str(folder)}
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=SECONDS, env=env
    )


def dom(folder, page, *, width=1280):
    """Return the document as HTML, as it is once its scripts have run."""
    return _run(folder, page, "--dump-dom", f"--window-size={width},900").stdout


def printed(folder, page):
    """Return the bytes of the page as PDF."""
    target = folder / "printed.pdf"
    _run(folder, page, f"--print-to-pdf={target}", "--no-pdf-header-footer")
    return target.read_bytes()
