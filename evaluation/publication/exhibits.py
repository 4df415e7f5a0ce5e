"""The round's tables as exhibits for the disclosure gate. Ids and dimensions are those the reports mark numbers with.

School years, months and weeks are contexts that are never added; schools, grades and types of absence divide
their pupils and days. Exhibits over the same pupils share a universe and are protected together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from types import MappingProxyType

import pandas as pd

from evaluation.disclosure.exhibits import UNION, Dimension, Exhibit
from evaluation.panel.description import begun_grades
from evaluation.panel.estimation import same_weeks
from evaluation.protocol import Protocol
from evaluation.publication import leaves, tallies
from evaluation.publication.tallies import ALL, zeros
from evaluation.tables.relations import Relation
from evaluation.words.catalogue import protected

LEVELS = "description_year_to_date"
TYPES = "description_types"
"""Types of absence beside each other: printed whole or not at all, so that no type's place tells of another."""
ELEVER = "elever"
"""The population of levels and types. It is one over all rounds: days up to a cut-off are part of days up to the next."""
Begun = tuple[str, ...] | None
"""See :func:`~evaluation.panel.description.begun_grades`."""


def exhibits_of(
    tables: Mapping[str, pd.DataFrame],
    pupil_weeks: Relation,
    protocol: Protocol,
    cutoff: dt.date,
    earlier: Sequence[dt.date] = (),
    first: Mapping[tuple[str, ...], int] = MappingProxyType({}),
) -> list[Exhibit]:
    """Every exhibit of a round: levels, shares above ten per cent, months and weeks, patterns, talks and sources.

    ``pupil_weeks`` (core_pupil_weeks) is asked for counts. ``earlier``: the cut-offs of rounds released before.
    ``first``: pupils of a school year, school and grade as they were first printed. Levels and types of all rounds are
    one system of days, divided at every cut-off. The other tables count up to the round's own cut-off, so a later
    round's numbers are of another population even where they carry the same name; their universes end in the cut-off,
    and what a later round may print beside an earlier one is the business of :mod:`evaluation.publication.changes`.
    """
    cells, weeks = tables["core_cells"], leaves.PupilWeeks.of(pupil_weeks)
    cells = cells[cells["school_year"].isin(protocol.years.all) & cells["grade"].isin(protocol.grades.order)]
    begun = begun_grades(tables["core_talks"], protocol)
    cuts = tuple(sorted({*earlier, cutoff}))
    days = _Days(cells, weeks, protocol, begun, cuts, first)
    linked = [days.levels(0, len(cuts)), days.by_type(0, len(cuts))]
    if not _adds_up(linked[0].frame, linked[1].frame):
        # Types that are not the whole of the absence are no parts of it.
        linked[1] = replace(linked[1], universe=protected.types_until(cutoff), of=())
    linked += [days.guard(e, *part) for e in linked for part in _parts(len(cuts)) if e.universe == ELEVER]
    found: list[Exhibit] = []
    if not weeks.is_empty:
        found.append(_over_10(weeks, protocol, cutoff, begun))
    found.append(_period(same_weeks(cells, cutoff), weeks.comparable(cutoff), protocol, begun, "month"))
    found.append(_period(cells, weeks, protocol, begun, "week"))
    found += tallies.patterns(tables["out_patterns"])
    found += tallies.implementation(tables["out_implementation"], protocol)
    found += tallies.themes(tables["out_themes"], tables["out_theme_changes"], protocol)
    found += tallies.signs(tables["out_joint_display"], protocol)
    found += tallies.targeted(tables["out_targeted"])
    own = [replace(e, universe=f"{e.universe} til {cutoff}") for e in found]
    return [e for e in (*linked, *own) if len(e.frame)]


def _parts(n: int) -> list[tuple[int, int]]:
    """What the days of ``n`` cut-offs leave by subtraction: up to each earlier one, and between any two."""
    return [(a, b) for a in range(n) for b in range(a + 1, n + 1) if (a, b) != (0, n)]


def _adds_up(levels: pd.DataFrame, types: pd.DataFrame) -> bool:
    by = [protected.YEAR, "klassetrin"]
    whole, parts = (f.groupby(by)["days_absent"].sum() for f in (levels, types))
    return bool(((whole - parts.reindex(whole.index)).abs() < 1e-6).all())


def _grades(protocol: Protocol, begun: Begun) -> Dimension:
    return Dimension("klassetrin", protocol.grades.order, ALL, _bands(protocol, begun))


def _bands(protocol: Protocol, begun: Begun) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The two groups of :func:`~evaluation.panel.description.begun_grades`, as far as there are any."""
    if begun is None:
        return ()
    others = tuple(g for g in protocol.grades.order if g not in begun)
    return (("treated", begun), ("comparison", others)) if begun else (("comparison", others),)


def _years(frame: pd.DataFrame) -> Dimension:
    return Dimension(protected.YEAR, tuple(sorted(frame[protected.YEAR].unique())), None)


def _types(protocol: Protocol) -> Dimension:
    return Dimension(
        "type", tuple(t.id for t in protocol.absence_types), protocol.primary_outcome.id, role="split"
    )


def _schools(protocol: Protocol) -> Dimension:
    return Dimension("skole", tuple(s.id for s in protocol.schools), ALL)


def _renamed(frame: pd.DataFrame, *, is_aggregate: bool) -> pd.DataFrame:
    names = {"school_year": protected.YEAR, "school_id": "skole", "grade": "klassetrin", "key": "periode"}
    out = frame.rename(columns=names)
    if not is_aggregate:
        out = out.assign(pupils=out["pupils"].round().astype("int64"))
    return out


@dataclass(frozen=True)
class _Days:
    """Days absent between cut-offs as exhibits. ``cuts``: the cut-offs of all rounds so far, this round's last."""

    cells: pd.DataFrame
    weeks: leaves.PupilWeeks
    protocol: Protocol
    begun: Begun
    cuts: tuple[dt.date, ...]
    first: Mapping[tuple[str, ...], int]

    @property
    def until(self) -> Dimension:
        """The year divided at the cut-offs, and what is still to come: no sum of it is the whole."""
        first = f"til {self.cuts[0]}"
        between = [f"{a} til {b}" for a, b in pairwise(self.cuts)]
        return Dimension("opgjort", (first, *between, "senere"), ALL, role="time")

    def part(self, start: int, end: int) -> str:
        """The part from one cut-off to another by name; 0 is the beginning of the year."""
        return UNION.join(self.until.leaves[start:end])

    @cached_property
    def years(self) -> Dimension:
        """The school years that have begun."""
        begun = self.cells["school_year"].unique()
        return Dimension(protected.YEAR, tuple(y for y in self.protocol.years.all if y in begun), None)

    def days(self, start: int, end: int, kinds: tuple[str, ...]) -> pd.DataFrame:
        """One row per school year, school, grade and kind of days."""
        after = self.cuts[start - 1] if start else None
        frame = leaves.to_date(self.cells, self.weeks, self.protocol, self.cuts[end - 1], kinds, after)
        return _renamed(frame, is_aggregate=self.weeks.is_empty)

    def levels(self, start: int, end: int) -> Exhibit:
        """All absence by school and grade. Types would leave too few days in a school's grade to print any."""
        frame = self.days(start, end, ("absent",)).drop(columns="type")
        minimum = self.protocol.disclosure.minimum_pupils
        place = frame[[protected.YEAR, "skole", "klassetrin"]].itertuples(index=False, name=None)
        # A difference of one from what was printed before would tell of one pupil who came or left.
        frame["pupils"] = [
            n if n < minimum else self.first.get(tuple(p), n)
            for p, n in zip(place, frame["pupils"], strict=True)
        ]
        dimensions = (self.years, _schools(self.protocol), _grades(self.protocol, self.begun))
        whole = (_types(self.protocol), self.protocol.primary_outcome.id)
        return Exhibit(
            LEVELS,
            ELEVER,
            dimensions,
            frame,
            ("pupils", "pct"),
            is_aggregate=self.weeks.is_empty,
            structural_zeros=zeros(frame, dimensions),
            of=((self.until, self.part(start, end)), whole),
            # A school's grades together are shown by no page: printed here, they would cost others their place.
            unprinted=frozenset(
                ((protected.YEAR, y), ("skole", s), ("klassetrin", band))
                for y in self.years.leaves
                for s in dimensions[1].leaves
                for band, _ in dimensions[2].bands
            ),
            coarser=({"skole": (ALL,)}, *({"skole": (ALL,), **grades} for grades in self.fewer_grades)),
        )

    @property
    def bands(self) -> tuple[str, ...]:
        """Grades taken together: with talks, and without."""
        return tuple(name for name, _ in _bands(self.protocol, self.begun))

    @property
    def fewer_grades(self) -> tuple[dict[str, tuple[str, ...]], ...]:
        """What to show of the grades where all of them are too many, in turn."""
        # A group of one grade and that grade are one number: shown both or neither.
        alone = tuple(
            g for _, grades in _bands(self.protocol, self.begun) if len(grades) == 1 for g in grades
        )
        bands = (*self.bands, *alone)
        some = ((*bands, *(g for g in self.protocol.treated_grades if g not in alone)), bands, ())
        return tuple({"klassetrin": (ALL, *shown)} for shown in some)

    def by_type(self, start: int, end: int) -> Exhibit:
        """Types of absence for all schools together: everybody, treated, comparison and the grades with talks."""
        frame = self.days(start, end, leaves.TYPES)
        by = [protected.YEAR, "klassetrin", "type"]
        sums = frame.groupby(by)[["pupils", "days_absent", "days_possible"]].sum()
        frame = sums.join(frame.groupby(by)[["max_days"]].max()).reset_index()
        dimensions = (self.years, _grades(self.protocol, self.begun), _types(self.protocol))
        types = {"type": tuple(t.id for t in self.protocol.absence_types)}
        first, *fewer = ({**grades, **types} for grades in self.fewer_grades)
        return Exhibit(
            TYPES,
            ELEVER,
            dimensions,
            frame,
            ("pct",),
            shown=first,
            coarser=tuple(fewer),
            is_aggregate=self.weeks.is_empty,
            structural_zeros=zeros(frame, dimensions),
            of=((self.until, self.part(start, end)),),
        )

    def guard(self, exhibit: Exhibit, start: int, end: int) -> Exhibit:
        """A part that no table prints, but one round's table less another's may tell."""
        part = self.levels(start, end) if exhibit.id == LEVELS else self.by_type(start, end)
        return replace(
            part,
            id=f"{exhibit.id} {self.part(start, end)}",
            measures=("days",),
            shown={"klassetrin": ()},
            coarser=(),
        )


def _over_10(weeks: leaves.PupilWeeks, protocol: Protocol, cutoff: dt.date, begun: Begun) -> Exhibit:
    frame = _renamed(leaves.over_10(weeks, protocol, cutoff), is_aggregate=False)
    over = Dimension("over_10", ("ja", "nej"), ALL, role="attribute")
    # Shares are printed for all schools together; a school's grade is too few pupils for them.
    frame = frame.groupby([protected.YEAR, "klassetrin", "over_10"], as_index=False)[["pupils"]].sum()
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
    cells: pd.DataFrame, weeks: leaves.PupilWeeks, protocol: Protocol, begun: Begun, period: str
) -> Exhibit:
    is_aggregate = weeks.is_empty
    frame = _renamed(leaves.by_period(cells, weeks, period), is_aggregate=is_aggregate).drop(
        columns=["type", protected.YEAR]
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
