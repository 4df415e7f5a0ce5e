"""Exhibits of tables that are counted already: patterns of absence, talks and consents, sources of interviews.

What belongs here: how those counts divide each other. Follow-ups are part of the talks held, those of the talks
planned, and those of the grade's pupils;
ten days in a row are also five. A remainder below the limit is then a cell that the gate guards.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pandas as pd

from evaluation.disclosure.exhibits import Dimension, Exhibit, Measure
from evaluation.interviews.themes import (
    BASELINE,
    CHANGES,
    CHANGES_BASELINE,
    DECLINED,
    DIVISIONS,
    EVERY_SOURCE,
    TO_COME,
    UNKNOWN,
)
from evaluation.protocol import Protocol
from evaluation.words.catalogue import protected

ALL = "i alt"
IMPLEMENTATION = (
    "talks_held",
    "follow_ups",
    "consents_given",
    "consents_missing",
    "consents_withdrawn",
)
"""Columns of ``out_implementation`` that are printed where they may be. Selected pupils are not: with the consents
given beside them, the few who have not answered could be found by subtraction. Talks planned are not either: beside
the grade's pupils they tell who was left out."""

EVERYBODY = "elever"
"""The pupils of a school's grade, whom a reader knows from the levels."""
_ONLY_TALK, _NOT_HELD = protected.HELD_WITHOUT_FOLLOW_UP, "uden samtale"
_TALKS = ("follow_ups", _ONLY_TALK, _NOT_HELD)
YEAR, TALLY = protected.YEAR, protected.TALLY
"""Names of two dimensions as cells carry them."""
OCCASION = "nedslag"
SIGNS = "signs"
"""The exhibit of sources by sign of the study's goal."""


def zeros(frame: pd.DataFrame, dimensions: tuple[Dimension, ...]) -> frozenset[tuple[str, ...]]:
    """Leaf combinations where nobody can be: a school without a grade, a period outside a year.

    Only groups and contexts can be empty by nature. What a table tells about pupils is empty by chance, and that is as
    much a secret as a one: such a combination is a zero of the table.
    """
    names = [d.name for d in dimensions]
    groups = [i for i, d in enumerate(dimensions) if d.total is None or d.role != "attribute"]
    there = set(frame[[names[i] for i in groups]].itertuples(index=False, name=None))
    every = pd.MultiIndex.from_product([d.leaves for d in dimensions])
    return frozenset(t for t in every if tuple(t[i] for i in groups) not in there)


YES_OR_NO = ("single_day_spells", "threshold", "quarter")
"""Patterns that are the share of pupils, or spells, of which something is true."""


def patterns(rows: pd.DataFrame) -> list[Exhibit]:
    """One exhibit per pattern over all pupils. Cells: skoleår, niveau (andel=ja for shares of a yes-or-no)."""
    # Long spells by role are too few to be told beside the whole: printing both would hide all of them.
    mine = rows[rows["group_kind"].eq("all") & rows["share_pct"].notna()].rename(
        columns={"school_year": protected.YEAR, "level": "niveau"}
    )
    everybody = mine[mine["pattern"] == "bands"].groupby(protected.YEAR)["count"].sum()
    return [_pattern(str(pattern), found, everybody) for pattern, found in mine.groupby("pattern")]


def _pattern(pattern: str, rows: pd.DataFrame, everybody: pd.Series) -> Exhibit:
    years = Dimension(protected.YEAR, tuple(sorted(rows[protected.YEAR].unique())), None)
    levels = tuple(sorted(rows["niveau"].unique()))
    shown: dict[str, tuple[str, ...]] = {}
    # With the n, which a reader knows: of shares that add up to 100, one alone cannot be hidden.
    measures: tuple[Measure, ...] = ("pupils", "share")
    if pattern == "bands":
        dims: tuple[Dimension, ...] = (years, Dimension("niveau", levels, ALL, role="attribute"))
        # A band without pupils is nobody's by chance, not by nature: it is a zero of the table.
        counted = rows.pivot_table("count", protected.YEAR, "niveau", "sum", fill_value=0)
        frame = counted.reset_index().melt(protected.YEAR, list(levels), "niveau", "pupils")
    elif pattern == "long_spells":
        niveau = nested(levels)
        dims, shown = (years, niveau), {"niveau": (*(x for x in niveau.categories if x in levels), ALL)}
        frame = _unnested(rows, levels, niveau)
    elif pattern in ("weekday", "after_holiday"):
        dims, measures = (years, Dimension("niveau", levels, None)), ("pct",)
        pupils = rows[protected.YEAR].map(everybody).fillna(0)
        frame = rows.assign(
            pupils=pupils.astype("int64"),
            days_absent=rows["absent_days"],
            days_possible=rows["possible_days"],
            # Nobody can be absent on more days than one pupil has.
            max_days=(rows["possible_days"] / pupils.where(pupils > 0)).fillna(rows["absent_days"]),
        )
    else:
        dims = (
            years,
            Dimension("niveau", levels, None),
            Dimension("andel", ("ja", "nej"), ALL, role="attribute"),
        )
        shown = {"andel": ("ja", ALL)}
        yes = rows["count"].fillna(0).round()
        no = (_everyone(rows) - yes).clip(lower=0)
        frame = pd.concat([rows.assign(andel="ja", pupils=yes), rows.assign(andel="nej", pupils=no)])
    frame = frame.astype({"pupils": "int64"})
    return Exhibit(
        f"pattern_{pattern}",
        protected.pattern(pattern),
        dims,
        frame,
        measures,
        shown=shown,
        decimals={"share": 1},
        structural_zeros=zeros(frame, dims),
    )


def nested(levels: tuple[str, ...]) -> Dimension:
    """``5+``, ``10+``, ``15+`` as what they are: 15 and more, 10 to 14, 5 to 9, fewer; and their sums."""
    first = sorted(levels, key=lambda x: int(x.rstrip("+")))
    cuts = [int(x.rstrip("+")) for x in first]
    between = [f"{a}-{b - 1}" for a, b in pairwise(cuts)]
    parts = (f"under {cuts[0]}", *between, first[-1])
    bands = tuple((name, parts[k + 1 :]) for k, name in enumerate(first[:-1]))
    return Dimension("niveau", parts, ALL, bands, role="attribute")


def _unnested(rows: pd.DataFrame, levels: tuple[str, ...], niveau: Dimension) -> pd.DataFrame:
    first = sorted(levels, key=lambda x: int(x.rstrip("+")))
    out = []
    for year, found in rows.assign(everyone=_everyone(rows)).groupby(protected.YEAR):
        by = dict(zip(found["niveau"], found["count"].round(), strict=True))
        at_least = [float(found["everyone"].max()), *(float(by.get(x, 0)) for x in first), 0.0]
        steps = [max(a - b, 0.0) for a, b in pairwise(at_least)]
        out += [(year, part, n) for part, n in zip(niveau.leaves, steps, strict=True)]
    return pd.DataFrame(out, columns=[protected.YEAR, "niveau", "pupils"])


def _everyone(rows: pd.DataFrame) -> pd.Series:
    """The whole behind a share; from the share itself where spells and not pupils are counted."""
    whole = rows["count"] / (rows["share_pct"] / 100).where(rows["share_pct"] > 0)
    return whole.fillna(rows["pupils"]).fillna(0).round()


def implementation(rows: pd.DataFrame, protocol: Protocol) -> list[Exhibit]:
    """Talks and consents of every school and grade that has begun; nothing is added over schools or grades."""
    begun = rows[rows["first_on"].notna()]
    if begun.empty:
        return []
    held, followed = (begun[c].fillna(0) for c in ("talks_held", "follow_ups"))
    parts = begun.assign(
        **{
            "skole": begun["school_id"].astype(str),
            "klassetrin": begun["grade"].astype(str),
            _ONLY_TALK: held - followed,
            # More held than pupils: some have left since, and the talks are all there is to know.
            _NOT_HELD: (begun["pupils"] - held).clip(lower=0),
        }
    )
    # Logs where more is followed up than held do not add up and are not printed.
    parts = parts[parts[_ONLY_TALK] >= 0]
    if parts.empty:
        return []
    leaves = (*_TALKS, *(c for c in IMPLEMENTATION if c.startswith("consents_")))
    dims = (
        Dimension("skole", tuple(s.id for s in protocol.schools), None),
        Dimension("klassetrin", tuple(sorted(parts["klassetrin"].unique())), None),
        Dimension(
            protected.TALLY,
            leaves,
            ALL,
            (("talks_held", _TALKS[:2]), (EVERYBODY, _TALKS)),
            role="attribute",
        ),
    )
    frame = parts.drop(columns="pupils").melt(
        ["skole", "klassetrin"], list(leaves), protected.TALLY, "pupils"
    )
    places = frame[["skole", "klassetrin"]].drop_duplicates().itertuples(index=False, name=None)
    return [
        Exhibit(
            "implementation",
            protected.CARRIED_OUT,
            dims,
            frame.astype({"pupils": "int64"}),
            shown={protected.TALLY: (*IMPLEMENTATION, EVERYBODY)},
            structural_zeros=zeros(parts, dims),
            known=frozenset(
                (("skole", s), ("klassetrin", g), (protected.TALLY, EVERYBODY)) for s, g in places
            ),
        )
    ]


def themes(rows: pd.DataFrame, changes: pd.DataFrame, protocol: Protocol) -> list[Exhibit]:
    """Sources of each code: all since the programme began, and by occasion where two occasions are compared.

    Every source belongs to one occasion, so those since the beginning add up to the whole and are protected with it: every
    table says which occasions it counts, or a later round would take the occasions it has counted for all there are.
    The ones from before are no part of it and are an exhibit of their own.
    """
    rows = _with_every_source(rows)
    mine = rows[(rows["group_kind"] == "all") & rows["sources"].notna()]
    frame = pd.DataFrame({"kode": mine["code"], "pupils": mine["sources"].astype("int64")})
    if frame.empty:
        return []
    kode = Dimension("kode", tuple(sorted(frame["kode"].unique())), None)
    limit = protocol.disclosure.quote_minimum_sources
    compared = {*changes["occasion_from"], *changes["occasion_to"]}
    each = rows[(rows["group_kind"] == "occasion") & rows["sources"].notna()]
    by_occasion = each.pivot_table("sources", "code", "group_id", "sum", fill_value=0).rename_axis("kode")
    since = by_occasion.drop(columns=BASELINE, errors="ignore").reindex(kode.leaves, fill_value=0)
    since = since.rename_axis("kode").reset_index().melt("kode", var_name=OCCASION, value_name="pupils")
    shown = tuple(sorted(compared & set(since[OCCASION])))
    nedslag = Dimension(OCCASION, tuple(sorted(since[OCCASION].unique())) or (UNKNOWN,), ALL)
    found = [Exhibit("themes", "kilder", (kode,), frame, minimum=limit)]
    found += _divisions(rows, frame, kode, limit)
    found = [replace(e, of=((nedslag, ALL),)) for e in found] + _declined(rows, limit)
    if shown:
        frame = since.astype({"pupils": "int64"})
        found.append(
            Exhibit(CHANGES, "kilder", (kode, nedslag), frame, shown={OCCASION: shown}, minimum=limit)
        )
    if BASELINE in compared:
        frame = (
            by_occasion.reindex(columns=[BASELINE], fill_value=0).set_axis(["pupils"], axis=1).reset_index()
        )
        first = Dimension("kode", tuple(sorted(frame["kode"])), None)
        frame = frame.astype({"pupils": "int64"})
        found.append(Exhibit(CHANGES_BASELINE, protected.SOURCES_BEFORE, (first,), frame, minimum=limit))
    return found


def _divisions(rows: pd.DataFrame, whole: pd.DataFrame, kode: Dimension, limit: int) -> list[Exhibit]:
    """Each code's sources by who speaks, and by what is said: parts of the same whole, protected with it."""
    found = []
    for kind, (name, parts) in DIVISIONS.items():
        by = rows[rows["group_kind"].eq(kind) & rows["sources"].notna()]
        cells = by.pivot_table("sources", "code", "group_id", "sum", fill_value=0)
        cells = cells.reindex(kode.leaves, columns=list(parts), fill_value=0)
        if kind == "speaker" and not cells[parts[-1]].any():
            # Nobody's informant is unknown, which a reader will guess: pupils and adults are the whole.
            parts, cells = parts[:2], cells[list(parts[:2])]
        # The whole stands beside its parts, so that it is not hidden for their sake.
        shown = {name: (*parts[:2], ALL)}
        if kind == "stance":
            # Nobody takes a stand on the sources themselves; they are there so that parts add up to the whole.
            cells.loc[EVERY_SOURCE, parts[-1]] = whole.set_index("kode")["pupils"].get(EVERY_SOURCE, 0)
            shown["kode"] = tuple(code for code in TO_COME if code in kode.leaves)
        if by.empty or not all(shown.values()):
            continue
        long = cells.reindex(kode.leaves).rename_axis("kode").reset_index()
        long = long.melt("kode", list(parts), name, "sources").rename(columns={"sources": "pupils"})
        dims, frame = (kode, Dimension(name, parts, ALL)), long.astype({"pupils": "int64"})
        found.append(Exhibit(f"themes_by_{kind}", "kilder", dims, frame, shown=shown, minimum=limit))
    return found


def _declined(rows: pd.DataFrame, limit: int) -> list[Exhibit]:
    """Interviews without a valid consent, all of them: who would have spoken tells of too few."""
    declined = rows.loc[rows["group_kind"] == "all", "sources_declined"].dropna().astype("int64").unique()
    if not declined.any():
        return []
    frame = pd.DataFrame({"hvem": ["all"], "pupils": [declined.max()]})
    dims = (Dimension("hvem", ("all",), None),)
    return [Exhibit(DECLINED, protected.WITHOUT_CONSENT, dims, frame, minimum=limit)]


def _with_every_source(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the number of sources itself as one more code, for every group that has one: a stance has none."""
    if "sources_total" not in rows or rows.empty:
        return rows
    groups = rows[rows["group_kind"].ne("stance")]
    totals = groups.groupby(["group_kind", "group_id"])[["sources_total"]].max().reset_index()
    own = totals.assign(code=EVERY_SOURCE, sources=totals["sources_total"])
    return pd.concat([rows, own], ignore_index=True)


def signs(rows: pd.DataFrame, protocol: Protocol) -> list[Exhibit]:
    """Sources that speak of each sign of the goal; the signs are never added. Mostly they are a code's, told once more
    (:mod:`~evaluation.publication.small_changes`)."""
    mine = rows[rows["sources"].fillna(0) > 0]
    if mine.empty:
        return []
    frame = pd.DataFrame({"tegn": mine["sign_id"].astype(str), "pupils": mine["sources"].astype("int64")})
    dims = (Dimension("tegn", tuple(sorted(frame["tegn"])), None),)
    return [Exhibit(SIGNS, "kilder til tegn", dims, frame, minimum=protocol.disclosure.quote_minimum_sources)]


def targeted(rows: pd.DataFrame) -> list[Exhibit]:
    """Indsatselever of each grade with talks, on the row that prints them. Grades are never added."""
    mine = rows[rows["estimator"].eq("naive") & rows["pupils"].notna()]
    if mine.empty:
        return []
    frame = pd.DataFrame({"gruppe": mine["group_id"].astype(str), "pupils": mine["pupils"].astype("int64")})
    dims = (Dimension("gruppe", tuple(sorted(frame["gruppe"])), None),)
    return [Exhibit("targeted", "indsatselever", dims, frame)]
