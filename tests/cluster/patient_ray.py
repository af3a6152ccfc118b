"""`ray start` for a loaded machine: a node has two minutes to come up, not Ray's fixed 30 s."""

import sys
import time

from ray._private import services
from ray.scripts.scripts import main

PATIENCE_S = 120.0

_get_node = services.get_node


def get_node(*where: object) -> object:
    """Wait for what `ray start` otherwise asks for until its 30 s are over."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return _get_node(*where)
        except RuntimeError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


if __name__ == "__main__":
    services.get_node = get_node
    sys.exit(main())
