"""out_: what the evaluation found."""

from __future__ import annotations

from evaluation.tables.declare import declared

_EFFECT_COLUMNS = (
    "round question estimator outcome group_kind group_id horizon weights status estimate_pp DOUBLE ci_low_pp "
    "DOUBLE ci_high_pp DOUBLE ci_level DOUBLE band_low_pp DOUBLE band_high_pp DOUBLE std_error_pp DOUBLE df DOUBLE "
    "p_value DOUBLE p_permutation DOUBLE p_relevant DOUBLE p_smallest DOUBLE "
    "p_wild_restricted DOUBLE p_wild_unrestricted DOUBLE inference clusters BIGINT treated_clusters BIGINT pupils "
    "DOUBLE pupil_days DOUBLE baseline_pct DOUBLE mde_pp DOUBLE note protocol_hash"
)
_EFFECT_KEY = "round question estimator outcome group_kind group_id horizon weights"


OUT = (
    declared(
        "out_description",
        "One row per period, group and measure: what was registered, with its denominators. period_kind: "
        "year | year_to_date | month | week; group_kind: all | grade | school | school_grade | treated | comparison.",
        "period_kind school_year period period_from DATE group_kind group_id school_id grade outcome pupils DOUBLE "
        "possible_days DOUBLE absent_days DOUBLE absence_pct DOUBLE over_10_pupils DOUBLE over_10_pct DOUBLE",
        "period_kind school_year period group_kind group_id outcome",
    ),
    *(
        declared(f"out_{question}", f"{grain} Columns as out_effects.", _EFFECT_COLUMNS, _EFFECT_KEY)
        for question, grain in (
            ("did", "One row per estimate of the effect on grades: outcome × estimator × group."),
            (
                "milestones",
                "One row per look at the milestone: pooled and per wave, by both weightings and models; bias: what a "
                "point of a threat adds.",
            ),
            ("event_study", "One row per month since the talks, leads included."),
            ("same_pupils", "One row per estimate for pupils followed over two school years."),
            ("schools", "One row per school and estimator: raw, shrunk; and their mean."),
            (
                "sensitivity",
                "One row per variation of the main estimate: left out, placebo, other forms.",
            ),
        )
    ),
    declared(
        "out_effects",
        "One row per estimate. question: grade | milestone | event_study | same_pupils | school | targeted | "
        "sensitivity | bias; estimate and interval in percentage points; status: estimated | not_estimable | not_due.",
        _EFFECT_COLUMNS,
        _EFFECT_KEY,
    ),
    declared(
        "out_verdicts",
        "One row per look at the milestone (all | wave id): the fixed word, the direction, and codes: causes of a look that "
        "cannot be judged, demands and grounds met or failed; unreached: school:grade that no planned round reaches.",
        "round look outcome verdict direction causes earliest_on DATE unreached demands_met demands_failed "
        "certainty_dots BIGINT certainty_word grounds_met grounds_failed estimate_pp DOUBLE ci_low_pp DOUBLE "
        "ci_high_pp DOUBLE p_value DOUBLE p_relevant DOUBLE protocol_hash",
        "round look",
    ),
    declared(
        "out_power",
        "One row per look: the smallest effect the design could have shown.",
        "round look basis std_error_pp DOUBLE df DOUBLE mde_pp DOUBLE relevant_change_pp DOUBLE baseline_pct DOUBLE",
        "round look basis",
    ),
    declared(
        "out_targeted",
        "One row per treated grade group and estimator: the naive fall, the fall expected from regression to the "
        "mean alone, and the contrast with equally high pupils.",
        "round group_id estimator pupils BIGINT before_pct DOUBLE after_pct DOUBLE change_pp DOUBLE "
        "expected_change_pp DOUBLE estimate_pp DOUBLE ci_low_pp DOUBLE ci_high_pp DOUBLE std_error_pp DOUBLE "
        "df DOUBLE status note",
        "round group_id estimator",
    ),
    declared(
        "out_patterns",
        "One row per pattern, group and level: description without inference. pattern: weekday | after_holiday | "
        "single_day_spells | long_spells | bands | threshold.",
        "round pattern school_year group_kind group_id level pupils DOUBLE possible_days DOUBLE absent_days DOUBLE "
        "count DOUBLE share_pct DOUBLE",
        "round pattern school_year group_kind group_id level",
    ),
    declared(
        "out_registration",
        "One row per check of registration: share of types, zero-reporting classes; with its alarm.",
        "round check_name group_kind group_id before DOUBLE after DOUBLE change DOUBLE limit DOUBLE "
        "is_alarm BOOLEAN note",
        "round check_name group_kind group_id",
    ),
    declared(
        "out_honest",
        "One row per restriction and bound: the interval that survives a violation of parallel trends.",
        "round look restriction bound DOUBLE ci_low_pp DOUBLE ci_high_pp DOUBLE breakdown DOUBLE note",
        "round look restriction bound",
    ),
    declared(
        "out_pretrend",
        "One row per look: the straight line through the months before the talks, in points a month, its test, what that "
        "test could have seen, and what it would do to the milestone where the test did not give it away.",
        "round look slope_pp DOUBLE ci_low_pp DOUBLE ci_high_pp DOUBLE std_error_pp DOUBLE df DOUBLE p_value DOUBLE "
        "slope_80 DOUBLE bias_per_slope DOUBLE bias_at_milestone_pp DOUBLE bias_after_passing_pp DOUBLE note",
        "round look",
    ),
    declared(
        "out_implementation",
        "One row per school and treated grade: talks planned and held, coverage, follow-ups and consents.",
        "round school_id grade wave pupils BIGINT talks_planned BIGINT talks_held BIGINT coverage_pct DOUBLE "
        "follow_ups BIGINT targeted BIGINT consents_given BIGINT consents_missing BIGINT "
        "consents_withdrawn BIGINT first_on DATE last_on DATE",
        "round school_id grade",
    ),
    declared(
        "out_themes",
        "One row per code and group: how many sources and segments speak of it. group_kind: all | informant | "
        "school | grade | occasion | speaker (pupils | adults | uoplyst) | stance (for | imod | begge | ingen). "
        "On the rows of all: sources_declined, interviews without a valid consent; most_say (for | imod) of what is "
        "to come; quote, approved words on what has been learnt.",
        "round code code_name family group_kind group_id sources BIGINT segments BIGINT sources_total BIGINT "
        "sources_declined BIGINT is_disconfirming BOOLEAN strength most_say quote",
        "round code group_kind group_id",
    ),
    declared(
        "out_theme_changes",
        "One row per code and pair of following occasions: how many of the sources spoke of it then and now. "
        "Different people are asked each time; counter-evidence is always listed.",
        "round code code_name family occasion_from occasion_to sources_from BIGINT sources_total_from BIGINT "
        "share_from_pct DOUBLE sources_to BIGINT sources_total_to BIGINT share_to_pct DOUBLE change_points DOUBLE "
        "is_disconfirming BOOLEAN",
        "round code occasion_from occasion_to",
    ),
    declared(
        "out_agreement",
        "One row per code or family, and one for directions (level retning): agreement between coders, and what to talk "
        "about (differ: units they differ on). "
        "rule_met: enough documents are coded by two, by the codebook's rule.",
        "round level code name alpha DOUBLE ci_low DOUBLE ci_high DOUBLE alpha_u DOUBLE raw_agreement DOUBLE units BIGINT "
        "positive BIGINT differ BIGINT coders BIGINT documents BIGINT double_coded BIGINT double_coded_share DOUBLE "
        "rule_met BOOLEAN note",
        "round level code",
    ),
    declared(
        "out_coding_discussion",
        "One row per segment and code on which coders differ, for the next coding meeting; never published. direction: the "
        "way that coders_yes say and coders_no do not; empty where they differ on the code itself.",
        "round document_id segment_id code direction coders_yes coders_no",
        "round document_id segment_id code direction",
    ),
    declared(
        "out_school_forms",
        "One row per form, field, occasion and statement: how many of the schools that handed the form in wrote it. "
        "form: vurder_og_find_fokus | kontekstdialog | implementeringstrappe.",
        "round form theme theme_name dimension occasion value score DOUBLE schools BIGINT schools_total BIGINT "
        "is_latest BOOLEAN",
        "round form theme dimension occasion value",
    ),
    declared(
        "out_joint_display",
        "One row per sign of the goal: numbers, words and how they relate (words.catalogue.voices.Relation). "
        "said: the words' statements, for the warehouse alone. "
        "voices_side: for | imod, what most who speak of the sign say of it.",
        "round sign_id sign quant_verdict estimate_pp DOUBLE ci_low_pp DOUBLE ci_high_pp DOUBLE quant_text "
        "voices_side said qual_summary sources BIGINT sources_total BIGINT relation is_overridden BOOLEAN "
        "override_reason quote quote_attribution quote_against quote_against_attribution reading",
        "round sign_id",
    ),
    declared(
        "out_context",
        "One row per public figure of a place in a school year, with its source. measure: absence_pct (of school days) | "
        "over_10_pct (of pupils, the whole year); is_own: one of the study's own schools.",
        "round place is_own BOOLEAN school_year measure value_pct DOUBLE source as_of DATE",
        "round place school_year measure",
    ),
    declared(
        "out_costs",
        "One row per entry of what the programme has cost up to the cut-off: hours worked and kroner.",
        "round entered_on DATE item hours DOUBLE amount_kr DOUBLE",
        "round entered_on item",
    ),
    declared(
        "out_quality",
        "One row per finding about the data: check, table, school or file, severity, and what is said. statement: the "
        "code and values, for the warehouse alone; sentence: as it may leave. severity: info | warning | blocking.",
        "round check_name table_name group_id severity is_passed BOOLEAN statement next_step sentence",
        "round check_name table_name group_id",
    ),
)
