"""On what kind of file system a path lies."""

from __future__ import annotations

import re
from pathlib import Path

NETWORK = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb3", "lustre", "gpfs", "beegfs", "ceph", "glusterfs", "9p"),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "panfs", "wekafs"),
    )
)
"""Kinds that several hosts may share."""

UNPROVEN = frozenset(("vfat", "exfat", "msdos", "fuse.sshfs", "9p", "fuse.s3fs", "fuse.gcsfuse"))
"""Kinds without hard links, or whose links are known to fail."""


def existing_part(path: Path) -> Path:
    """Return the path itself, or the nearest one above it that is there already."""
    path = path.expanduser().absolute()
    return next((each for each in (path, *path.parents) if each.exists()), Path("/"))


def kind_of(path: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """Return the file system's kind, such as "ext4" or "nfs4"; "unknown" where it is not told.

    Args:
        path: may not be there yet.
        mounts: the kernel's list of mounts.
    """
    inside = existing_part(path).resolve()
    best, kind = Path(), "unknown"
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return kind
    for line in lines:
        place, named = line.split(" ")[1:3]
        point = Path(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), place))
        # Of two mounts on one point the later hides the earlier.
        if inside.is_relative_to(point) and len(point.parts) >= len(best.parts):
            best, kind = point, named
    return kind
