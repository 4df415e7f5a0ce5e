"""core_: what the evaluation is made from."""

from __future__ import annotations

from evaluation.tables.declare import declared

_DAYS = "absent_days DOUBLE sick_days DOUBLE permitted_days DOUBLE unlawful_days DOUBLE"


CORE = (
    declared(
        "core_school_days",
        "One row per school and school day up to the round's cut-off. month is that of the ISO week's Thursday.",
        "school_id day_on DATE school_year iso_week week_from DATE month month_from DATE weekday BIGINT "
        "is_after_holiday BOOLEAN",
        "school_id day_on",
    ),
    declared(
        "core_pupils",
        "One row per pupil and enrolment spell: school, grade and school year; spells of a pupil never overlap.",
        "pupil_key school_year school_id grade class_label enrolled_from DATE enrolled_to DATE",
        "pupil_key enrolled_from",
    ),
    declared(
        "core_absence_days",
        "One row per pupil and school day with registered absence; day_fraction is the share of the day.",
        "pupil_key day_on DATE school_year school_id grade absence_type day_fraction DOUBLE",
        "pupil_key day_on absence_type",
    ),
    declared(
        "core_pupil_weeks",
        "One row per pupil, school, grade and ISO week: possible and absent days. Counts may be made from it, "
        "nothing else (legal basis absence_all_pupils).",
        "pupil_key school_year school_id grade week_from DATE month possible_days DOUBLE " + _DAYS,
        "pupil_key week_from school_id grade",
    ),
    declared(
        "core_cells",
        "One row per school, grade and period (ISO week; month only where a school delivers monthly totals): "
        "pupils, possible and absent pupil-days by type.",
        "school_id grade school_year period period_from DATE period_to DATE month pupils DOUBLE "
        "possible_days DOUBLE " + _DAYS,
        "school_id grade period_from period",
    ),
    declared(
        "core_monthly",
        "One row per school, grade and school month, as the estimator sees it: same weeks in every year, months since the "
        "talks. event: 1 is the first whole month after the talks; start and event are missing where no talks are finished; "
        "a grade whose talks are under way is left out from their first month.",
        "school_id grade cell wave school_year month cal_month t BIGINT pupils DOUBLE possible_days DOUBLE "
        + _DAYS
        + " start DOUBLE event DOUBLE transition DOUBLE is_transition BOOLEAN is_treated BOOLEAN is_reached BOOLEAN",
        "school_id grade t",
    ),
    declared(
        "core_measured",
        "One row per outcome that counts only some of the days (measure), school, grade and school month: the days that "
        "count and the school days they are of, the same weeks in every year; only weeks registered day by day.",
        "outcome school_id grade school_year month possible_days DOUBLE counted_days DOUBLE",
        "outcome school_id grade month",
    ),
    declared(
        "core_cohort_cells",
        "One row per school, grade step (grade this year; the same pupils were one grade lower the year before) "
        "and month, for pupils present in both school years: counts for the same-pupil question.",
        "school_id grade school_year year_pair month pupils BIGINT possible_days DOUBLE absent_days DOUBLE",
        "school_id grade year_pair school_year month",
    ),
    declared(
        "core_band_cells",
        "One row per wave, selection rule (primary: baseline is the selection window; gap: a later baseline), "
        "school, grade and absence band in the selection window: pupils and days in selection, baseline and "
        "follow-up windows, for the question about targeted pupils; and how many of them had a follow-up, with consent in "
        "force or without.",
        "wave rule school_id grade band is_selected BOOLEAN is_treated BOOLEAN pupils BIGINT "
        "follow_ups BIGINT follow_ups_consented BIGINT "
        "window_possible_days DOUBLE window_absent_days DOUBLE baseline_possible_days DOUBLE "
        "baseline_absent_days DOUBLE followup_possible_days DOUBLE followup_absent_days DOUBLE",
        "wave rule school_id grade band is_selected",
    ),
    declared(
        "core_window_days",
        "One row per wave, possible days and absent days in the selection window: pupils of all schools. The "
        "distribution that regression to the mean is computed from.",
        "wave possible_days BIGINT absent_days DOUBLE pupils BIGINT",
        "wave possible_days absent_days",
    ),
    declared(
        "core_year_bands",
        "One row per school, grade, school year, period covered and absence band of the year so far: pupils.",
        "school_id grade school_year through_month band pupils BIGINT",
        "school_id grade school_year through_month band",
    ),
    declared(
        "core_follow_up_cells",
        "One row per month of a follow-up, months compared, school, grade, band of absence before, and whether these pupils "
        "had a follow-up with consent in force (else none at all): pupils and days before and after, as counts.",
        "follow_up_month first_month last_month school_id grade band is_followed BOOLEAN is_treated_grade BOOLEAN "
        "pupils BIGINT before_possible_days DOUBLE before_absent_days DOUBLE after_possible_days DOUBLE "
        "after_absent_days DOUBLE",
        "follow_up_month first_month last_month school_id grade band is_followed",
    ),
    declared(
        "core_pupil_periods",
        "One row per targeted pupil with consent in force and month: possible and absent days.",
        "pupil_key school_id grade school_year month possible_days DOUBLE " + _DAYS,
        "pupil_key month school_id grade",
    ),
    declared(
        "core_talks",
        "One row per school and treated grade: the talk window, how many talks were planned and held, and the "
        "months of transition. is_logged: from the log; else the protocol's assumption.",
        "school_id grade wave pupils BIGINT talks_planned BIGINT talks_held BIGINT follow_ups BIGINT "
        "coverage_pct DOUBLE first_on DATE last_on DATE transition_from_month transition_to_month "
        "first_month milestone_complete_on DATE is_logged BOOLEAN is_reached BOOLEAN is_started BOOLEAN",
        "school_id grade",
    ),
    declared(
        "core_consents",
        "One row per pupil and purpose in the register: whether consent is in force at the round's cut-off.",
        "pupil_key purpose is_in_force BOOLEAN status from_on DATE",
        "pupil_key purpose",
    ),
    declared(
        "core_interview_documents",
        "One row per interview, talk or minute with consent in force, also one without a coded segment.",
        "document_id informant school_id grade occasion form coders segments BIGINT",
        "document_id",
    ),
    declared(
        "core_interview_codes",
        "One row per coded segment and code with consent in force, doubly coded segments once per coder.",
        "document_id informant school_id grade occasion form coder code family polarity is_approved_quote BOOLEAN "
        "approved_sha256 is_refused_quote BOOLEAN segment_id start BIGINT end BIGINT",
        "document_id segment_id code coder",
    ),
)
