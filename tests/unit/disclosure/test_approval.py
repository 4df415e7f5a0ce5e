"""Two people, the audited bytes, and nothing else goes out."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from evaluation.disclosure import protect
from evaluation.disclosure.approval import Approver, approve
from evaluation.disclosure.ledger import Ledger, read_ledger, write_ledger
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import GateRefused, InputError
from evaluation.sealing import sealed
from pipelines.log import account
from tests.conftest import KEY
from tests.rules import rules as rules_with

RULES = rules_with()
SEAL = PseudonymKey.parse(KEY).for_seals
ANNA = Approver("Anna Prøve", "anpr", "2026-11-21T09:00:00+01:00")
BO = Approver("Bo Prøve", "bopr", "2026-11-21T10:30:00+01:00")


def hash_files(folder: Path, names: Iterable[str] = ()) -> dict[str, str]:
    """SHA-256 of files below a folder, all of them unless some are named."""
    files = [folder / n for n in names] or [p for p in folder.rglob("*") if p.is_file()]
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


@pytest.fixture
def data(table, tmp_path):
    """A data folder with one audited round: two reports, and working files beside them."""
    release = protect([table([[3, 41, 50], [52, 63, 70], [40, 45, 46]])], RULES, release_id="november_2026")
    reports = tmp_path / "reports" / "november_2026"
    reports.mkdir(parents=True)
    (reports / "styregruppe.html").write_text("rapport")
    (reports / "maalplan.html").write_text("side")
    hashes = hash_files(reports)
    (reports / "arbejde.parquet").write_text("working data")
    write_ledger(tmp_path / "reports" / "ledger.json", Ledger().record(release, "2026-11-20", hashes), SEAL)
    return tmp_path


def one(data, who, release_id="november_2026", **options):
    return approve(
        data / "reports" / release_id,
        data / "reports" / "ledger.json",
        data / "releases" / release_id,
        release_id,
        who,
        SEAL,
        **options,
    )


def go(data, first=ANNA, second=BO, **options):
    one(data, first, **options)
    return one(data, second, **options)


def test_copy_record_and_ledger(data):
    approval = go(data)
    copy = data / "releases" / "november_2026"
    assert sorted(p.name for p in copy.rglob("*") if p.is_file()) == ["maalplan.html", "styregruppe.html"]
    assert hash_files(copy) == dict(approval.files)
    for path in [*copy.rglob("*"), copy, data / "releases" / "november_2026.approval.json"]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    record = json.loads((data / "releases" / "november_2026.approval.json").read_text())
    assert [Approver(**who) for who in record["by"]] == [ANNA, BO]
    assert record["is_one_account"] is False
    assert record["files"] == dict(approval.files)
    assert read_ledger(data / "reports" / "ledger.json", SEAL).entries[0].status == "published"
    assert not (data / "releases" / "november_2026.waiting.json").exists()
    with pytest.raises(InputError, match="er godkendt før"):
        go(data)


def test_the_first_approval_lets_nothing_out(data):
    approval = one(data, ANNA)
    assert not approval.is_complete
    assert [p.name for p in (data / "releases").iterdir()] == ["november_2026.waiting.json"]
    assert stat.S_IMODE((data / "releases" / "november_2026.waiting.json").stat().st_mode) == 0o600
    assert read_ledger(data / "reports" / "ledger.json", SEAL).entries[0].status == "draft"


def test_an_approval_holds_for_the_bytes_that_were_read(data):
    """The report is made anew between the two: what the second person approves, the first has not seen."""
    one(data, ANNA)
    ledger = read_ledger(data / "reports" / "ledger.json", SEAL)
    (data / "reports" / "november_2026" / "styregruppe.html").write_text("en anden rapport")
    hashes = hash_files(data / "reports" / "november_2026", list(ledger.entries[0].hashes))
    again = Ledger().record(ledger.entries[0].release, "2026-11-22", hashes)
    write_ledger(data / "reports" / "ledger.json", again, SEAL)
    assert [who.name for who in one(data, BO).by] == [BO.name]
    assert [who.name for who in one(data, ANNA).by] == [BO.name, ANNA.name]


def test_two_names_from_one_account_are_one_person_unless_the_protocol_says_otherwise(data):
    one(data, ANNA)
    second = replace(BO, account=ANNA.account)
    with pytest.raises(InputError, match="den anden persons egen konto"):
        one(data, second)
    assert not (data / "releases" / "november_2026").exists()
    approval = one(data, second, one_account=True)
    assert approval.is_one_account
    assert (
        json.loads((data / "releases" / "november_2026.approval.json").read_text())["is_one_account"] is True
    )


@pytest.mark.parametrize("harm", ["edited", "cut", "another key"])
def test_a_waiting_approval_that_was_not_given_is_refused(data, harm):
    one(data, ANNA)
    path = data / "releases" / "november_2026.waiting.json"
    text = path.read_text()
    if harm == "edited":
        path.write_text(text.replace(ANNA.name, "Carl Prøve"))
    elif harm == "cut":
        path.write_text(text[:40])
    else:
        content = {k: v for k, v in json.loads(text).items() if k != "sealed"}
        path.write_bytes(sealed(path.name, content, PseudonymKey.parse("ab" * 8 + KEY).for_seals))
    with pytest.raises(InputError, match=r"november_2026\.waiting\.json"):
        one(data, BO)
    assert not (data / "releases" / "november_2026").exists()


@pytest.mark.parametrize("step", range(4))
def test_an_approval_that_was_cut_short_is_finished_by_approving_again(data, monkeypatch, step):
    """Cut short before the copy's files, the ledger, the record, or the copy itself takes its place."""
    import evaluation.disclosure.approval as module

    one(data, ANNA)
    real, done = module.write_private, []

    def dies(path, content):
        done.append(path.name)
        if len(done) > (0, 2, 2, 3)[step]:
            raise KeyboardInterrupt
        real(path, content)

    monkeypatch.setattr(module, "write_private", dies)
    if step == 1:
        monkeypatch.setattr(module, "write_ledger", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    if step == 3:
        monkeypatch.setattr(type(data), "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        one(data, BO)
    assert not (data / "releases" / "november_2026").exists()
    monkeypatch.undo()
    approval = one(data, BO)
    assert hash_files(data / "releases" / "november_2026") == dict(approval.files)
    assert read_ledger(data / "reports" / "ledger.json", SEAL).entries[0].status == "published"
    assert not (data / "releases" / ".november_2026.new").exists()


@pytest.mark.parametrize(
    "names", [("Anna Prøve", "Anna Prøve"), ("Anna Prøve", " anna  PRØVE"), ("Aage", "Åge")]
)
def test_one_person_is_not_two(data, names):
    first, second = names
    one(data, replace(ANNA, name=first))
    with pytest.raises(InputError, match="to forskellige personer"):
        one(data, replace(BO, name=second))
    assert not (data / "releases" / "november_2026").exists()


def test_somebody_without_a_name_approves_nothing(data):
    with pytest.raises(InputError, match="to forskellige personer"):
        one(data, replace(ANNA, name=" "))
    assert not (data / "releases").exists()


def test_names_are_tidied(data):
    assert one(data, replace(ANNA, name="  Anna   Prøve")).by[0].name == "Anna Prøve"


@pytest.mark.parametrize("change", ["changed", "missing", "link"])
def test_a_report_changed_after_the_audit_is_refused(data, change):
    page = data / "reports" / "november_2026" / "maalplan.html"
    if change == "changed":
        page.write_text("side.")
    else:
        page.unlink()
    if change == "link":
        outside = data / "outside.html"
        outside.write_text("side")
        page.symlink_to(outside)
    with pytest.raises(GateRefused, match="ikke den, der gik gennem porten") as refused:
        go(data)
    assert [p.file for p in refused.value.problems] == ["maalplan.html"]
    assert not (data / "releases").exists()
    assert read_ledger(data / "reports" / "ledger.json", SEAL).entries[0].status == "draft"


def test_an_unsafe_release_is_refused_even_if_somebody_recorded_it(data, table):
    leaky = protect([table([[3, 41], [52, 63]])], RULES, release_id="november_2026", is_complementary=False)
    path = data / "reports" / "ledger.json"
    write_ledger(path, Ledger().record(leaky, "2026-11-20", read_ledger(path, SEAL).entries[0].hashes), SEAL)
    with pytest.raises(GateRefused, match="skjulte tal kan regnes ud"):
        go(data)


def test_a_round_that_was_never_audited(data):
    with pytest.raises(InputError, match="ikke gået gennem porten"):
        one(data, ANNA, "jun")


def command(data, monkeypatch, *arguments):
    """One person's command, in the demonstration's study, where both may use one account."""
    from pipelines.commands.approve import approve as run

    (data / "reports" / "november_2026" / "arbejde.parquet").unlink(missing_ok=True)
    monkeypatch.setenv("KOMGLAD_DATA", str(data))
    monkeypatch.setenv("KOMGLAD_KEY", KEY)
    app = typer.Typer()
    app.command()(run)
    return CliRunner().invoke(app, arguments)


def test_two_people_give_the_command_one_after_the_other(data, monkeypatch):
    monkeypatch.setenv("KOMGLAD_STUDY", "demo_kommune")
    first = command(data, monkeypatch, "november_2026", "--by", "Anna")
    assert first.exit_code == 0
    assert "Der mangler én" in first.output
    assert not (data / "releases" / "november_2026").exists()
    second = command(data, monkeypatch, "november_2026", "--by", "Bo")
    assert second.exit_code == 0
    assert "den samme konto" in second.output
    record = json.loads((data / "releases" / "november_2026.approval.json").read_text())
    assert [(who["name"], who["account"]) for who in record["by"]] == [("Anna", account()), ("Bo", account())]
    assert (data / "releases" / "november_2026").is_dir()


def test_in_the_pilot_two_names_from_one_account_are_refused(data, monkeypatch):
    """Whatever the environment calls the account."""
    monkeypatch.setenv("KOMGLAD_STUDY", "kom_glad_i_skole")
    command(data, monkeypatch, "november_2026", "--by", "Anna")
    for name in ("LOGNAME", "USER", "USERNAME"):
        monkeypatch.setenv(name, "bopr")
    second = command(data, monkeypatch, "november_2026", "--by", "Bo")
    assert second.exception.exit_code == 2
    assert "egen konto" in str(second.exception)
    assert not (data / "releases" / "november_2026").exists()


@pytest.mark.parametrize("round_id", ["jun", "../nov"])
def test_a_round_that_is_none_is_refused(data, monkeypatch, round_id):
    assert command(data, monkeypatch, round_id, "--by", "Anna").exception.exit_code == 2


def test_command_refuses_with_3_when_the_report_changed(data, monkeypatch):
    (data / "reports" / "november_2026" / "styregruppe.html").write_text("en anden")
    result = command(data, monkeypatch, "november_2026", "--by", "Anna")
    assert result.exception.exit_code == 3
    assert "styregruppe.html" in str(result.exception)
