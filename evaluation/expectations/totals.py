"""Do the totals a school delivers agree with its own day registrations? Two files of one system rarely should differ.

Quarter totals repeat what the days say and enter no figure; what they are good for is telling that a file is
incomplete. Nothing is corrected here. Sentences count grades, never days: a total of days is for disclosure control.
"""

from __future__ import annotations

import pandas as pd

from evaluation.expectations.checks import Finding, Subject, finding
from evaluation.expectations.coverage import school_name
from evaluation.expectations.rules import day
from evaluation.words import Count, Name, Values
from evaluation.words.catalogue.quality import Delivery

TOLERATED_PCT = 2.0
"""Corrections between two exports move about one registration in a hundred; a lost week of a quarter moves eight."""
TOLERATED_DAYS = 5.0
"""In a grade with little absence a single corrected week is more than two per cent."""

_COMPARED = """
WITH quarters AS (
  SELECT school_id, grade, pupil_key, period_from, period_to, SUM(absent_days) AS stated
  FROM raw_totals WHERE period = 'quarter' AND period_to <= {end}
  GROUP BY school_id, grade, pupil_key, period_from, period_to
), noted AS (
  SELECT q.school_id, q.grade, q.pupil_key, q.period_from, SUM(t.day_fraction) AS noted
  FROM quarters q JOIN t ON t.school_id = q.school_id AND t.grade = q.grade
   AND t.day_on BETWEEN q.period_from AND q.period_to AND (q.pupil_key IS NULL OR t.pupil_key = q.pupil_key)
  GROUP BY q.school_id, q.grade, q.pupil_key, q.period_from
), delivered AS (
  SELECT DISTINCT q.school_id, q.period_from
  FROM quarters q JOIN t ON t.school_id = q.school_id AND t.day_on BETWEEN q.period_from AND q.period_to
)
SELECT q.school_id, q.period_from, q.grade, SUM(q.stated) AS stated, SUM(COALESCE(n.noted, 0)) AS noted
FROM quarters q
JOIN delivered d ON d.school_id = q.school_id AND d.period_from = q.period_from
LEFT JOIN noted n ON n.school_id = q.school_id AND n.grade = q.grade AND n.period_from = q.period_from
                 AND n.pupil_key IS NOT DISTINCT FROM q.pupil_key
GROUP BY q.school_id, q.period_from, q.grade
ORDER BY q.school_id, q.period_from, q.grade
"""


def totals_agree(f: Subject) -> list[Finding] | None:
    """One finding per school and quarter of which both totals and day registrations came, up to the cut-off.

    A grade disagrees when the difference is more than :data:`TOLERATED_PCT` per cent of the larger number and more
    than :data:`TOLERATED_DAYS` days. Where totals are of single pupils, the same pupils' days are compared.
    """
    if "raw_totals" not in f.others:
        return None
    end = day(f.cutoff) if f.cutoff is not None else "TIMESTAMP '9999-12-31'"
    both = f.query(_COMPARED.format(end=end))
    if both.empty:
        return None
    apart = (both["stated"] - both["noted"]).abs()
    larger = both[["stated", "noted"]].max(axis=1)
    both["is_apart"] = (apart > TOLERATED_DAYS) & (apart > TOLERATED_PCT / 100 * larger)
    rows = []
    for key, mine in both.groupby(["school_id", "period_from"], sort=True):
        school_id, first = str(key[0]), pd.Timestamp(str(key[1]))
        n, of = int(mine["is_apart"].sum()), len(mine)
        counts = (f"{school_id} {first:%Y-%m}", n == 0, n, of)
        place: Values = {
            "school": Name(school_name(f, school_id)),
            "quarter": Count(first.quarter),
            "year": Name(str(first.year)),
        }
        rows.append(
            finding(*counts, Delivery.TOTALS_DISAGREE, **place, grades=Count(n), all=Count(of))
            if n
            else finding(*counts, Delivery.TOTALS_AGREE, **place)
        )
    return rows
