"""The command line as a person meets it: what it answers, what it refuses, which exit code, and what it leaves behind.

In this process where that is enough; as a program of its own where start-up and the words on stderr are the point.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from evaluation.study import load_study
from pipelines.cli import app
from tests.conftest import KEY, settings_for

ROUND = "november_2026"
LATER = "end_of_year_2027"
HEAVY = {"dagster", "pandas", "numpy", "duckdb", "scipy", "statsmodels", "plotly", "great_expectations"}
PROGRAM = "from pipelines.cli import main; main()"


class Terminal:
    """A person at a terminal: one study, one data folder, a key in the environment."""

    def __init__(self, data: Path, study: str = "demo_kommune") -> None:
        self.data, self.study = data, study

    def __call__(self, *tokens: object, given: str | None = None) -> Result:
        """The command in this process; a refusal is ``result.exception``."""
        start = ["--study", self.study, "--data", str(self.data)]
        return CliRunner().invoke(app, [*start, *map(str, tokens)], input=given)

    def program(self, *tokens: object) -> subprocess.CompletedProcess[str]:
        """The command as a program of its own."""
        return subprocess.run(
            [
                sys.executable,
                "-c",
                PROGRAM,
                "--study",
                self.study,
                "--data",
                str(self.data),
                *map(str, tokens),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
        )


def refusal(result: Result) -> tuple[int, str]:
    """Exit code and everything said, of a command that refused."""
    assert result.exception is not None, result.output
    return getattr(result.exception, "exit_code", result.exit_code), f"{result.output}{result.exception}"


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder with its SHA-256."""
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command line writes its choice to the environment; monkeypatch takes it back."""
    monkeypatch.setenv("KOMGLAD_KEY", KEY)
    monkeypatch.setenv("KOMGLAD_STUDY", "demo_kommune")
    monkeypatch.setenv("KOMGLAD_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("KOMGLAD_KEY_FILE", str(tmp_path / "key"))
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """Nothing has been delivered yet."""
    return Terminal(tmp_path / "data")


@pytest.fixture
def finished(demonstration, tmp_path: Path) -> Terminal:
    """A copy of the demonstration to write in."""
    copy = tmp_path / "demonstration"
    shutil.copytree(demonstration.folder, copy, ignore=shutil.ignore_patterns("dagster"))
    return Terminal(copy)


def test_help_is_light_and_names_every_command() -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom pipelines.cli import app\n"
        "shown = CliRunner().invoke(app, ['--help'])\nprint(shown.output)\n"
        "print('LOADED', sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    shown, loaded = done.stdout.split("LOADED")
    assert not HEAVY & set(re.findall(r"'(\w+)'", loaded))
    for command in (
        "run",
        "check",
        "report",
        "freeze",
        "verify",
        "compare",
        "approve",
        "forget",
        "did",
        "doctor",
    ):
        assert re.search(rf"^\s*{command}\b", shown, re.M), command


def test_a_refusal_is_a_sentence_on_stderr_and_never_a_traceback(terminal: Terminal) -> None:
    done = terminal.program("run", "november_2062")
    assert (done.returncode, done.stdout) == (2, "")
    assert 'komglad: "november_2062" is not a round' in done.stderr
    assert ROUND in done.stderr
    assert LATER in done.stderr
    assert "Traceback" not in done.stderr
    assert not terminal.data.exists()


@pytest.mark.parametrize(
    "tokens",
    [
        ("run", "x"),
        ("check", "x"),
        ("report", "x"),
        ("verify", "x"),
        ("compare", ROUND, "x"),
        ("compare", "x", ROUND),
    ],
)
def test_an_unknown_round_is_refused_with_the_known_ones(terminal: Terminal, tokens: tuple[str, ...]) -> None:
    code, said = refusal(terminal(*tokens))
    assert code == 2
    assert ROUND in said
    assert LATER in said


@pytest.mark.parametrize("command", [("check",), ("freeze",), ("run", ROUND), ("codebook",)])
def test_an_unknown_study_is_refused(tmp_path: Path, command: tuple[str, ...]) -> None:
    code, said = refusal(Terminal(tmp_path / "data", "atlantis")(*command))
    assert code == 2
    assert "atlantis" in said
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", [("report", ROUND), ("compare", ROUND, LATER)])
def test_a_round_that_has_not_been_run_says_what_to_run(terminal: Terminal, command: tuple[str, ...]) -> None:
    code, said = refusal(terminal(*command))
    assert code in (2, 3)
    assert f"komglad run {ROUND}" in said


def test_doctor_says_what_is_missing_with_code_5(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    done = terminal("doctor")
    assert done.exit_code == 0, done.output
    assert "alt er klar" in done.output
    assert KEY not in done.output
    monkeypatch.delenv("KOMGLAD_KEY")
    code, said = refusal(terminal("doctor"))
    assert code == 5
    assert "komglad init" in said


def test_a_new_study_can_be_loaded_and_says_what_is_missing(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "anden kommune"
    done = terminal("new-study", folder)
    assert done.exit_code == 0, done.output
    assert f"komglad --study {shlex.quote(str(folder))} check" in done.output.replace("\n", " ")
    assert load_study(str(folder)).protocol.rounds
    code, said = refusal(terminal("new-study", folder))
    assert code == 2
    assert "not empty" in said
    before = contents(tmp_path)
    code, said = refusal(Terminal(terminal.data, str(folder))("check"))
    assert code == 2
    assert "the inbox is not there" in said
    assert "put the schools' exports in it" in said
    assert contents(tmp_path) == before


def test_a_mistake_in_the_protocol_is_found_by_its_place(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "studie"
    assert terminal("new-study", folder).exit_code == 0
    path = folder / "protocol.toml"
    path.write_text(path.read_text("utf-8").replace("relevant_change_pp", "relevant_chnage_pp", 1), "utf-8")
    code, said = refusal(Terminal(terminal.data, str(folder))("check"))
    assert code == 2
    assert "relevant_chnage_pp" in said
    assert "protocol.toml" in said


def test_freezing_twice_changes_nothing_and_a_changed_plan_needs_a_reason(
    terminal: Terminal, tmp_path: Path
) -> None:
    folder = tmp_path / "studie"
    assert terminal("new-study", folder).exit_code == 0
    mine = Terminal(terminal.data, str(folder))
    first = mine("freeze")
    assert first.exit_code == 0, first.output
    before = contents(terminal.data)
    assert mine("freeze").output == first.output
    assert contents(terminal.data) == before
    path = folder / "protocol.toml"
    path.write_text(
        re.sub(r"relevant_change_pp = [\d.]+", "relevant_change_pp = 0.7", path.read_text("utf-8")), "utf-8"
    )
    code, said = refusal(mine("freeze"))
    assert code == 2
    assert "relevant_change_pp" in said
    assert contents(terminal.data) == before
    assert mine("freeze", "--reason", "styregruppen har besluttet det").exit_code == 0
    (record,) = (terminal.data / "frozen").glob("*.json")
    assert [p["reason"] for p in json.loads(record.read_text("utf-8"))] == [
        "",
        "styregruppen har besluttet det",
    ]


def test_the_codebook_is_shown_exported_and_compared(terminal: Terminal, tmp_path: Path) -> None:
    tree = terminal("codebook")
    assert tree.exit_code == 0, tree.output
    assert "koder" in tree.output.splitlines()[0]
    file = tmp_path / "bog.qdc"
    assert terminal("codebook", "export", file).exit_code == 0
    assert "de samme" in terminal("codebook", "compare", file).output
    code, said = refusal(terminal("codebook", "export", file))
    assert (code, "--force" in said) == (2, True)
    code, _ = refusal(terminal("codebook", "compare", tmp_path / "findes ikke.qdc"))
    assert code == 2


def test_did_on_a_small_panel(terminal: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "panel.csv"
    # (12 − 10) − (21 − 20) = 1 for two treated units against two controls.
    rows = [("a", 10, 12), ("b", 10, 12), ("c", 20, 21), ("d", 20, 21)]
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["unit", "time", "start", "y"])
        for unit, before, after in rows:
            start = 2 if unit in "ab" else ""
            writer.writerows([(unit, 1, start, before), (unit, 2, start, after)])
    tokens = ["did", path, "--outcome", "y", "--unit", "unit", "--time", "time", "--start", "start"]
    done = terminal(*tokens, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["estimates"][0]["estimate"] == pytest.approx(1)
    refused = terminal.program(*tokens[:3], "misspelt", *tokens[4:])
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "misspelt" in refused.stderr


@pytest.mark.slow
def test_compare_shows_both_rounds(demonstration) -> None:
    done = Terminal(demonstration.folder)("compare", ROUND, LATER)
    assert done.exit_code == 0, done.output
    assert f"{ROUND} → {LATER}" in done.output
    assert re.search(r"milestone.*[+-]\d,\d\d", done.output)


@pytest.mark.slow
def test_report_renders_the_same_bytes_again(finished: Terminal) -> None:
    def pages() -> dict[str, str]:
        return {n: h for n, h in contents(finished.data / "reports").items() if not n.endswith(".pdf")}

    before = pages()
    (finished.data / "reports" / ROUND / "styregruppe.html").unlink()
    done = finished("report", ROUND)
    assert done.exit_code == 0, done.output
    assert pages() == before


@pytest.mark.slow
def test_a_pdf_of_an_earlier_report_is_not_left_beside_the_new_one(finished: Terminal) -> None:
    page = finished.data / "reports" / ROUND / "styregruppe.html"
    printed = page.with_suffix(".pdf")
    printed.write_bytes(b"%PDF of this very page")
    assert "fjernet" not in finished("report", ROUND).output
    assert printed.is_file()
    page.write_bytes(page.read_bytes() + b"<!-- as it was before -->")
    assert "--pdf" in finished("report", ROUND).output
    assert not printed.exists()


@pytest.mark.slow
def test_check_is_one_json_object_and_writes_nothing(demonstration) -> None:
    before = contents(demonstration.folder)
    done = Terminal(demonstration.folder)("check", ROUND, "--json")
    assert done.exit_code == 0, done.output[-2000:]
    found = json.loads(done.stdout)
    assert (found["round"], found["problems"], found["would_run"]) == (ROUND, [], True)
    assert sum(f["rows_in"] for f in found["files"]) > 100_000
    assert not list(demonstration.folder.rglob(".check-*"))
    for canary in demonstration.canaries:
        assert canary not in done.output
    assert contents(demonstration.folder) == before


@pytest.mark.slow
@pytest.mark.parametrize("round_id", [ROUND, "end_of_year_2027"])
def test_verify_makes_the_round_again(demonstration, round_id: str) -> None:
    done = Terminal(demonstration.folder)("verify", round_id)
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    assert "every byte the same" in done.output


@pytest.mark.slow
def test_verify_names_a_table_that_was_tampered_with(
    demonstration, finished: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The rerun itself is held above; here its result is the demonstration's own folder.
    monkeypatch.setattr("pipelines.verification.rerun", lambda *_: settings_for(demonstration.folder))
    assert finished("verify", ROUND).exit_code == 0
    manifest = finished.data / "reports" / ROUND / "manifest.json"
    printed_again = json.loads(manifest.read_text("utf-8"))
    printed_again["files"]["styregruppe.pdf"] = "0" * 64
    manifest.write_text(json.dumps(printed_again), "utf-8")
    assert finished("verify", ROUND).exit_code == 0
    path = finished.data / "warehouse" / ROUND / "out_effects.parquet"
    effects = pd.read_parquet(path)
    effects.assign(estimate_pp=effects["estimate_pp"] - 1).to_parquet(path)
    page = finished.data / "reports" / ROUND / "styregruppe.html"
    page.write_text(page.read_text("utf-8").replace("usikkert", "sikkert"), "utf-8")
    manifest.write_text(json.dumps(printed_again | {"git_commit": "0" * 40}), "utf-8")
    code, said = refusal(finished("verify", ROUND))
    assert code == 3
    assert "3 of" in said
    assert "manifest.json: other content in git_commit" in said
    assert "out_effects.parquet" in said
    assert "styregruppe.html" in said


@pytest.mark.slow
def test_two_different_people_approve_a_round(finished: Terminal) -> None:
    for names in (["Anna Holm"], ["Anna Holm", "anna  holm"]):
        code, said = refusal(finished("approve", ROUND, *[t for n in names for t in ("--by", n)]))
        assert code == 2
        assert "two different people" in said
    assert not (finished.data / "releases").exists()
    done = finished("approve", ROUND, "--by", "Anna Holm", "--by", "Bo Lund")
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    released = finished.data / "releases" / ROUND
    assert (released / "styregruppe.html").is_file()
    assert not list(finished.data.glob("releases/**/*.parquet"))
    code, _ = refusal(finished("approve", ROUND, "--by", "Anna Holm", "--by", "Bo Lund"))
    assert code == 2


@pytest.mark.slow
def test_map_proposes_a_mapping_for_every_kind_of_export(demonstration) -> None:
    exports = sorted(p for p in demonstration.settings.incoming.rglob("*.csv") if p.stat().st_size)
    done = Terminal(demonstration.folder)("map", exports[0])
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    assert 'kind = "' in done.output
    for canary in demonstration.canaries:
        assert canary not in done.output


@pytest.mark.slow
def test_a_forgotten_pupil_is_nowhere(finished: Terminal) -> None:
    number = next(
        n
        for path in sorted((finished.data / "incoming").rglob("elever_*.txt"))
        for n in re.findall(r"\b\d{6}-?\d{4}\b", path.read_text("cp1252"))
    )
    plain = number.replace("-", "")
    spellings = (plain.encode(), f"{plain[:6]}-{plain[6:]}".encode())

    def holding() -> list[str]:
        texts = [p for p in (finished.data / "incoming").rglob("*") if p.suffix in {".csv", ".txt"}]
        return [p.name for p in texts if any(s in p.read_bytes() for s in spellings)]

    assert holding()
    done = finished("forget", given=f"{number}\n")
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    assert holding() == []
    (receipt,) = (finished.data / "receipts").glob("forget-*.json")
    for said in (done.output, receipt.read_text("utf-8")):
        assert plain[:6] not in said
    again = finished("forget", given=f"{number}\n")
    assert "0 rækker i 0 tabeller og 0 linjer" in again.output
