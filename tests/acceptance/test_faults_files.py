"""One test per kind of faulty file: what is said, which rule, which exit code, and where every row went."""

from __future__ import annotations

import codecs
import datetime as dt
import io
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from evaluation.door.intake import Intake, read_incoming
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import EnvironmentProblem, InputError, ProtocolError
from evaluation.study import Study, load_study

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
ROUND = "november_2026"  # cut-off 13 November 2026
HEADER = "CPR;Klasse;Dato;Kode;Omfang"
ROWS = (
    "0101124001;6.A;07-09-2026;S;Hel",
    "0202124002;06b;08-09-2026;U;Hel",
    "0303104003;8 c;09-09-2026;T;Halv",
)
MAPPING = """
kind = "absence"
grain = "day"
files = ["*.csv"]
encoding = "utf-8"
header = ["CPR", "Klasse", "Dato", "Kode", "Omfang"]
date_formats = ["dd-mm-yyyy"]
[columns]
school = { constant = "990001" }
pupil = { column = "CPR", kind = "cpr" }
class = "Klasse"
date = "Dato"
type = "Kode"
half_day = { column = "Omfang", map = { "Hel" = "1", "Halv" = "0.5" } }
[types]
S = "sick"
T = "permitted"
U = "unlawful"
"""
TOTALS = """
kind = "totals"
grain = "week"
files = ["*.csv"]
[columns]
school = { constant = "990001" }
grade = "Årgang"
week = "Uge"
pupils = "Elever"
school_days = "Dage"
[totals]
types = { sick = "Syg", permitted = "Fri", unlawful = "Ulovlig" }
"""


@dataclass
class Bench:
    """A study of the demonstration's protocol with mappings and an inbox of its own."""

    root: Path

    def mapping(self, text: str, name: str = "m.toml") -> Bench:
        path = self.root / "study" / "mappings" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return self

    def file(self, content: bytes | str, name: str = "a.csv") -> Bench:
        path = self.root / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return self

    def rows(self, *rows: str, name: str = "a.csv", header: str = HEADER) -> Bench:
        return self.file("\n".join([header, *rows]) + "\n", name)

    def sheet(self, rows: list[list[object]], name: str = "a.xlsx", **options: object) -> Bench:
        book = openpyxl.Workbook()
        if options.get("epoch_1904"):
            book.epoch = CALENDAR_MAC_1904
        sheet = book.active
        sheet.title = "Fravær"
        for row in rows:
            sheet.append(row)
        if "merge" in options:
            sheet.merge_cells(str(options["merge"]))
        if "hidden" in options:
            book.create_sheet("Skjult").sheet_state = "hidden"
        path = self.root / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        book.save(path)
        return self

    @property
    def study(self) -> Study:
        demo = load_study("demo_kommune")
        return Study(demo.protocol, (self.root / "study", *demo.folders))

    def read(self, round_id: str = ROUND) -> Intake:
        (self.root / "inbox").mkdir(exist_ok=True)
        intake = read_incoming(self.root / "inbox", self.study, round_id=round_id, key=KEY)
        ledger = intake.tables["raw_ledger"]
        parts = [
            "rows_kept",
            "rows_quarantined",
            "rows_duplicate",
            "rows_superseded",
            "rows_out_of_round",
            "rows_skipped",
        ]
        assert (ledger["rows_in"] == ledger[parts].sum(axis=1)).all()
        return intake


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path).mapping(MAPPING)


def accounts(intake: Intake) -> dict[str, int]:
    """The ledger's columns summed over files, without the zero ones."""
    ledger = intake.tables["raw_ledger"]
    sums = {c.removeprefix("rows_"): int(ledger[c].sum()) for c in ledger if str(c).startswith("rows_")}
    return {k: v for k, v in sums.items() if v}


def quarantine(intake: Intake) -> list[tuple[int, str, str]]:
    """(line, column, rule) of every entry."""
    q = intake.tables["raw_quarantine"]
    return list(zip(q["source_row"], q["column_name"].fillna(""), q["rule"], strict=True))


def refusal(intake: Intake) -> InputError:
    """The one error a round would raise; its exit code is 2."""
    with pytest.raises(InputError) as caught:
        intake.raise_for_problems()
    assert caught.value.exit_code == 2
    return caught.value


def content(intake: Intake) -> pd.DataFrame:
    return intake.tables["raw_absence"].drop(columns=["source_file", "source_row", "exported_on"])


# --- encodings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("cp1252", "cp1252"),
    ],
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_same_rows_in_every_encoding(tmp_path: Path, encoding: str, declared: str, line_end: str) -> None:
    mapping = (
        MAPPING.replace('["CPR"', '["CPR – nr"')
        .replace('column = "CPR"', 'column = "CPR – nr"')
        .replace('"S', '"S')
    )
    text = "\n".join([HEADER.replace("CPR", "CPR – nr"), *ROWS]) + "\n"
    plain = Bench(tmp_path / "plain").mapping(mapping).file(text)
    other = Bench(tmp_path / "other").mapping(mapping.replace('"utf-8"', f'"{declared}"'))
    other.file(text.replace("\n", line_end).encode(encoding))
    one, two = plain.read(), other.read()
    assert not two.problems
    assert accounts(two) == {"in": 3, "kept": 3}
    pd.testing.assert_frame_equal(content(one), content(two))


def test_declared_utf8_but_is_not(bench: Bench) -> None:
    rows = [HEADER, *ROWS, "0404124004;6.Å;10-09-2026;S;Hel"]
    bench.file(("\n".join(rows) + "\n").encode("cp1252"))
    error = refusal(bench.read())
    assert "line 5" in str(error)
    assert 'encoding = "cp1252"' in str(error)


def test_declared_cp1252_but_is_utf8(bench: Bench) -> None:
    bench.mapping(MAPPING.replace('"utf-8"', '"cp1252"')).rows(*ROWS, "0404124004;6.Å;10-09-2026;S;Hel")
    assert 'encoding = "utf-8"' in str(refusal(bench.read()))


def test_wrong_encoding_far_down_leaves_no_row_behind(bench: Bench) -> None:
    good = "\n".join([HEADER, *(f"01011240{i % 100:02d};6.A;07-09-2026;S;Hel" for i in range(400_000))])
    bench.file(good.encode() + b"\n0404124004;6.\xc5;10-09-2026;S;Hel\n")
    intake = bench.read()
    assert "line 400002" in str(refusal(intake))
    assert intake.tables["raw_absence"].empty
    assert intake.tables["raw_quarantine"].empty


# --- layout ---------------------------------------------------------------------------------------------------


def test_wrong_delimiter(bench: Bench) -> None:
    bench.file("\n".join([HEADER, *ROWS]).replace(";", ",") + "\n")
    assert "1 column found, 5 expected" in str(refusal(bench.read()))


@pytest.mark.parametrize(
    ("content", "found"),
    [("", "an empty file"), ("\n\n", "an empty file"), (HEADER + "\n", "a header and no rows")],
)
def test_empty_or_header_only(bench: Bench, content: str, found: str) -> None:
    assert found in str(refusal(bench.file(content).read()))


@pytest.mark.parametrize(
    ("header", "rule", "words"),
    [
        ("CPR;Klasse;Fraværsdato;Kode;Omfang", "header_missing", 'column "Dato"'),
        ("CPR;Dato;Klasse;Kode;Omfang", "header_swapped", "another order: Klasse, Dato"),
        ("CPR;Klasse;Dato;Dato;Omfang", "header_duplicated", "2 times"),
    ],
)
def test_header_renamed_swapped_duplicated(bench: Bench, header: str, rule: str, words: str) -> None:
    error = refusal(bench.rows(*ROWS, header=header).read())
    assert rule in {p.rule for p in error.problems}
    assert words in str(error)


def test_every_problem_of_a_header_at_once(bench: Bench) -> None:
    error = refusal(bench.rows(*ROWS, header="Person;Klasse;Dag;Kode;Kode").read())
    assert {p.column for p in error.problems if p.rule == "header_missing"} == {"CPR", "Dato", "Omfang"}
    assert "header_duplicated" in {p.rule for p in error.problems}


def test_unclosed_quote_costs_one_line(bench: Bench) -> None:
    intake = bench.rows(ROWS[0], '"0404124004;6.A;10-09-2026;S;Hel', *ROWS[1:]).read()
    assert quarantine(intake) == [(3, "", "unclosed_quote")]
    assert accounts(intake) == {"in": 4, "kept": 3, "quarantined": 1}


def test_too_many_and_too_few_columns(bench: Bench) -> None:
    intake = bench.rows(ROWS[0], ROWS[1] + ";x", "0303104003;8 c;09-09-2026", ROWS[2]).read()
    assert quarantine(intake) == [(3, "", "too_many_columns"), (4, "", "too_few_columns")]
    assert accounts(intake) == {"in": 4, "kept": 2, "quarantined": 2}


def test_a_separator_after_the_last_column_is_no_column(bench: Bench) -> None:
    quoted = ROWS[2].replace("8 c", '"8 c"') + ";"
    intake = bench.rows(ROWS[0] + ";", ROWS[1] + ";;", quoted, "0404124004;6.A;10-09-2026;S;Hel;x").read()
    assert quarantine(intake) == [(5, "", "too_many_columns")]
    assert accounts(intake) == {"in": 4, "kept": 3, "quarantined": 1}
    header_too = bench.rows(*(r + ";" for r in ROWS), header=HEADER + ";").read()
    assert accounts(header_too) == {"in": 3, "kept": 3}


def test_lines_above_the_header_and_sums_below_the_rows(bench: Bench) -> None:
    layout = MAPPING.replace("[columns]", 'header_row = 3\nskip_lines = ["^I alt"]\n[columns]')
    text = "\n".join(["sep=;", "Udtræk", HEADER, *ROWS, "I alt;;;;3", ""])
    assert accounts(bench.mapping(layout).file(text).read()) == {"in": 4, "kept": 3, "skipped": 1}
    sheet = SHEET.replace("[columns]", 'header_row = 3\nskip_lines = ["^I alt"]\n[columns]')
    rows: list[list[object]] = [
        ["Fraværsudtræk"],
        [],
        HEAD,
        *(list(r.split(";")) for r in ROWS),
        ["I alt", None, 3],
    ]
    (bench.root / "inbox" / "a.csv").unlink()
    assert accounts(bench.mapping(sheet).sheet(rows).read()) == {"in": 4, "kept": 3, "skipped": 1}


@pytest.mark.parametrize(
    ("written", "day"),
    [("d.m.yyyy", "7.9.2026"), ("dd-mm-åååå", "07-09-2026"), ("yyyymmdd", "20260907"), ("dd/mm/yy", "07/09/26"),
     ("dd-mm-yyyy hh:mm", "07-09-2026 08:15"), ("%Y-%m-%dT%H:%M:%S", "2026-09-07T00:00:00")],
)  # fmt: skip
def test_date_formats_as_people_write_them(bench: Bench, written: str, day: str) -> None:
    mapping = 'clock = "whole_days"\n' + MAPPING.replace("dd-mm-yyyy", written)
    intake = bench.mapping(mapping).rows(f"0101124001;6.A;{day};S;Hel").read()
    assert list(intake.tables["raw_absence"]["from_on"]) == [pd.Timestamp("2026-09-07")]


def test_truncated_last_line(bench: Bench) -> None:
    intake = bench.file("\n".join([HEADER, *ROWS[:2], ROWS[2][:20]])).read()
    assert quarantine(intake) == [(4, "", "truncated_line")]
    assert accounts(intake) == {"in": 3, "kept": 2, "quarantined": 1}


def test_nul_zero_width_and_look_alike_characters(bench: Bench) -> None:
    cyrillic = "0404124004;6.А;10-09-2026;S;Hel"
    intake = bench.rows(
        ROWS[0], ROWS[1].replace("U", "U\x00"), ROWS[2].replace(";T;", ";T\u200b;"), cyrillic
    ).read()
    assert quarantine(intake) == [(3, "", "nul_byte"), (4, "Kode", "invisible"), (5, "Klasse", "look_alike")]
    assert accounts(intake) == {"in": 4, "kept": 1, "quarantined": 3}


def test_decomposed_letters_are_the_same_text(bench: Bench) -> None:
    bench.mapping(MAPPING.replace('S = "sick"', '"Å" = "sick"'))
    intake = bench.rows("0101124001;6.A;07-09-2026;A\u030a;Hel").read()
    assert accounts(intake) == {"in": 1, "kept": 1}


def test_quoted_text_with_separator_and_line_break(bench: Bench) -> None:
    bench.mapping(MAPPING.replace(', "Omfang"]', ', "Omfang", "Note"]') + '[ignore]\n"Note" = "fritekst"\n')
    rows = ['0101124001;6.A;07-09-2026;S;Hel;"ringede; hjem\nigen ""i dag"""', ROWS[1] + ";", ROWS[2] + ";x"]
    intake = bench.rows(*rows, header=HEADER + ";Note").read()
    assert accounts(intake) == {"in": 3, "kept": 3}
    assert list(intake.tables["raw_absence"]["source_row"]) == [2, 4, 5]


# --- numbers, dates, CPR --------------------------------------------------------------------------------------


def test_decimal_signs_mixed(bench: Bench) -> None:
    bench.mapping(TOTALS)
    header = "Årgang;Uge;Elever;Dage;Syg;Fri;Ulovlig"
    rows = ["6;2026-W37;20;100;4,5;1;0", "7;2026-W37;20;100;4.5;1;0", "8;2026-W37;20;1.234,5;4;1;0"]
    intake = bench.rows(*rows, header=header).read()
    assert quarantine(intake) == [(3, "Syg", "number_format"), (4, "Dage", "number_format")]
    assert accounts(intake) == {"in": 3, "kept": 1, "quarantined": 2}


def test_more_absent_days_than_school_days_and_negative(bench: Bench) -> None:
    bench.mapping(TOTALS)
    header = "Årgang;Uge;Elever;Dage;Syg;Fri;Ulovlig"
    rows = ["6;2026-W37;20;100;90;10,5;0", "7;2026-W37;20;100;-1;1;0", "8;2026-W37;20;100;99;1;0"]
    intake = bench.rows(*rows, header=header).read()
    assert quarantine(intake) == [(2, "Dage", "more_than_possible"), (3, "Syg", "negative")]
    assert intake.tables["raw_totals"]["absent_days"].sum() == 99 + 1


def test_half_day_in_a_lower_grade(bench: Bench) -> None:
    intake = bench.rows("0101124001;6.A;07-09-2026;S;Halv", ROWS[2]).read()
    assert quarantine(intake) == [(2, "Omfang", "half_day_grade")]
    assert list(intake.tables["raw_absence"]["day_fraction"]) == [0.5]


@pytest.mark.parametrize(
    ("day", "rule"),
    [
        ("06-09-2026", "weekend"),
        ("14-10-2026", "closing_day"),
        ("14-07-2026", "outside_school_year"),
        ("09-07-2031", "outside_school_year"),
        ("31-09-2026", "date_format"),
        ("2026-09-07", "date_format"),
        ("09/07/2026", "date_format"),
        ("46272", "date_format"),
        ("", "empty_value"),
    ],
)
def test_days_that_cannot_be(bench: Bench, day: str, rule: str) -> None:
    intake = bench.rows(ROWS[0], f"0404124004;6.A;{day};S;Hel").read()
    assert quarantine(intake) == [(3, "Dato", rule)]
    if rule in ("weekend", "closing_day", "outside_school_year"):
        assert "calendar.csv" in intake.tables["raw_quarantine"]["expected"][0]


def test_day_in_the_future_of_the_export(bench: Bench) -> None:
    bench.mapping(MAPPING.replace("[columns]", "exported_on = { file_name = '_([0-9-]{10})' }\n[columns]"))
    intake = bench.rows(ROWS[0], "0404124004;6.A;11-09-2026;S;Hel", name="a_2026-09-10.csv").read()
    assert quarantine(intake) == [(3, "Dato", "future")]


def test_excel_serial_only_where_declared(bench: Bench) -> None:
    bench.mapping(MAPPING.replace('["dd-mm-yyyy"]', '["excel"]'))
    intake = bench.rows("0101124001;6.A;46272;S;Hel", ROWS[1]).read()
    assert list(intake.tables["raw_absence"]["from_on"]) == [pd.Timestamp("2026-09-07")]
    assert quarantine(intake) == [(3, "Dato", "date_format")]


@pytest.mark.parametrize(
    ("cpr", "rule"),
    [
        (
            "010112-4001",
            None,
        ),  # modulus 11 of 0101124001: 0*4+1*3+0*2+1*7+1*6+2*5+4*4+0*3+0*2+1*1 = 43, not a multiple
        ("0101124001", None),
        ("010112 4001", None),
        ("3102124001", "cpr_date"),
        ("101124001", "cpr_nine_digits"),
        ("10112-4001", "cpr_nine_digits"),
        ("01011240011", "cpr_format"),
        ("Hans Hansen", "cpr_format"),
        ("", "empty_value"),
    ],
)
def test_cpr_numbers(bench: Bench, cpr: str, rule: str | None) -> None:
    intake = bench.rows(f"{cpr};6.A;07-09-2026;S;Hel").read()
    assert quarantine(intake) == ([(2, "CPR", rule)] if rule else [])
    q = intake.tables["raw_quarantine"]
    assert not q.astype(str).apply(lambda c: c.str.contains(cpr or "4001", regex=False)).any().any()
    if rule == "cpr_nine_digits":
        assert "leading zero lost?" in q["next_step"][0]


def test_all_spellings_of_a_cpr_number_are_one_pupil(bench: Bench) -> None:
    intake = bench.rows(
        *(f"{c};6.A;{d:02d}-09-2026;S;Hel" for d, c in ((7, "0101124001"), (8, "010112-4001")))
    ).read()
    assert intake.tables["raw_absence"]["pupil_key"].nunique() == 1


# --- schools and grades ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("grade", ["7.b", "10.kl", "10", "0/1"])
def test_unknown_grade_needs_a_declared_map(bench: Bench, grade: str) -> None:
    by_grade = MAPPING.replace('class = "Klasse"', 'grade = "Klasse"')
    row = f"0101124001;{grade};07-09-2026;S;Hel"
    assert quarantine(bench.mapping(by_grade).rows(row).read()) == [(2, "Klasse", "unknown_grade")]
    declared = by_grade.replace(
        'grade = "Klasse"', f'grade = {{ column = "Klasse", map = {{ "{grade}" = "7" }} }}'
    )
    intake = bench.mapping(declared).read()
    assert list(intake.tables["raw_absence"]["grade"]) == ["7"]


@pytest.mark.parametrize(
    ("written", "grade"), [("6", "6"), ("06", "6"), ("0.kl", "0"), ("0. årg.", "0"), ("Klassetrin 06", "6")]
)
def test_grade_is_taken_with_its_word(bench: Bench, written: str, grade: str) -> None:
    by_grade = MAPPING.replace('class = "Klasse"', 'grade = "Klasse"')
    intake = bench.mapping(by_grade).rows(f"0101124001;{written};07-09-2026;S;Hel").read()
    assert list(intake.tables["raw_absence"]["grade"]) == [grade]


@pytest.mark.parametrize(
    ("label", "grade"),
    [("6.A", "6"), ("06A", "6"), ("6 a", "6"), ("6. a", "6"), ("0.kl", "0"), ("6.klasse A", "6")],
)
def test_grade_from_a_class_label(bench: Bench, label: str, grade: str) -> None:
    intake = bench.rows(f"0101124001;{label};07-09-2026;S;Hel").read()
    assert list(intake.tables["raw_absence"]["grade"]) == [grade]


@pytest.mark.parametrize("label", ["10.A", "0/1 A", "6.-7. rød", "Modtagehold"])
def test_class_label_of_no_grade_or_several(bench: Bench, label: str) -> None:
    row = f"0101124001;{label};07-09-2026;S;Hel"
    assert quarantine(bench.rows(row).read()) == [(2, "Klasse", "unknown_grade")]
    bench.mapping(
        MAPPING.replace('class = "Klasse"', f'class = {{ column = "Klasse", map = {{ "{label}" = "6" }} }}')
    )
    assert list(bench.read().tables["raw_absence"]["grade"]) == ["6"]


def test_what_is_declared_as_no_part_of_the_study_is_accepted_and_makes_no_row(bench: Bench) -> None:
    declared = MAPPING.replace(
        'class = "Klasse"', 'class = { column = "Klasse", map = { Modtagehold = "none" } }'
    )
    intake = bench.mapping(declared).rows(ROWS[0], "0404124004;Modtagehold;10-09-2026;S;Halv").read()
    assert accounts(intake) == {"in": 2, "kept": 2}
    assert len(intake.tables["raw_absence"]) == 1


def test_rows_from_before_the_study_are_left_out_and_counted(bench: Bench) -> None:
    bench.mapping(MAPPING.replace("[columns]", "rows_from = 2024-08-12\n[columns]"))
    intake = bench.rows(ROWS[0], "0101124001;6.A;07-09-2023;S;Hel", "0101124001;6.A;05-07-2025;S;Hel").read()
    assert accounts(intake) == {"in": 3, "kept": 1, "out_of_round": 1, "quarantined": 1}


def test_unknown_school(bench: Bench) -> None:
    by_school = MAPPING.replace(
        'school = { constant = "990001" }', 'school = { column = "Klasse", map = { x = "990002" } }'
    )
    by_school = by_school.replace('class = "Klasse"\n', "")
    intake = bench.mapping(by_school).rows(
        "0101124001;990001;07-09-2026;S;Hel",
        "0101124001;x;08-09-2026;S;Hel",
        "0101124001;Fjordskolen;09-09-2026;S;Hel",
        "0101124001;Andenskolen;10-09-2026;S;Hel",
    ).read()  # fmt: skip
    assert list(intake.tables["raw_absence"]["school_id"]) == ["990001", "990002", "990002"]
    assert quarantine(intake) == [(5, "Klasse", "unknown_school")]


# --- duplicates, conflicts, overlapping exports ---------------------------------------------------------------


def test_exact_duplicate_row(bench: Bench) -> None:
    assert accounts(bench.rows(*ROWS, ROWS[1]).read()) == {"in": 4, "kept": 3, "duplicate": 1}


def test_same_pupil_and_day_with_another_value(bench: Bench) -> None:
    intake = bench.rows(*ROWS, ROWS[1].replace(";U;", ";S;")).read()
    assert quarantine(intake) == [(3, "", "conflict"), (5, "", "conflict")]
    found = list(intake.tables["raw_quarantine"]["found"])
    assert "line 5" in found[0]
    assert "line 3" in found[1]
    assert accounts(intake) == {"in": 4, "kept": 2, "quarantined": 2}


def test_two_halves_of_a_day_are_no_conflict(bench: Bench) -> None:
    intake = bench.rows(ROWS[2], ROWS[2].replace(";T;", ";U;")).read()
    assert accounts(intake) == {"in": 2, "kept": 2}


DATED = MAPPING.replace("[columns]", "exported_on = { file_name = '_([0-9-]{10})' }\n[columns]")


def test_overlapping_exports_with_the_same_content(bench: Bench) -> None:
    bench.mapping(DATED).rows(*ROWS, name="a_2026-10-01.csv")
    once = bench.read()
    twice = bench.rows(*ROWS, name="a_2026-11-01.csv").read()
    pd.testing.assert_frame_equal(content(once), content(twice))
    assert accounts(twice) == {"in": 6, "kept": 3, "superseded": 3}


def test_corrected_later_the_newest_export_wins(bench: Bench) -> None:
    bench.mapping(DATED).rows(*ROWS, name="z_2026-10-01.csv")
    intake = bench.rows(ROWS[1].replace(";U;", ";S;"), name="a_2026-11-01.csv").read()
    assert accounts(intake) == {"in": 4, "kept": 3, "superseded": 1}
    by_day = intake.tables["raw_absence"].set_index("from_on")["absence_type"]
    assert by_day[pd.Timestamp("2026-09-08")] == "sick"


def test_deleted_at_the_source_is_gone_where_exports_are_whole(bench: Bench) -> None:
    bench.mapping(DATED.replace("[columns]", 'overlap = "whole_period"\n[columns]', 1))
    old = [
        "0101124001;6.A;07-09-2026;S;Hel",
        "0101124001;6.A;08-09-2026;S;Hel",
        "0101124001;6.A;09-09-2026;S;Hel",
    ]
    intake = bench.rows(*old, name="a_2026-10-01.csv").rows(old[0], old[2], name="a_2026-11-01.csv").read()
    assert accounts(intake) == {"in": 5, "kept": 2, "superseded": 3}


def test_exports_after_the_report_date_and_days_after_the_cut_off_stay_out(bench: Bench) -> None:
    bench.mapping(DATED).rows(*ROWS, "0101124001;6.A;16-11-2026;S;Hel", name="a_2026-11-20.csv")
    bench.rows(*ROWS, name="a_2026-11-30.csv")
    intake = bench.read()
    assert accounts(intake) == {"in": 4, "kept": 3, "out_of_round": 1}
    assert intake.waiting == ("a_2026-11-30.csv",)
    assert accounts(bench.read("end_of_year_2027")) == {"in": 7, "kept": 4, "superseded": 3}


def test_a_file_without_the_export_date_is_refused_unless_the_mapping_allows_it(bench: Bench) -> None:
    error = refusal(bench.mapping(DATED).rows(*ROWS).read())
    assert [p.rule for p in error.problems] == ["export_date"]
    bench.mapping(DATED.replace("{10})' }", "{10})', is_required = false }"))
    assert accounts(bench.read()) == {"in": 3, "kept": 3}


def test_interviews_made_after_the_report_stay_out_of_its_round(bench: Bench) -> None:
    bench.mapping('kind = "interviews"\nfiles = ["*.csv"]\nexported_on = { file_name = "_([0-9-]{10})" }')
    bench.file("x", "i_2026-11-20.csv").file("x", "i_2027-06-29.csv")
    assert [p.name for p, _ in bench.read().interview_files] == ["i_2026-11-20.csv"]
    assert len(bench.read("end_of_year_2027").interview_files) == 2


def test_partly_corrected_interval_keeps_its_other_days(bench: Bench) -> None:
    interval = DATED.replace('grain = "day"', 'grain = "interval"').replace(
        'date = "Dato"', 'from = "Dato"\nto = "Til"'
    )
    bench.mapping(interval.replace('"Dato", "Kode"', '"Dato", "Til", "Kode"'))
    header = "CPR;Klasse;Dato;Til;Kode;Omfang"
    bench.rows("0101124001;6.A;07-09-2026;11-09-2026;S;Hel", name="a_2026-10-01.csv", header=header)
    bench.rows("0101124001;6.A;09-09-2026;09-09-2026;U;Hel", name="a_2026-11-01.csv", header=header)
    intake = bench.read()
    rows = intake.tables["raw_absence"].sort_values("from_on")
    assert [
        (a.day, b.day, t)
        for a, b, t in zip(rows["from_on"], rows["to_on"], rows["absence_type"], strict=True)
    ] == [
        (7, 8, "sick"),
        (9, 9, "unlawful"),
        (10, 11, "sick"),
    ]
    assert accounts(intake) == {"in": 2, "kept": 2}


# --- archives, links, changing files --------------------------------------------------------------------------

ZIPPED = MAPPING.replace('files = ["*.csv"]', 'files = ["*.zip"]\nzip_members = ["*.csv"]')


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


CSV = ("\n".join([HEADER, *ROWS]) + "\n").encode()


def test_zip_is_read(bench: Bench) -> None:
    intake = bench.mapping(ZIPPED).file(zipped({"a.csv": CSV}), "a.zip").read()
    assert accounts(intake) == {"in": 3, "kept": 3}
    assert set(intake.tables["raw_absence"]["source_file"]) == {"a.zip!a.csv"}


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (zipped({"a.csv": CSV})[:-30], "zip_damaged"),
        (zipped({"a.csv": b"0" * (64 * 1024**2)}), "zip_bomb"),
        (zipped({"../a.csv": CSV}), "zip_path"),
        (zipped({"/etc/a.csv": CSV}), "zip_path"),
        (zipped({"a.csv": CSV, "b.zip": zipped({"c.csv": CSV})}), "zip_nested"),
    ],
)
def test_dangerous_archives_are_refused_before_unpacking(bench: Bench, data: bytes, rule: str) -> None:
    error = refusal(bench.mapping(ZIPPED).file(data, "a.zip").read())
    assert rule in {p.rule for p in error.problems}


def test_zip_that_is_damaged_inside(bench: Bench) -> None:
    data = bytearray(zipped({"a.csv": CSV * 200}))
    data[60:70] = bytes(10)
    intake = bench.mapping(ZIPPED).file(bytes(data), "a.zip").read()
    assert [p.rule for p in refusal(intake).problems] == ["damaged"]
    assert intake.tables["raw_absence"].empty


def test_qdpx_is_checked_before_it_is_passed_on(bench: Bench) -> None:
    bench.mapping('kind = "interviews"\nfiles = ["*.qdpx"]')
    assert len(bench.file(zipped({"project.qde": b"<Project/>"}), "a.qdpx").read().interview_files) == 1
    error = refusal(bench.file(zipped({"../../project.qde": b"<Project/>"}), "b.qdpx").read())
    assert [p.rule for p in error.problems] == ["zip_path"]


XML = """
kind = "pupils"
files = ["*.xml"]
format = "xml"
xml = { record = "InstitutionPerson" }
[columns]
school = "../InstitutionNumber"
school_year = "/SchoolYear"
pupil = { column = "Person/CivilRegistrationNumber", kind = "cpr" }
grade = "Student/Level"
"""


def test_xml_entities_are_off(bench: Bench) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    body = (
        "<Export><SchoolYear>2026/27</SchoolYear><Institution><InstitutionNumber>990001</InstitutionNumber>{}"
        "</Institution></Export>"
    )
    person = (
        "<InstitutionPerson><Person><CivilRegistrationNumber>0101124001</CivilRegistrationNumber></Person>"
        "<Student><Level>6</Level></Student></InstitutionPerson>"
    )
    good = bench.mapping(XML).file(body.format(person * 2), "a.xml").read()
    assert accounts(good) == {"in": 2, "kept": 1, "duplicate": 1}
    error = refusal(bench.file(bomb + body.format(person), "a.xml").read())
    assert [p.rule for p in error.problems] == ["xml_entities"]
    error = refusal(bench.file(body.format(person)[:-40], "a.xml").read())
    assert [p.rule for p in error.problems] == ["xml"]


def test_link_out_of_the_inbox(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "outside.csv").write_bytes(CSV)
    bench.rows(*ROWS, name="b.csv")
    (tmp_path / "inbox" / "a.csv").symlink_to(tmp_path / "outside.csv")
    error = refusal(bench.read())
    assert [(p.file, p.rule) for p in error.problems] == [("a.csv", "link_out")]


def test_file_that_changes_while_it_is_read(bench: Bench) -> None:
    bench.rows(*ROWS)
    path = bench.root / "inbox" / "a.csv"

    def touch(name: str) -> None:
        # The door has listed the file; another program goes on writing once it has been fingerprinted.
        import evaluation.door.readers as readers

        real = readers.fingerprint
        monkey.setattr(readers, "fingerprint", lambda p: (real(p), path.write_bytes(CSV + CSV))[0])

    with pytest.MonkeyPatch.context() as monkey:
        intake = read_incoming(bench.root / "inbox", bench.study, round_id=ROUND, key=KEY, on_file=touch)
    assert [p.rule for p in refusal(intake).problems] == ["file_changed"]
    assert intake.tables["raw_absence"].empty


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a POSIX file system")
def test_what_is_no_regular_file(bench: Bench) -> None:
    bench.rows(*ROWS, name="b.csv")
    os.mkfifo(bench.root / "inbox" / "a.csv")
    assert [(p.file, p.rule) for p in refusal(bench.read()).problems] == [("a.csv", "unreadable")]


def test_unreadable_file(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.rows(*ROWS)
    real = Path.open

    def denied(self: Path, *args: object, **options: object) -> object:
        if self.name == "a.csv":
            raise PermissionError(13, "Permission denied")
        return real(self, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", denied)
    error = refusal(bench.read())
    assert "a.csv: cannot be read: Permission denied" in str(error)


def test_file_that_no_mapping_or_two_mappings_read(bench: Bench) -> None:
    bench.rows(*ROWS).file("x", "noter.txt")
    error = refusal(bench.read())
    assert "komglad map FILE" in str(error)
    bench.mapping(MAPPING, "other.toml")
    assert {p.rule for p in refusal(bench.read()).problems} == {"no_mapping", "two_mappings"}


def test_office_locks_and_hidden_files_are_no_exports(bench: Bench) -> None:
    assert not bench.rows(*ROWS).file("x", "~$a.csv").file("x", ".DS_Store").read().problems


# --- Excel ----------------------------------------------------------------------------------------------------

SHEET = MAPPING.replace('files = ["*.csv"]', 'files = ["*.xlsx"]\nformat = "xlsx"\nsheet = "Fravær"')
SHEET = SHEET.replace('["dd-mm-yyyy"]', '["dd-mm-yyyy", "excel"]')
HEAD = HEADER.split(";")


def test_excel_dates_text_and_1904(bench: Bench) -> None:
    rows: list[list[object]] = [
        HEAD,
        ["0101124001", "6.A", dt.date(2026, 9, 7), "S", "Hel"],
        ["0101124001", "6.A", "08-09-2026", "S", "Hel"],
    ]
    plain = bench.mapping(SHEET).sheet(rows).read()
    old = bench.sheet(rows, epoch_1904=True).read()
    assert list(plain.tables["raw_absence"]["from_on"]) == [
        pd.Timestamp("2026-09-07"),
        pd.Timestamp("2026-09-08"),
    ]
    pd.testing.assert_frame_equal(content(plain), content(old))


def test_excel_number_as_cpr_has_lost_its_zero(bench: Bench) -> None:
    intake = bench.mapping(SHEET).sheet([HEAD, [101124001, "6.A", "07-09-2026", "S", "Hel"]]).read()
    assert quarantine(intake) == [(2, "CPR", "cpr_nine_digits")]


def test_excel_merged_header_is_refused(bench: Bench) -> None:
    error = refusal(bench.mapping(SHEET).sheet([HEAD, ROWS[0].split(";")], merge="A1:B1").read())
    assert error.problems[0].rule == "merged_header"


def test_excel_formula_column_is_refused(bench: Bench) -> None:
    rows: list[list[object]] = [
        HEAD,
        list(ROWS[0].split(";")),
        ["0202124002", "6.A", '="08-09-"&2026', "S", "Hel"],
    ]
    error = refusal(bench.mapping(SHEET).sheet(rows).read())
    assert [(p.line, p.column, p.rule) for p in error.problems] == [(3, "Dato", "formula")]


def test_excel_hidden_sheet_is_ignored_and_a_named_one_must_show(bench: Bench) -> None:
    bench.mapping(SHEET.replace('sheet = "Fravær"\n', "")).sheet(
        [HEAD, list(ROWS[0].split(";"))], hidden=True
    )
    assert accounts(bench.read()) == {"in": 1, "kept": 1}
    bench.mapping(SHEET.replace("Fravær", "Skjult"))
    assert "hidden" in str(refusal(bench.read()))


def test_excel_that_is_none(bench: Bench) -> None:
    error = refusal(bench.mapping(SHEET).file(CSV, "a.xlsx").read())
    assert error.problems[0].rule == "zip_damaged"


def test_cell_that_begins_like_a_formula_is_text(bench: Bench) -> None:
    bench.mapping(MAPPING.replace('S = "sick"', '"=1+1" = "sick"\n"@x" = "sick"'))
    rows = [
        "0101124001;6.A;07-09-2026;=1+1;Hel",
        "0101124001;6.A;08-09-2026;@x;Hel",
        "0101124001;+6.A;09-09-2026;@x;Hel",
    ]
    intake = bench.rows(*rows).read()
    assert accounts(intake) == {"in": 3, "kept": 2, "quarantined": 1}


# --- key, mapping, size ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "abcd", "zz" * 32, "00" * 32])
def test_key_missing_short_wrong(text: str) -> None:
    with pytest.raises(EnvironmentProblem) as caught:
        PseudonymKey.parse(text)
    assert caught.value.exit_code == 5
    assert "komglad init" in str(caught.value)
    assert not text or text not in str(caught.value)


def test_all_faults_of_all_mappings_at_once(bench: Bench) -> None:
    bench.mapping(
        MAPPING.replace('date = "Dato"', 'dato = "Dato"').replace('T = "permitted"', 'T = "fri"'), "a.toml"
    )
    bench.mapping(MAPPING.replace("dd-mm-yyyy", "dag-måned") + "\nx = 1", "b.toml")
    with pytest.raises(ProtocolError) as caught:
        bench.rows(*ROWS).read()
    text = str(caught.value)
    assert caught.value.exit_code == 2
    assert 'Mente du "date"?' in text
    assert "er ikke et datoformat" in text
    assert {p.file for p in caught.value.problems} == {"a.toml", "b.toml"}


def test_byte_order_mark_of_utf16_under_a_utf8_mapping(bench: Bench) -> None:
    bench.file(codecs.BOM_UTF16_LE + CSV.decode().encode("utf-16-le"))
    assert 'encoding = "utf-16"' in str(refusal(bench.read()))


def test_path_with_danish_letters_and_blanks(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "Skole på Øen æ").mapping(MAPPING).rows(*ROWS, name="uge 37 – fravær æøå.csv")
    assert accounts(bench.read()) == {"in": 3, "kept": 3}


MANY = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
from tests.acceptance.test_faults_files import Bench, accounts
intake = Bench(Path(sys.argv[1])).read()
print(accounts(intake), len(intake.problems))
"""


@pytest.mark.skipif(os.name == "nt", reason="limits on open files are POSIX")
@pytest.mark.parametrize(
    "files", [pytest.param(200, marks=pytest.mark.slow), pytest.param(2000, marks=pytest.mark.long)]
)
def test_more_files_than_can_be_open_at_once(bench: Bench, files: int) -> None:
    for i in range(files):
        person = f"0101{12 + i % 5}{4000 + i // 5}"
        bench.rows(*(f"{person};6.A;{day:02d}-09-2026;S;Hel" for day in range(7, 12)), name=f"hold_{i}.csv")
    done = subprocess.run(
        [sys.executable, "-c", MANY, str(bench.root)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == f"{{'in': {5 * files}, 'kept': {5 * files}}} 0\n", done.stderr[-2000:]


@pytest.mark.slow
def test_large_file_is_read_in_pieces(bench: Bench) -> None:
    """Four times as many bytes as one piece, and reading never holds more than a few pieces at once."""
    import tracemalloc

    from evaluation.door.mapping import read_mapping
    from evaluation.door.read_text import PIECE_BYTES, read_text

    row = ROWS[0].encode() + b"\n"
    n = 4 * PIECE_BYTES // len(row)
    path = bench.root / "big.csv"
    path.write_bytes(HEADER.encode() + b"\n" + row * n)
    mapping = read_mapping(bench.root / "study" / "mappings" / "m.toml")
    tracemalloc.start()
    with path.open("rb") as stream:
        rows = sum(len(c.rows) for c in read_text(stream, mapping, "big.csv").chunks)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == n
    # A piece is held as bytes, as text and as lines (some 60 bytes more each, twice their length): about 13 pieces'
    # worth, whatever the file's size; the whole file held the same way would be four times as much.
    assert peak < 20 * PIECE_BYTES
