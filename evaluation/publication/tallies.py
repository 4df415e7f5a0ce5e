"""Exhibits of tables that are counted already: patterns of absence, talks and consents, sources of interviews.

What belongs here: how those counts divide each other. Follow-ups are part of the talks held, those of the talks
planned, and those of the grade's pupils;
ten days in a row are also five. A remainder below the limit is then a cell that the gate guards.
"""

from __future__ import annotations

from itertools import pairwise

import pandas as pd

from evaluation.disclosure.exhibits import Dimension, Exhibit, Measure
from evaluation.interviews.themes import BASELINE
from evaluation.protocol import Protocol

ALL = "i alt"
IMPLEMENTATION = (
    "talks_planned",
    "talks_held",
    "follow_ups",
    "consents_given",
    "consents_missing",
    "consents_withdrawn",
)
"""Columns of ``out_implementation`` that are printed where they may be. Selected pupils are not: with the consents
given beside them, the few who have not answered could be found by subtraction."""

CHANGES, CHANGES_BASELINE = "theme_changes", "theme_changes_before"
"""Exhibits of sources by occasion: since the programme began, and before it."""
EVERYBODY = "elever"
"""The pupils of a school's grade, whom a reader knows from the levels."""
_ONLY_TALK, _NOT_HELD, _NOT_PLANNED = "holdt uden opfølgning", "ikke holdt", "uden planlagt samtale"
_TALKS = ("follow_ups", _ONLY_TALK, _NOT_HELD, _NOT_PLANNED)


def zeros(frame: pd.DataFrame, dimensions: tuple[Dimension, ...]) -> frozenset[tuple[str, ...]]:
    """Leaf combinations without a row: a school without a grade, a period outside a year."""
    names = [d.name for d in dimensions]
    there = set(frame[names].itertuples(index=False, name=None))
    every = pd.MultiIndex.from_product([d.leaves for d in dimensions])
    return frozenset(t for t in every if t not in there)


def patterns(rows: pd.DataFrame) -> list[Exhibit]:
    """One exhibit per pattern over all pupils. Cells: skoleår, niveau (andel=ja for shares of a yes-or-no)."""
    mine = rows[(rows["group_kind"] == "all") & rows["share_pct"].notna()].rename(
        columns={"school_year": "skoleår", "level": "niveau"}
    )
    everybody = mine[mine["pattern"] == "bands"].groupby("skoleår")["count"].sum()
    return [_pattern(str(pattern), found, everybody) for pattern, found in mine.groupby("pattern")]


def _pattern(pattern: str, rows: pd.DataFrame, everybody: pd.Series) -> Exhibit:
    years = Dimension("skoleår", tuple(sorted(rows["skoleår"].unique())), None)
    levels = tuple(sorted(rows["niveau"].unique()))
    shown: dict[str, tuple[str, ...]] = {}
    # With the n, which a reader knows: of shares that add up to 100, one alone cannot be hidden.
    measures: tuple[Measure, ...] = ("pupils", "share")
    if pattern == "bands":
        dims: tuple[Dimension, ...] = (years, Dimension("niveau", levels, ALL, role="attribute"))
        # A band without pupils is nobody's by chance, not by nature: it is a zero of the table.
        counted = rows.pivot_table("count", "skoleår", "niveau", "sum", fill_value=0)
        frame = counted.reset_index().melt("skoleår", list(levels), "niveau", "pupils")
    elif pattern == "long_spells":
        niveau = nested(levels)
        dims, shown = (years, niveau), {"niveau": (*(x for x in niveau.categories if x in levels), ALL)}
        frame = _unnested(rows, levels, niveau)
    elif pattern in ("weekday", "after_holiday"):
        dims, measures = (years, Dimension("niveau", levels, None)), ("pct",)
        pupils = rows["skoleår"].map(everybody).fillna(0)
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
        f"mønster {pattern}",
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
    for year, found in rows.assign(everyone=_everyone(rows)).groupby("skoleår"):
        by = dict(zip(found["niveau"], found["count"].round(), strict=True))
        at_least = [float(found["everyone"].max()), *(float(by.get(x, 0)) for x in first), 0.0]
        steps = [max(a - b, 0.0) for a, b in pairwise(at_least)]
        out += [(year, part, n) for part, n in zip(niveau.leaves, steps, strict=True)]
    return pd.DataFrame(out, columns=["skoleår", "niveau", "pupils"])


def _everyone(rows: pd.DataFrame) -> pd.Series:
    """The whole behind a share; from the share itself where spells and not pupils are counted."""
    whole = rows["count"] / (rows["share_pct"] / 100).where(rows["share_pct"] > 0)
    return whole.fillna(rows["pupils"]).fillna(0).round()


def implementation(rows: pd.DataFrame, protocol: Protocol) -> list[Exhibit]:
    """Talks and consents of every school and grade that has begun; nothing is added over schools or grades."""
    begun = rows[rows["first_on"].notna()]
    if begun.empty:
        return []
    planned, held, followed = (begun[c].fillna(0) for c in ("talks_planned", "talks_held", "follow_ups"))
    parts = begun.assign(
        **{
            "skole": begun["school_id"].astype(str),
            "klassetrin": begun["grade"].astype(str),
            _ONLY_TALK: held - followed,
            _NOT_HELD: planned - held,
            # More planned than pupils: some have left since, and the plan is all there is to know.
            _NOT_PLANNED: (begun["pupils"] - planned).clip(lower=0),
        }
    )
    # Logs where more is followed up than held, or held than planned, do not add up and are not printed.
    parts = parts[(parts[_ONLY_TALK] >= 0) & (parts[_NOT_HELD] >= 0)]
    if parts.empty:
        return []
    leaves = (*_TALKS, *(c for c in IMPLEMENTATION if c.startswith("consents_")))
    dims = (
        Dimension("skole", tuple(s.id for s in protocol.schools), None),
        Dimension("klassetrin", tuple(sorted(parts["klassetrin"].unique())), None),
        Dimension(
            "opgørelse",
            leaves,
            ALL,
            (("talks_held", _TALKS[:2]), ("talks_planned", _TALKS[:3]), (EVERYBODY, _TALKS)),
            role="attribute",
        ),
    )
    frame = parts.drop(columns="pupils").melt(["skole", "klassetrin"], list(leaves), "opgørelse", "pupils")
    # A talk planned for everybody is the programme itself, and no secret.
    frame = frame[frame["opgørelse"].ne(_NOT_PLANNED) | frame["pupils"].gt(0)]
    places = frame[["skole", "klassetrin"]].drop_duplicates().itertuples(index=False, name=None)
    return [
        Exhibit(
            "implementation",
            "gennemførelse",
            dims,
            frame.astype({"pupils": "int64"}),
            shown={"opgørelse": (*IMPLEMENTATION, EVERYBODY)},
            structural_zeros=zeros(frame, dims),
            known=frozenset((("skole", s), ("klassetrin", g), ("opgørelse", EVERYBODY)) for s, g in places),
        )
    ]


def themes(rows: pd.DataFrame, changes: pd.DataFrame, protocol: Protocol) -> list[Exhibit]:
    """Sources of each code: all since the programme began, and by occasion where two occasions are compared.

    Every source belongs to one occasion, so those since the beginning add up to the whole and are protected with it.
    The ones from before are no part of it and are an exhibit of their own.
    """
    mine = rows[(rows["group_kind"] == "all") & rows["sources"].notna()]
    frame = pd.DataFrame({"kode": mine["code"], "pupils": mine["sources"].astype("int64")})
    if frame.empty:
        return []
    kode = Dimension("kode", tuple(sorted(frame["kode"].unique())), None)
    limit = protocol.disclosure.quote_minimum_sources
    found = [Exhibit("themes", "kilder", (kode,), frame, minimum=limit)]
    compared = {*changes["occasion_from"], *changes["occasion_to"]}
    each = rows[(rows["group_kind"] == "occasion") & rows["sources"].notna()]
    by_occasion = each.pivot_table("sources", "code", "group_id", "sum", fill_value=0).rename_axis("kode")
    since = by_occasion.drop(columns=BASELINE, errors="ignore").reindex(kode.leaves, fill_value=0)
    since = since.rename_axis("kode").reset_index().melt("kode", var_name="nedslag", value_name="pupils")
    shown = tuple(sorted(compared & set(since["nedslag"])))
    if shown:
        nedslag = Dimension("nedslag", tuple(sorted(since["nedslag"].unique())), ALL)
        frame = since.astype({"pupils": "int64"})
        found.append(
            Exhibit(CHANGES, "kilder", (kode, nedslag), frame, shown={"nedslag": shown}, minimum=limit)
        )
    if BASELINE in compared:
        frame = (
            by_occasion.reindex(columns=[BASELINE], fill_value=0).set_axis(["pupils"], axis=1).reset_index()
        )
        first = Dimension("kode", tuple(sorted(frame["kode"])), None)
        frame = frame.astype({"pupils": "int64"})
        found.append(Exhibit(CHANGES_BASELINE, "kilder før start", (first,), frame, minimum=limit))
    return found


def theme_cell(code: str, occasion: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Where a code's sources at an occasion stand: exhibit and cell."""
    if occasion == BASELINE:
        return CHANGES_BASELINE, (("kode", code),)
    return CHANGES, (("kode", code), ("nedslag", occasion))


def targeted(rows: pd.DataFrame) -> list[Exhibit]:
    """Indsatselever of each grade with talks, on the row that prints them. Grades are never added."""
    mine = rows[rows["estimator"].eq("naive") & rows["pupils"].notna()]
    if mine.empty:
        return []
    frame = pd.DataFrame({"gruppe": mine["group_id"].astype(str), "pupils": mine["pupils"].astype("int64")})
    dims = (Dimension("gruppe", tuple(sorted(frame["gruppe"])), None),)
    return [Exhibit("targeted", "indsatselever", dims, frame)]
