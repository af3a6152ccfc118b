"""The folder that a job is given: our five packages, and the experiment with what it names.

Made anew for each submission, of what is meant and nothing else: results, data, environments and
tests of a checkout are not in it, and an installed package is uploaded like a checkout. Ray keeps
an upload by its content, so the same one travels once.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from grid.packages import CODE_VERSION_FILE, PACKAGES
from grid.refusal import Problem, Refused
from launch.ray_job.travelling import FOLDER

LARGEST_BYTES = 100 << 20
"""Ray's dashboard refuses larger packages; ours are counted before they are compressed."""

_MIB = 1 << 20


@contextmanager
def upload_folder(
    packages: Path, texts: Mapping[str, str], code_version: str
) -> Iterator[tuple[Path, int]]:
    """Write the folder for one submission; it is removed afterwards.

    Args:
        packages: the folder that holds our packages: of a checkout, or site-packages.
        texts: the experiment's files by path.
        code_version: what provenance calls this code; the job has no repository to ask.

    Yields:
        the folder, and how many bytes it holds.

    Raises:
        Refused: it is larger than Ray takes.
    """
    files = package_files(packages)
    check_size({name: (packages / name).stat().st_size for name in files}, packages)
    with TemporaryDirectory(prefix="crossgen-upload-") as name:
        folder = Path(name)
        for file in files:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            copyfile(packages / file, folder / file)
        for place, text in texts.items():
            (folder / FOLDER / place).parent.mkdir(parents=True, exist_ok=True)
            (folder / FOLDER / place).write_text(text, encoding="utf-8")
        (folder / CODE_VERSION_FILE).write_text(code_version, encoding="utf-8")
        yield folder, sum(each.stat().st_size for each in folder.rglob("*") if each.is_file())


def package_files(packages: Path) -> list[str]:
    """Return the files of our packages by path; of a checkout without what git ignores."""
    if (packages / ".git").exists():
        listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *PACKAGES]
        try:
            done = subprocess.run(
                ["git", "-C", str(packages), *listed], capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.SubprocessError):
            pass  # git is not there, or does not trust this folder: all of it, then
        else:
            # What is deleted and not committed is listed too.
            return sorted(name for name in done.stdout.split("\0") if (packages / name).is_file())
    return sorted(
        str(path.relative_to(packages))
        for package in PACKAGES
        for path in (packages / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )


def check_size(sizes: Mapping[str, int], packages: Path) -> None:
    """Refuse what Ray would refuse, naming the largest folders.

    Args:
        sizes: bytes by path.
        packages: where they lie.
    """
    total = sum(sizes.values())
    if total < LARGEST_BYTES:
        return
    folders: Counter[str] = Counter()
    for name, size in sizes.items():
        folders[str(Path(name).parent)] += size
    largest = tuple(
        f"{packages / folder}  {size / _MIB:,.0f} MiB" for folder, size in folders.most_common(5)
    )
    raise Refused(
        [
            Problem(
                what=f"an upload of {total / _MIB:,.0f} MiB",
                why=f"Ray takes at most {LARGEST_BYTES // _MIB} MiB",
                mend="Move out of crossgen's folders what is no code, or have git ignore it; the "
                "largest are",
                details=largest,
            )
        ]
    )
