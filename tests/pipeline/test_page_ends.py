"""How the page ends: whatever ends it, nothing it started outlives it, and when a part of it dies it says so."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from evaluation.errors import EnvironmentProblem
from pipelines import page as page_module
from tests.conftest import settings_for
from tests.dagster_page import DagsterPage, processes_of, wait_for

pytestmark = pytest.mark.slow


@pytest.fixture
def page(tmp_path):
    opened = DagsterPage(tmp_path / "data", tmp_path / "key")
    yield opened
    opened.stop(signal.SIGKILL)


def _daemon(page) -> int:
    (found,) = [
        p for p in processes_of(page.data) if b"dagster-daemon" in Path(f"/proc/{p}/cmdline").read_bytes()
    ]
    return found


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGHUP, 0), (signal.SIGKILL, -signal.SIGKILL)],
    ids=["asked to stop", "Ctrl-C", "closed window", "killed"],
)
def test_the_children_end_with_the_page(page, number, code):
    assert len(processes_of(page.data)) >= 4  # the page, the code server and what serves the code, the daemon
    returned, _ = page.stop(number)
    assert returned == code
    wait_for("the end of the children", lambda: not processes_of(page.data), 20)


@pytest.mark.parametrize("part", ["dæmon", "kodeserver"])
def test_a_page_whose_part_has_died_closes_and_says_so(page, part):
    is_daemon = {
        p: p == _daemon(page) for p in processes_of(page.data) if os.getpgid(p) == p != page.process.pid
    }
    (target,) = [p for p, d in is_daemon.items() if d == (part == "dæmon")]
    os.kill(target, signal.SIGKILL)
    code, errors = page.ended_by_itself()
    assert code == 5
    assert f"Dagsters {part} er stoppet" in errors
    assert "Traceback" not in errors
    wait_for("the end of the children", lambda: not processes_of(page.data), 20)


def test_a_dagster_without_the_private_names_is_told_with_the_other_way(tmp_path, monkeypatch):
    """ADR 8: the page leans on two names that are not public; another version may not have them."""
    monkeypatch.setitem(sys.modules, "dagster._core.workspace.context", None)
    with (
        pytest.raises(EnvironmentProblem, match="kender ikke Dagster") as told,
        page_module._workspace(settings_for(tmp_path), tmp_path, can_start=False),
    ):
        pass
    assert "DAGSTER_HOME=" in told.value.problems[0].next_step
