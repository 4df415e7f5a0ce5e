"""Nobody else on the machine reads pupils' rows: what is open is found, closed, and said."""

from __future__ import annotations

import os
import stat
import sys

import pytest
from typer.testing import CliRunner

from evaluation.errors import EnvironmentProblem
from pipelines.cli import app
from pipelines.lock import run_lock
from pipelines.private import OTHERS, as_problem, close_to_others, open_to_others
from pipelines.runner import run_round
from pipelines.writing import writing
from tests.conftest import KEY, settings_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows' file modes say nothing")


@pytest.fixture
def data(tmp_path):
    """A folder as a file manager makes it: files 0644 in folders 0755."""
    folder = tmp_path / "data"
    for name in ("incoming/skole/fravaer.csv", "log/komglad.log", "dagster/history/runs.db"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        path.chmod(0o644)
    for path in (folder, *(p for p in folder.rglob("*") if p.is_dir())):
        path.chmod(0o755)
    return folder


def modes(folder):
    return {p.relative_to(folder).as_posix(): stat.S_IMODE(p.stat().st_mode) for p in folder.rglob("*")}


def test_what_others_may_read_is_closed_and_nothing_else_changes(data):
    (data / "incoming" / "skole" / "script").write_text("x")
    (data / "incoming" / "skole" / "script").chmod(0o500)
    assert len(open_to_others(data)) == 3 + 6
    assert len(close_to_others(data)) == 3 + 6
    assert open_to_others(data) == []
    assert modes(data)["incoming/skole"] == 0o700
    assert modes(data)["incoming/skole/fravaer.csv"] == 0o600
    assert modes(data)["incoming/skole/script"] == 0o500
    assert close_to_others(data) == []


def test_a_link_is_left_alone_and_what_it_leads_to_too(data, tmp_path):
    outside = tmp_path / "others.csv"
    outside.write_text("x")
    outside.chmod(0o644)
    (data / "incoming" / "link.csv").symlink_to(outside)
    close_to_others(data)
    assert stat.S_IMODE(outside.stat().st_mode) == 0o644


def test_an_inbox_that_is_a_link_to_a_share_is_closed_there(data, tmp_path):
    share = tmp_path / "share"
    (data / "incoming").rename(share)
    (data / "incoming").symlink_to(share)
    found = open_to_others(data)
    assert {share, share / "skole", share / "skole" / "fravaer.csv"} <= set(found)
    assert "fravaer.csv" in as_problem(share / "skole" / "fravaer.csv", data).file
    close_to_others(data)
    assert open_to_others(data) == []
    assert stat.S_IMODE((share / "skole" / "fravaer.csv").stat().st_mode) == 0o600


def test_a_file_of_another_account_is_refused(data, monkeypatch):
    """Only the owner may change a file's mode; root may always, so the operating system's answer is given here."""
    target = data / "incoming" / "skole" / "fravaer.csv"
    chmod = os.chmod

    def refuse(path, mode, **options):
        if os.fspath(path) == os.fspath(target):
            raise PermissionError(1, "Operation not permitted")
        chmod(path, mode, **options)

    monkeypatch.setattr(os, "chmod", refuse)
    with pytest.raises(EnvironmentProblem) as refused:
        close_to_others(data)
    assert refused.value.exit_code == 5
    assert "fravaer.csv" in str(refused.value)
    assert "0644" in str(refused.value)


def test_what_a_run_makes_meanwhile_is_its_owners_alone(tmp_path):
    settings, said = settings_for(tmp_path / "data"), []
    with writing(settings, said.append):
        made = settings.data / "made-by-a-library.db"
        made.write_text("x")
    assert not made.stat().st_mode & OTHERS
    assert said == []


def test_a_run_closes_the_folder_before_it_reads_and_says_so(data):
    settings, said = settings_for(data), []
    with pytest.raises(Exception, match=r"fravaer\.csv"):  # no mapping knows this file
        run_round(settings, "november_2026", say=said.append)
    assert open_to_others(data) == []
    assert len(said) == 1
    assert "kunne læses af andre" in said[0]


def test_doctor_names_what_is_open_and_changes_nothing(data, monkeypatch):
    monkeypatch.setenv("KOMGLAD_KEY", KEY)
    monkeypatch.setenv("KOMGLAD_STUDY", "demo_kommune")
    monkeypatch.setenv("KOMGLAD_DATA", str(data))
    before = modes(data)
    found = CliRunner().invoke(app, ["--data", str(data), "doctor"])
    assert found.exception.exit_code == 5
    assert "fravaer.csv" in str(found.exception)
    assert "chmod go-rwx" in str(found.exception)
    assert modes(data) == before


def test_what_another_process_takes_away_meanwhile_is_no_fault(data, monkeypatch):
    """A check or a rerun works in a folder of its own inside the data folder, and removes it when it is done."""
    gone = data / "incoming" / "skole" / "fravaer.csv"
    chmod = os.chmod

    def taken_away(path, mode, **options):
        if os.fspath(path) == os.fspath(gone):
            gone.unlink(missing_ok=True)
        chmod(path, mode, **options)

    monkeypatch.setattr(os, "chmod", taken_away)
    close_to_others(data)
    assert open_to_others(data) == []


def test_a_lock_in_a_new_folder_leaves_none_above_it_open(tmp_path):
    with run_lock(tmp_path / "data" / "demo" / "deep"):
        assert [p for p in open_to_others(tmp_path / "data") if p.is_dir()] == []
