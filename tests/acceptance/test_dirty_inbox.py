"""An inbox as it arrives, through the real commands: what is refused and said, what a round makes of it, what is not kept.

The municipality's own files are dirtied by hand: each fault carries a name, a CPR number and an address that must be
found nowhere afterwards, neither on the screen nor in any file the program wrote.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import KEY, make_inbox

ROUND = "november_2026"
CANARIES = ("Kanariesen", "0101144001", "010114-4001", "kanarie@hjem.dk")
FJORD = "fjord/dagsfravaer_2026-11-20.csv"
BROKEN = {
    # file, content, words of its refusal on stderr, words on the Danish page
    "fjord/dagsfravaer_2026-11-21.csv": (
        b"CPR;Klasse;Dato;Kode\r\n0101144001;00D;14-09-2026;S\r\n",
        "overskriften mangler (kolonnen CPR-nr, linje 1)",
        "overskriften mangler (kolonnen CPR-nr, Fraværskode og Omfang, linje 1)",
    ),
    "fjord/klasseliste.csv": (
        "Navn;CPR\r\nKanariesen;0101144001\r\n".encode("cp1252"),
        "ingen mapping læser filen",
        "ingen mapping læser filen",
    ),
    "kirkemose/ugetal_2026-11-19.csv": (b"", "filen har ingen rækker", "filen har ingen rækker"),
    "boegelund/fravaer_2026-11-18.xlsx": (
        b"%PDF-1.7 0101144001 kanarie@hjem.dk",
        "filen er noget andet",
        "filen er noget andet",
    ),
    "oestereng/fravaer_2026-11-21.csv": (
        "ElevID\tKlasse\tDato\tType\tAndel\r\nKanariesen\t1B\t14.09.2026\tSygdom\t1\r\n".encode("utf-16"),
        "ikke skrevet med den tegnkodning",
        "ikke skrevet med den tegnkodning",
    ),
}
ROWS = {
    # a row, the rule it breaks
    "0101144001;00D;Kanariesen;S;Hel": "date_format",
    "0101144001;00D;14-09-2026;kanarie@hjem.dk;Hel": "unknown_type",
    "Kanariesen;00D;14-09-2026;S;Hel": "cpr_format",
    '"0101144001;00D;14-09-2026;S;Hel': "unclosed_quote",
    "010114-4001;00D;14-09-2026;S;Hel;Kanariesen": "too_many_columns",
    "0101144001;Kanariesen;14-09-2026;S;Hel": "unknown_grade",
    "0101144001;00D;13-09-2026;S;Kanariesen": "half_day_value",
    "0101144001;00D;12-09-2026;S;Hel": "weekend",
}

INTERVIEWS = Path(__file__).parents[1] / "data/interviews"
VOICES = (
    "kom_glad.qda", "desk_anna.sqlite3", "desk_anna.dokumenter.csv", "desk_bo.sqlite3", "desk_bo.dokumenter.csv",
    "taguette_highlights.csv", "taguette_highlights.dokumenter.csv", "qualcoder_lf.qdpx", "maxqda_author.xlsx",
    "maxqda_author.dokumenter.csv", "lyd_2026-11-20.qdpx", "lyd_2026-11-20.dokumenter.csv",
    "group_withdrawn_casecodes_12.qdpx", "gyldigt_then_mangler.csv",
)  # fmt: skip
"""Interviews of every tool with their side tables, in the inbox beside the municipality's own."""
WITHOUT_OCCASION = "document;nedslag\nlærermøde 8. årgang.docx;delevaluering_nov_2026\n"
"""The project itself says of one document alone to which round it belongs."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A municipality whose Fjordskole has sent rows that cannot be used."""
    folder = tmp_path_factory.mktemp("dirty")
    make_inbox(folder)
    file = folder / "incoming" / FJORD
    lines = file.read_text(encoding="cp1252").splitlines()
    lines[5:5] = list(ROWS)
    file.write_text("\r\n".join(lines) + "\r\n", encoding="cp1252", newline="")
    for name in VOICES:
        there = folder / "incoming" / "interviews" / name
        if (INTERVIEWS / name).is_dir():
            shutil.copytree(INTERVIEWS / name, there)
        elif name.endswith(".dokumenter.csv"):
            # This municipality's own school; the files were made for another one.
            there.write_text(
                (INTERVIEWS / name).read_text("utf-8").replace("Egelundskolen", "Fjordskolen"), "utf-8"
            )
        else:
            shutil.copy(INTERVIEWS / name, there)
    for name in ("kom_glad", "qualcoder_lf"):
        (folder / "incoming/interviews" / f"{name}.dokumenter.csv").write_text(WITHOUT_OCCASION, "utf-8")
    shutil.copy(INTERVIEWS / "vurder_og_find_fokus.pdf", folder / "incoming" / "skemaer")
    return folder


def komglad(data: Path, *tokens: str) -> subprocess.CompletedProcess[str]:
    """The command as a program of its own."""
    start = [sys.executable, "-c", "from pipelines.entry import main; main()"]
    return subprocess.run(
        [*start, "--study", "demo_kommune", "--data", str(data), *tokens],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
        env={"PATH": "/usr/bin:/bin", "KOMGLAD_KEY": KEY, "HOME": str(data), "COLUMNS": "200"},
    )  # fmt: skip


def without_canaries(text: str) -> None:
    """A failure names the canary and never the line it stood in."""
    for canary in CANARIES:
        assert canary not in text, f"{canary} shows"


def everything_written(data: Path) -> dict[str, str]:
    """Every file outside the inbox as text; tables as their rows."""
    found = {}
    for path in sorted(data.rglob("*")):
        name = path.relative_to(data).as_posix()
        if path.is_dir() or name.startswith("incoming/"):
            continue
        if path.suffix == ".parquet":
            found[name] = pd.read_parquet(path).to_csv()
        else:
            found[name] = path.read_bytes().decode("utf-8", errors="replace")
    return found


def test_check_says_everything_at_once_and_writes_nothing(data: Path) -> None:
    for name, (content, _, _) in BROKEN.items():
        (data / "incoming" / name).write_bytes(content)
    try:
        done = komglad(data, "check", ROUND)
        machine = komglad(data, "check", ROUND, "--json")
        refused = komglad(data, "run", ROUND, "--quiet")
    finally:
        for name in BROKEN:
            (data / "incoming" / name).unlink()
    assert (done.returncode, machine.returncode, refused.returncode) == (2, 2, 2)
    for name, (_, on_stderr, on_page) in BROKEN.items():
        assert on_stderr not in done.stderr  # said once, on the page
        assert on_page in done.stdout
        assert on_stderr in refused.stderr
        assert name in done.stdout
    assert "5 filer stopper den" in done.stdout
    assert {p["rule"] for p in json.loads(machine.stdout)["problems"]} == {
        "header_missing", "no_mapping", "empty_file", "other_format", "encoding",
    }  # fmt: skip
    for stream in (done, machine, refused):
        without_canaries(stream.stdout + stream.stderr)
    assert not (data / "warehouse").exists() or not any((data / "warehouse").rglob("*.parquet"))


def test_a_round_keeps_the_count_of_what_it_could_not_read_and_nothing_of_whose_it_was(data: Path) -> None:
    done = komglad(data, "run", ROUND, "--quiet")
    assert done.returncode == 0, done.stderr
    without_canaries(done.stdout + done.stderr)
    warehouse = data / "warehouse" / ROUND
    ledger = pd.read_parquet(warehouse / "raw_ledger.parquet").set_index("source_file").loc[FJORD]
    parts = [
        "rows_kept",
        "rows_quarantined",
        "rows_duplicate",
        "rows_superseded",
        "rows_out_of_round",
        "rows_skipped",
    ]
    assert ledger["rows_in"] == ledger[parts].sum()
    read = pd.read_parquet(warehouse / "raw_ledger.parquet")
    read = {Path(name).name for name in read["source_file"] if name.startswith("interviews/")}
    assert read >= set(VOICES)
    quarantine = pd.read_parquet(warehouse / "raw_quarantine.parquet")
    mine = quarantine[
        (quarantine["source_file"] == FJORD) & quarantine["source_row"].between(6, 5 + len(ROWS))
    ]
    assert dict(zip(mine["source_row"].astype(int), mine["rule"], strict=True)) == {
        6 + k: rule for k, rule in enumerate(ROWS.values())
    }
    for name, text in everything_written(data).items():
        for canary in CANARIES:
            assert canary not in text, f"{canary} is kept in {name}"
