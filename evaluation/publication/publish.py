"""One release per round: exhibits protected together, attacked with everything released before, and only then handed on.

A table reaches the reports with the numbers the release prints and no others: hidden ones are missing, counts that
no exhibit prints (days, over-10 pupils, groups no report shows) are left out, and model numbers of groups below the
limit are blank. Reports mark every number with the exhibit and cell it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from evaluation.disclosure.audit import AuditReport, audit
from evaluation.disclosure.exhibits import cell_text
from evaluation.disclosure.ledger import Ledger
from evaluation.disclosure.protect import protect
from evaluation.disclosure.release import Release
from evaluation.disclosure.rules import DisclosureRules
from evaluation.disclosure.text import scan_quote
from evaluation.protocol import Protocol, Round
from evaluation.publication.changes import without_small_changes
from evaluation.publication.exhibits import IMPLEMENTATION, exhibits_of

PUBLISHED_TABLES = (
    "out_description",
    "out_effects",
    "out_verdicts",
    "out_power",
    "out_targeted",
    "out_patterns",
    "out_registration",
    "out_honest",
    "out_pretrend",
    "out_implementation",
    "out_themes",
    "out_agreement",
    "out_joint_display",
    "out_quality",
)
"""What a report may be made from."""

SUPPORT_TABLES = ("core_cells", "core_pupil_weeks", "core_talks")
"""Read for the counts behind the exhibits; never handed on."""

_MODEL_NUMBERS = (
    "estimate_pp",
    "ci_low_pp",
    "ci_high_pp",
    "ci_low_lower_pp",
    "ci_high_lower_pp",
    "std_error_pp",
    "df",
    "p_value",
    "p_permutation",
    "p_wild_restricted",
    "p_wild_unrestricted",
    "baseline_pct",
    "mde_pp",
)


@dataclass(frozen=True)
class Publication:
    """What may leave: ``frames`` by table name, the ``release`` they print, its ``audit``, and counts for metadata."""

    frames: dict[str, pd.DataFrame]
    release: Release
    audit: AuditReport
    counts: dict[str, int]


def rules_of(protocol: Protocol) -> DisclosureRules:
    """The protocol's limits as the gate takes them."""
    limits = protocol.disclosure
    return DisclosureRules(
        minimum_pupils=limits.minimum_pupils,
        protection_width=limits.protection_width,
        dominance_share=limits.dominance_share,
        quote_min_sources=limits.quote_minimum_sources,
        marker=limits.marker,
    )


def publish(
    tables: Mapping[str, pd.DataFrame], protocol: Protocol, the_round: Round, ledger: Ledger
) -> Publication:
    """Protect, attack, and hand on.

    Raises:
        GateRefused: a hidden number can be worked out from what would be published; nothing is handed on.
    """
    rules = rules_of(protocol)
    exhibits = exhibits_of(tables, protocol, the_round.cutoff)
    earlier = ledger.earlier_than(the_round.id)
    release = protect(exhibits, rules, earlier, release_id=the_round.id)
    release = without_small_changes(release, earlier, rules.minimum_pupils)
    attacked = audit(release, earlier)
    attacked.refuse()
    frames = {name: tables[name].copy() for name in PUBLISHED_TABLES}
    frames["out_description"] = _description(tables["out_description"], release, protocol)
    frames["out_patterns"] = _patterns(tables["out_patterns"], release)
    frames["out_implementation"] = _implementation(tables["out_implementation"], release)
    frames["out_themes"] = _themes(tables["out_themes"], release)
    frames["out_effects"] = _without_small_groups(tables["out_effects"], rules)
    frames["out_targeted"] = _targeted(tables["out_targeted"], rules)
    frames["out_joint_display"] = _quotes(tables["out_joint_display"], rules)
    hidden = sum(c.is_suppressed for c in release.cells)
    counts = {
        "exhibits": len(release.exhibit_ids()),
        "numbers": len(release.cells),
        "hidden": hidden,
        "withheld": len(release.withheld),
    }
    return Publication(frames, release, attacked, counts)


def _printed(release: Release, exhibit: str) -> pd.DataFrame:
    """The released exhibit with a key column; empty when it was withheld or never there."""
    if exhibit not in release.exhibit_ids():
        return pd.DataFrame(columns=["_cell"])
    return release.table(exhibit)


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
    over = _by_cell(release, "description_over_10")
    numbers, marks = [], []
    for row in kept.to_dict("records"):
        kind, place = str(row["period_kind"]), _place({str(k): v for k, v in row.items()})
        cell = cell_text({**place, "type": str(row["outcome"])} if kind == "year_to_date" else place)
        pupils = levels[kind].get(cell_text({**place, "type": primary_id}), {})
        is_primary = row["outcome"] == primary_id and kind == "year_to_date"
        share = over.get(cell_text({**place, "over_10": "ja"}), {}) if is_primary else {}
        numbers.append((levels[kind].get(cell, {}).get("pct"), pupils.get("pupils"), share.get("share")))
        # Levels carry the names the reports give them; months and weeks have no types, so they bring their own.
        marks.append((None, None) if kind == "year_to_date" else (f"description_{kind}", cell))
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
    """Printed numbers by cell and measure; hidden ones are NaN."""
    found: dict[str, dict[str, float]] = {}
    for c in release.cells:
        if c.exhibit == exhibit:
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
        if pattern not in ("bands", "weekday", "after_holiday"):
            place["andel"] = "ja"
        found = printed[pattern].get(cell_text(place), {})
        shares.append(found.get("share", found.get("pct", nothing)))
        exhibit.append(f"pattern_{pattern}" if "andel" in place else None)
        cells.append(cell_text(place) if "andel" in place else None)
    marks = pd.DataFrame({"_exhibit": exhibit, "_cell": cells}, index=kept.index, dtype=object)
    return kept.assign(share_pct=shares).join(marks)


def _implementation(rows: pd.DataFrame, release: Release) -> pd.DataFrame:
    """Counts as printed. Coverage is not printed where it would tell how few had no talk."""
    kept = rows.copy()
    printed = _by_cell(release, "implementation")
    for column in IMPLEMENTATION:
        kept[column] = [
            printed.get(cell_text({"opgørelse": column, "skole": str(s), "klassetrin": str(g)}), {}).get(
                "pupils"
            )
            for s, g in zip(kept["school_id"], kept["grade"], strict=True)
        ]
        kept[column] = kept[column].astype("Float64").round().astype("Int64")
    return kept.assign(coverage_pct=float("nan"), pupils=pd.array([pd.NA] * len(kept), dtype="Int64"))


def _themes(rows: pd.DataFrame, release: Release) -> pd.DataFrame:
    """Codes over all sources; a code that too few speak of has no number. Smaller groups are not printed."""
    kept = rows[rows["group_kind"] == "all"].copy()
    printed = _by_cell(release, "themes")
    sources = [printed.get(cell_text({"kode": str(code)}), {}).get("pupils") for code in kept["code"]]
    kept["sources"] = pd.Series(sources, index=kept.index, dtype="Float64").round().astype("Int64")
    kept["segments"] = kept["segments"].astype("Int64").where(kept["sources"].notna())
    return kept


def _without_small_groups(effects: pd.DataFrame, rules: DisclosureRules) -> pd.DataFrame:
    """Estimates are no counts, but a group below the limit is not estimated in public. Days behind are not printed."""
    kept = effects.copy()
    is_small = kept["pupils"].notna() & (kept["pupils"] < rules.minimum_pupils)
    kept[list(_MODEL_NUMBERS)] = kept[list(_MODEL_NUMBERS)].where(~is_small)
    return kept.assign(pupils=kept["pupils"].where(~is_small).round(), pupil_days=float("nan"))


def _targeted(rows: pd.DataFrame, rules: DisclosureRules) -> pd.DataFrame:
    kept = rows.copy()
    is_small = kept["pupils"] < rules.minimum_pupils
    numbers = [c for c in map(str, kept.columns) if c.endswith(("_pct", "_pp"))] + ["df"]
    kept[numbers] = kept[numbers].where(~is_small)
    kept["pupils"] = kept["pupils"].astype("Int64").where(~is_small)
    return kept


def _quotes(rows: pd.DataFrame, rules: DisclosureRules) -> pd.DataFrame:
    """Quotes that hold nothing identifying, without attribution; few sources are not counted in public."""
    kept = rows.copy()
    is_clean = [
        q is not None and not pd.isna(q) and not scan_quote(str(q), is_approved=True) for q in kept["quote"]
    ]
    few = kept["sources"] < rules.quote_min_sources
    return kept.assign(
        quote=kept["quote"].where(pd.Series(is_clean, index=kept.index)),
        sources=kept["sources"].astype("Int64").where(~few),
    )
