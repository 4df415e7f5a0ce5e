"""The registry of what leaves: every published table, each of its columns, what it holds and under which rule.

What belongs here is the declaration and holding frames against it. A column nobody declared cannot be published; a
declared one is checked by its rule. The gate, the attack on tables and the data dictionary read this list and no other;
statements are declared with their sentences, in :mod:`evaluation.words.catalogue`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from evaluation.disclosure.html_numbers import read_html_numbers
from evaluation.disclosure.release import Release
from evaluation.disclosure.rules import DisclosureRules
from evaluation.disclosure.text import scan_text
from evaluation.errors import GateRefused, Problem
from evaluation.words.catalogue.registry import Content, Leaving


@dataclass(frozen=True, slots=True)
class Declared:
    """What a column holds, its rule, and what the rule needs: the exhibit whose cells it prints, or the columns it is
    made from."""

    content: Content
    leaving: Leaving
    of: tuple[str, ...] = ()


def _declared(text: str) -> dict[str, Declared]:
    """Columns as lines ``names: content leaving [of …]``."""
    found: dict[str, Declared] = {}
    for line in filter(None, (part.strip() for part in text.strip().splitlines())):
        names, _, said = line.partition(":")
        content, leaving, *of = said.split()
        for name in names.split():
            if name in found:
                raise ValueError(f"{name} is declared twice")
            found[name] = Declared(Content(content), Leaving(leaving), tuple(of))
    return found


REGISTRY: Mapping[str, Mapping[str, Declared]] = {
    "out_description": _declared("""
        period_kind school_year period group_kind group_id school_id grade outcome: code open
        period_from: date open
        pupils: people printed description_year_to_date
        absence_pct: rate printed description_
        over_10_pct: rate printed description_over_10
        possible_days absent_days: days inside
        over_10_pupils: people inside
    """),
    "out_effects": _declared("""
        round question estimator outcome group_kind group_id horizon weights status inference protocol_hash: code open
        estimate_pp ci_low_pp ci_high_pp band_low_pp band_high_pp: estimate model
        std_error_pp mde_pp: estimate model
        ci_level df p_value p_permutation p_relevant p_smallest: number model
        p_wild_restricted p_wild_unrestricted: number model
        clusters treated_clusters: count open
        pupils: people stepped
        pupil_days: days inside
        baseline_pct: rate inside
        note: sentence told
    """),
    "out_verdicts": _declared("""
        round look outcome verdict direction causes unreached demands_met demands_failed: code open
        certainty_word grounds_met grounds_failed protocol_hash: code open
        earliest_on: date open
        certainty_dots: count open
        estimate_pp ci_low_pp ci_high_pp: estimate model
        p_value p_relevant: number model
    """),
    "out_power": _declared("""
        round look basis: code open
        std_error_pp mde_pp: estimate model
        df relevant_change_pp: number open
        baseline_pct: rate inside
    """),
    "out_targeted": _declared("""
        round group_id estimator status: code open
        pupils: people printed targeted
        before_pct after_pct change_pp expected_change_pp: rate model
        estimate_pp ci_low_pp ci_high_pp std_error_pp: estimate model
        df: number model
        note: sentence told
    """),
    "out_patterns": _declared("""
        round pattern school_year group_kind group_id level: code open
        share_pct: rate printed pattern_
        pupils count: people inside
        possible_days absent_days: days inside
    """),
    "out_registration": _declared("""
        round check_name group_kind group_id: code open
        before after change: rate inside
        limit: number open
        is_alarm: flag open
        note: sentence told
    """),
    "out_honest": _declared("""
        round look restriction: code open
        bound breakdown: number model
        ci_low_pp ci_high_pp: estimate model
        note: sentence told
    """),
    "out_pretrend": _declared("""
        round look: code open
        df p_value slope_80 bias_per_slope: number model
        slope_pp ci_low_pp ci_high_pp std_error_pp bias_at_milestone_pp bias_after_passing_pp: estimate model
        note: sentence told
    """),
    "out_implementation": _declared("""
        round school_id grade wave: code open
        talks_held follow_ups consents_given consents_missing consents_withdrawn: people printed implementation
        coverage_pct: rate printed implementation
        pupils talks_planned targeted: people inside
        first_on: date open
        last_on: date from coverage_pct
    """),
    "out_themes": _declared("""
        round code code_name family group_kind group_id strength most_say: code open
        quote: words scanned
        sources sources_total: people printed themes
        sources_declined: people printed themes_declined
        segments: people from sources
        is_disconfirming: flag open
    """),
    "out_theme_changes": _declared("""
        round code code_name family occasion_from occasion_to: code open
        sources_from sources_total_from sources_to sources_total_to: people printed theme_changes
        share_from_pct: rate from sources_from sources_total_from
        share_to_pct: rate from sources_to sources_total_to
        change_points: rate from share_from_pct share_to_pct
        is_disconfirming: flag open
    """),
    "out_agreement": _declared("""
        round level code name: code open
        alpha ci_low ci_high alpha_u: number from positive
        raw_agreement: rate from positive
        coders: count open
        units documents double_coded: people inside
        positive differ: people few
        double_coded_share: number open
        rule_met: flag open
        note: sentence told
    """),
    "out_school_forms": _declared("""
        round form theme theme_name dimension occasion: code open
        value: words scanned
        score: number open
        schools schools_total: count open
        is_latest: flag open
    """),
    "out_joint_display": _declared("""
        round sign_id sign quant_verdict voices_side relation: code open
        estimate_pp ci_low_pp ci_high_pp: estimate model
        quant_text qual_summary: sentence told
        said: sentence inside
        sources: people printed signs
        sources_total: people printed themes
        is_overridden: flag open
        quote quote_against reading override_reason: words scanned
        quote_attribution quote_against_attribution: code open
    """),
    "out_context": _declared("""
        round place school_year measure source: code open
        is_own: flag open
        value_pct: number open
        as_of: date open
    """),
    "out_costs": _declared("""
        round: code open
        item: words scanned
        entered_on: date open
        hours amount_kr: number open
    """),
    "out_quality": _declared("""
        round check_name table_name group_id severity: code open
        is_passed: flag open
        statement: sentence inside
        next_step sentence: sentence told
    """),
}
"""Everything a report may be made from. Names of columns that start with ``_`` say where a number is printed and leave no
trace."""


def problems(frames: Mapping[str, pd.DataFrame], release: Release) -> list[Problem]:
    """Everything in the frames that is not declared, or does not keep its rule. Names places, never values."""
    printed: dict[str, set[float]] = {}
    for cell in release.cells:
        if cell.value is not None:
            printed.setdefault(cell.exhibit, set()).add(round(float(cell.value), 6))
    found: list[Problem] = []
    for table, frame in frames.items():
        if table not in REGISTRY:
            found.append(_problem(table, "", "a table nobody declared", "an entry in the registry"))
            continue
        for column in (str(c) for c in frame if not str(c).startswith("_")):
            entry = REGISTRY[table].get(column)
            if entry is None:
                found.append(_problem(table, column, "a column nobody declared", "an entry in the registry"))
                continue
            broken = _broken(entry, frame, column, printed, release.rules)
            found += [_problem(table, column, what, entry.leaving) for what in broken]
    return found


def require_declared(frames: Mapping[str, pd.DataFrame], release: Release) -> None:
    """Nothing leaves that is not declared or does not keep its rule. Raises GateRefused with everything at once."""
    if wrong := problems(frames, release):
        raise GateRefused("What would be published is not what is declared; nothing was.", wrong)


def attack_tables(tables: Mapping[str, pd.DataFrame], rules: DisclosureRules) -> tuple[str, ...]:
    """What published tables give away as they lie there, read by somebody who knows this list: ``table.column`` each.

    ``tables``: by name, hidden numbers missing. Nothing is known of the release: undeclared columns, columns that should be
    empty, few people as numbers or in sentences, and numbers that add up to a level that is not given.
    """
    found = []
    for table, frame in sorted(tables.items()):
        for column in map(str, frame):
            entry = REGISTRY.get(table, {}).get(column)
            if entry is None or any(_broken(entry, frame, column, None, rules)):
                found.append(f"{table}.{column}")
    return tuple(found)


def _broken(
    entry: Declared,
    frame: pd.DataFrame,
    column: str,
    printed: Mapping[str, set[float]] | None,
    rules: DisclosureRules,
) -> Iterator[str]:
    """What is wrong with a column. ``printed``: by exhibit, where the release is known."""
    values = frame[column].dropna()
    if entry.leaving is Leaving.INSIDE and len(values):
        yield "values that may not leave"
    if entry.leaving is Leaving.FROM and any(
        (values.index.difference(frame[c].dropna().index)).size for c in entry.of if c in frame
    ):
        yield "a number made from one that is hidden"
    if entry.content in (Content.SENTENCE, Content.WORDS) or entry.leaving is Leaving.SCANNED:
        texts = [str(v) for v in values]
        if any(tells_of_few(t, rules) for t in texts):
            yield "a sentence that tells of few people"
        if entry.leaving is Leaving.SCANNED and any(scan_text(t) for t in texts):
            yield "a text that points to a person"
    elif entry.content is Content.PEOPLE:
        numbers = pd.to_numeric(values, errors="coerce")
        if numbers.isna().any():
            yield "something that is no number"
        if (
            entry.leaving in (Leaving.PRINTED, Leaving.FEW)
            and ((numbers > 0) & (numbers < limit_of(entry, rules))).any()
        ):
            yield "fewer people than the limit"
        if entry.leaving is Leaving.STEPPED and (numbers % rules.pupils_step != 0).any():
            yield "a count that is not in steps"
    if entry.leaving is Leaving.PRINTED and printed is not None:
        known = {v for name, some in printed.items() if name.startswith(entry.of) for v in some}
        if not {round(float(v), 6) for v in pd.to_numeric(values, errors="coerce")} <= known:
            yield "a number the release does not print"


def tells_of_few(text: str, rules: DisclosureRules) -> bool:
    """Whether a text counts people below the limit, in digits or in words."""
    return any(0 < n < rules.minimum_pupils for n in read_html_numbers("", f"<p>{text}</p>").prose)


def limit_of(entry: Declared, rules: DisclosureRules) -> int:
    """From how many on a column's count may stand: pupils, or sources of interviews."""
    is_of_sources = any(name in ("themes", "themes_declined", "theme_changes", "signs") for name in entry.of)
    return rules.quote_minimum_sources if is_of_sources else rules.minimum_pupils


def _problem(table: str, column: str, found: str, expected: str) -> Problem:
    return Problem(
        table,
        column=column or None,
        found=found,
        expected=str(expected),
        next_step="declare it, or keep it inside",
    )
