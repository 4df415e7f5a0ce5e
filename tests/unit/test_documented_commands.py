"""Every command a document tells to type exists, with the options it is given; rounds and studies it names exist too."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from evaluation.study import load_study
from pipelines.cli import app

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
ROUNDS = {r.id for r in load_study("kom_glad_i_skole").protocol.rounds}
TYPED = re.compile(r"^(?:\s*)(?:\.venv/bin/)?(komglad (?!did\b).*?)(?:\s+#.*)?$")
ROOT_COMMAND = typer.main.get_command(app)


def typed() -> list[tuple[str, str]]:
    """(page, command) of every line in a block of code that begins with komglad."""
    found = []
    for page in PAGES:
        if "adr" in page.parts or page.parent.name == "reference":
            continue
        name, text = page.relative_to(ROOT).as_posix(), page.read_text(encoding="utf-8")
        for block in re.findall(r"```(?:\w*)\n(.*?)```", text, flags=re.S):
            found += [(name, m[1]) for line in block.splitlines() if (m := TYPED.match(line))]
        found += [(name, m) for m in re.findall(r"`(komglad [a-z](?!id\b)[^`]*)`", text)]
    return found


def parsed(words: list[str]) -> tuple[object, list[str]]:
    """The command the words name, and the words after it; raises KeyError where there is none."""
    command, rest = ROOT_COMMAND, list(words)
    while hasattr(command, "commands") and rest:
        while rest and rest[0].startswith("-"):
            assert any(rest[0] in p.opts for p in command.params), rest[0]
            rest = rest[2:]
        command = command.commands[rest.pop(0)]
    return command, rest


def test_documents_tell_what_to_type():
    assert len({command for _, command in typed()}) > 15


@pytest.mark.parametrize(("page", "command"), typed())
def test_a_documented_command_exists(page, command):
    words = shlex.split(command.replace("…", "X"))[1:]
    found, rest = parsed(words)
    options = {o for p in found.params for o in (*p.opts, *p.secondary_opts) if o.startswith("-")} | {
        "-h",
        "--help",
    }
    for word in rest:
        if word.startswith("-") and word != "-":
            assert word.split("=")[0] in options, f"{page}: {command}: {word}"
    if found.name in ("run", "report", "verify", "approve", "trace") and rest:
        assert rest[0] in ROUNDS or rest[0].isupper() or rest[0].startswith("-"), f"{page}: {command}"
