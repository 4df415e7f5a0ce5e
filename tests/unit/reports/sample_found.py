"""Everything a report gets but the levels: estimates, verdicts, patterns, voices. Every figure here is invented."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd

from evaluation.study import load_study
from evaluation.tables import TABLES

P = load_study("demo_kommune").protocol
SCHOOLS = [s.id for s in P.schools]
PUPILS = {"990001": 39, "990002": 87, "990003": 80, "990004": 53}
TYPES = {"sick": 0.56, "permitted": 0.21, "unlawful": 0.23}


def make(name: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A conforming frame from rows that name only some columns."""
    table = TABLES[name]
    frame = pd.DataFrame(rows, columns=list(table.columns))
    for column, kind in table.columns.items():
        if kind == "VARCHAR":
            frame[column] = frame[column].astype("object").fillna("r" if column == "round" else "")
        if kind == "BOOLEAN":
            frame[column] = frame[column].astype("boolean").fillna(False)
    return table.conform(frame)


def literal(name: str, text: str) -> pd.DataFrame:
    """A conforming frame from a table written out: a header, bars between cells, nothing where nothing is known."""
    lines = "\n".join("|".join(c.strip() for c in line.split("|")) for line in text.strip().splitlines())
    raw = pd.read_csv(io.StringIO(lines), sep="|", dtype="str", keep_default_na=False)
    rows: list[dict[str, Any]] = []
    for row in raw.to_dict("records"):
        kinds = TABLES[name].columns
        rows.append({str(c): _typed(str(v), kinds[str(c)]) for c, v in row.items()})
    return make(name, rows)


def _typed(text: str, kind: str) -> Any:
    if kind == "VARCHAR":
        return text
    if not text:
        return pd.NA if kind == "BIGINT" else None
    return {"BIGINT": int, "BOOLEAN": lambda v: v == "ja", "DATE": pd.Timestamp}.get(kind, float)(text)


def effect(question: str, estimate: float | None, se: float | None, **more: Any) -> dict[str, Any]:
    """One row of out_effects with a normal interval."""
    row: dict[str, Any] = {
        "question": question, "estimator": "imputation", "outcome": "absence", "group_kind": "all", "group_id": "all",
        "horizon": "all", "weights": "pupil_days", "status": "estimated", "ci_level": 0.95, "inference": "cr2",
        "clusters": 40, "treated_clusters": 12, "protocol_hash": P.hash, "baseline_pct": 6.8, "note": "",
    }  # fmt: skip
    if estimate is not None and se is not None:
        row |= {
            "estimate_pp": estimate, "std_error_pp": se, "ci_low_pp": estimate - 2.1 * se, "df": 14.0,
            "ci_high_pp": estimate + 2.1 * se, "mde_pp": 3.0 * se,
        }  # fmt: skip
    return row | more


def effects(is_final: bool) -> list[dict[str, Any]]:
    """Rows of every question."""
    size, se = (-1.3, 0.42) if is_final else (-0.4, 0.82)
    waves = [w for w in P.waves if is_final or w.id == "wave_6"]
    p = (
        {"p_permutation": 0.011, "p_smallest": 1 / 720}
        if is_final
        else {"p_permutation": 0.4, "p_smallest": 0.1}
    )
    rows = [
        effect(
            "grade", size, se, pupils=259 * len(waves), pupil_days=40000, treated_clusters=4 * len(waves), **p
        )
    ]
    rows.append(effect("grade", size + 0.2, se, weights="equal"))
    rows.append(effect("grade", size - 0.1, se, estimator="imputation_two_way"))
    rows += [effect("grade", size * share, se * 0.6, outcome=o) for o, share in TYPES.items()]
    grade = [{"group_kind": "grade", "group_id": w.grades[0], "pupils": 259} for w in waves]
    rows += [effect("grade", size + 0.3 * (i - 1), se * 1.4, **g) for i, g in enumerate(grade)]
    for e in (-5, -4, -3, -2, -1, 1, 2, *((3, 4, 5) if is_final else ())):
        rows.append(
            effect("event_study", 0.12 * np.sin(e) + (size * 0.9 if e > 0 else 0), se * 0.9, horizon=str(e))
        )
    if is_final:
        rows.append(effect("milestone", size, se, horizon="1-3", pupils=777, **p))
        rows += [
            effect("milestone", size + 0.3 * (i - 1), se * 1.5, horizon="1-3", **g)
            for i, g in enumerate(grade)
        ]
    else:
        rows.append(effect("milestone", None, None, horizon="1-3", status="not_due"))
    for i, s in enumerate(SCHOOLS):
        at = {"group_kind": "school", "group_id": s, "pupils": PUPILS[s] * 3}
        rows.append(effect("school", size + 0.5 * (i - 1.5), se * 2, estimator="raw", **at))
        rows.append(effect("school", size + 0.15 * (i - 1.5), se * 1.2, estimator="shrunk", **at))
    for horizon, label, shift in (
        ("leave_one_out", "990001", 0.1),
        ("leave_one_out", "9", -0.05),
        ("without", "0, 9", 0.05),
        ("placebo_year", "2025/26", 0.1 - size),
    ):
        rows.append(effect("sensitivity", size + shift, se, horizon=horizon, group_id=label))
    rows.append(
        effect("sensitivity", size * 0.9, se, horizon="functional_form", estimator="poisson", group_id="")
    )
    rows.append(effect("same_pupils", size * 0.8, se, estimator="cohort"))
    rows += [
        effect("same_pupils", size * 0.75, se, horizon="functional_form", estimator=f"cohort_{form}")
        for form in ("logit", "poisson")
    ]
    return rows


FINAL_VERDICTS = """
look|verdict|direction|estimate_pp|ci_low_pp|ci_high_pp|demands_met|demands_failed
all|opnået|faldet|-1.3|-2.2|-0.4|interval_excludes_zero permutation_excludes_zero|relevant_fall_excluded
wave_6|beskrives, afgøres ikke||-1.6|-2.9|-0.3||
wave_1|beskrives, afgøres ikke||-0.6|-1.9|0.7||
wave_8|beskrives, afgøres ikke||-1.0|-2.9|0.9||
"""
INTERIM_VERDICTS = """
look|verdict|earliest_on
all|kan endnu ikke opgøres|2027-07-02
wave_6|kan endnu ikke opgøres|2027-07-02
wave_1|kan endnu ikke opgøres|2027-07-02
wave_8|kan endnu ikke opgøres|2027-07-02
"""


def verdicts(is_final: bool) -> pd.DataFrame:
    """Four looks; the pooled one of the final round with its certainty."""
    frame = literal("out_verdicts", FINAL_VERDICTS if is_final else INTERIM_VERDICTS)
    frame = frame.assign(outcome="absence", protocol_hash=P.hash)
    if is_final:
        pooled = frame["look"].eq("all")
        frame["certainty_dots"] = frame["certainty_dots"].mask(pooled, 3)
        frame["certainty_word"] = frame["certainty_word"].mask(pooled, "sandsynligt")
        frame["grounds_met"] = frame["grounds_met"].mask(
            pooled, "agreement treated_clusters completeness frozen"
        )
        frame["grounds_failed"] = frame["grounds_failed"].mask(pooled, "size trend_before")
    return frame


TARGETED = """
group_id|estimator|pupils|before_pct|after_pct|change_pp|expected_change_pp|estimate_pp|ci_low_pp|ci_high_pp
wave_6 | naive | 32 | 16.2 | 10.9 | -5.3 | | -5.3 | -6.6 | -4.0
wave_6 | regression_to_mean | 32 | | | | -4.8 | | |
"""
CONTRASTS = """
group_id | estimator | pupils | estimate_pp | ci_low_pp | ci_high_pp
wave_6 | did_all_others | 32 | -5.0 | -6.4 | -3.6
wave_6 | equally_high | 32 | -0.5 | -1.9 | 0.9
wave_6 | equally_high_less_year_before | 32 | -0.4 | -2.6 | 1.8
"""
FOLLOWED = """
group_id | estimator | pupils | change_pp | estimate_pp | ci_low_pp | ci_high_pp
all | follow_up | 21 | -2.0 | | |
all | follow_up_same_windows | 21 | -0.7 | -0.7 | -3.1 | 1.7
all | follow_up_own_grades | 21 | -0.7 | 0.2 | -2.9 | 3.3
"""
PATTERNS = """
pattern | level | share_pct
weekday | mandag | 7.6
weekday | tirsdag | 6.9
weekday | onsdag | 6.6
weekday | torsdag | 6.7
weekday | fredag | 8.1
bands | 0-5 | 44.0
bands | 5-10 | 35.0
bands | 10-20 | 17.0
bands | 20+ | 4.0
long_spells | 5+ | 9.4
long_spells | 10+ | 3.1
long_spells | 15+ | 1.6
single_day_spells | 1 dag | 46.0
single_day_spells | 2 dage eller flere | 54.0
after_holiday | efter ferie | 7.9
after_holiday | øvrige dage | 7.0
threshold | parents_informed | 4.2
"""
SIGNS = """
sign_id|sign|quant_verdict|estimate_pp|ci_low_pp|ci_high_pp|qual_summary|sources|relation|quote|voices_side
MP.TEGN.FALD|Fald i fravær|tegn på fald, men usikkert|-0.4|-2.1|1.3|6 af 14 kilder: 4 for.|6|udvider||
MP.TEGN.SPROG|Fælles fagsprog|||||8 af 14 kilder taler om det: 7 for.|8|bekræfter|Rart, at nogen spurgte.|for
MP.TEGN.SAMARB|Nye samarbejdsmetoder|||||5 af 14 kilder taler om det: 5 for.|5|bekræfter||for
MP.TEGN.FOREBYG|Forankrede indsatser|||||Ingen af de 14 kilder taler om dette.|0|tavs||
MP.MAAL|Målet|||||3 af 14 kilder taler om det: 3 afvisende.|3|modsiger||imod
"""
THEMES = """
group_kind | group_id | code | code_name | sources | segments | sources_total | is_disconfirming | strength
all | all | MP.SAMTALE.OPLEVELSE | Oplevelse af samtalen | 9 | 20 | 14 | nej | flere_informantgrupper
all | all | MP.TEGN.SAMARB | Nye samarbejdsmetoder | 6 | 11 | 14 | nej | flere_informantgrupper
all | all | MP.UFRIV | Ufrivilligt fravær | 5 | 8 | 14 | nej | flere_informanter
all | all | X.MODBEVIS | Oplever ingen forskel endnu | 2 | 3 | 14 | ja | flere_informanter
speaker | pupils | MP.SAMTALE.OPLEVELSE | Oplevelse af samtalen | 7 | 16 | 9 | nej | flere_informanter
speaker | pupils | MP.UFRIV | Ufrivilligt fravær | 5 | 8 | 9 | nej | flere_informanter
speaker | pupils | X.MODBEVIS | Oplever ingen forskel endnu |  |  | 9 | ja | flere_informanter
speaker | adults | MP.TEGN.SAMARB | Nye samarbejdsmetoder | 3 | 6 | 5 | nej | flere_informanter
speaker | adults | MP.SAMTALE.OPLEVELSE | Oplevelse af samtalen | 2 | 4 | 5 | nej | flere_informanter
"""
QUALITY = """
check_name | table_name | group_id | severity | is_passed | sentence
completeness | core_cells | 990002 | warning | nej | Fjordskolen mangler registreringer i uge 42 og 43.
calendar | core_cells |  | warning | ja | Alle skoledage ligger i skolernes kalender.
ledger | raw_ledger | 990002 absence 2026-11-16 | info | ja | Filen er læst.
"""


def implementation(is_final: bool) -> list[dict[str, Any]]:
    """Talks by school and grade: one school reaches too few, one has its missing answers hidden."""
    rows = []
    for s in SCHOOLS:
        for w in P.waves:
            is_begun = is_final or w.id == "wave_6"
            n = PUPILS[s]
            held = round(n * (0.71 if s == "990003" and w.grades[0] == "6" else 0.93)) if is_begun else 0
            rows.append(
                {
                    "school_id": s, "grade": w.grades[0], "wave": w.id, "pupils": n, "talks_planned": n, "talks_held": held,
                    "coverage_pct": 100 * held / n if is_begun else np.nan, "follow_ups": 9 if is_begun else 0,
                    "targeted": 12, "consents_given": 7, "consents_missing": 5 if s != "990001" else pd.NA,
                    "first_on": w.planned_from if is_begun else pd.NaT, "last_on": w.planned_to if is_begun else pd.NaT,
                }
            )  # fmt: skip
    return rows


def power(is_final: bool) -> list[dict[str, Any]]:
    """Observed per look, and as planned."""
    looks = [
        "grade:all",
        *(["milestone:all", "milestone:wave_6", "milestone:wave_1", "milestone:wave_8"] if is_final else []),
    ]
    rows = [(k, "observed", (1.3 if k.endswith("all") else 2.0) if is_final else 2.5) for k in looks]
    return [
        {"look": k, "basis": b, "mde_pp": m, "df": 12, "relevant_change_pp": 1.0, "baseline_pct": 6.8}
        for k, b, m in [*rows, ("milestone:all", "planned", 1.1)]
    ]


def found(is_final: bool) -> dict[str, pd.DataFrame]:
    """All tables but the levels."""
    years = [literal("out_patterns", PATTERNS).assign(school_year=y) for y in P.years.all[-2:]]
    patterns = pd.concat(years).assign(group_kind="all", group_id="all", pupils=2590.0)
    targeted = [literal("out_targeted", t) for t in (TARGETED, CONTRASTS)]
    if is_final:
        targeted += [*(t.assign(group_id="wave_1") for t in targeted), literal("out_targeted", FOLLOWED)]
    honest = [
        {
            "look": "all",
            "restriction": "relative-magnitudes",
            "bound": m,
            "ci_low_pp": -2.2 - m,
            "ci_high_pp": m - 0.9,
        }
        for m in (0.5, 1.0, 2.0)
    ]
    pretrend = {
        "look": "all",
        "slope_pp": 0.10,
        "ci_low_pp": -0.30,
        "ci_high_pp": 0.50,
        "p_value": 0.38,
        "slope_80": 0.45,
        "bias_per_slope": 4.0,
        "bias_at_milestone_pp": 1.8,
        "bias_after_passing_pp": 1.2,
    }
    agreement = {
        "level": "family", "code": "MP", "alpha": 0.81, "units": 60, "positive": 22, "coders": 2,
        "double_coded_share": 0.21, "rule_met": True,
    }  # fmt: skip
    registration = {
        "check_name": "type_share",
        "group_kind": "outcome",
        "group_id": "unlawful",
        "is_alarm": False,
    }
    return {
        "out_effects": make("out_effects", effects(is_final)),
        "out_verdicts": verdicts(is_final),
        "out_power": make("out_power", power(is_final)),
        "out_targeted": pd.concat(targeted).assign(status="estimated"),
        "out_patterns": patterns,
        "out_registration": make("out_registration", [registration]),
        "out_honest": make("out_honest", honest if is_final else []),
        "out_pretrend": make("out_pretrend", [pretrend]),
        "out_implementation": make("out_implementation", implementation(is_final)),
        "out_themes": literal("out_themes", THEMES),
        "out_agreement": make("out_agreement", [agreement]),
        "out_joint_display": literal("out_joint_display", SIGNS),
        "out_quality": literal("out_quality", QUALITY),
    }
