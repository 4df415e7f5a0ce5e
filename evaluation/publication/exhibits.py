"""The round's tables as exhibits for the disclosure gate. Ids and dimensions are those the reports mark numbers with.

School years, months and weeks are contexts that are never added; schools, grades and types of absence divide
their pupils and days. Exhibits over the same pupils share a universe and are protected together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from evaluation.disclosure.exhibits import Dimension, Exhibit
from evaluation.panel.estimation import same_weeks
from evaluation.protocol import Protocol
from evaluation.publication import leaves, tallies
from evaluation.publication.tallies import ALL, zeros

TYPES = "description_types"
"""Its sums are printed in another population, so it is printed whole or not at all."""


def exhibits_of(tables: Mapping[str, pd.DataFrame], protocol: Protocol, cutoff: dt.date) -> list[Exhibit]:
    """Every exhibit of a round: levels, shares above ten per cent, months and weeks, patterns, talks and sources.

    Everything is counted up to the round's cut-off, so a later round's numbers are of another population even where
    they carry the same name; universes therefore end in the cut-off. What a later round may print beside an earlier
    one is the business of :mod:`evaluation.publication.changes`.
    """
    cells, weeks = tables["core_cells"], tables["core_pupil_weeks"]
    cells = cells[cells["school_year"].isin(protocol.years.all) & cells["grade"].isin(protocol.grades.order)]
    begun = _begun(tables["core_talks"], protocol)
    found = [_levels(cells, weeks, protocol, cutoff, begun)]
    found.append(_by_type(cells, weeks, protocol, cutoff, begun))
    if len(weeks):
        found.append(_over_10(weeks, protocol, cutoff, begun))
    found.append(_period(_comparable(cells, cutoff), _comparable(weeks, cutoff), protocol, begun, "month"))
    found.append(_period(cells, weeks, protocol, begun, "week"))
    found += tallies.patterns(tables["out_patterns"])
    found += tallies.implementation(tables["out_implementation"], protocol)
    found += tallies.themes(tables["out_themes"], tables["out_theme_changes"], protocol)
    found += tallies.targeted(tables["out_targeted"])
    return [replace(e, universe=f"{e.universe} til {cutoff}") for e in found if len(e.frame)]


def _comparable(frame: pd.DataFrame, cutoff: dt.date) -> pd.DataFrame:
    """The weeks that the description's months are made of: the cut-off's month is as short in every year."""
    if "week_from" not in frame.columns:
        return same_weeks(frame, cutoff)
    as_cells = frame.assign(period="week", period_from=frame["week_from"])
    return same_weeks(as_cells, cutoff).drop(columns=["period", "period_from"]) if len(frame) else frame


def _begun(core_talks: pd.DataFrame, protocol: Protocol) -> tuple[str, ...]:
    started = set(core_talks.loc[core_talks["transition_from_month"].notna(), "grade"])
    return tuple(g for g in protocol.grades.order if g in started)


def _grades(protocol: Protocol, begun: tuple[str, ...]) -> Dimension:
    others = tuple(g for g in protocol.grades.order if g not in begun)
    bands = (("treated", begun), ("comparison", others)) if begun else (("comparison", others),)
    return Dimension("klassetrin", protocol.grades.order, ALL, bands)


def _years(frame: pd.DataFrame) -> Dimension:
    return Dimension("skoleår", tuple(sorted(frame["skoleår"].unique())), None)


def _types(protocol: Protocol) -> Dimension:
    return Dimension(
        "type", tuple(t.id for t in protocol.absence_types), protocol.primary_outcome.id, role="split"
    )


def _schools(protocol: Protocol) -> Dimension:
    return Dimension("skole", tuple(s.id for s in protocol.schools), ALL)


def _renamed(frame: pd.DataFrame, *, is_aggregate: bool) -> pd.DataFrame:
    names = {"school_year": "skoleår", "school_id": "skole", "grade": "klassetrin", "key": "periode"}
    out = frame.rename(columns=names)
    if not is_aggregate:
        out = out.assign(pupils=out["pupils"].round().astype("int64"))
    return out


def _levels(
    cells: pd.DataFrame, weeks: pd.DataFrame, protocol: Protocol, cutoff: dt.date, begun: tuple[str, ...]
) -> Exhibit:
    """All absence by school and grade. Types would leave too few days in a school's grade to print any."""
    is_aggregate = weeks.empty
    frame = _renamed(leaves.to_date(cells, weeks, protocol, cutoff, ("absent",)), is_aggregate=is_aggregate)
    primary = protocol.primary_outcome.id
    frame = frame.assign(type=primary)
    dimensions = (
        _years(frame),
        _schools(protocol),
        _grades(protocol, begun),
        Dimension("type", (primary,), None),
    )
    return Exhibit(
        "description_year_to_date",
        "elever",
        dimensions,
        frame,
        ("pupils", "pct"),
        is_aggregate=is_aggregate,
        structural_zeros=zeros(frame, dimensions),
    )


def _by_type(
    cells: pd.DataFrame, weeks: pd.DataFrame, protocol: Protocol, cutoff: dt.date, begun: tuple[str, ...]
) -> Exhibit:
    """Types of absence for all schools together: everybody, treated, comparison and the grades with talks."""
    is_aggregate = weeks.empty
    frame = _renamed(leaves.to_date(cells, weeks, protocol, cutoff), is_aggregate=is_aggregate)
    by = ["skoleår", "klassetrin", "type"]
    sums = frame.groupby(by)[["pupils", "days_absent", "days_possible"]].sum()
    frame = sums.join(frame.groupby(by)[["max_days"]].max()).reset_index()
    dimensions = (_years(frame), _grades(protocol, begun), _types(protocol))
    bands = ("treated", "comparison") if begun else ("comparison",)
    return Exhibit(
        TYPES,
        "elever efter type",
        dimensions,
        frame,
        ("pct",),
        shown={
            "klassetrin": (ALL, *bands, *protocol.treated_grades),
            "type": tuple(t.id for t in protocol.absence_types),
        },
        is_aggregate=is_aggregate,
        structural_zeros=zeros(frame, dimensions),
    )


def _over_10(weeks: pd.DataFrame, protocol: Protocol, cutoff: dt.date, begun: tuple[str, ...]) -> Exhibit:
    frame = _renamed(leaves.over_10(weeks, protocol, cutoff), is_aggregate=False)
    over = Dimension("over_10", ("ja", "nej"), ALL, role="attribute")
    # Shares are printed for all schools together; a school's grade is too few pupils for them.
    frame = frame.groupby(["skoleår", "klassetrin", "over_10"], as_index=False)[["pupils"]].sum()
    dimensions = (_years(frame), _grades(protocol, begun), over)
    nobody = zeros(frame, dimensions[:2])
    both = frozenset((*z, answer) for z in nobody for answer in ("ja", "nej"))
    # Its own population: only pupils with enough days to be classified.
    # The optimiser is told the n, which a reader knows; a share and its complement are one number.
    return Exhibit(
        "description_over_10",
        "klassificerede elever",
        dimensions,
        frame,
        ("pupils", "share"),
        shown={"over_10": ("ja", ALL)},
        structural_zeros=both,
    )


def _period(
    cells: pd.DataFrame, weeks: pd.DataFrame, protocol: Protocol, begun: tuple[str, ...], period: str
) -> Exhibit:
    is_aggregate = weeks.empty
    frame = _renamed(leaves.by_period(cells, weeks, period), is_aggregate=is_aggregate).drop(
        columns=["type", "skoleår"]
    )
    # A month or week lies in one school year, so the period alone names the context.
    dimensions = (
        Dimension("periode", tuple(sorted(frame["periode"].unique())), None),
        _grades(protocol, begun),
    )
    return Exhibit(
        f"description_{period}",
        f"elever pr. {period}",
        dimensions,
        frame,
        ("pct",),
        is_aggregate=is_aggregate,
        structural_zeros=zeros(frame, dimensions),
    )
