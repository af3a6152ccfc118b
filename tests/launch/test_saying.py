"""Refusals on a terminal and in a log file."""

import os
import pty
import re
import subprocess
import sys

from grid.packages import packages_root


def on_terminal(columns, *arguments):
    """What a terminal of so many columns is sent."""
    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "launch", *map(str, arguments)]
    env = {**os.environ, "COLUMNS": str(columns)}
    subprocess.run(command, cwd=packages_root(), env=env, stdout=inner, stderr=inner, check=False)
    os.close(inner)
    sent = b""
    while True:
        try:
            sent += os.read(outer, 65536)
        except OSError:  # nothing is left, and the other end is closed
            text = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", sent.decode())  # colours, the cursor
            return text.replace("\r\n", "\n").rpartition("\r")[2]  # after what was waited for


def test_a_refusal_is_wrapped_between_words_and_never_in_what_is_to_be_copied(tmp_path, crossgen):
    file = tmp_path / "e.yaml"
    file.write_text(
        "schema: 1\nname: e\ndata: {g: {root: x}}\ntest: {sets: [g]}\n"
        f"arms: [{{name: a, detector: npr, train: [{', '.join(['generator/number'] * 9)}]}}]\n"
    )
    said = on_terminal(80, "plan", file)
    lines = said.splitlines()[1:]
    assert lines[0].startswith("  arms.a.train")
    assert all(line.startswith("    ") for line in lines[1:])
    assert all(len(line) <= 80 or line.lstrip().startswith("`train: {") for line in lines)
    assert sum("`train: {" in line and line.count("`") == 2 for line in lines) == 2
    code, _, err = crossgen("plan", file)
    assert code == 2
    assert len(err.splitlines()) == 2  # in a log file a problem is one line


def test_what_is_shown_below_a_refusal_keeps_its_lines(tmp_path):
    (tmp_path / "x" / "photos").mkdir(parents=True)
    (tmp_path / "x" / "photos" / "a.jpg").write_bytes(b"x")
    lines = on_terminal(80, "init", tmp_path / "x").splitlines()
    assert "      found:" in lines
    assert "          photos/  1 .jpg" in lines
    assert "        photos/a.jpg,LABEL,GENERATOR,SPLIT" in lines
    assert all(len(line) <= 80 or "`" in line or str(tmp_path) in line for line in lines)
