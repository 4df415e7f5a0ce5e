"""Whole exports in the shapes of real systems against their planted truth: the draft's questions answered, every day right.

Each file holds the same 200 absences of 40 invented pupils, 188.0 days. ``ANSWERS`` is what an analyst writes where the
draft asks; nothing else of the draft is changed.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from evaluation.door.intake import Intake, read_incoming
from evaluation.door.propose import propose_mapping
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.study import Study, load_study

FILES = Path(__file__).parents[2] / "data" / "door" / "exports"
ROSTER = "elever_2026-27_2026-11-20.txt"
KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
STUDY = load_study("kom_glad_i_skole")
TRUTH = json.loads((FILES / "truth.json").read_text(encoding="utf-8"))
EDFI = "uri://ed-fi.org/AttendanceEventCategoryDescriptor"
TYPES = {"S": "sick", "F": "permitted", "U": "unlawful"}
DAYS = ('unit = "?" }  # days', 'unit = "days" }  #')

ANSWERS: dict[str, list[tuple[str, str]]] = {
    "02_sep.csv": [],
    "03_html.xls": [],
    "04_biff.xls": [],
    "05.ods": [],
    "06_merged.xlsx": [DAYS],
    "08_sims_sessions.csv": [
        (f'"{code}" = "?"', f'"{code}" = "{kind}"')
        for code, kind in (
            ("/", "none"),
            ("\\\\", "none"),
            ("L", "none"),
            ("I", "sick"),
            ("C", "permitted"),
            ("O", "unlawful"),
        )
    ],
    "10_z8086_timer.txt": [
        ('unit = "?", day = "?" }', 'unit = "hours", day = 6 }'),
        ('"Fravær" = "?"', '"Fravær" = "samme tal som Timer"'),
    ],
    "13_dkdates.csv": [],
    "15_edfi.json": [
        ('unit = "?" }', 'unit = "days" }'),
        ('"?" = "?"', f'"{EDFI}#Excused Absence" = "sick"\n"{EDFI}#Unexcused Absence" = "unlawful"'),
    ],
    "24_macro.xlsm": [DAYS],
    "31_maaned.csv": [],
    "29_register.csv": [
        ('status = { column = "Status"', 'type = { column = "Status" }  # {'),
        ('type = "?"', ""),
        (
            '"?" = "?"',
            '"Syg" = "sick"\n"Fri" = "permitted"\n"Ikke mødt" = "unlawful"\n"Til stede" = "none"\n"For sent" = "none"',
        ),
    ],
}
WHOLE_DAYS = ("10_z8086_timer.txt", "29_register.csv")
"""Shapes in which the system says no half days: what the file says is a whole day each."""
NO_HALF_DAYS = ("13_dkdates.csv",)
"""The file was written without the half days."""


def drafted(name: str, folder: Path) -> tuple[str, Intake]:
    """The draft for a file, completed, and what comes through the door under it beside the school's roster."""
    (folder / "inbox" / "egelund").mkdir(parents=True)
    (folder / "mappings").mkdir()
    shutil.copy(FILES / ROSTER, folder / "inbox" / "egelund")
    shutil.copy(FILES / name, folder / "inbox" / "egelund")
    inbox = folder / "inbox"
    toml = propose_mapping(inbox / "egelund" / name, STUDY.protocol, inbox).toml
    for asked, answer in ANSWERS[name]:
        assert asked in toml, f"{asked}\n{toml}"
        toml = toml.replace(asked, answer)
    (folder / "mappings" / "m.toml").write_text(toml, encoding="utf-8")
    roster = next(p for p in STUDY.mappings if p.name == "tabulex_elever.toml")
    shutil.copy(roster, folder / "mappings")
    study = Study(STUDY.protocol, (folder, *STUDY.folders))
    return toml, read_incoming(inbox, study, round_id="november_2026", key=KEY)


def told(intake: Intake) -> Counter[tuple[str, str, str, float]]:
    rows = intake.tables["raw_absence"]
    assert (rows["from_on"] == rows["to_on"]).all()
    return Counter(
        (str(r.pupil_key), f"{r.from_on:%Y-%m-%d}", str(r.absence_type), float(r.day_fraction))
        for r in rows.itertuples()
    )


def planted(name: str) -> Counter[tuple[str, str, str, float]]:
    """What the file says of the truth: some systems write no half days, and one no difference of sick and permitted."""
    keys = KEY.pseudonyms("pupil", pd.Series([d[0] for d in TRUTH["days"]], dtype="object"))
    types = {**TYPES, "F": "sick"} if name == "15_edfi.json" else TYPES
    lost = name == "24_macro.xlsm"  # numbers as numbers: those that began with a nought have lost it
    return Counter(
        (str(k), day, types[t], 1.0 if name in WHOLE_DAYS else float(share))
        for k, (cpr, day, t, share) in zip(keys, TRUTH["days"], strict=True)
        if not (lost and cpr.startswith("0")) and not (name in NO_HALF_DAYS and share < 1)
    )


@pytest.mark.parametrize("name", [n for n in ANSWERS if n not in ("08_sims_sessions.csv", "31_maaned.csv")])
def test_every_day_is_the_one_that_was_planted(name: str, tmp_path: Path) -> None:
    toml, intake = drafted(name, tmp_path)
    assert [(p.column, p.found) for p in intake.problems] == [], toml
    ledger = intake.tables["raw_ledger"].set_index("source_file").loc[f"egelund/{name}"]
    counts = [c for c in ledger.index if c.startswith("rows_") and c != "rows_in"]
    assert ledger["rows_in"] == ledger[counts].sum()
    assert told(intake) == planted(name)
    quarantine = intake.tables["raw_quarantine"]
    lost = sum(d[0].startswith("0") for d in TRUTH["days"]) if name == "24_macro.xlsm" else 0
    footer = {249} if name == "06_merged.xlsx" else set()  # "Side 1 af 1" is in quarantine, not passed over
    assert set(quarantine.loc[quarantine["rule"] != "cpr_nine_digits", "source_row"]) == footer
    assert list(quarantine["rule"]).count("cpr_nine_digits") == lost


def test_sessions_of_four_weeks_are_days_and_halves(tmp_path: Path) -> None:
    """Both halves with one code are a day, one half is half a day; two mornings are marked as late instead of absent."""
    _, intake = drafted("08_sims_sessions.csv", tmp_path)
    assert not intake.problems
    september = Counter(
        {t: n for t, n in planted("08_sims_sessions.csv").items() if "2026-09-07" <= t[1] <= "2026-10-02"}
    )
    pupil, young = KEY.pseudonyms("pupil", pd.Series(["0506138005", "1908157712"], dtype="object"))
    september -= Counter([(pupil, "2026-09-21", "unlawful", 1.0), (young, "2026-09-28", "sick", 1.0)])
    september += Counter([(pupil, "2026-09-21", "unlawful", 0.5)])
    assert told(intake) == september
    # Half a day in a grade that registers once a day is set aside, and said.
    assert list(intake.tables["raw_quarantine"]["rule"]) == ["half_day_grade"]


def test_month_totals_of_grades_are_the_planted_days_once_it_is_said_whose_school_days_they_are(
    tmp_path: Path,
) -> None:
    """ "Antal skoledage" is one pupil's, which the calendar tells; grades are written ``0. årg.``."""
    _, asked = drafted("31_maaned.csv", tmp_path / "asked")
    assert [q.name for qs in asked.questions.values() for q in qs] == ["totals.possible"]
    ANSWERS["31_maaned.csv"] = [('unit = "days"', 'unit = "days"\npossible = "pupil"')]
    _, intake = drafted("31_maaned.csv", tmp_path / "told")
    assert not intake.problems
    assert not len(intake.tables["raw_quarantine"])
    grades = {p["cpr"]: p["grade"] for p in TRUTH["pupils"]}
    truth: Counter[tuple[str, str, str]] = Counter()
    for cpr, day, kind, share in TRUTH["days"]:
        if day < "2026-11":
            truth[grades[cpr], day[:7], TYPES[kind]] += share
    totals = intake.tables["raw_totals"]
    found = totals.groupby(["grade", totals["period_from"].dt.strftime("%Y-%m"), "absence_type"])[
        "absent_days"
    ].sum()
    assert {k: v for k, v in found.items() if v} == dict(truth)
    pupils = Counter(grades.values())
    days = totals[totals["absence_type"] == "sick"].set_index(["grade", "period_from"])["school_days"]
    assert days["6", "2026-08-01"] == 16 * pupils["6"]
