"""Two people, the audited bytes, and nothing else goes out."""

from __future__ import annotations

import json
import stat

import pytest
import typer
from typer.testing import CliRunner

from evaluation.disclosure import DisclosureRules, protect
from evaluation.disclosure.approval import approve, check_approvers, hash_files
from evaluation.disclosure.ledger import Ledger, read_ledger, write_ledger
from evaluation.errors import GateRefused, InputError

RULES = DisclosureRules()
TWO = ("Anna Prøve", "Bo Prøve")


@pytest.fixture
def data(table, tmp_path):
    """A data folder with one audited round: two reports, and working files beside them."""
    release = protect([table([[3, 41, 50], [52, 63, 70], [40, 45, 46]])], RULES, release_id="nov")
    reports = tmp_path / "reports" / "nov"
    (reports / "skoler").mkdir(parents=True)
    (reports / "rapport.html").write_text("rapport")
    (reports / "skoler" / "a.html").write_text("side")
    hashes = hash_files(reports)
    (reports / "arbejde.parquet").write_text("working data")
    write_ledger(tmp_path / "reports" / "ledger.json", Ledger().record(release, "2026-11-20", hashes))
    return tmp_path


def go(data, by=TWO, on="2026-11-21"):
    return approve(
        data / "reports" / "nov", data / "reports" / "ledger.json", data / "releases" / "nov", "nov", by, on
    )


def test_copy_record_and_ledger(data):
    approval = go(data)
    copy = data / "releases" / "nov"
    assert sorted(p.name for p in copy.rglob("*") if p.is_file()) == ["a.html", "rapport.html"]
    assert hash_files(copy) == dict(approval.files)
    for path in [*copy.rglob("*"), copy, data / "releases" / "nov.approval.json"]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    record = json.loads((data / "releases" / "nov.approval.json").read_text())
    assert (record["by"], record["on"]) == (list(TWO), "2026-11-21")
    assert record["files"] == dict(approval.files)
    assert read_ledger(data / "reports" / "ledger.json").entries[0].status == "published"
    with pytest.raises(InputError, match="approved before"):
        go(data)


@pytest.mark.parametrize(
    "by",
    [
        (),
        ("Anna Prøve",),
        ("Anna Prøve", "anna  PRØVE"),
        ("Anna Prøve", " "),
        ("Anna Prøve", "Bo Prøve", "Bo Prøve"),
        ("Aage", "Åge"),
    ],
)
def test_one_person_is_not_two(data, by):
    with pytest.raises(InputError, match="two different people"):
        go(data, by)
    assert not (data / "releases").exists()


def test_names_are_tidied():
    assert check_approvers(["  Anna   Prøve", "Bo"]) == ("Anna Prøve", "Bo")


@pytest.mark.parametrize("change", ["changed", "missing", "link"])
def test_a_report_changed_after_the_audit_is_refused(data, change):
    page = data / "reports" / "nov" / "skoler" / "a.html"
    if change == "changed":
        page.write_text("side.")
    else:
        page.unlink()
    if change == "link":
        outside = data / "outside.html"
        outside.write_text("side")
        page.symlink_to(outside)
    with pytest.raises(GateRefused, match="not the one that was audited") as refused:
        go(data)
    assert [p.file for p in refused.value.problems] == ["skoler/a.html"]
    assert not (data / "releases").exists()
    assert read_ledger(data / "reports" / "ledger.json").entries[0].status == "draft"


def test_an_unsafe_release_is_refused_even_if_somebody_recorded_it(data, table):
    leaky = protect([table([[3, 41], [52, 63]])], RULES, release_id="nov", is_complementary=False)
    path = data / "reports" / "ledger.json"
    write_ledger(path, Ledger().record(leaky, "2026-11-20", read_ledger(path).entries[0].hashes))
    with pytest.raises(GateRefused, match="audit refused"):
        go(data)


def test_a_round_that_was_never_audited(data):
    with pytest.raises(InputError, match="not passed the disclosure audit"):
        approve(
            data / "reports" / "jun", data / "reports" / "ledger.json", data / "x", "jun", TWO, "2027-06-30"
        )


@pytest.mark.parametrize(("arguments", "code"), [
    (["nov", "--by", "Anna", "--by", "Bo"], 0),
    (["nov", "--by", "Anna"], 2),
    (["jun", "--by", "Anna", "--by", "Bo"], 2),
    (["../nov", "--by", "Anna", "--by", "Bo"], 2),
])  # fmt: skip
def test_command(data, monkeypatch, arguments, code):
    from pipelines.commands.approve import approve as command

    monkeypatch.setenv("KOMGLAD_DATA", str(data))
    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, arguments)
    assert (result.exception.exit_code if result.exception else 0) == code
    assert (data / "releases" / "nov").exists() == (code == 0)


def test_command_refuses_with_3_when_the_report_changed(data, monkeypatch):
    from pipelines.commands.approve import approve as command

    (data / "reports" / "nov" / "rapport.html").write_text("en anden")
    monkeypatch.setenv("KOMGLAD_DATA", str(data))
    app = typer.Typer()
    app.command()(command)
    result = CliRunner().invoke(app, ["nov", "--by", "Anna", "--by", "Bo"])
    assert result.exception.exit_code == 3
    assert "rapport.html" in str(result.exception)
