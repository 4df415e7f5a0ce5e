"""Two runs at once: the second leaves within a second, naming the first; a dead run lets go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from evaluation.errors import Busy
from pipelines.lock import run_lock

HOLD = """
import sys, time
from pathlib import Path
from pipelines.lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline().strip() == "held"
    yield process
    process.kill()
    process.wait()


def test_the_second_run_is_told_who_holds_the_folder(tmp_path, holder):
    with pytest.raises(Busy) as busy, run_lock(tmp_path):
        pass
    assert busy.value.exit_code == 4
    assert f"process {holder.pid}" in busy.value.message
    assert "started 20" in busy.value.message


def test_a_killed_run_lets_go_of_the_folder(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with run_lock(tmp_path):
        pass


def test_a_finished_run_lets_go_of_the_folder(tmp_path):
    for _ in range(2):
        with run_lock(tmp_path):
            pass
