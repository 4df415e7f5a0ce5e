"""Every table of the warehouse: its name, grain and columns. One place, read by assets, checks and documents.

Names are a grammar: ``raw_`` is what came through the door, ``core_`` is what the evaluation is made from,
``out_`` is what it found. Columns carry their unit (``_pct`` per cent, ``_pp`` percentage points, ``_days``,
``_on`` a date); booleans start ``is_`` or ``has_``. Ids, keys and grades are strings.

Types are DuckDB's: VARCHAR, DATE, DOUBLE, BIGINT, BOOLEAN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from evaluation.errors import KomgladError

_PANDAS = {
    "VARCHAR": "str",
    "DATE": "datetime64[us]",
    "DOUBLE": "float64",
    "BIGINT": "int64",
    "BOOLEAN": "bool",
}


@dataclass(frozen=True)
class Table:
    """A declared table. ``grain`` says what one row is; ``key`` are the columns that make a row unique."""

    name: str
    grain: str
    columns: Mapping[str, str]
    key: tuple[str, ...] = ()

    @property
    def layer(self) -> str:
        """raw, core or out."""
        return self.name.split("_", 1)[0]

    def empty(self) -> pd.DataFrame:
        """A frame with the table's columns and no rows. BIGINT and BOOLEAN may become nullable in use."""
        return pd.DataFrame({c: pd.Series(dtype=_PANDAS[t]) for c, t in self.columns.items()})

    def conform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with exactly this table's columns, in order, typed, rows sorted by key: same rows, same bytes.

        Raises:
            KomgladError: a column is missing; extra columns are dropped only when they start with ``_``.
        """
        missing = [c for c in self.columns if c not in frame]
        extra = [c for c in frame if c not in self.columns and not str(c).startswith("_")]
        if missing or extra:
            raise KomgladError(f"{self.name}: missing columns {missing}, undeclared columns {extra}")
        typed = pd.DataFrame({c: _as(frame[c], t) for c, t in self.columns.items()})
        by = list(self.key) or list(self.columns)
        return typed.sort_values(by, kind="stable", na_position="last").reset_index(drop=True)


def _as(column: pd.Series, kind: str) -> pd.Series:
    if kind == "DATE":
        return pd.to_datetime(column).astype("datetime64[us]")
    if kind == "BIGINT":
        return column.astype("Int64") if column.isna().any() else column.astype("int64")
    if kind == "BOOLEAN":
        return column.astype("boolean") if column.isna().any() else column.astype("bool")
    if kind == "DOUBLE":
        return column.astype("float64")
    return column.astype("str")


def _table(name: str, grain: str, columns: str, key: str = "") -> Table:
    """Columns as ``name TYPE`` words, VARCHAR where no type follows."""
    kinds = {"DATE", "DOUBLE", "BIGINT", "BOOLEAN"}
    parsed: dict[str, str] = {}
    last = ""
    for word in columns.split():
        if word in kinds:
            parsed[last] = word
        else:
            parsed[word], last = "VARCHAR", word
    return Table(name, grain, parsed, tuple(key.split()))


_SOURCE = "source_file source_row BIGINT exported_on DATE "
_DAYS = "absent_days DOUBLE sick_days DOUBLE permitted_days DOUBLE unlawful_days DOUBLE"

_EFFECT_COLUMNS = (
    "round question estimator outcome group_kind group_id horizon weights status estimate_pp DOUBLE "
    "ci_low_pp DOUBLE ci_high_pp DOUBLE ci_level DOUBLE ci_low_lower_pp DOUBLE ci_high_lower_pp DOUBLE "
    "std_error_pp DOUBLE df DOUBLE p_value DOUBLE p_permutation DOUBLE p_smallest DOUBLE "
    "p_wild_restricted DOUBLE p_wild_unrestricted DOUBLE inference clusters BIGINT treated_clusters BIGINT "
    "pupils DOUBLE pupil_days DOUBLE baseline_pct DOUBLE mde_pp DOUBLE note protocol_hash"
)
_EFFECT_KEY = "round question estimator outcome group_kind group_id horizon weights"

TABLES: dict[str, Table] = {
    t.name: t
    for t in (
        # --- raw: through the door -------------------------------------------------------------------------
        _table(
            "raw_absence",
            "One row per accepted absence statement: a pupil, an interval (day rows have equal ends) and a type.",
            _SOURCE + "school_id pupil_key grade class_label from_on DATE to_on DATE day_fraction DOUBLE "
            "absence_type",
            "source_file source_row from_on pupil_key",
        ),
        _table(
            "raw_totals",
            "One row per accepted period total: a school, grade and week or month; of one pupil when pupil_key "
            "is set, else of a class or the whole grade. Days, not sessions; school_days is the sum over pupils.",
            _SOURCE + "school_id grade class_label pupil_key period period_from DATE period_to DATE "
            "pupils DOUBLE school_days DOUBLE absence_type absent_days DOUBLE",
            "source_file source_row absence_type",
        ),
        _table(
            "raw_pupils",
            "One row per pupil, school, grade and enrolment interval within a school year.",
            _SOURCE + "pupil_key school_id school_year grade class_label enrolled_from DATE enrolled_to DATE",
            "source_file source_row",
        ),
        _table(
            "raw_talks",
            "One row per talk or follow-up in the talk log. kind: talk | follow_up; status: planned | held | cancelled.",
            _SOURCE + "school_id grade pupil_key kind status held_on DATE",
            "source_file source_row",
        ),
        _table(
            "raw_consents",
            "One row per statement in the consent register. answer: yes | no; holder: who of the custody holders.",
            _SOURCE + "pupil_key purpose holder answer given_on DATE withdrawn_on DATE",
            "source_file source_row",
        ),
        _table(
            "raw_calendar",
            "One row per school and day inside a school year, weekends left out.",
            "school_id day_on DATE school_year is_school_day BOOLEAN label",
            "school_id day_on",
        ),
        _table(
            "raw_interviews",
            "One row per coded segment, code and coder. The words themselves are kept apart (raw_interview_texts).",
            "source_file source_row BIGINT document_id informant school_id grade occasion form coder code "
            "polarity start BIGINT end BIGINT consent is_approved_quote BOOLEAN segment_id",
            "document_id segment_id code coder",
        ),
        _table("raw_interview_texts", "One row per segment: its words.", "segment_id text", "segment_id"),
        _table(
            "raw_school_forms",
            "One row per filled field of a school's form. form: vurder_og_find_fokus | kontekstdialog | "
            "implementeringstrappe.",
            "source_file source_row BIGINT form school_id occasion theme dimension value score DOUBLE",
            "source_file source_row form theme dimension",
        ),
        _table(
            "raw_quarantine",
            "One row per row that was not accepted: where it stands and why, without any personal value.",
            "source_file source_row BIGINT column_name rule found expected next_step",
            "source_file source_row column_name rule",
        ),
        _table(
            "raw_ledger",
            "One row per incoming file: rows_in = rows_kept + rows_quarantined + rows_duplicate + rows_superseded "
            "+ rows_out_of_round (after the cut-off, or exported after the report date).",
            "source_file source_kind school_id exported_on DATE sha256 rows_in BIGINT rows_kept BIGINT "
            "rows_quarantined BIGINT rows_duplicate BIGINT rows_superseded BIGINT rows_out_of_round BIGINT key_id",
            "source_file",
        ),
        # --- core: what the evaluation is made from ------------------------------------------------------
        _table(
            "core_school_days",
            "One row per school and school day up to the round's cut-off. month is that of the ISO week's Thursday.",
            "school_id day_on DATE school_year iso_week week_from DATE month month_from DATE weekday BIGINT "
            "is_after_holiday BOOLEAN",
            "school_id day_on",
        ),
        _table(
            "core_pupils",
            "One row per pupil and enrolment spell: school, grade and school year; spells of a pupil never overlap.",
            "pupil_key school_year school_id grade class_label enrolled_from DATE enrolled_to DATE",
            "pupil_key enrolled_from",
        ),
        _table(
            "core_absence_days",
            "One row per pupil and school day with registered absence; day_fraction 0.5 or 1.",
            "pupil_key day_on DATE school_year school_id grade absence_type day_fraction DOUBLE",
            "pupil_key day_on absence_type",
        ),
        _table(
            "core_pupil_weeks",
            "One row per pupil, school, grade and ISO week: possible and absent days. Counts may be made from it, "
            "nothing else (legal basis absence_all_pupils).",
            "pupil_key school_year school_id grade week_from DATE month possible_days DOUBLE " + _DAYS,
            "pupil_key week_from school_id grade",
        ),
        _table(
            "core_cells",
            "One row per school, grade and period (ISO week; month only where a school delivers monthly totals): "
            "pupils, possible and absent pupil-days by type.",
            "school_id grade school_year period period_from DATE period_to DATE month pupils DOUBLE "
            "possible_days DOUBLE " + _DAYS,
            "school_id grade period_from period",
        ),
        _table(
            "core_cohort_cells",
            "One row per school, grade step (grade this year; the same pupils were one grade lower the year before) "
            "and month, for pupils present in both school years: counts for the same-pupil question.",
            "school_id grade school_year year_pair month pupils BIGINT possible_days DOUBLE absent_days DOUBLE",
            "school_id grade year_pair school_year month",
        ),
        _table(
            "core_band_cells",
            "One row per wave, selection rule (primary: baseline is the selection window; gap: a later baseline), "
            "school, grade and absence band in the selection window: pupils and days in selection, baseline and "
            "follow-up windows, for the question about targeted pupils.",
            "wave rule school_id grade band is_selected BOOLEAN is_treated BOOLEAN pupils BIGINT "
            "window_possible_days DOUBLE window_absent_days DOUBLE baseline_possible_days DOUBLE "
            "baseline_absent_days DOUBLE followup_possible_days DOUBLE followup_absent_days DOUBLE",
            "wave rule school_id grade band is_selected",
        ),
        _table(
            "core_window_days",
            "One row per wave, possible days and absent days in the selection window: pupils of all schools. The "
            "distribution that regression to the mean is computed from.",
            "wave possible_days BIGINT absent_days DOUBLE pupils BIGINT",
            "wave possible_days absent_days",
        ),
        _table(
            "core_year_bands",
            "One row per school, grade, school year, period covered and absence band of the year so far: pupils.",
            "school_id grade school_year through_month band pupils BIGINT",
            "school_id grade school_year through_month band",
        ),
        _table(
            "core_pupil_periods",
            "One row per targeted pupil with consent in force and month: possible and absent days.",
            "pupil_key school_id grade school_year month possible_days DOUBLE " + _DAYS,
            "pupil_key month school_id grade",
        ),
        _table(
            "core_talks",
            "One row per school and treated grade: the talk window, how many talks were planned and held, and the "
            "months of transition. is_logged: from the log; else the protocol's assumption.",
            "school_id grade wave pupils BIGINT talks_planned BIGINT talks_held BIGINT follow_ups BIGINT "
            "coverage_pct DOUBLE first_on DATE last_on DATE transition_from_month transition_to_month "
            "first_month milestone_complete_on DATE is_logged BOOLEAN is_started BOOLEAN",
            "school_id grade",
        ),
        _table(
            "core_consents",
            "One row per pupil and purpose in the register: whether consent is in force at the round's cut-off.",
            "pupil_key purpose is_in_force BOOLEAN status from_on DATE",
            "pupil_key purpose",
        ),
        _table(
            "core_interview_codes",
            "One row per coded segment and code with consent in force, doubly coded segments once per coder.",
            "document_id informant school_id grade occasion form coder code family polarity is_approved_quote BOOLEAN "
            "segment_id start BIGINT end BIGINT",
            "document_id segment_id code coder",
        ),
        # --- out: what the evaluation found ---------------------------------------------------------------
        _table(
            "out_description",
            "One row per period, group and measure: what was registered, with its denominators. period_kind: "
            "year | year_to_date | month | week; group_kind: all | grade | school | school_grade | treated | comparison.",
            "period_kind school_year period period_from DATE group_kind group_id school_id grade outcome pupils DOUBLE "
            "possible_days DOUBLE absent_days DOUBLE absence_pct DOUBLE over_10_pupils DOUBLE over_10_pct DOUBLE",
            "period_kind school_year period group_kind group_id outcome",
        ),
        *(
            _table(f"out_{question}", f"{grain} Columns as out_effects.", _EFFECT_COLUMNS, _EFFECT_KEY)
            for question, grain in (
                ("did", "One row per estimate of the effect on grades: outcome × estimator × group."),
                ("milestones", "One row per look at the milestone: pooled and per wave, by both weightings."),
                ("event_study", "One row per month since the talks, leads included."),
                ("same_pupils", "One row per estimate for pupils followed over two school years."),
                ("schools", "One row per school and estimator: raw, shrunk; and their mean."),
                (
                    "sensitivity",
                    "One row per variation of the main estimate: left out, placebo, other forms.",
                ),
            )
        ),
        _table(
            "out_effects",
            "One row per estimate. question: grade | milestone | event_study | same_pupils | school | targeted | "
            "sensitivity; estimate and interval in percentage points; status: estimated | not_estimable | not_due.",
            _EFFECT_COLUMNS,
            _EFFECT_KEY,
        ),
        _table(
            "out_verdicts",
            "One row per look at the milestone: the fixed verdict, its reasons and the certainty in dots. look: "
            "all | wave id.",
            "round look grade outcome verdict earliest_on DATE reasons certainty_dots BIGINT certainty_word "
            "certainty_reasons estimate_pp DOUBLE ci_low_pp DOUBLE ci_high_pp DOUBLE protocol_hash",
            "round look",
        ),
        _table(
            "out_power",
            "One row per look: the smallest effect the design could have shown.",
            "round look basis std_error_pp DOUBLE df DOUBLE mde_pp DOUBLE relevant_change_pp DOUBLE baseline_pct DOUBLE",
            "round look basis",
        ),
        _table(
            "out_targeted",
            "One row per treated grade group and estimator: the naive fall, the fall expected from regression to the "
            "mean alone, and the contrast with equally high pupils.",
            "round group_id estimator pupils BIGINT before_pct DOUBLE after_pct DOUBLE change_pp DOUBLE "
            "expected_change_pp DOUBLE estimate_pp DOUBLE ci_low_pp DOUBLE ci_high_pp DOUBLE std_error_pp DOUBLE "
            "df DOUBLE status note",
            "round group_id estimator",
        ),
        _table(
            "out_patterns",
            "One row per pattern, group and level: description without inference. pattern: weekday | after_holiday | "
            "single_day_spells | long_spells | bands | threshold.",
            "round pattern school_year group_kind group_id level pupils DOUBLE possible_days DOUBLE absent_days DOUBLE "
            "count DOUBLE share_pct DOUBLE",
            "round pattern school_year group_kind group_id level",
        ),
        _table(
            "out_registration",
            "One row per check of registration: share of types, zero-reporting classes; with its alarm.",
            "round check_name group_kind group_id before DOUBLE after DOUBLE change DOUBLE limit DOUBLE "
            "is_alarm BOOLEAN note",
            "round check_name group_kind group_id",
        ),
        _table(
            "out_honest",
            "One row per restriction and bound: the interval that survives a violation of parallel trends.",
            "round look restriction bound DOUBLE ci_low_pp DOUBLE ci_high_pp DOUBLE breakdown DOUBLE note",
            "round look restriction bound",
        ),
        _table(
            "out_pretrend",
            "One row per look: the joint test of the leads and what slope it could have seen.",
            "round look statistic DOUBLE df_num DOUBLE df_denom DOUBLE p_value DOUBLE slope_50 DOUBLE slope_80 DOUBLE "
            "bias_at_milestone_pp DOUBLE note",
            "round look",
        ),
        _table(
            "out_implementation",
            "One row per school and treated grade: talks planned and held, coverage, follow-ups and consents.",
            "round school_id grade wave pupils BIGINT talks_planned BIGINT talks_held BIGINT coverage_pct DOUBLE "
            "follow_ups BIGINT targeted BIGINT consents_given BIGINT consents_missing BIGINT "
            "consents_withdrawn BIGINT first_on DATE last_on DATE",
            "round school_id grade",
        ),
        _table(
            "out_themes",
            "One row per code and group: how many sources and segments speak of it. group_kind: all | informant | "
            "school | grade | occasion.",
            "round code code_name family group_kind group_id sources BIGINT segments BIGINT sources_total BIGINT "
            "is_disconfirming BOOLEAN strength",
            "round code group_kind group_id",
        ),
        _table(
            "out_agreement",
            "One row per code or family: agreement between coders.",
            "round level code alpha DOUBLE ci_low DOUBLE ci_high DOUBLE raw_agreement DOUBLE units BIGINT "
            "positive BIGINT coders BIGINT double_coded_share DOUBLE rule_met BOOLEAN note",
            "round level code",
        ),
        _table(
            "out_joint_display",
            "One row per sign of the Målplan: numbers, words and how they relate (bekræfter | udvider | modsiger | tavs).",
            "round sign_id sign quant_verdict estimate_pp DOUBLE ci_low_pp DOUBLE ci_high_pp DOUBLE quant_text "
            "qual_summary sources BIGINT sources_total BIGINT relation is_overridden BOOLEAN override_reason quote quote_attribution reading",
            "round sign_id",
        ),
        _table(
            "out_quality",
            "One row per finding about the data: check, table, school or file, severity, count and Danish sentence. "
            "severity: info | warning | blocking.",
            "round check_name table_name group_id severity is_passed BOOLEAN count BIGINT of_total BIGINT sentence",
            "round check_name table_name group_id",
        ),
    )
}
"""All declared tables by name."""


def table(name: str) -> Table:
    """The declaration of a table; raises ``KeyError`` for an unknown name."""
    return TABLES[name]
