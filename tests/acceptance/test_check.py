"""``komglad check`` shows what was understood, always as one object for machines; a letter says it to the school."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evaluation.door.pseudonyms import PseudonymKey
from evaluation.sealing import opened, sealed
from pipelines.cli import app

KEY = "00112233445566778899aabbccddeeff" * 2
SEAL = PseudonymKey.parse(KEY).for_seals
ROUND = "november_2026"
NAMES = ("Åse", "Kanariefugl", "0101144001", "010114-4001")
ROSTER = (
    "2026/27\nElevID¤Skolekode¤Skolenavn¤Fornavn¤Efternavn¤CPR¤Klassetrin¤Klassespor¤Stamklasse¤Indmeldt¤Udmeldt\n"
    + "".join(f"{i}¤165001¤Egelund¤Åse¤Kanariefugl¤0{i}0114400{i}¤8¤A¤8.A¤¤\n" for i in range(1, 5))
)
HEADER = "CPR;Klasse;Fra;Til;Kategori;Status\n"
ROWS = "".join(
    f"0{i}0114400{i};8.A;02-11-2026;03-11-2026;Sygdom;{s}\n"
    for i, s in enumerate(("Godkendt", "Annulleret", "Godkendt", "Afventer"), 1)
)
MAPPING = """kind = "absence"
grain = "interval"
files = ["egelund/fravaer_*.csv"]
delimiter = ";"
date_formats = ["dd-mm-yyyy"]
exported_on = { file_name = '(\\d{4}-\\d{2}-\\d{2})' }
[columns]
school = { constant = "165001" }
pupil = { column = "CPR", kind = "cpr" }
class = "Klasse"
from = "Fra"
to = "Til"
type = "Kategori"
STATUS
[types]
"Sygdom" = "sick"
"""
ANSWER = 'status = { column = "Status", map = { "Godkendt" = "counts", "Annulleret" = "none", "Afventer" = "none" } }'


class Bench:
    """A study of one's own, an inbox with a roster and an export, and the command line."""

    def __init__(self, root: Path) -> None:
        self.root, self.data = root, root / "data"
        (root / "study" / "mappings").mkdir(parents=True)
        (root / "study" / "protocol.toml").write_text(
            'extends = "kom_glad_i_skole"\n[study]\nid = "proeve"\n'
        )
        packaged = Path("evaluation/studies/kom_glad_i_skole/mappings")
        shutil.copy(packaged / "tabulex_elever.toml", root / "study" / "mappings")
        inbox = self.data / "incoming" / "egelund"
        inbox.mkdir(parents=True)
        (inbox / "elever_2026-27_2026-11-20.txt").write_text(ROSTER, encoding="cp1252")
        self.export = inbox / "fravaer_2026-11-20.csv"
        self.export.write_text(HEADER + ROWS, encoding="utf-8")

    def mapping(self, text: str) -> Bench:
        (self.root / "study" / "mappings" / "m.toml").write_text(text, encoding="utf-8")
        return self

    def run(self, *arguments: str) -> Any:
        options = ["--study", str(self.root / "study"), "--data", str(self.data)]
        done = CliRunner().invoke(app, [*options, *arguments], env={"KOMGLAD_KEY": KEY})
        for name in NAMES:
            assert name not in done.output
        return done

    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("check", ROUND, "--json").stdout)
        assert {"would_run", "checks", "quarantine", "files", "interviews", "problems"} <= found.keys()
        return found

    def file(self) -> dict[str, Any]:
        return next(f for f in self.json()["files"] if f["file"].endswith("fravaer_2026-11-20.csv"))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_column_nobody_decided_about_is_asked_and_the_file_is_not_read(bench: Bench) -> None:
    bench.mapping(MAPPING.replace("STATUS", ""))
    found = bench.json()
    assert found["would_run"] is False
    mine = bench.file()
    assert [q["column"] for q in mine["open_questions"]] == ["Status"]
    assert mine["open_questions"][0]["why"]
    assert mine["columns_unread"] == ["Status"]
    assert mine["understood"] == {}
    page = bench.run("check", ROUND)
    assert "åbent spørgsmål, Status" in page.output
    assert page.exit_code == 2 or getattr(page.exception, "exit_code", None) == 2


def test_what_was_understood_is_told_by_type_and_month(bench: Bench) -> None:
    bench.mapping(MAPPING.replace("STATUS", ANSWER))
    mine = bench.file()
    others = dict.fromkeys(("quarantined", "duplicate", "superseded", "out_of_round", "skipped"), 0)
    assert mine["rows"] == {"in": 4, "kept": 4, **others}
    understood = mine["understood"]
    assert understood["absent_days"] == 2 * 2
    assert understood["control_total"] == {"sums": 0, "off": 0, "lines_off": [], "by_column": {}}
    assert understood["by_type"] == {"sick": 4.0, "permitted": 0.0, "unlawful": 0.0}
    assert understood["by_month"] == {"2026-11": {"sick": 4.0}}
    assert (understood["pupils"], understood["first_on"], understood["last_on"]) == (
        2,
        "2026-11-02",
        "2026-11-03",
    )
    page = bench.run("check", ROUND).output
    assert "4,0 dage · 2 elever" in page
    assert "6. årgang: de hele måneder slutter med december 2026; Slutevaluering" in page


def test_an_undecided_or_broken_mapping_is_one_object_too(bench: Bench) -> None:
    bench.mapping(MAPPING.replace("STATUS", 'status = { column = "Status", map = { "Godkendt" = "?" } }'))
    assert [q["column"] for q in bench.file()["open_questions"]] == ["status"]
    bench.mapping(MAPPING.replace("STATUS", "what is this"))
    broken = bench.json()
    assert (broken["would_run"], broken["files"]) == (False, [])
    assert broken["problems"][0]["file"] == "m.toml"
    bench.mapping(MAPPING.replace("STATUS", ANSWER))
    bench.export.write_bytes(b"\x00\x01 not a table")
    assert bench.json()["would_run"] is False


def test_the_page_is_the_owners_alone_and_names_nobody(bench: Bench) -> None:
    bench.mapping(MAPPING.replace("STATUS", ANSWER)).run("check", ROUND, "--page")
    path = bench.data / "check" / f"kontrol_{ROUND}.html"
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text(encoding="utf-8")
    assert '<html lang="da">' in text
    assert "8.A" in text
    assert not any(name in text for name in NAMES)


def test_an_accepted_oddity_is_noted_once_and_stays_noted_until_it_grows(bench: Bench) -> None:
    bench.mapping(MAPPING.replace("STATUS", ANSWER))
    odd = next(c for c in bench.json()["checks"] if not c["passed"] and c["severity"] != "blocking")
    assert (
        getattr(bench.run("check", ROUND, "--note", odd["id"], "--reason", "ja").exception, "exit_code", 0)
        == 2
    )
    assert (
        bench.run("check", ROUND, "--note", odd["id"], "--reason", "skolen har ny elevliste").exit_code == 0
    )
    again = next(c for c in bench.json()["checks"] if c["id"] == odd["id"])
    assert again["noted"] == "skolen har ny elevliste"
    noted = bench.data / "noted.json"
    assert noted.stat().st_mode & 0o777 == 0o600
    whole = noted.read_bytes()
    entries = opened("noted.json", whole, SEAL, way_back="")
    entries[odd["id"]]["count"] -= 1
    noted.write_bytes(sealed("noted.json", entries, SEAL))
    assert next(c for c in bench.json()["checks"] if c["id"] == odd["id"])["noted"] is None
    noted.write_bytes(whole.replace(b"ny elevliste", b"gammel liste"))
    refused = bench.run("check", ROUND).exception
    assert refused.exit_code == 2
    assert "noted.json" in str(refused)
    assert "--note" in str(refused)


def test_a_letter_asks_one_school_with_line_numbers_and_names_nobody(bench: Bench) -> None:
    bench.mapping(MAPPING.replace("STATUS", ANSWER))
    bench.export.write_text(
        HEADER + ROWS.replace("03-11-2026;Sygdom;Afventer", "32-11-2026;Sygdom;Afventer"), encoding="utf-8"
    )
    done = bench.run("school-letter", ROUND)
    assert done.exit_code == 0, done.output
    letters = {p.stem: p.read_text(encoding="utf-8") for p in (bench.data / "letters" / ROUND).iterdir()}
    assert len(letters) == 4
    assert "linje 5" in letters["165001"]
    assert all("fravaer_2026" not in text for school, text in letters.items() if school != "165001")
    assert not any(name in text for text in letters.values() for name in NAMES)
    bench.mapping(MAPPING.replace("STATUS", ""))
    bench.run("school-letter", ROUND, "--school", "egelund")
    assert "kolonnen Status" in (bench.data / "letters" / ROUND / "165001.txt").read_text(encoding="utf-8")


def test_an_inbox_that_others_may_read_is_named(bench: Bench) -> None:
    """A school's export copied in with the rights that a file usually has; closed, nothing is said."""
    bench.mapping(MAPPING.replace("STATUS", ANSWER))
    for path in (bench.data, *bench.data.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert bench.json()["open_to_others"] == ""
    assert "Åbent for andre" not in bench.run("check", ROUND).output
    bench.export.parent.chmod(0o755)
    bench.export.chmod(0o644)
    assert "data/incoming/egelund" in bench.json()["open_to_others"]
    assert "Åbent for andre" in bench.run("check", ROUND).output
    assert bench.export.stat().st_mode & 0o777 == 0o644  # check changes nothing


def test_interviews_are_shown_as_they_were_understood(bench: Bench) -> None:
    bench.mapping(MAPPING.replace("STATUS", ANSWER))
    (bench.root / "study" / "mappings" / "i.toml").write_text(
        'kind = "interviews"\nfiles = ["interviews/*.csv"]\n'
    )
    place = bench.data / "incoming" / "interviews"
    place.mkdir()
    (place / "a.csv").write_text(
        "dokument;kode;koder;tekst;samtykke;nedslag\n"
        "x;MP.TEGN.FALD;AB;Ja.;gyldigt;delevaluering_nov_2026\n"
        "y;MP.UFRIV;AB;Nej.;måske;delevaluering_nov_2026\n"
    )
    (found,) = bench.json()["interviews"]
    assert set(found) == {"file", "documents", "segments", "coders", "consent", "problems"}
    assert (found["file"], found["documents"], found["segments"]) == ("interviews/a.csv", 2, 2)
    assert (found["coders"], sum(found["consent"].values())) == (["AB"], 2)
    assert found["consent"]["gyldigt"] == 1
    assert "unknown_consent" in {p["rule"] for p in found["problems"]}
