"""Patterns of pupils: how much absence they have. Description only; there is no inference here.

Bands 0–5–10–20 % and the crossing of legal thresholds. "Over 10 per cent" has one meaning in all of them: more
than ten, of the pupils with enough school days to say so, each counted where they went to school. Not here: when
absence falls (``pattern_days``), disclosure control.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import pandas as pd

from evaluation.errors import InputError
from evaluation.panel.registered import COLUMNS, EQUAL, By, Registered, finished, percent

# One row per pupil, school year, school and grade: who moved is counted at each place.
_PLACED = """, placed AS (
  SELECT pupil_key, school_year, school_id, grade, SUM(possible_days) AS possible_days,
         SUM(absent_days) AS absent_days
  FROM spans WHERE week_from >= (SELECT from_on FROM force) AND week_from <= (SELECT until_on FROM force)
  GROUP BY pupil_key, school_year, school_id, grade
  HAVING SUM(possible_days) > 0 AND SUM(possible_days) >= (SELECT minimum_days FROM force)
)"""
_BANDS = (
    _PLACED
    + """
SELECT school_year, {group} AS group_id, b.number, COUNT(*) AS count, SUM(possible_days) AS possible_days,
       SUM(absent_days) AS absent_days
FROM placed JOIN bands b ON 100.0 * absent_days / possible_days > b.above
                        AND 100.0 * absent_days / possible_days <= b.up_to
GROUP BY school_year, {group}, b.number
"""
)
_ACROSS = (
    _PLACED
    + """
SELECT school_year, {group} AS group_id, COUNT(*) AS pupils, SUM(possible_days) AS possible_days,
       CAST(SUM(CASE WHEN 100.0 * absent_days / possible_days >= (SELECT least FROM force) THEN 1 ELSE 0 END) AS BIGINT)
       AS count
FROM placed GROUP BY school_year, {group} ORDER BY school_year, group_id
"""
)
_PERIOD = (
    "CASE WHEN f.per = 'quarter' THEN EXTRACT(year FROM {on}) * 10 + EXTRACT(quarter FROM {on}) ELSE 0 END"
)
_REACHED = (
    """, reached AS (
  SELECT r.pupil_key, r.school_year, """
    + _PERIOD.format(on="r.day_on")
    + """ AS period, SUM(r.day_fraction) AS days
  FROM registrations r CROSS JOIN force f
  WHERE r.day_on >= f.from_on AND r.day_on <= f.until_on
    AND r.absence_type IN (SELECT absence_type FROM kinds)
  GROUP BY r.pupil_key, r.school_year, """
    + _PERIOD.format(on="r.day_on")
    + """
), possible AS (
  SELECT s.pupil_key, s.school_year, """
    + _PERIOD.format(on="s.week_from")
    + """ AS period, SUM(s.possible_days) AS days
  FROM daily_spans s CROSS JOIN force f
  WHERE s.week_from >= f.from_on AND s.week_from <= f.until_on
  GROUP BY s.pupil_key, s.school_year, """
    + _PERIOD.format(on="s.week_from")
    + """
), across AS (
  SELECT DISTINCT r.pupil_key, r.school_year, r.period
  FROM reached r CROSS JOIN force f
  LEFT JOIN possible p ON p.pupil_key = r.pupil_key AND p.school_year = r.school_year AND p.period = r.period
  WHERE CASE WHEN f.unit = 'school_days' THEN r.days ELSE 100.0 * r.days / NULLIF(p.days, 0) END >= f.least
), place AS (
  SELECT pupil_key, school_year, group_id,
         ROW_NUMBER() OVER (PARTITION BY pupil_key, school_year ORDER BY possible_days DESC, group_id) AS rank_place
  FROM (SELECT pupil_key, school_year, {group} AS group_id, SUM(possible_days) AS possible_days
        FROM daily_spans GROUP BY pupil_key, school_year, {group}) AS pupil_years
  WHERE possible_days > 0
)
SELECT a.school_year, p.group_id, {period}COUNT(DISTINCT a.pupil_key) AS count
FROM across a JOIN place p ON p.pupil_key = a.pupil_key AND p.school_year = a.school_year AND p.rank_place = 1
GROUP BY {period}a.school_year, p.group_id
"""
)
_REACHED_IN_YEAR = _REACHED.replace("{period}", "")
_REACHED_IN_QUARTER = _REACHED.replace("{period}", "a.period, ")

_QUARTERS = """
SELECT DISTINCT school_year, {group} AS group_id,
       CAST(EXTRACT(year FROM week_from) * 10 + EXTRACT(quarter FROM week_from) AS BIGINT) AS period
FROM daily_spans WHERE possible_days > 0 ORDER BY school_year, group_id, period
"""


@dataclass(frozen=True, slots=True)
class ThresholdRule:
    """A dated threshold of ``value`` percent of school days, or of school days, per quarter or school year.

    ``crossing`` says whether reaching the value is enough ("at_least") or it must be exceeded ("more_than").
    """

    id: str
    value: float
    unit: Literal["pct_of_school_days", "school_days"]
    per: Literal["quarter", "school_year"]
    types: tuple[str, ...]
    in_force_from: dt.date
    in_force_until: dt.date | None = None
    crossing: Literal["at_least", "more_than"] = "at_least"

    def relation(self, minimum_days: float = 0.0) -> pd.DataFrame:
        """The rule as one row. "More than" is at least a hair more, since amounts are in steps of half days."""
        return _force(
            self.in_force_from,
            self.in_force_until,
            minimum_days,
            unit=self.unit,
            per=self.per,
            least=self.value + (EQUAL if self.crossing == "more_than" else -EQUAL),
        )


def band_pattern(
    registered: Registered,
    edges_pct: Sequence[float] = (0, 5, 10, 20),
    by: By = "all",
    minimum_days: float = 0.0,
) -> pd.DataFrame:
    """Pupils by band of their absence so far in the school year, at each school and grade they went to.

    A band holds its upper edge and not its lower, so that the bands above ten are those who are *over* ten per
    cent. Pupils with fewer than ``minimum_days`` possible days are not classified.
    """
    edges = sorted(map(float, edges_pct))
    if not edges or edges[0] != 0:
        raise InputError(f"patterns: the bands must begin at 0 percent, found {edges[:1]}")
    names = [f"{low:g}-{high:g}" for low, high in pairwise(edges)] + [f"{edges[-1]:g}+"]
    bands = pd.DataFrame(
        {
            "number": range(len(edges)),
            "above": [-1.0, *(e + EQUAL for e in edges[1:])],
            "up_to": [*(e + EQUAL for e in edges[1:]), float("inf")],
        }
    )
    found = registered.ask(_BANDS, by, bands=bands, force=_force(None, None, minimum_days))
    keys = ["school_year", "group_id", "number"]
    every = pd.MultiIndex.from_product(
        [sorted(found["school_year"].unique()), sorted(found["group_id"].unique()), range(len(edges))],
        names=keys,
    )
    table = found.set_index(keys).reindex(every, fill_value=0.0).reset_index()
    table["pupils"] = table.groupby(["school_year", "group_id"])["count"].transform("sum")
    table["level"] = [names[i] for i in table["number"]]
    return finished("bands", table.assign(share_pct=percent(table["count"], table["pupils"])), by)


def threshold_pattern(registered: Registered, rules: Sequence[ThresholdRule], by: By = "all") -> pd.DataFrame:
    """Pupils who reached each threshold in at least one of its periods, as percent of pupils enrolled.

    A rule is applied to the days on which it is in force. Quarters are calendar quarters; a week's school
    days belong to the quarter of its Monday.
    """
    if not rules:
        return pd.DataFrame(columns=list(COLUMNS))
    enrolled, out = registered.enrolled(by), []
    for rule in rules:
        kinds = pd.DataFrame({"absence_type": list(rule.types)}, dtype="str")
        count = registered.ask(_REACHED_IN_YEAR, by, force=rule.relation(), kinds=kinds)
        rows = enrolled.merge(count, on=["school_year", "group_id"], how="left")
        out.append(rows.fillna({"count": 0.0}).assign(level=rule.id, absent_days=float("nan")))
    table = pd.concat(out)
    return finished("threshold", table.assign(share_pct=percent(table["count"], table["pupils"])), by)


def quarter_pattern(registered: Registered, rules: Sequence[ThresholdRule], by: By = "all") -> pd.DataFrame:
    """Pupils who reached each threshold, calendar quarter by quarter, as percent of the year's enrolled pupils.

    ``level`` is the rule and its quarter: ``parents_informed 2026-4``. Only quarters with school days so far are there.
    """
    if not rules:
        return pd.DataFrame(columns=list(COLUMNS))
    enrolled, out = registered.enrolled(by), []
    quarters = registered.ask(_QUARTERS, by)
    for rule in rules:
        kinds = pd.DataFrame({"absence_type": list(rule.types)}, dtype="str")
        count = registered.ask(_REACHED_IN_QUARTER, by, force=rule.relation(), kinds=kinds)
        keys = ["school_year", "group_id", "period"]
        rows = quarters.merge(count.astype({"period": "int64"}), on=keys, how="left").fillna({"count": 0.0})
        rows = rows.merge(enrolled, on=["school_year", "group_id"])
        name = rows["period"].map(lambda n: f"{n // 10}-{n % 10}")
        out.append(rows.assign(level=f"{rule.id} " + name, absent_days=float("nan")).drop(columns="period"))
    table = pd.concat(out)
    return finished("quarter", table.assign(share_pct=percent(table["count"], table["pupils"])), by)


def yearly_share_pattern(
    registered: Registered, rules: Sequence[ThresholdRule], by: By = "all", minimum_days: float = 0.0
) -> pd.DataFrame:
    """Pupils across each threshold on all absence of the school year, which pupil-weeks tell without day records.

    The pupils are those of :func:`band_pattern`, so that a threshold on a band's edge says what the bands say.
    """
    if not rules:
        return pd.DataFrame(columns=list(COLUMNS))
    table = pd.concat(
        registered.ask(_ACROSS, by, force=rule.relation(minimum_days)).assign(
            level=rule.id, absent_days=float("nan")
        )
        for rule in rules
    )
    return finished("threshold", table.assign(share_pct=percent(table["count"], table["pupils"])), by)


def _force(
    from_on: dt.date | None, until_on: dt.date | None, minimum_days: float, **rule: object
) -> pd.DataFrame:
    """One row: the days that count, who is classified, and the rest of a rule."""
    row = {"from_on": from_on or dt.date(1900, 1, 1), "until_on": until_on or dt.date(2200, 1, 1), **rule}
    frame = pd.DataFrame([{**row, "minimum_days": float(minimum_days)}])
    return frame.astype({"from_on": "datetime64[us]", "until_on": "datetime64[us]"})
