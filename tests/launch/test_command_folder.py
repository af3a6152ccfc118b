"""Commands are found by their files: in the help, by name, and only the one that is called."""

import subprocess
import sys

from click.testing import CliRunner
from repository import ROOT

import launch.commands
from launch.cli import cli

FILE = '''
import click

SECTION, PLACE = "look", 99


@click.command()
@click.argument("word")
def command(word):
    """Say a word twice."""
    click.echo(f"{word} {word}")
'''


def test_a_file_is_a_command(tmp_path, monkeypatch):
    (tmp_path / "say_twice.py").write_text(FILE)
    monkeypatch.setattr(launch.commands, "__path__", [*launch.commands.__path__, str(tmp_path)])
    try:
        assert CliRunner().invoke(cli, ["say-twice", "ho"]).output == "ho ho\n"
        page = CliRunner().invoke(cli, ["--help"]).output
    finally:
        sys.modules.pop("launch.commands.say_twice", None)
    looking = page.split("Look at results:")[1].split("\n\n")[0]
    assert looking.splitlines()[-1].split() == ["say-twice", "Say", "a", "word", "twice."]


def test_sections_and_their_commands_come_in_working_order():
    page = CliRunner().invoke(cli, ["--help"]).output
    words = [line.split()[0] for line in page.splitlines() if line.startswith("  ")]
    order = ["demo", "init", "plan", "run", "status", "matrix", "report", "query", "diff", "verify"]
    assert [word for word in words if word in order] == order
    titles = ["Begin:", "Run:", "Look at results:", "Compare and prove:", "Keep a store:"]
    assert [line for line in page.splitlines() if line in titles] == titles


def test_a_command_of_a_command(tmp_path):
    page = CliRunner().invoke(cli, ["check", "--help"]).output
    assert "Commands:\n" in page
    assert "  store     Look at every file of a store, and say what is damaged.\n" in page
    refused = CliRunner().invoke(cli, ["check", "stor"])
    assert refused.exit_code == 2
    assert "Did you mean store?" in refused.output


def test_a_slip_of_the_pen_is_answered_with_the_nearest_name():
    refused = CliRunner().invoke(cli, ["plna"])
    assert refused.exit_code == 2
    assert "Did you mean plan?" in refused.output


def test_only_the_command_that_is_called_is_loaded():
    script = (
        "import sys\nfrom launch.cli import cli\ntry: cli(['gc', '--help'])\n"
        "except SystemExit: print(*[m for m in sys.modules if m.startswith('launch.commands.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "launch.commands.gc"
