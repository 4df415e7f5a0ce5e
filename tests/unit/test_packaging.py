"""What an IT department is given to run the page: a unit that systemd understands whole, a container's recipe."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants import ROOT

UNIT = ROOT / "packaging" / "komglad-ui.service"
RECIPE = (ROOT / "packaging" / "Containerfile").read_text("utf-8")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
@pytest.mark.parametrize("mistake", ["", "ProtectSystem=strikt\n"])
def test_systemd_understands_every_line_of_the_unit(tmp_path: Path, mistake: str) -> None:
    """And would tell of one that it does not."""
    program = tmp_path / "komglad" / ".venv" / "bin" / "komglad"
    program.parent.mkdir(parents=True)
    program.symlink_to(sys.executable)
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text("utf-8").replace("[Service]\n", f"[Service]\n{mistake}"), encoding="utf-8")
    asked = subprocess.run(
        ["systemd-analyze", "--user", "verify", str(unit)],
        env={**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0
    assert ("strikt" in asked.stderr) == bool(mistake)
    assert bool(asked.stderr) == bool(mistake), asked.stderr


def test_the_unit_starts_a_command_that_there_is() -> None:
    from pipelines.cli import app

    (command,) = re.findall(r"^ExecStart=\S+/komglad --data \S+ (\w+)$", UNIT.read_text("utf-8"), re.M)
    assert command in {c.name for c in app.registered_commands}


def test_the_container_copies_what_the_wheel_is_made_of() -> None:
    """Everything it copies is there, every top-level package among it, and what it starts is the page."""
    copied = [
        name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", RECIPE, re.M) for name in line.split()
    ]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    packages = re.search(r"^include = \[(.+)\]$", (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    assert packages is not None
    assert {name.strip('" ').lstrip("/") for name in packages[1].split(",")} <= set(copied)
    assert 'CMD ["ui"]' in RECIPE
    assert "USER 1000:1000" in RECIPE
