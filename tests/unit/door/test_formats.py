"""Formats beside separated text: grids, XML rosters, databases, and totals in somebody else's words."""

from __future__ import annotations

import base64
import datetime as dt
import shutil
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.door.calendar import build_calendar, read_spans
from evaluation.door.intake import Intake, read_incoming
from evaluation.door.mapping import parse_mapping
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import EnvironmentProblem, InputError, ProtocolError
from evaluation.files.archives import check_archive
from evaluation.protocol import Grades, Protocol, School
from evaluation.study import Study, load_study

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
DEMO = load_study("demo_kommune")
DATA = Path(__file__).parents[2] / "data" / "door"


def intake_of(root: Path, mapping: str, files: dict[str, str], *, protocol: Protocol | None = None, calendar: str = "",
              round_id: str = "november_2026", **options: object) -> Intake:  # fmt: skip
    """The intake of files under one mapping; the ledger always balances."""
    (root / "study" / "mappings").mkdir(parents=True, exist_ok=True)
    (root / "study" / "mappings" / "m.toml").write_text(mapping, encoding="utf-8")
    if calendar:
        (root / "study" / "calendar.csv").write_text(
            "school_id,from,to,kind,label\n" + calendar, encoding="utf-8"
        )
    (root / "inbox").mkdir(exist_ok=True)
    for name, text in files.items():
        (root / "inbox" / name).write_text(text, encoding="utf-8")
    study = Study(protocol or DEMO.protocol, (root / "study", *DEMO.folders))
    intake = read_incoming(root / "inbox", study, round_id=round_id, key=KEY, **options)  # type: ignore[arg-type]
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


GRID = """
kind = "absence"
format = "grid"
files = ["maaned_*.csv"]
header_row = 3
[columns]
school = { constant = "990001" }
pupil = { column = "CPR", kind = "cpr" }
month = { line = 1, pattern = '(\\w+ \\d{4})' }
class = { line = 2, pattern = 'Klasse: (.+)' }
[types]
S = "sick"
U = "unlawful"
L = "permitted"
"-" = "none"
"""


def test_month_grid_counts_lines_and_makes_days(tmp_path: Path) -> None:
    days = ";".join(str(d) for d in range(1, 32))

    def line(cpr: str, **marks: str) -> str:
        return f"{cpr};Ida Prøve;" + ";".join(marks.get(f"d{d}", "") for d in range(1, 32))

    text = "\n".join([
        "Måned: september 2026;", "Klasse: 6.A", f"CPR;Navn;{days}",
        line("0101144001", d1="S", d2="s", d5="-", d30="U"),  # the 5th is a Saturday, marked as no school
        line("0202144002"),  # always there
        line("0303144003", d1="S", d6="S"),  # the 6th is a Sunday: the whole line is quarantined
        line("0404144004", d31="L"),  # September has no 31st
    ]) + "\n"  # fmt: skip
    intake = intake_of(tmp_path, GRID, {"maaned_09.csv": text})
    assert not intake.problems
    ledger = intake.tables["raw_ledger"].iloc[0]
    assert (ledger["rows_in"], ledger["rows_kept"], ledger["rows_quarantined"]) == (4, 2, 2)
    rows = intake.tables["raw_absence"]
    assert [(d.day, t) for d, t in zip(rows["from_on"], rows["absence_type"], strict=True)] == [
        (1, "sick"), (2, "sick"), (30, "unlawful"),
    ]  # fmt: skip
    assert set(rows["class_label"]) == {"6.A"}
    assert set(rows["source_row"]) == {4}
    assert set(intake.tables["raw_quarantine"]["rule"]) == {"weekend", "date_format"}
    assert "Ida" not in "".join(f.to_csv() for f in intake.tables.values())


STIL = (DEMO.folders[-1] / "mappings" / "stil_skolegrunddata.toml").read_text(encoding="utf-8")


def test_national_xml_roster_of_the_pilots_mapping(tmp_path: Path) -> None:
    person = """<InstitutionPerson><LocalPersonId>{i}</LocalPersonId><Person><FirstName>Ida</FirstName>
      <CivilRegistrationNumber>{cpr}</CivilRegistrationNumber></Person>
      <Student><Level>{level}</Level><MainGroupId>{group}</MainGroupId></Student></InstitutionPerson>"""
    people = "".join(
        person.format(i=i, cpr=cpr, level=level, group="g1")
        for i, (cpr, level) in enumerate([("0101144001", "6"), ("0202144002", "06"), ("0303144003", "VOK")])
    )
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
      <Export xmlns="urn:x" schoolyear="2026-2027"><Institution><InstitutionNumber>990001</InstitutionNumber>
      <Group><GroupId>g1</GroupId><GroupName>6.A</GroupName></Group>{people}</Institution></Export>"""
    intake = intake_of(tmp_path, STIL, {"skolegrunddata_2026-11-20.xml": text})
    assert not intake.problems
    pupils = intake.tables["raw_pupils"]
    assert list(pupils["school_year"]) == ["2026/27", "2026/27"]
    assert list(pupils["grade"]) == ["6", "6"]
    assert list(intake.tables["raw_quarantine"]["rule"]) == ["unknown_grade"]


def england_protocol() -> Protocol:
    """The demonstration's protocol with two authorities and three school types, in the autumn of 2024."""
    old = DEMO.protocol
    raw = old.model_dump()
    raw["schools"] = [
        School(id=i, name=n, short=n).model_dump()
        for i, n in (("E09000025", "Newham"), ("E06000042", "Milton Keynes"))
    ]
    raw["grades"] = Grades(
        order=("Primary", "Secondary", "Special"), label="{grade}", half_days=("Primary",)
    ).model_dump()
    raw["waves"] = [
        {**raw["waves"][0], "grades": ["Special"], "planned_from": "2024-09-02", "planned_to": "2024-09-06"}
    ]
    raw["years"] = {"baseline": ["2022/23", "2023/24"], "follow_up": "2024/25", "starts_month": 8}
    raw["rounds"] = [
        {"id": "autumn", "title": "t", "kind": "final", "cutoff": "2024-12-20", "report_date": "2025-01-31"}
    ]
    return Protocol.model_validate(raw)


ENGLAND = """
kind = "totals"
grain = "week"
files = ["*.csv"]
delimiter = ","
decimal = "."
[columns]
school = "new_la_code"
grade = "school_type"
week = "time_identifier"
year = "time_period"
pupils = "enrolments"
school_days = "possible_sessions"
[totals]
unit = "sessions"
per_day = 2
total = "overall_absence"
total_tolerance = 1
[totals.types]
unlawful = "unauthorised_absence"
sick = { add = ["reason_i_authorised_illness", "reason_m_authorised_medical_dental"] }

[totals.types.permitted]
add = ["authorised_absence"]
subtract = ["reason_i_authorised_illness", "reason_m_authorised_medical_dental"]

[ignore]
la_name = "the name of new_la_code"
num_schools = "how many schools reported"
overall_attendance = "what is left of the possible sessions"
"reason_*" = "parts of the two sums above"
"""


def test_half_day_sessions_sums_and_differences_of_columns(tmp_path: Path) -> None:
    text = (DATA / "england_weekly_attendance_sample.csv").read_text(encoding="utf-8")
    source = pd.read_csv(DATA / "england_weekly_attendance_sample.csv")
    calendar = (
        "".join(f"*,{y}-09-01,{y + 1}-07-20,school_year,\n" for y in (2022, 2023, 2024))
        + "*,,,public_holidays,none\n"
    )
    intake = intake_of(
        tmp_path, ENGLAND, {"a.csv": text}, protocol=england_protocol(), calendar=calendar, round_id="autumn"
    )
    assert not intake.problems
    assert int(intake.tables["raw_ledger"]["rows_kept"].sum()) == len(source)
    totals = intake.tables["raw_totals"]
    assert totals["absent_days"].sum() == pytest.approx(source["overall_absence"].sum() / 2, abs=len(source))
    newham = totals[totals["source_row"] == 2].set_index("absence_type")
    row = source.iloc[0]
    assert (
        newham.loc["sick", "absent_days"]
        == (row["reason_i_authorised_illness"] + row["reason_m_authorised_medical_dental"]) / 2
    )
    assert newham.loc["sick", "school_days"] == row["possible_sessions"] / 2
    assert newham.loc["sick", "pupils"] == row["enrolments"]
    monday = dt.date.fromisocalendar(int(row["time_period"]), int(row["time_identifier"].split()[1]), 1)
    assert newham.loc["sick", "period_from"] == pd.Timestamp(monday)


SQL = """
kind = "absence"
grain = "day"
format = "sql"
decimal = "."
[sql]
address_env = "ABSENCE_DB"
query = "SELECT cpr, klasse, dato, kode, andel FROM fravaer ORDER BY dato, cpr"
[columns]
school = { constant = "990001" }
pupil = { column = "cpr", kind = "cpr" }
class = "klasse"
date = "dato"
type = "kode"
half_day = "andel"
[types]
S = "sick"
"""


@pytest.mark.slow
def test_postgresql_is_read_in_bulk(tmp_path: Path) -> None:
    pgserver = pytest.importorskip("pgserver")
    import sqlalchemy as sa

    # Not below tmp_path: run by root, the server works as another user, who may not enter pytest's own folder.
    place = tempfile.mkdtemp(prefix="komglad-pg-")
    server = pgserver.get_server(place, cleanup_mode="delete")
    try:
        address = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        engine = sa.create_engine(address)
        with engine.begin() as connection:
            connection.execute(
                sa.text(
                    "CREATE TABLE fravaer (cpr text, klasse text, dato date, kode text, andel numeric(3,1))"
                )
            )
            connection.execute(sa.text(
                "INSERT INTO fravaer SELECT '010114' || lpad((4000 + i % 1000)::text, 4, '0'), '8.A',"
                " DATE '2026-09-07' + (i / 1000), 'S', CASE i % 2 WHEN 0 THEN 1.0 ELSE 0.5 END"
                    " FROM generate_series(0, 4999) i"
            ))  # fmt: skip
            connection.execute(
                sa.text(
                    "INSERT INTO fravaer VALUES ('010114400', '8.A', '2026-09-14', 'S', 1.0),"
                    " (NULL, '8.A', '2026-09-15', 'S', 1)"
                )
            )
        engine.dispose()
        intake = intake_of(tmp_path, SQL, {}, sql_addresses={"ABSENCE_DB": address})
        assert not intake.problems
        ledger = intake.tables["raw_ledger"].iloc[0]
        assert (ledger["source_file"], ledger["rows_in"], ledger["rows_kept"]) == ("sql:m", 5002, 5000)
        assert intake.tables["raw_absence"]["day_fraction"].value_counts().to_dict() == {1.0: 2500, 0.5: 2500}
        assert set(intake.tables["raw_quarantine"]["rule"]) == {"cpr_nine_digits", "empty_value"}
        again = intake_of(tmp_path, SQL, {}, sql_addresses={"ABSENCE_DB": address})
        assert again.tables["raw_ledger"]["sha256"][0] == ledger["sha256"]
    finally:
        server.cleanup()
        shutil.rmtree(place, ignore_errors=True)


def test_database_without_an_address_or_a_server_is_an_environment_problem(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentProblem, match="ABSENCE_DB is not set"):
        intake_of(tmp_path, SQL, {})
    secret = "postgresql+psycopg://someone:hemmelig@127.0.0.1:1/x?connect_timeout=1"
    with pytest.raises(EnvironmentProblem) as caught:
        intake_of(tmp_path, SQL, {}, sql_addresses={"ABSENCE_DB": secret})
    assert "hemmelig" not in str(caught.value)


def test_sqlite_is_read_by_the_same_mapping(tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("CREATE TABLE fravaer (cpr, klasse, dato, kode, andel)")
        connection.execute("INSERT INTO fravaer VALUES ('0101144001', '6.A', '2026-09-07', 'S', 1.0)")
    intake = intake_of(tmp_path, SQL, {}, sql_addresses={"ABSENCE_DB": f"sqlite:///{tmp_path / 'a.db'}"})
    assert len(intake.tables["raw_absence"]) == 1


def test_all_shipped_mappings_are_valid() -> None:
    from evaluation.door.mapping import read_mappings
    from evaluation.study import PACKAGED

    for folder in PACKAGED.glob("*/mappings"):
        types = [t.id for t in load_study(folder.parent.name).protocol.absence_types]
        assert read_mappings(sorted(folder.glob("*.toml")), type_ids=types)


def test_calendar_files_of_the_inbox_close_days(tmp_path: Path) -> None:
    mapping = """
kind = "calendar"
files = ["lukkedage.csv"]
date_formats = ["dd-mm-yyyy"]
[columns]
school = { column = "Skole", map = { alle = "*" } }
from = "Fra"
to = "Til"
label = "Navn"
"""
    text = "Skole;Fra;Til;Navn\nalle;07-09-2026;08-09-2026;pædagogisk weekend\n990002;09-09-2026;;lukkedag\n"
    calendar = intake_of(tmp_path, mapping, {"lukkedage.csv": text}).tables["raw_calendar"]
    closed = calendar[~calendar["is_school_day"] & calendar["day_on"].between("2026-09-07", "2026-09-09")]
    assert closed.groupby("school_id").size().to_dict() == {
        "990001": 2,
        "990002": 3,
        "990003": 2,
        "990004": 2,
    }


def test_calendar_says_everything_that_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "calendar.csv"
    path.write_text(
        "school_id,from,to,kind,label\n*,2026-08-10,2026-06-25,school_year,\n1,2026-13-01,,lukket,\n",
        encoding="utf-8",
    )
    with pytest.raises(ProtocolError) as caught:
        read_spans(path, DEMO.protocol)
    assert {(p.line, p.column) for p in caught.value.problems} == {
        (2, "to"),
        (3, "kind"),
        (3, "school_id"),
        (3, "from"),
        (3, "to"),
    }


def test_school_days_of_the_pilots_years() -> None:
    calendar = build_calendar(read_spans(DEMO.file("calendar.csv"), DEMO.protocol), DEMO.protocol)
    frame = calendar.frame()
    one = frame[frame["school_id"].eq("990001") & frame["is_school_day"]]
    assert one.groupby("school_year").size().to_dict() == {"2024/25": 200, "2025/26": 200, "2026/27": 201}


def test_no_code_knows_a_country() -> None:
    folder = Path(parse_mapping.__code__.co_filename).parent
    text = "".join(p.read_text(encoding="utf-8").casefold() for p in folder.glob("*.py"))
    assert "england" not in text


def test_a_zip_with_a_nameless_member_is_refused(tmp_path: Path) -> None:
    """Found by the fuzzer: a member without a name, which the standard library meets with an IndexError."""
    whole = base64.b64decode(
        "UEsDBBQAAAAAALAgeV24dnN2Q1ABAFI7TmF2bjtLbGFzc2U7RGF0b////////////////////////////////////"
        "///////////NjtTO0hlbApQSwECFAMUAAAAAACwIHldCx5PoC4BAP///////zY7UztIZWwKUEsBAhQDFAAAAAAAsCB5XQse"
        "T6AuAQAALgEAAAUAAAAAAAAAAAAAAAEABwAAAAAAAAAAAAAAgAFRAQAAYi9jLmNzdlBLBQYAAAAAAgACAGgAAADDAQAAAAA="
    )
    (tmp_path / "a.zip").write_bytes(whole)
    with pytest.raises(InputError, match="out of the archive"):
        check_archive(tmp_path / "a.zip", "a.zip")


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["Tilstand", "Behandling", "Omfang", "Antal"]),
    st.sampled_from([("Godkendt", "Annulleret"), ("Hel", "Halv"), ("1", "0,5"), ("Ja", "Nej")]),
    st.booleans(),
)
def test_what_stands_in_a_record_of_xml_and_nobody_reads_is_asked(
    name: str, words: tuple[str, str], as_attribute: bool
) -> None:
    days = [f"2026-09-{d:02d}" for d in (1, 2, 3, 7, 8, 9)]
    word = [words[i % 2] for i in range(len(days))]
    open_tag = [
        f'<F {name}="{w}">' if as_attribute else f"<F><Mere><{name}>{w}</{name}></Mere>" for w in word
    ]
    records = "".join(
        f"{tag}<Cpr>0101144{i:03d}</Cpr><Dato>{day}</Dato><Kode>S</Kode></F>"
        for i, (tag, day) in enumerate(zip(open_tag, days, strict=True))
    )
    mapping = """
kind = "absence"
grain = "day"
files = ["a.xml"]
format = "xml"
xml = { record = "F" }
IGNORE
[columns]
school = { constant = "990001" }
pupil = { column = "Cpr", kind = "cpr" }
date = "Dato"
type = "Kode"
[types]
S = "sick"
"""
    path = f"@{name}" if as_attribute else f"Mere/{name}"
    for ignore, expected in (("", [path]), (f'ignore = {{ "{path}" = "siger intet om mængden" }}', [])):
        with tempfile.TemporaryDirectory() as place:
            intake = intake_of(Path(place), mapping.replace("IGNORE", ignore), {"a.xml": f"<r>{records}</r>"})
            assert [q.name for mine in intake.questions.values() for q in mine] == expected
            assert len(intake.tables["raw_absence"]) == (0 if expected else len(days))
