"""Which of several statements stands: classes, two schools, pupils who were not enrolled."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evaluation.door.control import control_total
from evaluation.door.intake import Intake, read_incoming
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.study import Study, load_study

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
DEMO = load_study("demo_kommune")

ABSENCE = """
kind = "absence"
grain = "day"
files = ["fravaer_*.csv"]
exported_on = { file_name = '(\\d{4}-\\d{2}-\\d{2})' }
OVERLAP
[columns]
school = "Skole"
pupil = { column = "CPR", kind = "cpr" }
class = "Klasse"
date = "Dato"
type = "Type"
[types]
S = "sick"
U = "unlawful"
"""
ROSTER = """
kind = "pupils"
files = ["elever.csv"]
[columns]
school = "Skole"
pupil = { column = "CPR", kind = "cpr" }
class = "Klasse"
school_year = { constant = "2026/27" }
from = "Fra"
to = "Til"
"""
IDA, BO = "0101144001", "0202144002"
HEAD = "Skole;CPR;Klasse;Dato;Type\n"


def intake_of(
    folder: Path,
    files: dict[str, str],
    *,
    overlap: str = "pupil_day",
    roster: str = "",
    mapping: str = ABSENCE,
) -> Intake:
    """An inbox of day rows and a roster; every file's ledger balances."""
    (folder / "study" / "mappings").mkdir(parents=True)
    absence = mapping.replace("OVERLAP", f'overlap = "{overlap}"')
    (folder / "study" / "mappings" / "fravaer.toml").write_text(absence, encoding="utf-8")
    (folder / "study" / "mappings" / "elever.toml").write_text(ROSTER, encoding="utf-8")
    (folder / "inbox").mkdir()
    if roster:
        files = {**files, "elever.csv": "Skole;CPR;Klasse;Fra;Til\n" + roster}
    for name, text in files.items():
        (folder / "inbox" / name).write_text(text, encoding="utf-8")
    study = Study(DEMO.protocol, (folder / "study", *DEMO.folders))
    intake = read_incoming(folder / "inbox", study, round_id="november_2026", key=KEY)
    assert not intake.problems
    ledger = intake.tables["raw_ledger"]
    parts = [c for c in ledger if c.startswith("rows_") and c != "rows_in"]
    assert (ledger[parts].sum(axis=1) == ledger["rows_in"]).all()
    return intake


def counts(intake: Intake, file: str) -> dict[str, int]:
    (row,) = intake.tables["raw_ledger"].set_index("source_file").loc[[file]].to_dict("records")
    return {
        c.removeprefix("rows_"): n for c, n in row.items() if c.startswith("rows_") and c != "rows_in" and n
    }


def proofs(intake: Intake) -> list[tuple]:
    """Rows that are left out, one by one: line, status, reason, what stands instead."""
    rows = intake.tables["raw_left_out"].sort_values(["source_file", "source_row"])
    columns = ["source_row", "status", "reason", "other_file", "other_row"]
    return [
        tuple(None if pd.isna(v) else v for v in row)
        for row in rows[columns].itertuples(index=False, name=None)
    ]


def test_every_row_that_makes_none_is_told_by_line_and_reason(tmp_path: Path) -> None:
    text = HEAD + "".join(
        (
            f"990001;{IDA};6.A;2026-09-01;S\n",
            f"990001;{IDA};6.A;2026-09-01;S\n",  # the same again
            HEAD,  # a page break
            f"990001;{BO};6.A;2026-11-17;S\n",  # after the cut-off
        )
    )
    intake = intake_of(tmp_path, {"fravaer_2026-11-20.csv": text})
    assert counts(intake, "fravaer_2026-11-20.csv") == {
        "kept": 1,
        "duplicate": 1,
        "skipped": 1,
        "out_of_round": 1,
    }
    assert proofs(intake) == [
        (3, "duplicate", "same_statement", "fravaer_2026-11-20.csv", 2),
        (4, "skipped", "repeated_heading", None, None),
        (5, "out_of_round", "outside_dates", None, None),
    ]


def test_a_class_export_replaces_what_was_deleted_in_its_class_alone(tmp_path: Path) -> None:
    first = HEAD + "".join(
        f"990001;{cpr};{label};{day}\n"
        for cpr, label, day in (
            (IDA, "6.A", "2026-09-01;S"),
            (IDA, "6.A", "2026-09-03;S"),  # deleted at the source
            (IDA, "6.A", "2026-09-08;S"),
            (BO, "6.B", "2026-09-03;S"),
        )
    )
    second = HEAD + f"990001;{IDA};6.A;2026-09-01;S\n990001;{IDA};6.A;2026-09-08;S\n"
    intake = intake_of(
        tmp_path,
        {"fravaer_2026-09-09.csv": first, "fravaer_2026-09-10.csv": second},
        overlap="whole_period",
    )
    rows = intake.tables["raw_absence"]
    assert sorted((r.class_label, f"{r.from_on:%d}") for r in rows.itertuples()) == [
        ("6.A", "01"),
        ("6.A", "08"),
        ("6.B", "03"),
    ]
    assert counts(intake, "fravaer_2026-09-09.csv") == {"kept": 1, "superseded": 3}
    assert proofs(intake) == [
        (2, "superseded", "newer_export", "fravaer_2026-09-10.csv", 2),
        (3, "superseded", "newer_period", "fravaer_2026-09-10.csv", None),  # the deleted day
        (4, "superseded", "newer_export", "fravaer_2026-09-10.csv", 3),
    ]


def test_a_first_deleted_day_goes_when_the_export_begins_before_it(tmp_path: Path) -> None:
    """The class's own first row comes later than what was deleted, the export's first row does not."""
    first = HEAD + f"990001;{IDA};6.A;2026-09-02;S\n990001;{IDA};6.A;2026-09-08;S\n"
    second = HEAD + f"990001;{BO};6.B;2026-09-01;S\n990001;{IDA};6.A;2026-09-08;S\n"
    intake = intake_of(
        tmp_path,
        {"fravaer_2026-09-09.csv": first, "fravaer_2026-09-10.csv": second},
        overlap="whole_period",
    )
    assert sorted(f"{d:%d}" for d in intake.tables["raw_absence"]["from_on"]) == ["01", "08"]


MOVED = f"990001;{IDA};6.A;10-08-2026;11-09-2026\n990002;{IDA};6.C;12-09-2026;\n990001;{BO};6.A;10-08-2026;\n"


def roster(text: str) -> str:
    """Danish dates as ISO, which is what the mapping reads."""
    cells = [line.split(";") for line in text.strip().split("\n")]
    return "".join(
        ";".join("-".join(reversed(c.split("-"))) if c.count("-") == 2 else c for c in row) + "\n"
        for row in cells
    )


def test_of_two_schools_the_one_where_the_roster_has_the_pupil_stands(tmp_path: Path) -> None:
    text = HEAD + "".join(
        f"{school};{IDA};{label};{day}\n"
        for school, label, day in (
            ("990001", "6.A", "2026-09-10;S"),  # before the move: the old school stands
            ("990002", "6.C", "2026-09-10;U"),
            ("990001", "6.A", "2026-09-15;S"),  # after it: the new one
            ("990002", "6.C", "2026-09-15;U"),
            ("990002", "6.C", "2026-09-16;U"),
        )
    )
    intake = intake_of(tmp_path, {"fravaer_2026-11-20.csv": text}, roster=roster(MOVED))
    rows = intake.tables["raw_absence"]
    assert sorted((r.school_id, f"{r.from_on:%d}", r.absence_type) for r in rows.itertuples()) == [
        ("990001", "10", "sick"),
        ("990002", "15", "unlawful"),
        ("990002", "16", "unlawful"),
    ]
    assert counts(intake, "fravaer_2026-11-20.csv") == {"kept": 3, "superseded": 2}
    assert proofs(intake) == [
        (3, "superseded", "other_school", "fravaer_2026-11-20.csv", 2),
        (4, "superseded", "other_school", "fravaer_2026-11-20.csv", 5),
    ]


def test_two_schools_without_a_roster_that_decides_are_a_conflict(tmp_path: Path) -> None:
    text = HEAD + f"990001;{IDA};6.A;2026-09-15;S\n990002;{IDA};6.C;2026-09-15;S\n"
    intake = intake_of(tmp_path, {"fravaer_2026-11-20.csv": text})
    assert len(intake.tables["raw_absence"]) == 0
    quarantine = intake.tables["raw_quarantine"]
    assert list(quarantine["rule"]) == ["conflict", "conflict"]
    assert list(quarantine["found"].str.extract(r"line (\d+)$")[0]) == ["3", "2"]


def test_a_pupil_no_roster_has_on_the_day_is_set_aside_with_the_line(tmp_path: Path) -> None:
    text = HEAD + f"990001;{IDA};6.A;2026-09-10;S\n990001;{BO};6.A;2026-09-10;S\n"
    gone = roster(f"990001;{IDA};6.A;10-08-2026;04-09-2026\n990001;{BO};6.A;10-08-2026;\n")
    intake = intake_of(tmp_path, {"fravaer_2026-11-20.csv": text}, roster=gone)
    assert len(intake.tables["raw_absence"]) == 1
    (entry,) = intake.tables["raw_quarantine"].to_dict("records")
    assert (entry["rule"], entry["source_row"]) == ("not_enrolled", 2)
    assert IDA not in str(entry)


def test_the_period_an_export_says_it_covers_reaches_beyond_its_rows(tmp_path: Path) -> None:
    """A day deleted before the newer export's first row is inside the period its title names."""
    title = "Fravær {} - 30-09-2026\n"
    first = (
        title.format("01-09-2026") + HEAD + f"990001;{IDA};6.A;2026-09-02;S\n990001;{IDA};6.A;2026-09-08;S\n"
    )
    second = title.format("01-09-2026") + HEAD + f"990001;{IDA};6.A;2026-09-08;S\n"
    more = 'header_row = 2\nperiod = { line = 1 }\noverlap = "whole_period"'
    folder, mapping = tmp_path, ABSENCE.replace("OVERLAP", more)
    files = {"fravaer_2026-10-01.csv": first, "fravaer_2026-10-02.csv": second}
    intake = intake_of(folder, files, mapping=mapping)
    assert [f"{d:%d}" for d in intake.tables["raw_absence"]["from_on"]] == ["08"]
    assert proofs(intake)[0] == (3, "superseded", "newer_period", "fravaer_2026-10-02.csv", None)


@pytest.mark.parametrize(("stated", "off"), [("I alt;;;;3", 0), ("I alt;;;;4", 1)])
def test_a_sum_in_the_file_is_held_against_its_rows(stated: str, off: int, tmp_path: Path) -> None:
    text = HEAD + "".join(f"990001;{IDA};6.A;2026-09-{day:02};S\n" for day in (1, 2, 3)) + stated + "\n"
    mapping = ABSENCE.replace("OVERLAP", "skip_lines = ['^I alt']")
    intake = intake_of(tmp_path, {"fravaer_2026-11-20.csv": text}, mapping=mapping)
    ledger = intake.tables["raw_ledger"].iloc[0]
    assert (ledger["sums"], ledger["sums_off"]) == (1, off)
    assert pd.isna(ledger["sums_off_lines"]) or ledger["sums_off_lines"] == "5"
    assert control_total(intake.sums["fravaer_2026-11-20.csv"]) == {
        "sums": 1,
        "off": off,
        "lines_off": [5] * off,
        "by_column": {"Type": {"stated": 3.0 + off, "read": 3.0}},
    }


def test_sums_of_groups_and_of_the_file_are_told_apart() -> None:
    from evaluation.door.chunks import settled
    from evaluation.door.control import Sums
    from evaluation.door.mapping import parse_mapping
    from evaluation.door.pages import Pages

    raw = {
        "kind": "totals", "grain": "month", "files": ["t.csv"], "skip_lines": ["^I alt", "^Gennemsnit"],
        "columns": {"school": {"constant": "990001"}, "class": "Klasse", "month": "Måned", "pupils": "Elever"},
        "totals": {"types": {"sick": "Syge"}},
    }  # fmt: skip
    mapping = parse_mapping(raw, name="t.toml")
    lines = [("6.A", "20", "3,5"), ("6.A", "20", "2"), ("I alt", "", "5,5"), ("6.B", "21", "4"), ("I alt", "", "4"),
             ("I alt", "", "9,5"), ("Gennemsnit", "", "3,2"), ("I alt", "99", "8")]  # fmt: skip
    frame = pd.DataFrame(
        {"Klasse": [a for a, _, _ in lines], "Måned": "2026-09", "Elever": [b or None for _, b, _ in lines],
         "Syge": [c for *_, c in lines]}, dtype="str",
    )  # fmt: skip
    named = np.array([i + 2 for i, (a, *_) in enumerate(lines) if not a.startswith("6")])
    sums = Sums(mapping)
    pages = Pages(mapping, tuple(frame), ())
    sums.see(settled(frame, np.arange(len(lines)) + 2, (), pages, lambda n: ("", ()), named))
    assert [(s.line, s.column, s.stated, s.agrees) for s in sums.found] == [
        (4, "Syge", 5.5, True),
        (6, "Syge", 4.0, True),
        (7, "Syge", 9.5, True),
        (9, "Elever", 99.0, False),
        (9, "Syge", 8.0, False),
    ]


# --- a complete export that hardly speaks of a class ----------------------------------------------------------

PUPILS = [f"{d:02d}01144{n:03d}" for n, d in enumerate(range(1, 25))]
DAYS = [f"2026-09-{d:02d}" for d in (1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 15, 16, 17, 18)]


@st.composite
def two_classes(
    draw: st.DrawFn, *, most: int = 3
) -> tuple[dict[str, list[tuple[str, str]]], list[tuple[str, str]]]:
    """Days of 6.A and 6.B as an older export of 6.A and a newer one of 6.B have them, and strays of 6.A in the newer."""
    days = {}
    for label, pupils in (("6.A", PUPILS[:12]), ("6.B", PUPILS[12:])):
        pairs = st.tuples(st.sampled_from(pupils), st.sampled_from(DAYS))
        days[label] = draw(st.lists(pairs, min_size=8, max_size=30, unique=True))
    few = (len(days["6.A"]) - 1) // 2 if most <= 3 else len(days["6.A"])
    return days, draw(
        st.lists(st.sampled_from(days["6.A"]), min_size=1, max_size=min(few, most), unique=True)
    )


def lines(days: list[tuple[str, str]], label: str) -> str:
    return "".join(f"990001;{cpr};{label};{day};S\n" for cpr, day in days)


def read_pair(older: str, newer: str, more: str = "", *, roster: str = "") -> tuple[float, tuple[str, ...]]:
    """Days that were read, and the questions, of two exports that are said to be complete."""
    days, asked, _ = read_both(older, newer, more, roster=roster)
    return days, asked


def read_both(
    older: str, newer: str, more: str = "", *, roster: str = ""
) -> tuple[float, tuple[str, ...], int]:
    """The same, and how many rows of the older one the ledger names as deleted since."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "study" / "mappings").mkdir(parents=True)
        (folder / "inbox").mkdir()
        mapping = ABSENCE.replace("OVERLAP", f'overlap = "whole_period"\n{more}')
        (folder / "study" / "mappings" / "fravaer.toml").write_text(mapping, encoding="utf-8")
        (folder / "study" / "mappings" / "elever.toml").write_text(ROSTER, encoding="utf-8")
        if roster:
            (folder / "inbox" / "elever.csv").write_text(
                "Skole;CPR;Klasse;Fra;Til\n" + roster, encoding="utf-8"
            )
        (folder / "inbox" / "fravaer_2026-09-20.csv").write_text(HEAD + older, encoding="utf-8")
        (folder / "inbox" / "fravaer_2026-09-21.csv").write_text(HEAD + newer, encoding="utf-8")
        study = Study(DEMO.protocol, (folder / "study", *DEMO.folders))
        intake = read_incoming(folder / "inbox", study, round_id="november_2026", key=KEY)
        asked = tuple(q.name for mine in intake.questions.values() for q in mine)
        deleted = int(intake.tables["raw_ledger"]["deleted"].sum())
        return len(intake.tables["raw_absence"]), asked, deleted


@settings(max_examples=12, deadline=None)
@given(two_classes(most=30))
def test_whatever_a_complete_export_deletes_is_asked_about_or_named(made) -> None:
    """Strays of 6.A in 6.B's export, or a correction of both: nobody can tell, so every day that goes is told."""
    days, strays = made
    read, asked, deleted = read_both(
        lines(days["6.A"], "6.A"), lines(days["6.B"], "6.B") + lines(strays, "6.A")
    )
    gone = len(days["6.A"]) + len(days["6.B"]) - read
    assert gone == deleted or asked == ("complete_for",)
    assert asked or gone <= max(2, len(days["6.A"]) / 4)


@settings(max_examples=10, deadline=None)
@given(st.data())
def test_no_day_that_was_deleted_stays_unsaid_though_it_was_the_first_or_the_last(data) -> None:
    """The newer export is the truth of its class up to its own day."""
    pairs = st.tuples(st.sampled_from(PUPILS[:6]), st.sampled_from(DAYS))
    older = data.draw(st.lists(pairs, min_size=8, max_size=20, unique=True))
    gone = data.draw(st.lists(st.sampled_from(older), min_size=1, max_size=2, unique=True))
    left = [p for p in older if p not in gone]
    newer = lines(left, "6.A")
    read, asked, deleted = read_both(lines(older, "6.A"), newer)
    assert asked or (read, deleted) == (len(left), len(gone))
    told = 'period = "to_export"\ncomplete_for = { "*" = ["6.A"] }'
    assert read_pair(lines(older, "6.A"), newer, told) == (len(left), ())
    first, last = min(d for _, d in left), max(d for _, d in left)
    beyond = sum(not first <= d <= last for _, d in gone)
    told = 'period = "rows"\ncomplete_for = { "*" = ["6.A"] }'
    assert read_pair(lines(older, "6.A"), newer, told) == (len(left) + beyond, ())


@pytest.mark.parametrize("gone", [(0,), (-1,), (0, -1), (3,)])
def test_a_row_that_is_gone_at_either_end_is_asked_about_before_anybody_says_complete(
    gone: tuple[int, ...], tmp_path: Path
) -> None:
    older = [(PUPILS[i % 4], day) for i, day in enumerate(DAYS)]
    newer = [row for i, row in enumerate(older) if i not in {g % len(older) for g in gone}]
    (tmp_path / "study" / "mappings").mkdir(parents=True)
    (tmp_path / "inbox").mkdir()
    (tmp_path / "study" / "mappings" / "fravaer.toml").write_text(
        ABSENCE.replace("OVERLAP", ""), encoding="utf-8"
    )
    for day, said in (("20", older), ("21", newer)):
        path = tmp_path / "inbox" / f"fravaer_2026-09-{day}.csv"
        path.write_text(HEAD + lines(said, "6.A"), encoding="utf-8")
    study = Study(DEMO.protocol, (tmp_path / "study", *DEMO.folders))
    intake = read_incoming(tmp_path / "inbox", study, round_id="november_2026", key=KEY)
    assert [q.name for mine in intake.questions.values() for q in mine] == ["overlap"]
    assert f"mangler {len(gone)} rækker" in intake.problems[0].found


@settings(max_examples=8, deadline=None)
@given(two_classes())
def test_a_few_rows_of_a_class_in_anothers_export_never_wipe_the_class(made) -> None:
    """Few: less than half of the days that the older export has of the class in the newer one's time."""
    days, strays = made
    span = [d for _, d in days["6.B"] + strays]
    inside = {d for d in days["6.A"] if min(span) <= d[1] <= max(span)}
    assume(2 * len(strays) < len(inside))
    newer = lines(days["6.B"], "6.B") + lines(strays, "6.A")
    truth = len(days["6.A"]) + len(days["6.B"])
    assert read_pair(lines(days["6.A"], "6.A"), newer)[1] == ("complete_for",)
    told = 'complete_for = { "*2026-09-21*" = ["6 b"] }'
    assert read_pair(lines(days["6.A"], "6.A"), newer, told) == (truth, ())
    both = 'period = "rows"\ncomplete_for = { "*2026-09-21*" = ["6.A", "6.B"] }'
    assert read_pair(lines(days["6.A"], "6.A"), newer, both) == (truth - len(inside - set(strays)), ())


@settings(max_examples=12, deadline=None)
@given(two_classes(), st.booleans())
def test_a_grade_in_the_column_of_the_class_names_no_class(made, with_roster: bool) -> None:
    days, _ = made
    homes = [*((p, "6.A") for p in PUPILS[:12]), *((p, "6.B") for p in PUPILS[12:])]
    told = "".join(f"990001;{cpr};{label};2026-08-10;\n" for cpr, label in homes) if with_roster else ""
    read, asked = read_pair(lines(days["6.A"], "6"), lines(days["6.B"], "6"), roster=told)
    assert (read, asked) == (len(days["6.A"]) + len(days["6.B"]), ())


def test_a_deleted_day_goes_in_a_class_that_only_the_roster_names(tmp_path: Path) -> None:
    homes = "".join(f"990001;{cpr};6.A;2026-08-10;\n" for cpr in PUPILS[:12])
    older = [(cpr, day) for cpr in PUPILS[:4] for day in DAYS[:3]]
    assert read_pair(lines(older, "6"), lines(older[:-1], "6"), roster=homes) == (len(older) - 1, ())


TOTALS = """
kind = "totals"
grain = "month"
files = ["*.csv"]
exported_on = { file_name = '(\\d{4}-\\d{2}-\\d{2})' }
MORE
[columns]
school = { constant = "990001" }
grade = "Trin"
month = "Måned"
pupils = "Elever"
school_days = "Dage"
[totals]
types = { sick = "Syg" }
"""


@pytest.mark.parametrize(
    ("first", "second", "more", "asked"),
    [
        (
            "6a_2026-10-01.csv",
            "6b_2026-10-02.csv",
            "",
            True,
        ),  # two classes, or a correction under another name
        ("6a_2026-10-01.csv", "6b_2026-10-02.csv", 'overlap = "pupil_day"', False),
        ("trin6_2026-10-01.csv", "trin6_2026-10-02.csv", "", False),  # the same export again
    ],
)
def test_totals_of_a_grade_under_another_name_are_no_correction_unsaid(
    first: str, second: str, more: str, asked: bool, tmp_path: Path
) -> None:
    (tmp_path / "study" / "mappings").mkdir(parents=True)
    (tmp_path / "inbox").mkdir()
    (tmp_path / "study" / "mappings" / "m.toml").write_text(TOTALS.replace("MORE", more), encoding="utf-8")
    for name, sick in ((first, 8), (second, 3)):
        text = f"Trin;Måned;Elever;Dage;Syg\n6;2026-09;20;440;{sick}\n"
        (tmp_path / "inbox" / name).write_text(text, encoding="utf-8")
    study = Study(DEMO.protocol, (tmp_path / "study", *DEMO.folders))
    intake = read_incoming(tmp_path / "inbox", study, round_id="november_2026", key=KEY)
    assert [(f, q.name) for f, qs in intake.questions.items() for q in qs] == (
        [(second, "overlap")] if asked else []
    )
    assert bool(intake.problems) is asked
