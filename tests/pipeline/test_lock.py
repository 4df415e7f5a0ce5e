"""Two runs at once: the second leaves within a second, naming the first; a dead run lets go and is told from a live one."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import uuid

import dagster as dg
import pytest

from evaluation.errors import Busy, EnvironmentProblem
from pipelines.instance import end_dead_runs, open_instance
from pipelines.lock import claim_run, claims, is_live, page_lock, run_lock
from tests.conftest import settings_for

HOLD = """
import sys, time
from pathlib import Path
from pipelines.lock import claim_run, run_lock
with run_lock(Path(sys.argv[1])), claim_run(Path(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""


@dg.op
def wait_for_nothing() -> None: ...


@dg.job
def nothing() -> None:
    wait_for_nothing()


LIVE, DEAD, WAITING, STARTING = (str(uuid.UUID(int=n)) for n in range(4))


@pytest.fixture
def holder(tmp_path):
    """A process that holds the folder and claims a run."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path), LIVE], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline().strip() == "held"
    yield process
    process.kill()
    process.wait()


def test_the_second_run_is_told_who_holds_the_folder(tmp_path, holder):
    with pytest.raises(Busy) as busy, run_lock(tmp_path):
        pass
    assert busy.value.exit_code == 4
    assert f"proces {holder.pid}" in busy.value.message
    assert "begyndt 20" in busy.value.message


def test_a_killed_run_lets_go_of_the_folder(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with run_lock(tmp_path):
        pass


def test_a_finished_run_lets_go_of_the_folder(tmp_path):
    for _ in range(2):
        with run_lock(tmp_path):
            pass


def test_who_waits_gets_the_folder_when_it_is_free(tmp_path, holder):
    with pytest.raises(Busy), run_lock(tmp_path, patience=0.5):
        pass
    os.kill(holder.pid, signal.SIGKILL)
    with run_lock(tmp_path, patience=10):
        pass


def test_a_run_is_live_as_long_as_its_process(tmp_path, holder):
    assert is_live(tmp_path, LIVE) is True
    assert is_live(tmp_path, WAITING) is None
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert is_live(tmp_path, LIVE) is False


def test_only_the_dead_run_is_marked_failed(tmp_path, holder):
    """Beside it one that lives, one that waits its turn, and one that has only just started."""
    settings = settings_for(tmp_path)
    status = dg.DagsterRunStatus
    with open_instance(settings) as instance:
        for run_id, begun in {
            LIVE: status.STARTED,
            DEAD: status.STARTED,
            WAITING: status.NOT_STARTED,
            STARTING: status.STARTING,
        }.items():
            instance.create_run_for_job(nothing, run_id=run_id, status=begun)
        claim_run(tmp_path, DEAD).close()
        assert end_dead_runs(instance, tmp_path) == 1
        found = {run.run_id: run.status for run in instance.get_runs()}
    assert claims(tmp_path) == [LIVE]
    assert found == {
        LIVE: status.STARTED,
        DEAD: status.FAILURE,
        WAITING: status.NOT_STARTED,
        STARTING: status.STARTING,
    }


def test_a_folder_has_one_page(tmp_path):
    with page_lock(tmp_path, "http://127.0.0.1:3000"):
        with pytest.raises(Busy) as busy, page_lock(tmp_path, "http://127.0.0.1:3001"):
            pass
        assert "http://127.0.0.1:3000" in busy.value.message


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS], ids=errno.errorcode.get)
def test_a_file_system_without_locks_is_told_from_a_busy_one(tmp_path, monkeypatch, code):
    """No such file system can be mounted here: the operating system's answer is given in its place."""
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(EnvironmentProblem) as refused, run_lock(tmp_path):
        pass
    assert refused.value.exit_code == 5
    assert "kan ikke låse filer" in refused.value.message
    assert "KOMGLAD_DATA" in refused.value.problems[0].next_step


def test_a_file_system_that_grants_every_lock_is_refused(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    with pytest.raises(EnvironmentProblem, match="kan ikke låse filer"), run_lock(tmp_path):
        pass


@pytest.mark.parametrize("folder", ["OneDrive - Kommunen", "Dropbox", "Nextcloud"])
def test_a_synchronised_folder_is_refused_with_advice(tmp_path, folder):
    data = tmp_path / folder / "data"
    with pytest.raises(EnvironmentProblem) as refused, run_lock(data):
        pass
    assert folder in refused.value.message
    assert not data.exists()
