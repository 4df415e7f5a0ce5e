"""Two runs at once: the second leaves within a second, naming the first; a dead run lets go and is told from a live one."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import dagster as dg
import pytest

from evaluation.errors import Busy, EnvironmentProblem
from pipelines.instance import end_dead_runs, open_instance
from pipelines.lock import _OWN_LOCKS, claim_run, claims, is_live, mount_options, page_lock, run_lock
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


ANSWERED = """
import ctypes, os, struct, sys
from pathlib import Path
from evaluation.errors import KomgladError
from pipelines.lock import probe_locks, run_lock
number = {"x86_64": 73, "aarch64": 32}[os.uname().machine]
steps = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (6, 0, 0, 0x50000 | int(sys.argv[2])), (6, 0, 0, 0x7FFF0000)]
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_char_p)]
filter = Program(4, b"".join(struct.pack("HBBI", *step) for step in steps))
prctl = ctypes.CDLL(None).prctl
assert prctl(38, 1, 0, 0, 0) == prctl(22, 2, ctypes.byref(filter), 0, 0) == 0
for way in (probe_locks, lambda data: run_lock(data).__enter__()):
    try:
        way(Path(sys.argv[1]))
    except KomgladError as refused:
        print(refused.exit_code, refused)
"""
"""A process that the kernel answers ``flock`` with a number of our choice: 0 is a lock granted without being one."""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="answers of system calls are set by seccomp")
@pytest.mark.parametrize(
    ("code", "exit_code", "says"),
    [
        (errno.ENOLCK, 5, "ingen låse"),
        (errno.EOPNOTSUPP, 5, "ingen låse"),
        (errno.ENOSYS, 5, "ingen låse"),
        (errno.EIO, 5, "drevet svarer med en fejl"),
        (0, 5, "to kan låse den samme fil"),
        (errno.EWOULDBLOCK, 4, "er i gang"),
    ],
    ids=["ENOLCK", "EOPNOTSUPP", "ENOSYS", "EIO", "granted", "held"],
)
def test_a_file_system_without_locks_is_told_from_a_busy_one(tmp_path, code, exit_code, says):
    done = subprocess.run(
        [sys.executable, "-c", ANSWERED, str(tmp_path), str(code)], capture_output=True, text=True, check=True
    )
    codes = [line.split()[0] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert codes == [str(exit_code)] * 2, done.stdout
    assert done.stdout.count(says) == 2, done.stdout
    assert ("KOMGLAD_DATA" in done.stdout) == (exit_code == 5)
    assert ("kan ikke låse filer" in done.stdout) == (exit_code == 5)


MOUNTED = """\
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:40 / /srv/fælles\\040drev rw,relatime shared:1 master:2 - nfs4 nas:/x rw,vers=4.2,local_lock=none
31 22 0:41 / /srv/gammel rw - nfs nas:/y rw,vers=3,nolock,local_lock=all
32 31 0:42 / /srv/gammel/lokal rw - ext4 /dev/sdb1 rw
33 22 0:43 / /srv/smb rw - cifs //nas/z rw,nobrl
"""
"""As Linux lists what is mounted."""


@pytest.mark.parametrize(
    ("place", "own"),
    [
        ("/srv/fælles drev/data", ""),
        ("/srv/gammel", "nolock"),
        ("/srv/gammel/a/b", "local_lock=all"),
        ("/srv/gammel/lokal/data", ""),
        ("/srv/gammelt", ""),
        ("/srv/smb/æ", "nobrl"),
    ],
)
def test_a_mount_whose_locks_stay_on_this_machine_is_refused(tmp_path, monkeypatch, place, own):
    """Two machines would both be granted the lock, and nothing that is tried on one of them shows it."""
    listed = tmp_path / "mountinfo"
    listed.write_text(MOUNTED, encoding="utf-8")
    monkeypatch.setattr("pipelines.lock._MOUNTS", listed)
    if not own:
        assert not mount_options(MOUNTED, Path(place)) & _OWN_LOCKS
        return
    with pytest.raises(EnvironmentProblem) as refused, run_lock(Path(place)):
        pass
    assert own in refused.value.problems[0].found
    assert "KOMGLAD_DATA" in refused.value.problems[0].next_step


@pytest.mark.parametrize("folder", ["OneDrive - Kommunen", "Dropbox", "Nextcloud"])
def test_a_synchronised_folder_is_refused_with_advice(tmp_path, folder):
    data = tmp_path / folder / "data"
    with pytest.raises(EnvironmentProblem) as refused, run_lock(data):
        pass
    assert folder in refused.value.message
    assert not data.exists()
