"""Records of a store altered by hand, whole in themselves: what a checksum cannot find."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grid.records.proven.json_records import to_json


def alter_record(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a JSON record in place, and give it the checksum of what it says then."""
    record = json.loads(path.read_text())
    record.pop("file_sha256", None)
    change(record)
    path.chmod(0o644)
    path.write_bytes(to_json(record))
