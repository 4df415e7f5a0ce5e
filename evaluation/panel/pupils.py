"""Enrolment spells and pupil-days: who could be absent where, and who was.

Declared rules. A pupil is in one school and grade on a day: where spells overlap, the one that began last
holds (a move is registered by the receiving school) and the earlier one ends the day before. A day's absence
belongs to the school and grade of the spell in force. Never more than one day's absence on a day.
"""

from __future__ import annotations

import pyarrow as pa

from evaluation.tables.relations import Relation, stream_sql

_SPELLS = """
WITH newest AS (
  SELECT pupil_key, school_id, school_year, grade, class_label, enrolled_from, enrolled_to,
         ROW_NUMBER() OVER (PARTITION BY pupil_key, school_id, school_year, grade, enrolled_from
                            ORDER BY exported_on DESC, source_file, source_row) AS rank_newest
  FROM pupils
), one_per_day AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY pupil_key, enrolled_from
                               ORDER BY enrolled_to DESC, school_id, grade) AS rank_same_day
  FROM newest WHERE rank_newest = 1
), ordered AS (
  SELECT *, LEAD(enrolled_from) OVER (PARTITION BY pupil_key ORDER BY enrolled_from) AS next_from
  FROM one_per_day WHERE rank_same_day = 1
)
SELECT * FROM (
  SELECT pupil_key, school_year, school_id, grade, class_label, enrolled_from,
         CASE WHEN next_from IS NOT NULL AND next_from <= enrolled_to
              THEN CAST(next_from - INTERVAL 1 DAY AS DATE) ELSE enrolled_to END AS enrolled_to
  FROM ordered
) AS spells
WHERE enrolled_to >= enrolled_from
"""

_ABSENCE_DAYS = """
WITH placed AS (
  SELECT a.pupil_key, s.school_id, s.grade, a.absence_type, a.day_fraction, a.exported_on, a.from_on,
         GREATEST(a.from_on, s.enrolled_from) AS first_on, LEAST(a.to_on, s.enrolled_to) AS last_on
  FROM absence a
  JOIN spells s ON s.pupil_key = a.pupil_key AND s.enrolled_from <= a.to_on AND s.enrolled_to >= a.from_on
), on_days AS (
  SELECT p.pupil_key, d.day_on, d.school_year, p.school_id, p.grade, p.absence_type, p.day_fraction,
         p.exported_on, p.from_on
  FROM placed p JOIN days d ON d.school_id = p.school_id AND d.day_on BETWEEN p.first_on AND p.last_on
), by_type AS (
  SELECT pupil_key, day_on, school_year, school_id, grade, absence_type,
         MAX(day_fraction) AS day_fraction,
         MAX(exported_on) AS exported_on, MAX(from_on) AS from_on
  FROM on_days
  GROUP BY pupil_key, day_on, school_year, school_id, grade, absence_type
), running AS (
  SELECT *, SUM(day_fraction) OVER (PARTITION BY pupil_key, day_on
                                    ORDER BY exported_on DESC, from_on DESC, absence_type
                                    ROWS UNBOUNDED PRECEDING) AS so_far
  FROM by_type
)
SELECT pupil_key, day_on, school_year, school_id, grade, absence_type,
       CASE WHEN so_far <= 1 THEN day_fraction ELSE 1 - (so_far - day_fraction) END AS day_fraction
FROM running
WHERE so_far - day_fraction < 1
"""


def enrolment_spells(raw_pupils: Relation) -> pa.RecordBatchReader:
    """``core_pupils``: spells of a pupil never overlap; days are preserved when a pupil moves."""
    return stream_sql("core_pupils", _SPELLS, pupils=raw_pupils)


def absence_days(
    raw_absence: Relation, core_pupils: Relation, core_school_days: Relation
) -> pa.RecordBatchReader:
    """``core_absence_days``: statements expanded over the school calendar, at most one day's absence a day.

    Where two statements of different types cover one day, the newest export, then the later start, comes first.
    """
    return stream_sql(
        "core_absence_days", _ABSENCE_DAYS, absence=raw_absence, spells=core_pupils, days=core_school_days
    )
