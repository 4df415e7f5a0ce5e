"""The released tables: an out_ table with the numbers the release prints and no others.

What belongs here: putting printed numbers in the place of true ones, and taking out everything else that could give
a hidden number away – counts behind percentages, sentences that repeat them, model numbers of groups below the limit.
Which numbers are printed is decided in :mod:`evaluation.publication.exhibits` and by the gate, never here.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from evaluation.disclosure.exhibits import cell_text
from evaluation.disclosure.release import Release
from evaluation.disclosure.rules import STRUCTURAL_ZERO_TEXT, DisclosureRules
from evaluation.protocol import Protocol
from evaluation.publication.exhibits import TYPES
from evaluation.publication.models import effects, looks, small_looks, targeted
from evaluation.publication.tallies import ALL, CHANGES, CHANGES_BASELINE, IMPLEMENTATION, theme_cell
from evaluation.publication.wording import (
    coarse_share,
    without_few_sources,
    without_identifiers,
    without_people,
)


def released_tables(
    tables: Mapping[str, pd.DataFrame], release: Release, protocol: Protocol
) -> dict[str, pd.DataFrame]:
    """Every published table (by its own name, declared columns, same grain) as it may leave.

    Hidden numbers are missing. Rows that no report shows are left out: months and weeks of schools and of grades
    without talks, patterns by grade, themes of smaller groups than all sources.
    """
    rules = release.rules
    small = small_looks(tables["out_effects"], protocol, rules)
    frames = {name: frame.copy() for name, frame in tables.items()}
    frames["out_description"] = _description(tables["out_description"], release, protocol)
    frames["out_patterns"] = _patterns(tables["out_patterns"], release)
    frames["out_implementation"] = _implementation(tables["out_implementation"], release)
    frames["out_themes"] = _themes(tables["out_themes"], release)
    frames["out_theme_changes"] = _theme_changes(tables["out_theme_changes"], release)
    frames["out_school_forms"] = _school_forms(tables["out_school_forms"])
    frames["out_agreement"] = _agreement(tables["out_agreement"], rules)
    frames["out_joint_display"] = _joint_display(tables["out_joint_display"], bool(small), rules)
    frames["out_quality"] = _quality(tables["out_quality"], rules)
    printed = {k: v.get("pupils") for k, v in _by_cell(release, "targeted").items()}
    frames["out_targeted"] = targeted(tables["out_targeted"], printed, rules)
    frames["out_effects"] = effects(tables["out_effects"], rules)
    for name in ("out_verdicts", "out_power", "out_honest", "out_pretrend"):
        frames[name] = looks(tables[name], small)
    return frames


def _description(rows: pd.DataFrame, release: Release, protocol: Protocol) -> pd.DataFrame:
    """Levels as printed; day counts and pupils over ten per cent are never printed, so they are not handed on."""
    wide = rows["group_kind"].isin(["all", "treated", "comparison"])
    wide |= rows["group_kind"].eq("grade") & rows["grade"].isin(protocol.treated_grades)
    primary_id = protocol.primary_outcome.id
    primary = rows["outcome"].eq(primary_id)
    kept = rows[rows["period_kind"].eq("year_to_date") | (wide & primary)].copy()
    for column in ("possible_days", "absent_days", "over_10_pupils"):
        kept[column] = float("nan")
    levels = {k: _by_cell(release, f"description_{k}") for k in ("year_to_date", "month", "week")}
    types = _by_cell(release, TYPES)
    over = _by_cell(release, "description_over_10")
    numbers, marks = [], []
    for row in kept.to_dict("records"):
        kind, place = str(row["period_kind"]), _place({str(k): v for k, v in row.items()})
        cell = cell_text(place)
        is_primary = row["outcome"] == primary_id and kind == "year_to_date"
        pupils = levels[kind].get(cell, {}) if kind == "year_to_date" else {}
        everywhere = place.get("skole") == ALL
        whole = {k: v for k, v in place.items() if k != "skole"}
        share = over.get(cell_text({**whole, "over_10": "ja"}), {}) if is_primary and everywhere else {}
        level = levels[kind].get(cell, {}).get("pct") if is_primary or kind != "year_to_date" else None
        mark: tuple[str | None, str | None] = (None, None)
        if kind != "year_to_date":
            mark = (f"description_{kind}", cell)
        elif row["outcome"] != primary_id and everywhere:
            typed = cell_text({**whole, "type": str(row["outcome"])})
            level, mark = types.get(typed, {}).get("pct"), (TYPES, typed) if typed in types else (None, None)
        numbers.append((level, pupils.get("pupils"), share.get("share")))
        # Levels carry the names the reports give them; the others bring their own.
        marks.append(mark)
    kept[["absence_pct", "pupils", "over_10_pct"]] = pd.DataFrame(
        numbers, index=kept.index, columns=["absence_pct", "pupils", "over_10_pct"], dtype="float64"
    )
    return kept.join(pd.DataFrame(marks, index=kept.index, columns=["_exhibit", "_cell"], dtype=object))


def _place(row: Mapping[str, object]) -> dict[str, str]:
    """The cell a row of the description stands in, totals named."""
    kind = str(row["group_kind"])
    place: dict[str, str] = {}
    if row["period_kind"] != "year_to_date":
        place["periode"] = str(row["period"])
    else:
        place["skoleår"] = str(row["school_year"])
        place["skole"] = str(row["school_id"]) if kind in ("school", "school_grade") else "i alt"
    grade = str(row["grade"]) if kind in ("grade", "school_grade") else "i alt"
    place["klassetrin"] = kind if kind in ("treated", "comparison") else grade
    return place


def _by_cell(release: Release, exhibit: str) -> dict[str, dict[str, float]]:
    """Printed numbers by cell and measure; hidden ones are NaN, cells that cannot exist are not there."""
    found: dict[str, dict[str, float]] = {}
    for c in release.cells:
        if c.exhibit == exhibit and c.text != STRUCTURAL_ZERO_TEXT:
            value = float("nan") if c.value is None else float(c.value)
            found.setdefault(cell_text(c.cell), {})[c.measure] = value
    return found


def _patterns(rows: pd.DataFrame, release: Release) -> pd.DataFrame:
    """Shares for all pupils; counts and days behind them stay."""
    kept = rows[rows["group_kind"] == "all"].copy()
    nothing = float("nan")
    kept = kept.assign(pupils=nothing, possible_days=nothing, absent_days=nothing, count=nothing)
    printed = {p: _by_cell(release, f"pattern_{p}") for p in kept["pattern"].unique()}
    shares, exhibit, cells = [], [], []
    for row in kept.to_dict("records"):
        pattern = str(row["pattern"])
        place = {"skoleår": str(row["school_year"]), "niveau": str(row["level"])}
        if pattern in ("single_day_spells", "threshold"):
            place["andel"] = "ja"
        found = printed[pattern].get(cell_text(place), {})
        shares.append(found.get("share", found.get("pct", nothing)))
        exhibit.append(f"pattern_{pattern}" if "andel" in place else None)
        cells.append(cell_text(place) if "andel" in place else None)
    marks = pd.DataFrame({"_exhibit": exhibit, "_cell": cells}, index=kept.index, dtype=object)
    return kept.assign(share_pct=shares).join(marks)


def _implementation(rows: pd.DataFrame, release: Release) -> pd.DataFrame:
    """Counts as printed, and coverage in tens of per cent where it does not tell how few had no talk."""
    kept = rows.copy()
    printed = _by_cell(release, "implementation")
    for column in IMPLEMENTATION:
        kept[column] = [
            printed.get(cell_text({"skole": str(s), "klassetrin": str(g), "opgørelse": column}), {}).get(
                "pupils"
            )
            for s, g in zip(kept["school_id"], kept["grade"], strict=True)
        ]
        kept[column] = kept[column].astype("Float64").round().astype("Int64")
    nothing = pd.array([pd.NA] * len(kept), dtype="Int64")
    coverage = [
        printed.get(cell_text({"skole": str(s), "klassetrin": str(g), "opgørelse": "talks_held"}), {}).get(
            "share"
        )
        for s, g in zip(kept["school_id"], kept["grade"], strict=True)
    ]
    covered = pd.Series(coverage, index=kept.index, dtype="float64")
    return kept.assign(coverage_pct=covered, pupils=nothing, targeted=nothing)


def _themes(rows: pd.DataFrame, release: Release) -> pd.DataFrame:
    """Codes over all sources; a code that too few speak of has no number. Smaller groups are not printed."""
    kept = rows[rows["group_kind"] == "all"].copy()
    printed = _by_cell(release, "themes")
    sources = [printed.get(cell_text({"kode": str(code)}), {}).get("pupils") for code in kept["code"]]
    kept["sources"] = pd.Series(sources, index=kept.index, dtype="Float64").round().astype("Int64")
    is_printed = kept["sources"].notna()
    # How strong a theme is says how few spoke of it.
    return kept.assign(
        segments=kept["segments"].astype("Int64").where(is_printed),
        strength=kept["strength"].where(is_printed),
        sources_total=kept["sources_total"]
        .astype("Int64")
        .where(kept["sources_total"] >= release.rules.quote_min_sources),
    )


def _theme_changes(rows: pd.DataFrame, release: Release) -> pd.DataFrame:
    """Sources at two occasions as printed; their shares and the change only where both are."""
    printed = {name: _by_cell(release, name) for name in (CHANGES, CHANGES_BASELINE)}
    few = release.rules.quote_min_sources
    kept = rows.copy()
    for end in ("from", "to"):
        places = [theme_cell(*pair) for pair in zip(rows["code"], rows[f"occasion_{end}"], strict=True)]
        sources = [printed[name].get(cell_text(cell), {}).get("pupils") for name, cell in places]
        total = rows[f"sources_total_{end}"].astype("Int64")
        kept[f"sources_{end}"] = pd.Series(sources, index=rows.index, dtype="Float64").round().astype("Int64")
        kept[f"sources_total_{end}"] = total.where(total >= few)
        share = 100 * kept[f"sources_{end}"] / kept[f"sources_total_{end}"]
        kept[f"share_{end}_pct"] = share.astype("float64")
    return kept.assign(change_points=kept["share_to_pct"] - kept["share_from_pct"])


def _school_forms(rows: pd.DataFrame) -> pd.DataFrame:
    """Statements of schools that hold nothing identifying; what is left out is not counted either."""
    clean = without_identifiers(rows["value"])
    return rows[clean.notna()].reset_index(drop=True)


def _agreement(rows: pd.DataFrame, rules: DisclosureRules) -> pd.DataFrame:
    """Agreement between coders; how often a rare code was given is left out."""
    is_rare = rows["positive"] < rules.minimum_pupils
    return rows.assign(
        positive=rows["positive"].astype("Int64").where(~is_rare),
        differ=rows["differ"].astype("Int64").where(~is_rare),
    )


def _joint_display(rows: pd.DataFrame, is_small: bool, rules: DisclosureRules) -> pd.DataFrame:
    """Quotes and readings that hold nothing identifying, without attribution; few sources are not counted."""
    few = rows["sources"] < rules.quote_min_sources
    summary = [None if pd.isna(t) else without_few_sources(str(t), rules) for t in rows["qual_summary"]]
    shares = [None if pd.isna(t) else coarse_share(str(t)) for t in rows["quant_text"]]
    out = rows.assign(
        quote=without_identifiers(rows["quote"]),
        quote_attribution=pd.Series(None, index=rows.index, dtype="str"),
        reading=without_identifiers(rows["reading"]),
        override_reason=without_identifiers(rows["override_reason"]),
        qual_summary=pd.Series(summary, index=rows.index, dtype="str"),
        quant_text=pd.Series(shares, index=rows.index, dtype="str"),
        sources=rows["sources"].astype("Int64").where(~few),
    )
    if is_small:
        numbers = ["estimate_pp", "ci_low_pp", "ci_high_pp"]
        out[numbers] = float("nan")
        out["quant_text"] = pd.Series(None, index=out.index, dtype="str")
    return out


def _quality(rows: pd.DataFrame, rules: DisclosureRules) -> pd.DataFrame:
    """Checks of the data; sentences about few pupils lose their numbers, and their rows the counts behind them.

    Coverage by talks counts pupils in every row, of whom the log's exhibit prints some: all of its numbers go.
    """
    is_coverage = rows["check_name"].eq("coverage")
    before = rows["sentence"].astype("object")
    after = [
        t if pd.isna(t) else without_people(str(t), rules, only_few=not c)
        for t, c in zip(before, is_coverage, strict=True)
    ]
    sentence = pd.Series(after, index=rows.index, dtype="str")
    is_hidden = is_coverage | (before.notna() & (sentence.astype("object") != before))
    return rows.assign(
        sentence=sentence,
        count=rows["count"].astype("Int64").where(~is_hidden),
        of_total=rows["of_total"].astype("Int64").where(~is_hidden),
    )
