"""Which store a submitted run writes to: one that lies there for every process of a cluster."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from grid.refusal import Refused


def submitted_store(
    option: str | None, in_file: str | None, environment: Mapping[str, str]
) -> str | None:
    """Return the store's address, None where only the cluster's environment says it.

    Args:
        option: --store.
        in_file: the file's `store:` as it stands, with its variables.
        environment: of the job, as far as it is known here.

    Raises:
        Refused: it is relative, or none is named.
    """
    own = environment.get("CROSSGEN_STORE")
    given, place = next(
        (text, where)
        for text, where in (
            (option, "--store"),
            (in_file, "store: in the file,"),
            (own, "CROSSGEN_STORE"),
            ("runs", "without --store, the store"),
        )
        if text is not None and text != ""
    )
    expanded = re.sub(
        r"\$\{([A-Za-z_]\w*)\}", lambda found: environment.get(found[1], found[0]), given
    )
    if "${" in expanded:
        return None
    if "://" in expanded:
        return expanded
    path = Path(expanded).expanduser()
    if not path.is_absolute():
        raise Refused.because(
            f"{place} {expanded!r}",
            "it is relative: on a cluster it would land in a copy of the code that is thrown away",
            "Give an absolute path that all nodes see, or s3://bucket/prefix",
        )
    return os.path.normpath(path)
