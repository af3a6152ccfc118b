"""`ray start` for a loaded machine, where what Ray gives a node to come up (15 and 30 s) is short.

For ports that were chosen: the files in which a node's agents would name them are there beforehand.
"""

import inspect
import sys
import time
from pathlib import Path

from ray._private import services
from ray.scripts.scripts import main

PATIENCE_S = 120.0
PORTS = {
    "metrics_agent_port",
    "runtime_env_agent_port",
    "dashboard_agent_listen_port",
    "metrics_export_port",
}

_get_node, _start_raylet = services.get_node, services.start_raylet


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


def start_raylet(*given: object, **named: object) -> object:
    """Write down the ports that a raylet otherwise waits 15 s for its agents to write."""
    told = inspect.signature(_start_raylet).bind(*given, **named).arguments
    for name in PORTS:
        file = Path(str(told["session_dir"])) / f"{name}_{told['node_id']}"
        file.write_text(str(told[name]))
    return _start_raylet(*given, **named)


if __name__ == "__main__":
    services.get_node, services.start_raylet = get_node, start_raylet
    sys.exit(main())
