"""Released tables as a report gets them, made up by formula: every figure here is invented.

``november()`` and ``june()`` give whole rounds of the demonstration study; ``variant()`` swaps tables, so that a
test can say in one line what it takes away. No pipeline runs: only the declared columns are filled.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from evaluation.reports.inputs import ReportInputs
from evaluation.study import load_study
from evaluation.tables import TABLES

STUDY = load_study("demo_kommune")
P = STUDY.protocol
SCHOOLS = [s.id for s in P.schools]
GRADES = list(P.grades.order)
TYPES = {"sick": 0.56, "permitted": 0.21, "unlawful": 0.23}
MONTHS = [8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6]
PUPILS = {"990001": 39, "990002": 87, "990003": 80, "990004": 53}


def make(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A conforming frame from rows that name only some columns."""
    table = TABLES[name]
    frame = pd.DataFrame(rows, columns=list(table.columns))
    for column, kind in table.columns.items():
        if kind == "VARCHAR":
            frame[column] = frame[column].fillna("")
        if kind == "BOOLEAN":
            frame[column] = frame[column].astype("boolean").fillna(False)
    return table.conform(frame)


def _level(year: str, position: float, grade: str, school: str, talked: bool) -> float:
    base = 6.2 + 2.4 * np.sin(position * 0.55) * (1 if position < 11 else 0.5) + 0.12 * int(grade)
    base += {"990001": -0.9, "990002": 0.4, "990003": 0.5, "990004": 0.0}[school]
    base += {"2024/25": 0.2, "2025/26": 0.0, "2026/27": 0.1}[year] + 0.15 * np.sin(3 * int(grade) + position)
    return max(base - (0.7 if talked else 0.0), 0.5)


def description(until: dt.date) -> pd.DataFrame:
    """Years, year to date, months and weeks for all, grade, school, treated and comparison."""
    rows: list[dict[str, Any]] = []
    starts = {w.grade: w.planned_from for w in P.waves}
    for year in P.years.all:
        first = int(year[:4])
        weeks = pd.date_range(f"{first}-08-10", f"{first + 1}-06-21", freq="7D")
        limit = until.replace(year=until.year - (2026 - first))
        weeks = [w for w in weeks if w.date() <= limit]
        cells = []
        for position, week in enumerate(weeks):
            if (week.month, week.day // 8) in {(10, 1), (12, 3), (2, 1)}:
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
        iso = frame["week"].dt.isocalendar()
        frame["w"] = iso["year"].astype(str) + "-W" + iso["week"].astype(str).str.zfill(2)
        frame["m"] = frame["week"].dt.strftime("%Y-%m")
        frame["y"] = year
        is_treated = frame["grade"].isin(starts)
        groups = [
            ("all", frame.assign(gid="all")),
            ("grade", frame.assign(gid=frame["grade"])),
            ("school", frame.assign(gid=frame["school_id"])),
            ("school_grade", frame.assign(gid=frame["school_id"] + "|" + frame["grade"])),
            ("treated", frame[is_treated].assign(gid="treated")),
            ("comparison", frame[~is_treated].assign(gid="comparison")),
        ]
        for kind, column in (("year_to_date", "y"), ("month", "m"), ("week", "w")):
            for group_kind, part in groups:
                if group_kind == "school_grade" and kind == "week":
                    continue
                sums = part.groupby([column, "gid"], as_index=False).agg(
                    possible=("possible", "sum"),
                    absent=("absent", "sum"),
                    start=("week", "min"),
                    n=("week", "nunique"),
                )
                for r in sums.itertuples():
                    pupils = r.possible / 5 / r.n
                    for outcome, share in {"absence": 1.0, **TYPES}.items():
                        over = pupils * min(0.19 + (r.absent / r.possible - 0.07) * 2, 0.9)
                        rows.append(
                            {
                                "period_kind": kind, "school_year": year, "period": getattr(r, column), "period_from": r.start,
                                "group_kind": group_kind, "group_id": r.gid,
                                "school_id": r.gid.split("|")[0] if "school" in group_kind else "",
                                "grade": r.gid.split("|")[-1] if group_kind in ("grade", "school_grade") else "",
                                "outcome": outcome, "pupils": round(pupils), "possible_days": r.possible,
                                "absent_days": r.absent * share, "absence_pct": 100 * r.absent * share / r.possible,
                                "over_10_pupils": round(over) if outcome == "absence" and kind == "year_to_date" else np.nan,
                                "over_10_pct": 100 * round(over) / round(pupils) if outcome == "absence" and kind == "year_to_date" else np.nan,
                            }
                        )  # fmt: skip
    return make("out_description", rows)


def effect(question: str, estimate: float | None, se: float | None, **more: Any) -> dict[str, Any]:
    """One row of out_effects with a normal interval."""
    row: dict[str, Any] = {
        "question": question, "estimator": "imputation", "outcome": "absence", "group_kind": "all", "group_id": "all", "horizon": "all",
        "weights": "pupil_days", "status": "estimated", "ci_level": 0.95, "inference": "cr2", "clusters": 40, "protocol_hash": P.hash,
        "baseline_pct": 6.8, "note": "",
    }  # fmt: skip
    if estimate is not None and se is not None:
        row |= {
            "estimate_pp": estimate, "std_error_pp": se, "ci_low_pp": estimate - 2.1 * se, "ci_high_pp": estimate + 2.1 * se,
            "ci_low_lower_pp": estimate - 1.3 * se, "ci_high_lower_pp": estimate + 1.3 * se, "df": 14.0, "mde_pp": 3.0 * se,
        }  # fmt: skip
    return row | more


def _effects(is_final: bool) -> list[dict[str, Any]]:
    size, se = (-1.3, 0.42) if is_final else (-0.4, 0.82)
    waves = [w for w in P.waves if is_final or w.id == "wave_6"]
    p = (
        {"p_permutation": 0.011, "p_smallest": 1 / 720}
        if is_final
        else {"p_permutation": 0.4, "p_smallest": 0.1}
    )
    rows = [
        effect(
            "grade",
            size,
            se,
            pupils=777 if is_final else 259,
            pupil_days=40000,
            treated_clusters=4 * len(waves),
            **p,
        )
    ]
    rows.append(
        effect("grade", size - 0.1, se, estimator="twfe", pupils=777, pupil_days=40000, treated_clusters=12)
    )
    for outcome, share in TYPES.items():
        rows.append(effect("grade", size * share, se * 0.6, outcome=outcome, pupils=777))
    for i, w in enumerate(waves):
        rows.append(
            effect("grade", size + 0.3 * (i - 1), se * 1.4, group_kind="grade", group_id=w.grade, pupils=259)
        )
    for e in (-5, -4, -3, -2, -1, 0, 1, 2, *((3, 4, 5) if is_final else ())):
        rows.append(
            effect("event_study", 0.12 * np.sin(e) + (size * 0.9 if e > 0 else 0), se * 0.9, horizon=str(e))
        )
    if is_final:
        rows.append(effect("milestone", size, se, horizon="1-3", pupils=777, **p))
        for i, w in enumerate(waves):
            rows.append(
                effect(
                    "milestone",
                    size + 0.3 * (i - 1),
                    se * 1.5,
                    horizon="1-3",
                    group_kind="grade",
                    group_id=w.grade,
                    pupils=259,
                )
            )
    else:
        rows.append(effect("milestone", None, None, horizon="1-3", status="not_due"))
    for i, s in enumerate(SCHOOLS):
        rows.append(
            effect(
                "school",
                size + 0.5 * (i - 1.5),
                se * 2,
                group_kind="school",
                group_id=s,
                pupils=PUPILS[s] * 3,
            )
        )
        rows.append(
            effect(
                "school",
                size + 0.15 * (i - 1.5),
                se * 1.2,
                estimator="shrunk",
                group_kind="school",
                group_id=s,
                pupils=PUPILS[s] * 3,
            )
        )
    for name, shift in (
        ("leave_out_school:990001", 0.1),
        ("leave_out_grade:9", -0.05),
        ("unweighted", 0.2),
        ("two_way", -0.2),
        ("placebo_year", -size + 0.1),
    ):
        rows.append(effect("sensitivity", size + shift, se, estimator=name))
    return [r | {"round": "r"} for r in rows]


def _verdicts(is_final: bool) -> list[dict[str, Any]]:
    reasons = "Årgangen kan kun bære ti ombytninger; mindste fundne ændring er en tredjedel af fraværet; registreringen er 97 % fuldstændig"
    if is_final:
        base = {
            "certainty_dots": 4,
            "certainty_word": "sandsynligt",
            "certainty_reasons": reasons,
            "outcome": "absence",
            "round": "r",
            "protocol_hash": P.hash,
        }
        return [
            {"look": "all", "grade": "", "verdict": "opnået", "estimate_pp": -1.3, "ci_low_pp": -2.2, "ci_high_pp": -0.4, "reasons": "Interval og ombytning er enige", **base},
            {"look": "wave_6", "grade": "6", "verdict": "tegn på fald, men usikkert", "estimate_pp": -1.6, "ci_low_pp": -2.9, "ci_high_pp": -0.3, "reasons": "Kun intervallet ligger under nul", **base},
            {"look": "wave_1", "grade": "1", "verdict": "ikke påvist", "estimate_pp": -0.6, "ci_low_pp": -1.9, "ci_high_pp": 0.7, "reasons": "", **base},
            {"look": "wave_8", "grade": "8", "verdict": "kan ikke vurderes", "estimate_pp": -1.0, "ci_low_pp": -2.9, "ci_high_pp": 0.9, "reasons": "den mindste ændring, der kan opdages, er større end den relevante", **base},
        ]  # fmt: skip
    base = {
        "verdict": "kan endnu ikke opgøres",
        "certainty_dots": 2,
        "certainty_word": "usikkert",
        "certainty_reasons": reasons,
        "outcome": "absence",
        "round": "r",
    }
    return [
        {"look": "all", "grade": "", "earliest_on": "2027-06-01", **base},
        {"look": "wave_6", "grade": "6", "earliest_on": "2027-01-11", **base},
        {"look": "wave_1", "grade": "1", "earliest_on": "2027-04-01", **base},
        {"look": "wave_8", "grade": "8", "earliest_on": "2027-06-01", **base},
    ]


def _themes(is_final: bool) -> list[dict[str, Any]]:
    n = 31 if is_final else 14
    rows = []
    for code, name, family, by, against in (
        (
            "MP.SAMTALE.OPLEVELSE",
            "Elevens oplevelse af samtalen",
            "MP",
            {"elev": 9, "sundhedsplejerske": 3},
            False,
        ),
        (
            "MP.TEGN.SAMARB",
            "Nye samarbejdsmetoder",
            "MP",
            {"laerer_paedagog": 3, "sundhedsplejerske": 2, "elev": 1},
            False,
        ),
        ("MP.UFRIV", "Ufrivilligt fravær", "MP", {"elev": 5, "foraelder": 1}, False),
        ("X.MODBEVIS", "Oplever ingen forskel endnu", "X", {"elev": 2, "laerer_paedagog": np.nan}, True),
    ):
        total = sum(v for v in by.values() if v == v)
        strength = "flere_informantgrupper" if len(by) > 1 else "flere_informanter"
        base = {
            "round": "r",
            "code": code,
            "code_name": name,
            "family": family,
            "is_disconfirming": against,
            "strength": strength,
        }
        rows.append(
            base
            | {
                "group_kind": "all",
                "group_id": "all",
                "sources": total,
                "segments": total * 2,
                "sources_total": n,
            }
        )
        for who, k in by.items():
            rows.append(
                base
                | {
                    "group_kind": "informant",
                    "group_id": who,
                    "sources": k,
                    "segments": k * 2 if k == k else k,
                    "sources_total": n - 3,
                }
            )
    return rows


def frames(is_final: bool) -> dict[str, pd.DataFrame]:
    """All out tables of a round."""
    until = dt.date(2027, 6, 25) if is_final else dt.date(2026, 11, 13)
    waves = {w.grade: w for w in P.waves}
    implementation = []
    for s in SCHOOLS:
        for g, w in waves.items():
            begun = w.planned_from <= until
            n = PUPILS[s]
            held = round(n * (0.71 if s == "990003" and g == "6" else 0.93)) if begun else 0
            implementation.append(
                {"round": "r", "school_id": s, "grade": g, "wave": w.id, "pupils": n, "talks_planned": n, "talks_held": held,
                 "coverage_pct": 100 * held / n if begun else np.nan, "follow_ups": 9 if begun else 0, "targeted": 12, "consents_given": 7,
                 "consents_missing": 5 if s != "990001" else pd.NA, "consents_withdrawn": pd.NA,
                 "first_on": w.planned_from if begun else pd.NaT, "last_on": w.planned_to if begun else pd.NaT}
            )  # fmt: skip
    signs = [
        ("MP.TEGN.FALD", "Fald i fravær", "tegn på fald, men usikkert", -0.4, "Flere oplever, at børn kommer oftere.", 6, "udvider"),
        ("MP.TEGN.SPROG", "Fælles fagsprog", "", np.nan, "Skole og sundhedspleje bruger de samme ord for fravær.", 8, "bekræfter"),
        ("MP.TEGN.SAMARB", "Nye samarbejdsmetoder", "", np.nan, "Faste møder mellem sundhedsplejerske og lærer er nye.", 5, "bekræfter"),
        ("MP.TEGN.FOREBYG", "Ændrede og forankrede forebyggende indsatser", "", np.nan, "", np.nan, "tavs"),
        ("MP.MAAL", "Mål: færre børn med længerevarende ufrivilligt fravær", "", np.nan, "To grupper oplever ikke nogen forskel endnu.", 3, "modsiger"),
    ]  # fmt: skip
    joint = [
        {"round": "r", "sign_id": i, "sign": s, "quant_verdict": v, "estimate_pp": e, "ci_low_pp": e - 1.7, "ci_high_pp": e + 1.7, "qual_summary": q,
         "sources": n if n == n else pd.NA, "relation": r, "quote": "Det var rart, at nogen spurgte, hvordan jeg havde det." if i == "MP.TEGN.SPROG" else "",
         "quote_attribution": "elev" if i == "MP.TEGN.SPROG" else "", "reading": "Læses sammen med usikkerheden." if r == "udvider" else ""}
        for i, s, v, e, q, n, r in signs
    ]  # fmt: skip
    targeted = [
        {"round": "r", "group_id": "all", "estimator": "naive", "pupils": 96, "before_pct": 16.2, "after_pct": 10.9, "change_pp": -5.3, "expected_change_pp": -4.8, "status": "estimated"},
        {"round": "r", "group_id": "all", "estimator": "did_equal", "pupils": 96, "estimate_pp": -0.5, "ci_low_pp": -1.9, "ci_high_pp": 0.9, "std_error_pp": 0.7, "df": 11, "status": "estimated"},
    ]  # fmt: skip
    patterns = []
    for year in ("2025/26", "2026/27"):
        for i, day in enumerate(("mandag", "tirsdag", "onsdag", "torsdag", "fredag")):
            patterns.append(
                {
                    "pattern": "weekday",
                    "level": day,
                    "share_pct": [7.6, 6.9, 6.6, 6.7, 8.1][i],
                    "school_year": year,
                }
            )
        for band, share in (("0-5", 44.0), ("5-10", 35.0), ("10-20", 17.0), ("20+", 4.0)):
            patterns.append(
                {
                    "pattern": "bands",
                    "level": band,
                    "share_pct": share + (1 if band == "0-5" and year == "2026/27" else 0),
                    "count": 26 * share,
                    "school_year": year,
                }
            )
        patterns.append(
            {"pattern": "long_spells", "level": "10+", "share_pct": 3.1, "count": 80, "school_year": year}
        )
    patterns = [
        {
            "round": "r",
            "group_kind": "all",
            "group_id": "all",
            "pupils": 2590,
            "possible_days": 1e5,
            "absent_days": 7e3,
            **p,
        }
        for p in patterns
    ]
    quality = [
        {"check_name": "completeness", "table_name": "core_cells", "group_id": "990002", "severity": "warning", "is_passed": False, "count": 2, "of_total": 13, "sentence": "Fjordskolen mangler registreringer i uge 42 og 43."},
        {"check_name": "quarantine", "table_name": "raw_absence", "group_id": "", "severity": "info", "is_passed": True, "count": 41, "of_total": 250310, "sentence": "41 af 250.310 rækker kunne ikke læses og er lagt til side."},
        {"check_name": "duplicates", "table_name": "raw_absence", "group_id": "", "severity": "info", "is_passed": True, "count": 12, "of_total": 250310, "sentence": "12 rækker stod dobbelt og er talt med én gang."},
    ]  # fmt: skip
    looks = ["all", *(w.id for w in P.waves)]
    return {
        "out_description": description(until),
        "out_effects": make("out_effects", _effects(is_final)),
        "out_verdicts": make("out_verdicts", _verdicts(is_final)),
        "out_power": make("out_power", [{"round": "r", "look": k, "basis": "estimate", "std_error_pp": 0.8, "df": 12, "mde_pp": (1.3 if k == "all" else 2.0) if is_final else 2.5, "relevant_change_pp": 1.0, "baseline_pct": 6.8} for k in looks]),
        "out_targeted": make("out_targeted", targeted),
        "out_patterns": make("out_patterns", patterns),
        "out_registration": make("out_registration", [{"round": "r", "check_name": "type_share", "group_kind": "outcome", "group_id": "unlawful", "before": 23.0, "after": 24.1, "change": 1.1, "limit": 10.0, "is_alarm": False}]),
        "out_honest": make("out_honest", [{"round": "r", "look": "all", "restriction": "relative_magnitudes", "bound": m, "ci_low_pp": -2.2 - m, "ci_high_pp": -0.9 + m, "breakdown": 0.9} for m in (0.5, 1.0, 2.0)] if is_final else []),
        "out_pretrend": make("out_pretrend", [{"round": "r", "look": "all", "statistic": 1.1, "df_num": 3, "df_denom": 14, "p_value": 0.38, "slope_50": 0.31, "slope_80": 0.45, "bias_at_milestone_pp": -0.6}]),
        "out_implementation": make("out_implementation", implementation),
        "out_themes": make("out_themes", [{**r, "sources": pd.NA if r["sources"] != r["sources"] else int(r["sources"]), "segments": pd.NA if r["segments"] != r["segments"] else int(r["segments"])} for r in _themes(is_final)]),
        "out_agreement": make("out_agreement", [{"round": "r", "level": "family", "code": "MP", "alpha": 0.81, "ci_low": 0.7, "ci_high": 0.9, "raw_agreement": 0.93, "units": 60, "positive": 22, "coders": 2, "double_coded_share": 0.21, "rule_met": True}]),
        "out_joint_display": make("out_joint_display", joint),
        "out_quality": make("out_quality", [q | {"round": "r"} for q in quality]),
    }  # fmt: skip


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
