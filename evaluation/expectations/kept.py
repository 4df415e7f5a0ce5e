"""Does everything that came through the door arrive where figures are made? Kept = in core, per file and grain.

A row that a join drops is seen nowhere else: the files' ledgers balance and the tables agree among themselves. Here
delivered rows are looked for in the tables made from them. Sentences count rows, never days.
"""

from __future__ import annotations

import pandas as pd

from evaluation.expectations.checks import Finding, Subject, finding
from evaluation.expectations.coverage import school_name
from evaluation.words import Filed, Name, Persons, Values
from evaluation.words.catalogue.quality import Kept
from evaluation.words.texts import texts

TEXT = texts("expectations")


_STATEMENTS = """
WITH statements AS (
  SELECT source_file, source_row, from_on, to_on, pupil_key, absence_type FROM raw_absence
), single AS (
  SELECT s.source_file, EXISTS (SELECT 1 FROM t WHERE t.pupil_key = s.pupil_key AND t.day_on = s.from_on
                                                  AND t.absence_type = s.absence_type) AS is_there
  FROM statements s WHERE s.from_on = s.to_on
), longer AS (
  SELECT s.source_file, EXISTS (SELECT 1 FROM t WHERE t.pupil_key = s.pupil_key AND t.absence_type = s.absence_type
                                                  AND t.day_on BETWEEN s.from_on AND s.to_on) AS is_there
  FROM statements s WHERE s.from_on < s.to_on
)
SELECT source_file AS file, COUNT(*) AS delivered, COUNT(*) FILTER (WHERE NOT is_there) AS lost
FROM (SELECT * FROM single UNION ALL SELECT * FROM longer) GROUP BY ALL ORDER BY ALL
"""

_DAYS = """
WITH weeks AS (
  SELECT DISTINCT school_id, school_year, week_from, day_on FROM core_school_days
), noted AS (
  SELECT a.school_id, a.school_year, a.grade, a.pupil_key, w.week_from, SUM(a.day_fraction) AS days
  FROM core_absence_days a JOIN weeks w ON w.school_id = a.school_id AND w.day_on = a.day_on
  GROUP BY ALL
)
SELECT n.school_id, n.school_year, n.grade, n.week_from, COUNT(*) AS delivered,
       COUNT(*) FILTER (WHERE t.pupil_key IS NULL) AS lost,
       COUNT(*) FILTER (WHERE ABS(n.days - t.absent_days) > 1e-6) AS other
FROM noted n LEFT JOIN t ON t.school_id = n.school_id AND t.grade = n.grade AND t.pupil_key = n.pupil_key
                        AND t.week_from = n.week_from
GROUP BY ALL ORDER BY ALL
"""

_TOTALS = """
WITH rows AS (
  SELECT source_file, source_row, period, school_id, grade, period_from, SUM(absent_days) AS days
  FROM raw_totals WHERE period <> 'quarter'
  GROUP BY ALL
), asked AS (
  SELECT school_id, grade, period, CASE WHEN period = 'week' THEN DATE_TRUNC('week', period_from) ELSE period_from END
         AS period_from, SUM(days) AS days
  FROM rows GROUP BY ALL
), cells AS (
  SELECT school_id, grade, period, period_from, SUM(absent_days) AS days FROM t GROUP BY ALL
), found AS (
  SELECT a.school_id, a.grade, a.period, a.period_from,
         COALESCE(c.days >= a.days - 1e-6, FALSE) AS is_there
  FROM asked a LEFT JOIN cells c ON c.school_id = a.school_id AND c.grade = a.grade AND c.period = a.period
                                AND c.period_from = a.period_from
)
SELECT r.source_file AS file, r.period AS grain, COUNT(*) AS delivered, COUNT(*) FILTER (WHERE NOT f.is_there) AS lost
FROM rows r JOIN found f ON f.school_id = r.school_id AND f.grade = r.grade AND f.period = r.period
  AND f.period_from = CASE WHEN r.period = 'week' THEN DATE_TRUNC('week', r.period_from) ELSE r.period_from END
GROUP BY ALL ORDER BY ALL
"""

_GRAINS = {"week": "ugetotaler", "month": TEXT("month_totals")}


def statements_have_days(f: Subject) -> list[Finding] | None:
    """One finding per file of day and interval rows: each statement has at least one day in ``core_absence_days``."""
    if "raw_absence" not in f.others:
        return None
    return _per_file(f.query(_STATEMENTS).assign(grain=TEXT("absence_rows")))


def totals_have_cells(f: Subject) -> list[Finding] | None:
    """One finding per file and grain of totals: each row's days stand in the cell of its school, grade and period."""
    if "raw_totals" not in f.others:
        return None
    found = f.query(_TOTALS)
    return _per_file(found.assign(grain=found["grain"].map(_GRAINS)))


def days_have_weeks(f: Subject) -> list[Finding] | None:
    """One finding per school: pupils' absence days stand in their weeks with the same number of days.

    Weeks of which a school's registrations are known to be missing count nowhere, and are named by another check.
    """
    if not {"core_absence_days", "core_school_days", "core_pupils"} <= set(f.others):
        return None
    weeks = f.query(_DAYS)
    if weeks.empty:
        return None
    from evaluation.panel.delivered import missing_weeks

    gone = missing_weeks(f.others["core_pupils"], f.others["core_absence_days"], f.others["core_school_days"])
    missing = set(gone.itertuples(index=False, name=None))
    is_gone = [
        pair in missing for pair in weeks[["school_id", "week_from"]].itertuples(index=False, name=None)
    ]
    weeks["lost"] = weeks["lost"].mask(pd.Series(is_gone, index=weeks.index), 0)
    rows = []
    for school_id, mine in weeks.groupby("school_id", sort=True):
        lost, delivered = int((mine["lost"] + mine["other"]).sum()), int(mine["delivered"].sum())
        name = Name(school_name(f, str(school_id)))
        counts = (str(school_id), lost == 0, lost, delivered)
        values: Values = {"school": name, "lost": Persons(lost), "all": Persons(delivered)}
        rows.append(
            finding(*counts, Kept.WEEKS_LOST, **values)
            if lost
            else finding(*counts, Kept.WEEKS_KEPT, school=name)
        )
    return rows


def _per_file(found: pd.DataFrame) -> list[Finding] | None:
    if found.empty:
        return None
    rows = []
    for file, grain, delivered, lost in found[["file", "grain", "delivered", "lost"]].itertuples(
        index=False, name=None
    ):
        values: Values = {"file": Filed(str(file)), "grain": Name(grain), "all": Persons(int(delivered))}
        said = (Kept.ROWS_LOST, values | {"lost": Persons(int(lost))}) if lost else (Kept.ROWS_KEPT, values)
        rows.append(finding(f"{file} {grain}", lost == 0, lost, delivered, said[0], **said[1]))
    return rows
