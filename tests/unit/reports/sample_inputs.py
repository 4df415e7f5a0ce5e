"""Released tables as a report gets them, made up by formula: every figure here is invented.

``november()`` and ``june()`` give whole rounds of the demonstration study, with tables swapped by name, so that a
test can say in one line what it takes away. No pipeline runs: only the declared columns are filled.
"""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from evaluation.reports.inputs import ReportInputs
from tests.unit.reports.sample_found import PUPILS, SCHOOLS, TYPES, P, found, make

GRADES = list(P.grades.order)


def _level(year: str, position: float, grade: str, school: str, talked: bool) -> float:
    base = 6.2 + 2.4 * np.sin(position * 0.55) * (1 if position < 11 else 0.5) + 0.12 * int(grade)
    base += {"990001": -0.9, "990002": 0.4, "990003": 0.5, "990004": 0.0}[school]
    base += {"2024/25": 0.2, "2025/26": 0.0, "2026/27": 0.1}[year] + 0.15 * np.sin(3 * int(grade) + position)
    return max(base - (0.7 if talked else 0.0), 0.5)


def description(until: dt.date) -> pd.DataFrame:
    """Years, year to date, months and weeks for all, grade, school, treated and comparison."""
    rows: list[dict[str, Any]] = []
    starts = {w.grades[0]: w.planned_from for w in P.waves}
    for year in P.years.all:
        first = int(year[:4])
        start = pd.Timestamp("2026-08-10") - pd.Timedelta(days=364 * (2026 - first))
        weeks = pd.date_range(start, periods=45, freq="7D")
        limit = until.replace(year=until.year - (2026 - first))
        weeks = [w for w in weeks if w.date() <= limit]
        cells = []
        for position, week in enumerate(weeks):
            if position in {9, 19, 20, 26}:
                continue
            for g in GRADES:
                for s in SCHOOLS:
                    talked = year == P.years.follow_up and g in starts and week.date() > starts[g]
                    possible = 5.0 * PUPILS[s]
                    cells.append(
                        (
                            week,
                            s,
                            g,
                            possible,
                            possible * _level(year, position * 11 / 44, g, s, talked) / 100,
                        )
                    )
        frame = pd.DataFrame(cells, columns=["week", "school_id", "grade", "possible", "absent"])
        frame["w"] = frame["week"].dt.strftime("%Y-%m-%d")
        frame["m"] = frame["week"].dt.strftime("%Y-%m")
        frame["y"] = year
        is_treated = frame["grade"].isin([g for g, d in starts.items() if d <= until])
        groups = [
            ("all", frame.assign(gid="all")),
            ("grade", frame.assign(gid=frame["grade"])),
            ("school", frame.assign(gid=frame["school_id"])),
            ("school_grade", frame.assign(gid=frame["school_id"] + ":" + frame["grade"])),
            ("treated", frame[is_treated].assign(gid="treated")),
            ("comparison", frame[~is_treated].assign(gid="comparison")),
        ]
        for kind, column in (("year_to_date", "y"), ("month", "m"), ("week", "w")):
            for group_kind, part in groups:
                sums = part.groupby([column, "gid"], as_index=False).agg(
                    possible=("possible", "sum"),
                    absent=("absent", "sum"),
                    start=("week", "min"),
                    n=("week", "nunique"),
                )
                for r in sums.itertuples():
                    pupils = r.possible / 5 / r.n
                    for outcome, share in {"absence": 1.0, **({} if kind == "week" else TYPES)}.items():
                        is_counted = outcome == "absence" and kind == "year_to_date"
                        over = pupils * min(0.19 + (r.absent / r.possible - 0.07) * 2, 0.9)
                        rows.append(
                            {
                                "period_kind": kind, "school_year": year, "period": getattr(r, column),
                                "period_from": r.start if kind == "week" else pd.NaT,
                                "group_kind": group_kind, "group_id": r.gid,
                                "school_id": r.gid.split(":")[0] if "school" in group_kind else "",
                                "grade": r.gid.split(":")[-1] if group_kind in ("grade", "school_grade") else "",
                                "outcome": outcome, "pupils": round(pupils), "possible_days": r.possible,
                                "absent_days": r.absent * share, "absence_pct": 100 * r.absent * share / r.possible,
                                "over_10_pupils": round(over) if is_counted else np.nan,
                                "over_10_pct": 100 * round(over) / round(pupils) if is_counted else np.nan,
                            }
                        )  # fmt: skip
    return make("out_description", rows)


@cache
def frames(is_final: bool) -> dict[str, pd.DataFrame]:
    """All out tables of a round."""
    until = dt.date(2027, 6, 25) if is_final else dt.date(2026, 11, 13)
    return {"out_description": description(until), **found(is_final)}


MANIFEST = {
    "protocol_hash": P.hash,
    "is_frozen": True,
    "frozen_on": "2026-08-07",
    "changes_since_freeze": [],
    "input_hashes": {"fravaer_a.csv": "ab" * 32},
    "git_commit": "0" * 40,
    "package_versions": {"pandas": "3.1.0", "duckdb": "2.0.0"},
    "table_hashes": {"out_effects": "cd" * 32},
}


def november(**swap: pd.DataFrame) -> ReportInputs:
    """The interim round, with tables swapped by name."""
    return ReportInputs(P, P.round("november_2026"), frames(is_final=False) | swap, MANIFEST)


def june(**swap: pd.DataFrame) -> ReportInputs:
    """The final round with November before it."""
    characteristics = pd.DataFrame(
        {
            "scenario": ["ingen forskel", "fald på 1 point"],
            "size": [0.05, None],
            "power": [None, 0.79],
            "coverage": [0.95, 0.94],
        }
    )
    return ReportInputs(
        P, P.round("end_of_year_2027"), frames(is_final=True) | swap, MANIFEST,
        previous=frames(is_final=False), previous_round=P.round("november_2026"), previous_manifest=MANIFEST,
        operating_characteristics=characteristics,
    )  # fmt: skip
