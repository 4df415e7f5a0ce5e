"""The released tables: an out_ table with the numbers the release prints and no others.

What belongs here: putting printed numbers in the place of true ones, and taking out everything else that could give
a hidden number away – counts behind percentages, sentences that repeat them, model numbers of groups below the limit.
Which numbers are printed is decided in :mod:`evaluation.publication.exhibits` and by the gate, never here.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd

from evaluation.disclosure.exhibits import Cell, cell_text
from evaluation.disclosure.release import Release
from evaluation.disclosure.rules import STRUCTURAL_ZERO_TEXT, DisclosureRules
from evaluation.interviews.themes import (
    CHANGES,
    CHANGES_BASELINE,
    DECLINED,
    DECLINED_CELL,
    DIVISIONS,
    EVERY_SOURCE,
    TO_COME,
    divided_cell,
    theme_cell,
)
from evaluation.protocol import Protocol
from evaluation.publication.exhibits import TYPES
from evaluation.publication.models import effects, looks, registration, small_looks, targeted
from evaluation.publication.quality import quality
from evaluation.publication.scanned import without_identifiers
from evaluation.publication.tallies import (
    ALL,
    IMPLEMENTATION,
    SIGNS,
    YES_OR_NO,
)
from evaluation.words import Persons, Public, Statement, counts_of, render, say, taken_all
from evaluation.words.catalogue import protected
from evaluation.words.catalogue.voices import Said

FEWEST_LEFT = 3
"""Numbers that a hidden count of sources must still be able to be, beside a word about it."""


def released_tables(
    tables: Mapping[str, pd.DataFrame], release: Release, protocol: Protocol, *, is_first: bool
) -> dict[str, pd.DataFrame]:
    """Every published table (by its own name, declared columns, same grain) as it may leave.

    ``is_first``: no round was released before.
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
    frames["out_joint_display"] = _joint_display(
        tables["out_joint_display"], bool(small), release, is_first=is_first
    )
    frames["out_quality"] = quality(tables["out_quality"], rules)
    frames["out_registration"] = registration(tables["out_registration"], rules)
    printed = {k: v.get("pupils") for k, v in _by_cell(release, "targeted").items()}
    frames["out_targeted"] = targeted(tables["out_targeted"], printed, rules)
    frames["out_effects"] = effects(tables["out_effects"], rules)
    for name in ("out_verdicts", "out_power", "out_honest", "out_pretrend"):
        frames[name] = looks(tables[name], small, rules)
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
        kind, place = str(row["period_kind"]), place_of({str(k): v for k, v in row.items()})
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


def place_of(row: Mapping[str, object]) -> dict[str, str]:
    """The cell a row of the description stands in, totals named."""
    kind = str(row["group_kind"])
    place: dict[str, str] = {}
    if row["period_kind"] != "year_to_date":
        place["periode"] = str(row["period"])
    else:
        place[protected.YEAR] = str(row["school_year"])
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
    kept = rows[rows["group_kind"].eq("all")].copy()
    nothing = float("nan")
    kept = kept.assign(pupils=nothing, possible_days=nothing, absent_days=nothing, count=nothing)
    printed = {p: _by_cell(release, f"pattern_{p}") for p in kept["pattern"].unique()}
    shares, exhibit, cells = [], [], []
    for row in kept.to_dict("records"):
        pattern = str(row["pattern"])
        place = {protected.YEAR: str(row["school_year"]), "niveau": str(row["level"])}
        if pattern in YES_OR_NO:
            place["andel"] = "ja"
        found = printed[pattern].get(cell_text(place), {})
        shares.append(found.get("share", found.get("pct", nothing)))
        is_named = "andel" in place
        exhibit.append(f"pattern_{pattern}" if is_named else None)
        cells.append(cell_text(place) if is_named else None)
    marks = pd.DataFrame({"_exhibit": exhibit, "_cell": cells}, index=kept.index, dtype=object)
    return kept.assign(share_pct=shares).join(marks)


def _implementation(rows: pd.DataFrame, release: Release) -> pd.DataFrame:
    """Counts as printed, and coverage in tens of per cent where it does not tell how few had no talk."""
    kept = rows.copy()
    printed = _by_cell(release, "implementation")
    for column in IMPLEMENTATION:
        kept[column] = [
            printed.get(cell_text({"skole": str(s), "klassetrin": str(g), protected.TALLY: column}), {}).get(
                "pupils"
            )
            for s, g in zip(kept["school_id"], kept["grade"], strict=True)
        ]
        kept[column] = kept[column].astype("Float64").round().astype("Int64")
    nothing = pd.array([pd.NA] * len(kept), dtype="Int64")
    coverage = [
        printed.get(
            cell_text({"skole": str(s), "klassetrin": str(g), protected.TALLY: "talks_held"}), {}
        ).get("share")
        for s, g in zip(kept["school_id"], kept["grade"], strict=True)
    ]
    covered = pd.Series(coverage, index=kept.index, dtype="float64")
    # The day the programme reached enough pupils tells that it did.
    last_on = kept["last_on"].where(covered.notna())
    return kept.assign(
        coverage_pct=covered, pupils=nothing, talks_planned=nothing, targeted=nothing, last_on=last_on
    )


def _themes(rows: pd.DataFrame, release: Release) -> pd.DataFrame:
    """Codes over all sources, and divided; a code that too few speak of has no number. Other groups are not printed."""
    is_printed_at_all = rows["group_kind"].eq("all")
    for kind, (_, parts) in DIVISIONS.items():
        mine = rows["group_kind"].eq(kind) & rows["group_id"].isin(parts[:2])
        is_printed_at_all |= mine & (rows["code"].isin(TO_COME) if kind == "stance" else True)
    kept = rows[is_printed_at_all].copy()
    places = [
        theme_place(*row)
        for row in kept[["group_kind", "code", "group_id"]].astype(str).itertuples(index=False)
    ]
    printed = {name: _by_cell(release, name) for name, _ in places}
    sources = [printed[name].get(cell_text(cell), {}).get("pupils") for name, cell in places]
    kept["sources"] = pd.Series(sources, index=kept.index, dtype="Float64").round().astype("Int64")
    is_printed = kept["sources"].notna()
    totals = [
        _every_source(release, *theme_place(kind, EVERY_SOURCE, group))
        for kind, group in kept[["group_kind", "group_id"]].astype(str).itertuples(index=False)
    ]
    shown = set(
        kept.loc[is_printed, ["group_kind", "code", "group_id"]]
        .astype(str)
        .itertuples(index=False, name=None)
    )
    has = {
        kind: pd.Series(
            [all((kind, code, part) in shown for part in parts[:2]) for code in kept["code"].astype(str)],
            index=kept.index,
            dtype="bool",
        )
        for kind, (_, parts) in DIVISIONS.items()
    }
    # The word for most of n leaves about n/2 numbers for the hidden parts; how strong a theme is says how its sources are
    # divided. Where the parts are printed, both say nothing more.
    is_wide = kept["sources"].fillna(0).ge(2 * FEWEST_LEFT - 1).astype("bool")
    return kept.assign(
        most_say=kept["most_say"].where(is_printed & (is_wide | has["stance"])),
        quote=without_identifiers(kept["quote"]).where(is_printed),
        segments=kept["segments"].astype("Int64").where(is_printed),
        strength=kept["strength"].where(is_printed & has["speaker"]),
        sources_total=pd.array(totals, dtype="Int64"),
        sources_declined=kept["group_kind"]
        .map({"all": _every_source(release, DECLINED, DECLINED_CELL)})
        .astype("Int64"),
    )


def theme_place(kind: str, code: str, group: str) -> tuple[str, Cell]:
    """Where a code's sources stand when they are published, all of them or divided: exhibit and cell."""
    return divided_cell(kind, code, group) if kind in DIVISIONS else ("themes", (("kode", code),))


def _every_source(release: Release, exhibit: str, cell: Cell) -> int | None:
    """A number of sources as it is printed; None where it is hidden."""
    value = _by_cell(release, exhibit).get(cell_text(cell), {}).get("pupils")
    return None if value is None or value != value else int(value)


def _theme_changes(rows: pd.DataFrame, release: Release) -> pd.DataFrame:
    """Sources at two occasions as printed; their shares and the change only where both are."""
    printed = {name: _by_cell(release, name) for name in (CHANGES, CHANGES_BASELINE)}
    kept = rows.copy()
    for end in ("from", "to"):
        places = [theme_cell(*pair) for pair in zip(rows["code"], rows[f"occasion_{end}"], strict=True)]
        sources = [printed[name].get(cell_text(cell), {}).get("pupils") for name, cell in places]
        total = [_every_source(release, *theme_cell(EVERY_SOURCE, o)) for o in rows[f"occasion_{end}"]]
        kept[f"sources_{end}"] = pd.Series(sources, index=rows.index, dtype="Float64").round().astype("Int64")
        kept[f"sources_total_{end}"] = pd.array(total, dtype="Int64")
        share = 100 * kept[f"sources_{end}"] / kept[f"sources_total_{end}"]
        kept[f"share_{end}_pct"] = share.astype("float64")
    return kept.assign(change_points=kept["share_to_pct"] - kept["share_from_pct"])


def _summary(
    text: object, sources: float | None, everybody: int | None, rules: DisclosureRules, *, is_first: bool
) -> str | None:
    """What the sources say of a sign. After the first round only how many they are: how they divide, less how they
    divided before, would tell what the few newest said."""
    if not isinstance(text, str) or not text:
        return None
    audience = Public(minimum=rules.quote_minimum_sources, marker=rules.marker, step=1)
    said = taken_all(text)
    if sources is not None and sources != sources:
        said = [say(Said.UNTOLD)]
    elif sources is not None and not is_first:
        n = Persons(int(sources))
        said = [
            say(Said.SPEAK, sources=n)
            if everybody is None
            else say(Said.SPEAK_OF_ALL, sources=n, all=Persons(everybody))
        ]
    return " ".join(render(s, audience) for s in map(partial(_told, rules=rules), said) if s is not None)


def _told(statement: Statement, rules: DisclosureRules) -> Statement | None:
    """The statement without what too few sources say: of a division what is left would tell the part taken out."""
    few = [n for n in counts_of(statement) if n and n.is_fewer_than(rules.quote_minimum_sources)]
    if not few:
        return statement
    if statement.code is Said.DIVIDED and not any(
        n in few for k, n in statement.values.items() if k != "sides"
    ):
        return say(Said.SPEAK_OF_ALL, **{k: v for k, v in statement.values.items() if k != "sides"})
    return None


def _school_forms(rows: pd.DataFrame) -> pd.DataFrame:
    """Statements of schools that hold nothing identifying; what is left out is not counted either."""
    clean = without_identifiers(rows["value"])
    return rows[clean.notna()].reset_index(drop=True)


def _agreement(rows: pd.DataFrame, rules: DisclosureRules) -> pd.DataFrame:
    """Agreement between coders; how often a rare code was given is left out, and how many interviews and statements there
    are: beside the round before they would tell of one that was withdrawn. The share coded by two is in whole tens."""
    is_rare = rows["positive"] < rules.minimum_pupils
    # From the units and how often coders agree, how often a rare code was given could be worked out.
    agreed = ["raw_agreement", "alpha", "ci_low", "ci_high", "alpha_u"]
    rows = rows.assign(**{c: rows[c].where(~is_rare) for c in agreed})
    few_differ = is_rare | rows["differ"].between(1, rules.minimum_pupils - 1)
    nothing = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    share = (rows["double_coded_share"].astype("float64") * 10 + 1e-9) // 1 / 10
    return rows.assign(
        **dict.fromkeys(("units", "documents", "double_coded"), nothing),
        double_coded_share=share,
        positive=rows["positive"].astype("Int64").where(~is_rare),
        differ=rows["differ"].astype("Int64").where(~few_differ),
    )


def _joint_display(rows: pd.DataFrame, is_small: bool, release: Release, *, is_first: bool) -> pd.DataFrame:
    """Quotes and readings that hold nothing identifying; sources are counted as printed. A kind of informant stands under
    a quote only where enough of those who speak of the sign are of it (:mod:`evaluation.interviews.sign_quotes`)."""
    printed = _by_cell(release, SIGNS)
    found = [printed.get(cell_text({"tegn": str(s)}), {}).get("pupils") for s in rows["sign_id"]]
    sources = pd.Series(found, index=rows.index, dtype="Float64").round().astype("Int64")
    everybody = _every_source(release, "themes", (("kode", EVERY_SOURCE),))
    summary = [
        _summary(t, n, everybody, release.rules, is_first=is_first)
        for t, n in zip(rows["said"], found, strict=True)
    ]
    out = rows.assign(
        quote=without_identifiers(rows["quote"]),
        quote_against=without_identifiers(rows["quote_against"]),
        reading=without_identifiers(rows["reading"]),
        override_reason=without_identifiers(rows["override_reason"]),
        said=pd.Series(None, index=rows.index, dtype="str"),
        qual_summary=pd.Series(summary, index=rows.index, dtype="str"),
        sources=sources,
        sources_total=pd.array([everybody] * len(rows), dtype="Int64"),
    )
    if is_small:
        numbers = ["estimate_pp", "ci_low_pp", "ci_high_pp"]
        out[numbers] = float("nan")
        out["quant_text"] = pd.Series(None, index=out.index, dtype="str")
    return out
