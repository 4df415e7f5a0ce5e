"""What a report wants to publish: dimensions, exhibits and the names of their cells.

What belongs here: the declaration of a table and the identity of a number. Two numbers with the same
:class:`Key` are the same number, whichever exhibit, school page or round shows them; that is how linked
tables are found. What is small and what is hidden is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from evaluation.errors import InputError, Problem

Role = Literal["group", "attribute", "split", "time"]
Measure = Literal["pupils", "share", "pct", "days"]
Quantity = Literal["pupils", "days"]
MEASURES: tuple[Measure, ...] = ("pupils", "share", "pct", "days")
DEFAULT_DECIMALS: Mapping[str, int] = {"pupils": 0, "share": 0, "pct": 1, "days": 0}
Cell = tuple[tuple[str, str], ...]
UNION = " ∪ "
"""Joins the leaves of a band in the identity of a number."""


def quantity_of(measure: str) -> Quantity:
    """The additive quantity a measure speaks of: pupils for counts and shares, days for days and per cent."""
    return "pupils" if measure in ("pupils", "share") else "days"


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way to divide a population.

    ``leaves`` divide it completely and without overlap. ``total`` names their sum; None means that the
    leaves are never added (school year, reporting period): each is a population of its own. ``bands`` are
    further named sums of leaves ("indskoling" = 0–3). ``role``: *group* is what others can see about a
    pupil (school, grade); *attribute* is what the table tells about the pupils (over 10 %, indsatselev,
    consent), whose 0 % and 100 % are hidden; *split* divides days absent, not pupils or school days (type of
    absence); *time* divides days and school days, not pupils (the months of a year).
    """

    name: str
    leaves: tuple[str, ...]
    total: str | None = "i alt"
    bands: tuple[tuple[str, tuple[str, ...]], ...] = ()
    role: Role = "group"

    def __post_init__(self) -> None:
        """Raise InputError when a name is used twice or a band names an unknown leaf."""
        names = self.categories
        unknown = sorted({leaf for _, leaves in self.bands for leaf in leaves} - set(self.leaves))
        if not self.leaves or len(set(names)) < len(names) or unknown:
            raise InputError(
                f'Dimension "{self.name}" is not a division into named parts.',
                [
                    Problem(
                        "",
                        column=self.name,
                        found=f"{len(names)} categories, {len(unknown)} unknown leaves",
                        expected="at least one leaf, every category named once, bands made of leaves",
                    )
                ],
            )

    @property
    def divides_pupils(self) -> bool:
        """Whether counts of pupils add up over this dimension."""
        return self.role in ("group", "attribute")

    @property
    def categories(self) -> tuple[str, ...]:
        """Leaves, bands and the total, in the order they are shown."""
        return (*self.leaves, *(name for name, _ in self.bands), *([self.total] if self.total else []))

    def leaves_of(self, category: str) -> frozenset[str]:
        """The leaves that a category is the sum of. Raises KeyError for an unknown category."""
        if category in self.leaves:
            return frozenset([category])
        if category == self.total:
            return frozenset(self.leaves)
        known = dict(self.bands)
        if category not in known and set(category.split(UNION)) <= set(self.leaves):
            return frozenset(category.split(UNION))
        return frozenset(known[category])

    def identity(self, category: str) -> str:
        """A category by what it holds, so that a band that means another sum in a later round is another number."""
        if category in self.leaves or category == self.total:
            return category
        held = self.leaves_of(category)
        if self.total is not None and len(held) == len(self.leaves):
            return self.total
        return UNION.join(leaf for leaf in self.leaves if leaf in held)


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """The identity of a number: population, quantity, and the cell with its totals left out."""

    universe: str
    quantity: Quantity
    cell: Cell

    @property
    def text(self) -> str:
        """``universe|quantity|dimension=category;…``, for ledgers and messages."""
        return f"{self.universe}|{self.quantity}|{cell_text(self.cell)}"


def _escape(part: str) -> str:
    return part.replace("%", "%25").replace(";", "%3B").replace("=", "%3D")


def _unescape(part: str) -> str:
    return part.replace("%3D", "=").replace("%3B", ";").replace("%25", "%")


def cell_text(cell: Cell | Mapping[str, str]) -> str:
    """``dimension=category;dimension=category``, as in the HTML attribute ``data-cell``."""
    pairs = cell.items() if isinstance(cell, Mapping) else cell
    return ";".join(f"{_escape(name)}={_escape(category)}" for name, category in pairs)


def parse_cell(text: str) -> dict[str, str]:
    """The inverse of :func:`cell_text`. Raises ValueError when a part has no ``=``."""
    parts = [part.split("=", 1) for part in text.split(";") if part]
    return {_unescape(name): _unescape(category) for name, category in parts}


@dataclass(frozen=True, eq=False)
class Exhibit:
    """One publishable table with its unsuppressed numbers.

    ``frame``: one row per combination of leaves, with the columns

    - one per dimension, as strings;
    - ``pupils``: pupils of that leaf cell (repeated over the leaves of a *split* or *time* dimension);
    - for *pct* and *days*: ``days_absent``, ``max_days`` (the most days any one pupil has in that cell);
      for *pct* also ``days_possible``.

    Combinations that cannot exist are named in ``structural_zeros`` (leaves in the order of ``dimensions``)
    and need no row. ``universe`` names the population; exhibits over the same population share it, and are
    then protected together. ``shown`` picks the categories of a dimension that are printed (a school page
    shows one school); what it leaves out is guarded all the same. ``coarser`` lists alternatives to
    ``shown``, tried in order where too much would be hidden. ``minimum`` replaces the protocol's
    minimum for this exhibit (sources instead of pupils). ``is_aggregate`` marks official statistics
    whose counts are averages: not whole numbers, no largest contributor known. ``sensitive`` names cells (every
    dimension, in their order) that are hidden whatever they hold, because another release makes them tell too much.
    ``of`` names categories of further dimensions that the whole table speaks of (days up to a cut-off): part of what
    its numbers are, not of what its cells are called. A table that shows nothing (``shown`` names no category) is
    never printed, but its sensitive cells are guarded. ``known`` names cells that a reader knows from elsewhere (the
    pupils of a grade): they help the attacker whether they are printed or not, so hiding them would be no help.
    ``unprinted`` names cells that no reader is shown though their categories are: they are guarded like a remainder.

    With *share* among the measures, *pupils* is printed for whole groups only (the n behind the shares).
    """

    id: str
    universe: str
    dimensions: tuple[Dimension, ...]
    frame: pd.DataFrame
    measures: tuple[Measure, ...] = ("pupils",)
    title: str = ""
    shown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    coarser: tuple[Mapping[str, tuple[str, ...]], ...] = ()
    decimals: Mapping[str, int] = field(default_factory=dict)
    structural_zeros: frozenset[tuple[str, ...]] = frozenset()
    minimum: int | None = None
    is_aggregate: bool = False
    sensitive: frozenset[Cell] = frozenset()
    of: tuple[tuple[Dimension, str], ...] = ()
    known: frozenset[Cell] = frozenset()
    unprinted: frozenset[Cell] = frozenset()

    @property
    def all_dimensions(self) -> tuple[Dimension, ...]:
        """The dimensions of the table, and those it takes one category of."""
        return (*self.dimensions, *(d for d, _ in self.of))

    @property
    def is_guard(self) -> bool:
        """Whether the table is there to guard its cells only and prints nothing."""
        return any(not categories for categories in self.shown.values())

    def context_of(self, cell: Cell) -> Cell:
        """The part of a cell that is never added: its year, its week."""
        return tuple(sorted(p for p in cell if self.dimension(p[0]).total is None))

    def most_shown(self, d: Dimension) -> tuple[str, ...]:
        """The categories of a dimension that any of the exhibit's forms shows, as the first of them orders them."""
        forms = (self.shown.get(d.name, d.categories), *(f.get(d.name, d.categories) for f in self.coarser))
        return tuple(dict.fromkeys(c for form in forms for c in form))

    def dimension(self, name: str) -> Dimension:
        """The dimension of that name. Raises KeyError."""
        return {d.name: d for d in self.dimensions}[name]

    def decimals_of(self, measure: str) -> int:
        """Printed decimals of a measure."""
        return int(self.decimals.get(measure, DEFAULT_DECIMALS[measure]))

    def key(self, cell: Mapping[str, str], measure: str) -> Key:
        """The identity of the number in a cell: totals, and for pupils the splits of days, are left out."""
        whole = {**{d.name: category for d, category in self.of}, **cell}
        return key_of(self.universe, self.all_dimensions, whole, quantity_of(measure))


def key_of(
    universe: str, dimensions: tuple[Dimension, ...], cell: Mapping[str, str], quantity: Quantity
) -> Key:
    """The :class:`Key` of a cell given with or without its totals. Raises KeyError for an unknown category."""
    pairs = []
    for d in dimensions:
        category = cell.get(d.name, d.total)
        if category is None or not (quantity == "days" or d.divides_pupils):
            continue
        same = d.identity(category)
        if same != d.total:
            pairs.append((d.name, same))
    return Key(universe, quantity, tuple(sorted(pairs)))


def check_exhibits(exhibits: tuple[Exhibit, ...]) -> None:
    """Refuse exhibits that cannot be what they claim, all problems at once. Raises InputError."""
    problems: list[Problem] = []
    ids = [e.id for e in exhibits]
    for exhibit_id in sorted({i for i in ids if ids.count(i) > 1}):
        problems.append(Problem("", column=exhibit_id, found="exhibit id used twice", expected="unique ids"))
    for exhibit in exhibits:
        problems.extend(_exhibit_problems(exhibit))
    seen: dict[tuple[str, str], tuple[str, Dimension]] = {}
    for exhibit in exhibits:
        for d in exhibit.all_dimensions:
            first_id, first = seen.setdefault((exhibit.universe, d.name), (exhibit.id, d))
            if (set(first.leaves), first.total, first.role) != (set(d.leaves), d.total, d.role):
                problems.append(
                    Problem(
                        "",
                        column=exhibit.id,
                        found=f'"{d.name}" is divided otherwise in {first_id}',
                        expected="one division per dimension and universe; use bands",
                    )
                )
    if problems:
        raise InputError("The exhibits cannot be protected as declared.", problems)


def _exhibit_problems(exhibit: Exhibit) -> list[Problem]:
    found: list[Problem] = []

    def problem(text: str, expected: str) -> None:
        found.append(Problem("", column=exhibit.id, found=text, expected=expected))

    needed = {"pupils"}
    if {"pct", "days"} & set(exhibit.measures):
        needed |= {"days_absent"} | (set() if exhibit.is_aggregate else {"max_days"})
    if "pct" in exhibit.measures:
        needed |= {"days_possible"}
    names = [d.name for d in exhibit.dimensions]
    missing = sorted((needed | set(names)) - set(exhibit.frame.columns))
    if missing:
        problem(f"columns missing: {', '.join(missing)}", "see Exhibit")
        return found
    if set(exhibit.measures) - set(MEASURES):
        problem("unknown measure", ", ".join(MEASURES))
    if "share" in exhibit.measures and not any(d.role == "attribute" for d in exhibit.dimensions):
        problem("a share without an attribute", 'a dimension with role "attribute"')
    if "pupils" in exhibit.measures and any(d.role == "time" for d in exhibit.dimensions):
        problem("pupils by time", "pupils do not add up over time: print them in an exhibit without it")
    for shown in (exhibit.shown, *exhibit.coarser):
        for name, categories in shown.items():
            if name not in names or set(categories) - set(exhibit.dimension(name).categories):
                problem(
                    f'"{name}" shows categories it does not have', "leaves, bands or total of the dimension"
                )
    rows = [tuple(row) for row in exhibit.frame[names].itertuples(index=False)]
    size = 1
    for d in exhibit.dimensions:
        size *= len(d.leaves)
    strangers = sum(
        any(v not in d.leaves for v, d in zip(row, exhibit.dimensions, strict=True)) for row in rows
    )
    if strangers:
        problem(f"{strangers} rows with a category that is no leaf", "leaves only, as strings")
    elif len(set(rows)) < len(rows):
        problem("a leaf cell stands in several rows", "one row per combination of leaves")
    elif len(set(rows) | exhibit.structural_zeros) < size:
        lacking = size - len(set(rows) | exhibit.structural_zeros)
        problem(f"{lacking} leaf cells have no row", "a row with 0, or the cell among structural_zeros")
    numbers = exhibit.frame[sorted(needed)]
    if bool(numbers.isna().any().any()) or bool((numbers < 0).any().any()):
        problem("missing or negative numbers", "numbers from 0 up")
    return found
