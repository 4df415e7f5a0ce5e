"""Talk logs and consent lists are told apart from absence; wide lists are one statement per parent and purpose."""

from __future__ import annotations

import tomllib
from pathlib import Path

import openpyxl
import pytest

from evaluation.door.intake import read_incoming
from evaluation.door.mapping import parse_mapping
from evaluation.door.propose import propose_mapping
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.study import Study, load_study
from evaluation.templates import write_templates

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
STUDY = load_study("kom_glad_i_skole")
WIDE = (
    "CPR;Navn;Klasse;Mor: evaluering;Far: evaluering;Mor: interview;Far: interview;Dato\n"
    "100614-6035;Åse Kanariefugl;6.A;Ja;Ja;Nej;Ja;14-09-2026\n"
    "230314-5999;Bo Kanariefugl;6.B;ja;;ja;Nej – syg;15-09-2026\n"
)
LOG = (
    "CPR;Klasse;Samtaledato;Afholdt;Sundhedsplejerske\n"
    "100614-6035;6.A;14-09-2026;Ja;Lone Kanariefugl\n230314-5999;6.B;15-09-2026;Nej – syg;Lone Kanariefugl\n"
)


def drafted(folder: Path, name: str, content: str) -> str:
    path = folder / "inbox" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    proposal = propose_mapping(path, STUDY.protocol, folder / "inbox")
    assert "Kanariefugl" not in proposal.toml + "".join(proposal.doubts)
    return proposal.toml


def read(folder: Path, mapping: str):
    (folder / "study" / "mappings").mkdir(parents=True)
    (folder / "study" / "mappings" / "m.toml").write_text(mapping, encoding="utf-8")
    study = Study(STUDY.protocol, (folder / "study", *STUDY.folders))
    return read_incoming(folder / "inbox", study, round_id="november_2026", key=KEY)


def test_a_wide_consent_list_is_a_statement_of_each_parent_for_each_purpose(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "samtykke_2026-11-20.csv", WIDE)
    assert [q.name for q in parse_mapping(tomllib.loads(draft), name="d").questions] == ["wide.words"]
    found = read(tmp_path, draft.replace('"Nej – syg" = "?"', '"Nej – syg" = "no"'))
    assert not found.problems
    said = found.tables["raw_consents"]
    assert len(said) == 4 + 3
    assert said.groupby(["purpose", "answer"]).size().to_dict() == {
        ("evaluering", "yes"): 3, ("interview", "no"): 2, ("interview", "yes"): 2,
    }  # fmt: skip
    assert said.groupby("pupil_key")["holder"].nunique().tolist() == [2, 2]
    ledger = found.tables["raw_ledger"].iloc[0]
    assert (ledger["rows_in"], ledger["rows_kept"]) == (2, 2)


def test_an_unknown_word_of_a_wide_list_sets_its_row_aside(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "samtykke_2026-11-20.csv", WIDE)
    found = read(tmp_path, draft.replace(', "Nej – syg" = "?"', ""))
    assert set(found.tables["raw_quarantine"]["rule"]) == {"unknown_value"}
    assert found.tables["raw_consents"]["pupil_key"].nunique() == 1


def test_a_talk_log_is_no_absence_and_its_words_are_asked(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "egelund/log_2026-11-20.csv", LOG)
    mapping = parse_mapping(tomllib.loads(draft), name="d")
    assert mapping.kind == "talks"
    assert [q.name for q in mapping.questions] == ["status"]
    told = draft.replace('"Ja" = "?"', '"Ja" = "held"').replace(
        '"Nej – syg" = "?"', '"Nej – syg" = "cancelled"'
    )
    talks = read(tmp_path, told).tables["raw_talks"]
    assert talks["status"].tolist() == ["held", "cancelled"]


ROWS = {
    "skabelon_fravaer": (
        ["165001", "100614-6035", "6.A", "02-11-2026", "03-11-2026", "Sygdom", "Hel"],
        "raw_absence",
    ),
    "skabelon_samtaler": (["165001", "6", "100614-6035", "samtale", "afholdt", "02-11-2026"], "raw_talks"),
    "skabelon_samtykker": (["100614-6035", "evaluering", "1", "ja", "02-11-2026", None], "raw_consents"),
}


@pytest.mark.parametrize("name", list(ROWS))
def test_a_filled_template_is_read_by_the_mapping_that_comes_with_the_study(
    name: str, tmp_path: Path
) -> None:
    first, again = (
        write_templates(tmp_path / "a", STUDY.protocol),
        write_templates(tmp_path / "b", STUDY.protocol),
    )
    assert len(first) == 4
    assert [p.name for p in first] == [p.name for p in again]
    cells, table = ROWS[name]
    book = openpyxl.load_workbook(tmp_path / "a" / f"{name}.xlsx")
    for n, value in enumerate(cells, 1):
        book.active.cell(2, n, value)
    inbox = tmp_path / "inbox" / "egelund"
    inbox.mkdir(parents=True)
    book.save(inbox / f"{name}_2026-11-20.xlsx")
    found = read_incoming(tmp_path / "inbox", STUDY, round_id="november_2026", key=KEY)
    assert not found.problems, [str(p) for p in found.problems]
    assert len(found.tables[table]) == 1


NAMED = {
    "headings": "Dato;Åse Ravnsbæk;Bo Li;Karla\n01-09-2026;S;;S\n02-09-2026;S;S;\n25-09-2026;;S;S\n",
    "repeated values": "CPR;Klasse;Dato;Årsag\n"
    + "100614-6035;6.A;25-09-2026;Mor til Karla Ravnsbæk ringede\n" * 6,
    "a status of names": "CPR;Klasse;Dato;Kode;Ansvarlig\n"
    + "100614-6035;6.A;25-09-2026;S;Karla Ravnsbæk\n" * 6,
    "first lines": "Elev: Karla Ravnsbæk\nklasse Bo Li\nCPR;Klasse;Dato;Kode\n100614-6035;6.A;25-09-2026;S\n",
}


@pytest.mark.parametrize("way", list(NAMED))
def test_a_draft_prints_nobodys_name(way: str, tmp_path: Path) -> None:
    path = tmp_path / "f_2026-11-20.csv"
    path.write_text(NAMED[way], encoding="utf-8")
    proposal = propose_mapping(path, STUDY.protocol)
    said = proposal.toml + "\n".join(proposal.doubts)
    for name in ("Åse", "Ravnsbæk", "Karla", "Bo Li"):
        assert name not in said
    assert parse_mapping(tomllib.loads(proposal.toml), name="d").questions


def test_a_sheet_called_after_a_pupil_is_not_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Karla Ravnsbæk"
    for row in (["CPR", "Klasse", "Dato", "Kode"], ["100614-6035", "6.A", "25-09-2026", "S"]):
        book.active.append(row)
    book.create_sheet("Bo Li").append(["x"])
    book.save(tmp_path / "f_2026-11-20.xlsx")
    proposal = propose_mapping(tmp_path / "f_2026-11-20.xlsx", STUDY.protocol)
    said = proposal.toml + "\n".join(proposal.doubts)
    assert "Ravnsbæk" not in said
    assert "Bo Li" not in said
