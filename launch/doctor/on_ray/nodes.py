"""What the nodes answered, held against each other."""

from __future__ import annotations

from launch.doctor.nodes_compared import NODE_CHECKS

PLACE = 9
CHECKS = NODE_CHECKS
