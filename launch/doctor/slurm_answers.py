"""What Slurm's commands print, as values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SINFO_FORMAT = "%P|%a|%l|%D|%t|%G|%N"
"""Of `sinfo --noheader --format`: partition, whether it is up, its time limit, number of nodes,
their state, their generic resources, their names. A row per state and kind of nodes."""

SINFO_BY_NODE_FORMAT = "%N|%t|%G"

_IDLE = re.compile(r"(idle|mix)[+#]?")
_GONE = re.compile(r"(down|drain|drng|fail|maint|unk|inval|boot|alloc\*|idle\*|mix\*|comp\*).*")


@dataclass(frozen=True)
class SlurmPartition:
    """A partition as `sinfo` shows it; nodes by state, GPUs as the site calls them ("" = none)."""

    name: str
    is_default: bool
    is_up: bool
    time_limit: str
    nodes: Mapping[str, int]
    gpus: str

    @property
    def usable(self) -> int:
        """How many of its nodes are not down, drained or silent."""
        return sum(count for state, count in self.nodes.items() if not _GONE.fullmatch(state))

    def __str__(self) -> str:
        states = ", ".join(f"{count} {state}" for state, count in self.nodes.items())
        default = " (default)" if self.is_default else ""
        up = "" if self.is_up else "not up, "
        gpus = self.gpus or "no GPUs"
        return f"{self.name}{default}: {up}at most {self.time_limit}, nodes {states}, {gpus}"


def partitions_in(text: str) -> list[SlurmPartition]:
    """Read `sinfo --noheader --format SINFO_FORMAT`."""
    rows: dict[str, list[list[str]]] = {}
    for line in text.splitlines():
        fields = [field.strip() for field in line.split("|")]
        if len(fields) == 7:
            rows.setdefault(fields[0], []).append(fields)
    found = []
    for name, of_it in rows.items():
        states: dict[str, int] = {}
        for row in of_it:
            states[row[4]] = states.get(row[4], 0) + int(row[3])
        gpus = dict.fromkeys(each for row in of_it for each in _gpus(row[5]))
        found.append(
            SlurmPartition(
                name=name.rstrip("*"),
                is_default=name.endswith("*"),
                is_up=of_it[0][1] == "up",
                time_limit=of_it[0][2],
                nodes=states,
                gpus=", ".join(gpus),
            )
        )
    return found


def free_nodes_in(text: str) -> dict[str, bool]:
    """Read `sinfo --Node --noheader --format SINFO_BY_NODE_FORMAT`.

    Returns:
        Nodes on which a job could begin, each with whether it has GPUs.
    """
    rows = [line.split("|") for line in text.splitlines()]
    return {
        row[0].strip(): bool(_gpus(row[2]))
        for row in rows
        if len(row) == 3 and _IDLE.fullmatch(row[1].strip())
    }


def nodes_in(text: str) -> list[str]:
    """Read the names of all nodes from the same."""
    return list(dict.fromkeys(line.split("|")[0].strip() for line in text.splitlines()))


def settings_in(text: str) -> dict[str, str]:
    """Read `scontrol show config`: names in lower case, values as they stand."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def seconds_in(value: str) -> int | None:
    """Read a setting such as `30 sec`; None where it is none."""
    found = re.match(r"(\d+)", value)
    return int(found[1]) if found else None


def _gpus(resources: str) -> Iterable[str]:
    """The GPUs among generic resources such as `gpu:a100:4(S:0-1),nvme:1`."""
    # Commas stand between resources and, in brackets, between sockets.
    each = re.split(r",(?![^(]*\))", resources)
    return [re.sub(r"\(.*?\)", "", one) for one in each if one.startswith("gpu")]
