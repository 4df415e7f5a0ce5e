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

import pytest
from click.testing import Result
from typer.testing import CliRunner

from evaluation.disclosure.ledger import read_ledger, write_ledger
from evaluation.errors import EnvironmentProblem
from evaluation.study import load_study
from pipelines import readiness
from pipelines.cli import app
from pipelines.lock import run_lock
from pipelines.log import ALONE as ALONE_IN_FOLDER
from pipelines.settings import Settings
from tests.conftest import KEY, seal_key

ROUND = "november_2026"
LATER = "end_of_year_2027"
HEAVY = {"dagster", "pandas", "numpy", "duckdb", "scipy", "statsmodels", "plotly", "great_expectations"}
PROGRAM = "from pipelines.entry import main; main()"


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
    """Every file below a folder with its SHA-256, but for log and lock, which move also where nothing changes."""
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.parent.name != "log" and p.name != "run.lock"
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


ALONE = [
    ("run", ROUND),
    ("report", ROUND),
    ("freeze",),
    ("approve", ROUND, "--by", "Anna Holm"),
    ("forget", "--yes"),
    ("rotate", "--yes", "--to", "elsewhere"),
    ("purge", "--yes"),
]


def test_every_command_that_changes_the_folder_is_tried_beside_a_run() -> None:
    assert {tokens[0] for tokens in ALONE} == ALONE_IN_FOLDER


@pytest.mark.parametrize("tokens", ALONE, ids=lambda t: t[0])
def test_beside_a_run_a_command_is_turned_away_before_anything_heavy_is_read(
    terminal: Terminal, tokens: tuple[str, ...]
) -> None:
    """So that the answer comes within a second, and nothing was asked for or looked at in vain."""
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom pipelines.cli import app\n"
        f"result = CliRunner().invoke(app, {list(tokens)!r}, input='0101011234\\n')\n"
        "print(result.exception.exit_code, result.exception)\n"
        "print('LOADED', {m.split('.')[0] for m in sys.modules})"
    )
    with run_lock(terminal.data):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    said, loaded = done.stdout.split("LOADED")
    assert said.startswith("4 en anden kørsel er i gang: proces")
    assert not HEAVY & set(re.findall(r"'(\w+)'", loaded))
    assert sorted(contents(terminal.data)) == []


def test_a_refusal_is_a_sentence_on_stderr_and_never_a_traceback(terminal: Terminal) -> None:
    done = terminal.program("run", "november_2062")
    assert (done.returncode, done.stdout) == (2, "")
    assert 'komglad: "november_2062" er ikke en runde' in done.stderr
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


def test_a_demonstration_never_takes_a_folder_of_somebody(terminal: Terminal, tmp_path: Path) -> None:
    real = tmp_path / "kommunens data"
    for name in (
        "incoming/fjord/a.csv",
        "reports/r/styregruppe.html",
        "receipts/forget-0001.json",
        "frozen/s.json",
    ):
        (real / name).parent.mkdir(parents=True)
        (real / name).write_text("real", encoding="utf-8")
    before = contents(tmp_path)
    code, said = refusal(terminal("demo", "--folder", real, "--yes"))
    assert code == 2
    assert "ikke en demonstrations mappe" in said
    code, said = refusal(
        terminal("demo", "--folder", tmp_path / "new", "--scenario", "regression_to_mean_only")
    )
    assert code == 2
    assert "regression_to_the_mean, registration_change" in said
    assert contents(tmp_path) == before
    assert not (tmp_path / "new").exists()


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
    assert "er ikke tom" in said
    before = contents(tmp_path)
    code, said = refusal(Terminal(terminal.data, str(folder))("check"))
    assert code == 2
    assert "indbakken er der ikke" in said
    assert "læg skolernes udtræk i den" in said
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
    assert [p["reason"] for p in json.loads(record.read_text("utf-8"))["plans"]] == [
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
def test_a_pdf_of_an_earlier_report_is_neither_left_beside_the_new_one_nor_lost(finished: Terminal) -> None:
    page = finished.data / "reports" / ROUND / "styregruppe.html"
    printed = page.with_suffix(".pdf")
    printed.write_bytes(b"%PDF of this very page")
    assert "tidligere" not in finished("report", ROUND).output
    assert printed.is_file()
    page.write_bytes(page.read_bytes() + b"<!-- as it was before -->")
    said = finished("report", ROUND).output
    assert "--pdf" in said
    assert "mangler" not in said
    assert not printed.exists()
    kept = finished.data / "superseded" / ROUND / "styregruppe.pdf"
    assert kept.read_bytes() == b"%PDF of this very page"


@pytest.mark.slow
def test_check_is_one_json_object_and_writes_nothing(demonstration) -> None:
    before = contents(demonstration.folder)
    done = Terminal(demonstration.folder)("check", ROUND, "--json")
    assert done.exit_code == 0, done.output[-2000:]
    found = json.loads(done.stdout)
    assert (found["round"], found["problems"], found["would_run"]) == (ROUND, [], True)
    assert sum(f["rows"]["in"] for f in found["files"]) > 100_000
    assert not list(demonstration.folder.rglob(".check-*"))
    for canary in demonstration.canaries:
        assert canary not in done.output
    assert contents(demonstration.folder) == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("round_id", "is_approved"),
    [(ROUND, True), pytest.param("end_of_year_2027", False, marks=pytest.mark.long)],
)
def test_verify_makes_the_round_again(finished: Terminal, round_id: str, is_approved: bool) -> None:
    """Also once it went out, when the ledger knows it as an earlier release of its own."""
    if is_approved:
        path = finished.data / "reports" / "ledger.json"
        write_ledger(path, read_ledger(path, seal_key()).publish(round_id, "2026-11-30"), seal_key())
    done = finished("verify", round_id)
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    assert "hver byte den samme" in done.output
    assert not list(finished.data.glob(".verify-*"))


@pytest.mark.slow
def test_two_different_people_approve_a_round(finished: Terminal) -> None:
    assert finished("approve", ROUND, "--by", "Anna Holm").exit_code == 0
    code, said = refusal(finished("approve", ROUND, "--by", "anna  holm"))
    assert code == 2
    assert "to forskellige personer" in said
    assert not (finished.data / "releases" / ROUND).exists()
    done = finished("approve", ROUND, "--by", "Bo Lund")
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    released = finished.data / "releases" / ROUND
    assert (released / "styregruppe.html").is_file()
    assert not list(finished.data.glob("releases/**/*.parquet"))
    code, _ = refusal(finished("approve", ROUND, "--by", "Bo Lund"))
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
    done = finished("forget", "--yes", given=f"{number}\n")
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    assert holding() == []
    (receipt,) = (finished.data / "receipts").glob("forget-*.json")
    for said in (done.output, receipt.read_text("utf-8")):
        assert plain[:6] not in said
    again = finished("forget", "--yes", given=f"{number}\n")
    assert "0 rækker i 0 tabeller og 0 linjer" in again.output
    whole = receipt.read_bytes()
    receipt.unlink()
    code, said = refusal(finished("check", ROUND))
    assert code == 2
    assert receipt.name in said
    assert finished("forget", "--yes", "--again", receipt.name, given=f"{number}\n").exit_code == 0
    assert json.loads(receipt.read_bytes())["id"] == json.loads(whole)["id"]
    assert receipt.name not in str(finished("check", ROUND).exception)


@pytest.mark.parametrize(
    "text", [":::{", "[", "event_log_storage: 7", "local_artifact_storage: {module: no, class: No}"]
)
def test_damaged_settings_of_dagster_are_said_in_words(text: str, tmp_path: Path) -> None:
    settings = Settings.from_environment(data=tmp_path)
    for name in ("dagster.yaml", "history/runs.db", "history/runs/index.db"):
        path = settings.dagster / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if name == "dagster.yaml" else "", encoding="utf-8")
    with pytest.raises(EnvironmentProblem) as refusal:
        readiness._last_run(settings)
    assert str(settings.dagster) in str(refusal.value.problems)
