"""Every fault and bad input that is provided for, and the tests that hold what must happen. One entry is one case.

``tests/unit/test_faults.py`` holds that each of these tests exists. A case without a test is not written here: it is
written with its test.
"""

from __future__ import annotations

FILES = "tests/acceptance/test_faults_files.py::"
CONSENT = "tests/acceptance/test_faults_consent.py::"
COMMANDS = "tests/acceptance/test_commands.py::"
STORES = "tests/acceptance/test_stores.py::"
MATRIX = "tests/acceptance/test_fault_matrix.py::"
SMALL = "tests/acceptance/test_small_studies.py::"
PROCESSES = "tests/pipeline/test_processes.py::"
STORAGE = "tests/pipeline/test_storage.py::"
PAGE = "tests/pipeline/test_page.py::"
ELSEWHERE = "tests/browser/test_page_from_elsewhere.py::"
ROUNDS = "tests/pipeline/test_rounds.py::"
CASES = "tests/unit/door/test_cases.py::"
OVERLAP = "tests/unit/door/test_overlap.py::"
CHECKS = "tests/unit/expectations/test_run.py::"
OVER_ROUNDS = "tests/unit/disclosure/test_rounds.py::"
PUBLISHED = "tests/unit/publication/test_publish.py::"
ENGINE = "tests/acceptance/test_did_command.py::"
VOICES = "tests/unit/interviews/test_consent.py::"
PAGES = "tests/unit/reports/test_pages.py::"

FAULTS: dict[str, dict[str, tuple[str, ...]]] = {
    "files": {
        "another encoding": (f"{FILES}test_same_rows_in_every_encoding",),
        "declared UTF-8 but is not": (f"{FILES}test_declared_utf8_but_is_not",),
        "wrong delimiter": (f"{FILES}test_wrong_delimiter",),
        "decimal comma and point mixed": (f"{FILES}test_decimal_signs_mixed",),
        "exact duplicate row": (f"{FILES}test_exact_duplicate_row",),
        "same pupil and day with another value": (f"{FILES}test_same_pupil_and_day_with_another_value",),
        "overlapping exports, same content": (f"{FILES}test_overlapping_exports_with_the_same_content",),
        "overlapping exports, corrected later": (f"{FILES}test_corrected_later_the_newest_export_wins",),
        "a week missing that neighbours have": (
            f"{CHECKS}test_a_missing_week_is_named_with_about_what_was_expected",
            f"{CHECKS}test_an_unregistered_class_is_seen_and_not_named",
        ),
        "unknown grade": (f"{FILES}test_unknown_grade_needs_a_declared_map",),
        "unknown school": (f"{FILES}test_unknown_school",),
        "a day that cannot be": (
            f"{FILES}test_days_that_cannot_be",
            f"{FILES}test_day_in_the_future_of_the_export",
        ),
        "more absent days than school days, negative": (
            f"{FILES}test_more_absent_days_than_school_days_and_negative",
        ),
        "half days": (
            f"{FILES}test_half_day_in_a_lower_grade",
            f"{FILES}test_two_halves_of_a_day_are_no_conflict",
        ),
        "CPR numbers": (f"{FILES}test_cpr_numbers", f"{FILES}test_excel_number_as_cpr_has_lost_its_zero"),
        "mixed date formats": (
            f"{FILES}test_date_formats_as_people_write_them",
            f"{FILES}test_excel_serial_only_where_declared",
        ),
        "empty, header only": (f"{FILES}test_empty_or_header_only",),
        "header renamed, swapped, duplicated": (f"{FILES}test_header_renamed_swapped_duplicated",),
        "unclosed quote": (f"{FILES}test_unclosed_quote_costs_one_line",),
        "too many columns": (f"{FILES}test_too_many_and_too_few_columns",),
        "truncated last line": (f"{FILES}test_truncated_last_line",),
        "NUL, zero-width, look-alikes": (f"{FILES}test_nul_zero_width_and_look_alike_characters",),
        "dangerous archives": (
            f"{FILES}test_dangerous_archives_are_refused_before_unpacking",
            f"{FILES}test_zip_that_is_damaged_inside",
            f"{FILES}test_xml_entities_are_off",
        ),
        "very large file, very many": (
            f"{FILES}test_large_file_is_read_in_pieces",
            f"{FILES}test_more_files_than_can_be_open_at_once",
            "tests/unit/door/test_slices.py::test_what_is_decided_does_not_depend_on_the_slices",
        ),
        "Excel: merged header, hidden sheets, formulas, 1904": (
            f"{FILES}test_excel_merged_header_is_refused",
            f"{FILES}test_excel_hidden_sheet_is_ignored_and_a_named_one_must_show",
            f"{FILES}test_excel_formula_column_is_refused",
            f"{FILES}test_excel_dates_text_and_1904",
            f"{CASES}test_a_sheet_nobody_reads_is_named",
        ),
        "a cell like a formula": (
            f"{FILES}test_cell_that_begins_like_a_formula_is_text",
            "tests/unit/reports/test_files.py::test_formulas_are_made_harmless",
        ),
        "changes while read, unreadable, a link out": (
            f"{FILES}test_file_that_changes_while_it_is_read",
            f"{MATRIX}test_a_store_that_cannot_be_read_is_told_with_5",
            f"{FILES}test_link_out_of_the_inbox",
        ),
    },
    "consent": {
        "none: counts only": (
            f"{CONSENT}test_no_statement_means_no_row",
            f"{ROUNDS}test_single_pupils_are_kept_only_with_consent",
        ),
        "withdrawn before the cut-off": (
            f"{CONSENT}test_what_is_in_force_at_the_cut_off",
            f"{OVER_ROUNDS}test_one_pupil_withdrawn_between_rounds_is_found",
        ),
        "late, never backfilled": (f"{CONSENT}test_late_consent_counts_from_its_date_and_never_before",),
        "conflicts, one parent's no": (
            f"{CONSENT}test_what_is_in_force_at_the_cut_off",
            "tests/unit/door/test_consent.py::test_each_rule",
        ),
        "in documents the most restrictive word": (
            f"{VOICES}test_a_document_with_one_no_is_out_and_it_is_said",
        ),
        "unknown pupil": (f"{CONSENT}test_unknown_pupil_is_quarantined",),
    },
    "processes": {
        "killed": (f"{PROCESSES}test_a_killed_run_is_made_good_by_the_next_one",),
        "disk full": (
            f"{PROCESSES}test_a_full_disk_says_how_much_and_where_and_leaves_with_5",
            f"{STORAGE}test_a_disk_that_takes_no_more_leaves_the_old_table_whole",
            f"{MATRIX}test_a_full_disk_leaves_every_store_as_it_was",
        ),
        "two runs at once, a reader beside one": (
            f"{PROCESSES}test_a_notebook_beside_a_run_sees_whole_tables",
            f"{PROCESSES}test_a_second_run_leaves_at_once",
            "tests/pipeline/test_instance.py::test_two_that_make_the_home_at_the_same_moment_leave_it_whole",
            f"{COMMANDS}test_beside_a_run_a_command_is_turned_away_before_anything_heavy_is_read",
        ),
        "a file system without locks, or with locks of its own": (
            "tests/pipeline/test_lock.py::test_a_file_system_without_locks_is_told_from_a_busy_one",
            "tests/pipeline/test_lock.py::test_a_mount_whose_locks_stay_on_this_machine_is_refused",
        ),
        "a failed check, then only downstream": (
            f"{ROUNDS}test_a_refused_table_stops_this_run_and_every_later_one",
        ),
        "clock, zone, locale, line ends": (
            f"{PROCESSES}test_zone_locale_and_clock_do_not_matter",
            "tests/browser/test_pdf.py::test_the_same_page_gives_the_same_bytes_at_another_time_and_place",
        ),
        "key missing, too short, wrong": (
            f"{PROCESSES}test_without_a_good_key_nothing_is_read_and_nothing_written",
            "tests/acceptance/test_verify.py::test_another_key_is_told_before_anything_is_made",
        ),
        "no network": (
            f"{PROCESSES}test_zone_locale_and_clock_do_not_matter",
            "tests/acceptance/test_wheel.py::test_telemetry_is_off_and_the_packages_are_the_wheels",
        ),
        "read-only folder": (f"{STORAGE}test_a_folder_that_cannot_be_written_is_said_plainly",),
        "path with æøå or spaces": (
            f"{STORAGE}test_paths_with_danish_letters_spaces_and_quotes_work",
            f"{FILES}test_path_with_danish_letters_and_blanks",
        ),
    },
    "statistics": {
        "one cluster, no pre-period, no comparison": (
            f"{ENGINE}test_refuses_in_words",
            "tests/unit/effects/test_imputation.py::test_refuses_in_words",
        ),
        "few clusters": (
            "tests/unit/effects/test_sandwich.py::test_unweighted_mlda",
            f"{ENGINE}test_a_single_wave_says_that_it_cannot_reach_five_per_cent",
        ),
        "no absence, no variation, separation, singular": (
            "tests/unit/panel/test_patterns.py::test_no_absence_at_all_gives_zero_and_not_an_error",
            f"{ENGINE}test_refuses_in_words",
            "tests/unit/effects/test_functional_form.py::test_separation_is_said_in_words_and_gives_no_number",
            "tests/unit/effects/test_sandwich.py::test_collinear_covariates_are_named",
        ),
        "treated group below the limit": (
            f"{PUBLISHED}test_the_small_group_is_hidden_wherever_it_is_described",
        ),
        "rows in another order": (
            "tests/unit/effects/test_sandwich.py::test_row_order_gives_the_same_bits",
            "tests/unit/effects/test_wild.py::test_seed_and_draws",
        ),
        "a pupil changes school": (
            f"{OVERLAP}test_of_two_schools_the_one_where_the_roster_has_the_pupil_stands",
        ),
    },
    "disclosure": {
        "attack on all that is published": (
            "tests/acceptance/test_attack_files.py::test_the_rendered_reports_of_all_rounds_and_schools_together",
            "tests/unit/disclosure/test_attack.py::test_no_linked_tables_can_be_opened",
        ),
        "0 % and 100 %, counts behind percentages": (
            f"{PUBLISHED}test_counts_behind_percentages_are_not_handed_on",
            "tests/unit/disclosure/test_attack.py::test_a_structural_zero_opens_a_square",
        ),
        "November against June": (f"{OVER_ROUNDS}test_june_minus_november",),
        "total minus appendices": (f"{OVER_ROUNDS}test_total_minus_school_pages",),
        "no solution: no release": (f"{OVER_ROUNDS}test_withheld_with_a_reason_where_nothing_helps",),
        "quotes": ("tests/unit/interviews/test_joint_display.py::test_only_approved_and_clean_quotes",),
        "canaries": (f"{ROUNDS}test_a_planted_name_number_or_address_is_found_nowhere",),
    },
    "page and report": {
        "only this machine, only its own origin": (
            f"{ELSEWHERE}test_a_page_from_elsewhere_reads_nothing_and_changes_nothing",
            f"{ELSEWHERE}test_another_account_on_the_machine_gets_nothing_without_the_token",
            f"{ELSEWHERE}test_nothing_is_changed_by_get_even_by_the_owner",
        ),
        "scripts in interview text": (f"{PAGES}test_hostile_interview_text_arrives_as_text",),
        "offline": (f"{ROUNDS}test_the_report_opens_offline",),
        "owner only": (
            f"{ROUNDS}test_reports_are_written_and_readable_by_their_owner_only",
            "tests/pipeline/test_private.py::test_a_run_closes_the_folder_before_it_reads_and_says_so",
        ),
    },
    "met in the first version": {
        "demo over somebody's folder": (
            f"{COMMANDS}test_a_demonstration_never_takes_a_folder_of_somebody",
            "tests/pipeline/test_demonstration.py::test_a_folder_of_somebody_is_refused_and_left_as_it_was",
            "tests/pipeline/test_demonstration.py::test_a_file_that_no_demonstration_tells_of_keeps_the_folder_closed",
        ),
        "a damaged or edited store": (
            f"{STORES}test_a_figure_planted_in_a_released_table_is_never_rendered",
            f"{STORES}test_rounds_are_not_compared_over_tables_that_were_altered_or_are_gone",
            f"{MATRIX}test_a_store_that_was_harmed_is_refused_in_words",
            "tests/pipeline/test_frozen.py::test_an_altered_record_is_refused",
        ),
        "a run from the page, a backfill, the sensor": (
            f"{PAGE}test_a_run_from_the_page_makes_what_the_command_line_makes",
            f"{PAGE}test_a_backfill_of_both_rounds_runs_one_round_after_the_other",
            f"{PAGE}test_a_file_dropped_in_the_inbox_starts_the_round_that_is_due",
        ),
        "installed from a wheel": (
            "tests/acceptance/test_wheel.py::test_the_wheel_carries_settings_and_commit",
            "tests/acceptance/test_wheel.py::test_a_round_has_the_same_tables_and_names_the_wheels_commit",
        ),
        "an unread column that may matter": (
            "tests/acceptance/test_check.py::test_a_column_nobody_decided_about_is_asked_and_the_file_is_not_read",
        ),
        "month totals in a holiday, rows without a school day": (
            "tests/unit/panel/test_delivered.py::test_a_month_whose_middle_lies_in_a_holiday_week_is_in_core",
            "tests/unit/panel/test_delivered.py::test_no_total_is_lost_whatever_the_calendar_has",
        ),
        "a corrected export, one class a day after another": (
            f"{CASES}test_one_class_exported_a_day_after_another_replaces_nothing_of_it",
            f"{CASES}test_a_complete_export_replaces_moved_and_deleted_days",
        ),
        "a consent word not understood, two words": (f"{VOICES}test_words_are_joined_in_any_order",),
        "two statements with one number": (
            "tests/unit/interviews/test_identity.py::test_two_statements_with_one_number_are_two_and_the_approved_one_is_quoted",
            "tests/unit/interviews/test_identity.py::test_one_changed_character_and_the_quote_is_gone",
        ),
        "a count of people in other words": (
            "tests/unit/words/test_values.py::test_no_way_makes_text_or_a_number_of_a_count_of_people",
            "tests/unit/disclosure/test_registry.py::test_few_people_are_found_in_words_and_digits",
        ),
        "a count in a diagnostic, a receipt, a log": (
            "tests/acceptance/test_leaks.py::test_the_attacker_reads_rows_of_people",
            "tests/unit/words/test_values.py::test_a_log_gets_nothing",
            "tests/acceptance/test_monitoring.py::test_a_command_that_changes_the_folder_is_logged_without_its_arguments",
        ),
        "ledger missing beside reports": (
            f"{STORES}test_a_ledger_that_does_not_know_what_was_released_stops_the_next_release",
            f"{STORES}test_list_and_receipts_put_back_from_before_a_removal_are_noticed_by_the_ledger",
        ),
        "one school, one band, one grade, two clusters": (
            f"{SMALL}test_the_rest_of_the_report_is_made_and_says_what_could_not_be",
        ),
        "an unknown occasion, scenario, wave": (
            f"{SMALL}test_an_occasion_that_no_interview_can_have_is_refused_with_the_ones_there_are",
            f"{SMALL}test_a_wave_outside_the_follow_up_year_is_refused",
            "tests/pipeline/test_demonstration.py::test_an_unknown_scenario_is_answered_with_the_known_ones",
        ),
    },
}
"""Kind of fault → case → tests."""
