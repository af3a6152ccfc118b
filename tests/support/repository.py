"""Where the repository and the tests' own files lie, for tests at any depth."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
