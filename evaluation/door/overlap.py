"""Duplicates, conflicts and corrected exports: which staged rows stay, decided over all files at once.

Rules (docs/mapping-files.md):

1. For the same school, pupil and day the newest export's statement stands; the older row is *superseded*. Where a
   mapping says ``overlap = "whole_period"``, an export also replaces every older row of its school and grade from
   its own first to its last day, so that what was deleted at the source is gone here too.
2. Statements of the same day that contradict each other are a *conflict*: all of them go to quarantine. Two halves
   of a day with different types are no contradiction.
3. Of equal statements one stays; the rest are *duplicates*.

An interval is judged day by day over the school calendar. When only some of its days are replaced, the rest stays
as shorter intervals of the same source row.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.door.calendar import SCHOOL_DAY, SchoolCalendar
from evaluation.door.stage import Stage

KEPT, DUPLICATE, SUPERSEDED, CONFLICT = "kept", "duplicate", "superseded", "conflict"


def decide_absence(stage: Stage, calendar: SchoolCalendar, whole_files: tuple[int, ...]) -> None:
    """Decide over the staged absence rows. ``whole_files``: files whose mapping says ``whole_period``.

    Makes two tables of the stage: ``absence_gone``, one row per staged row that is not simply kept (id, status,
    other_file, other_row), and ``absence_pieces``, what remains of partly replaced intervals (id, first, last).
    """
    school, day = np.nonzero(calendar.status == SCHOOL_DAY)
    start = (calendar.first - np.datetime64("1970-01-01", "D")).astype(int)
    stage.make(
        "_days", pd.DataFrame({"school": school.astype(np.int32), "day": (start + day).astype(np.int32)})
    )
    whole = ", ".join(str(n) for n in whole_files) or "-1"
    stage.run(
        (
            "CREATE OR REPLACE TEMP TABLE school_days AS SELECT school, day, "
            "CAST(row_number() OVER (PARTITION BY school ORDER BY day) AS INTEGER) AS n FROM _days",
            """CREATE OR REPLACE TEMP TABLE d AS
               SELECT id, file, row, school, pupil, grade, fraction, type, part,
                      coalesce(exported, -1000000) AS exported, first AS day
               FROM absence WHERE first = last
               UNION ALL
               SELECT a.id, a.file, a.row, a.school, a.pupil, a.grade, a.fraction, a.type, a.part,
                      coalesce(a.exported, -1000000), s.day
               FROM absence a JOIN school_days s ON s.school = a.school AND s.day BETWEEN a.first AND a.last
               WHERE a.first < a.last""",
            # Only days that more than one statement speaks of need a decision.
            """CREATE OR REPLACE TEMP TABLE shared AS
               SELECT school, pupil, day, max(exported) AS newest FROM d GROUP BY ALL HAVING count(*) > 1""",
            """CREATE OR REPLACE TEMP TABLE c AS
               SELECT d.*, d.exported < s.newest AS is_old FROM d JOIN shared s USING (school, pupil, day)""",
            f"""CREATE OR REPLACE TEMP TABLE cover AS
                SELECT school, grade, coalesce(exported, -1000000) AS exported, min(first) AS lo, max(last) AS hi
                FROM absence WHERE file IN ({whole}) GROUP BY ALL""",
            """CREATE OR REPLACE TEMP TABLE old AS
               SELECT DISTINCT id, day FROM (
                 SELECT id, day FROM c WHERE is_old
                 UNION ALL
                 SELECT d.id, d.day FROM d JOIN cover v
                   ON v.school = d.school AND v.grade = d.grade AND v.exported > d.exported
                   AND d.day BETWEEN v.lo AND v.hi)""",
            # Distinct statements of a day in the newest export: more than a day in all, or two kinds of whole day.
            """CREATE OR REPLACE TEMP TABLE clash AS
               WITH newest AS (SELECT * FROM c WHERE NOT is_old AND NOT EXISTS
                                 (SELECT 1 FROM old o WHERE o.id = c.id AND o.day = c.day)),
                    said AS (SELECT DISTINCT school, pupil, day, type, fraction, part FROM newest),
                    bad AS (SELECT school, pupil, day FROM said GROUP BY ALL
                            HAVING count(*) > 1 AND (sum(fraction) > 1 OR min(type) = -2))
               SELECT DISTINCT n.id, n.file, n.row, n.school, n.pupil, n.day
               FROM newest n JOIN bad USING (school, pupil, day)""",
            """CREATE OR REPLACE TEMP TABLE twice AS
               SELECT id, day FROM (
                 SELECT id, day, row_number() OVER (PARTITION BY school, pupil, day, type, fraction, part
                                                    ORDER BY file, row, id) AS n
                 FROM c WHERE NOT is_old AND id NOT IN (SELECT id FROM clash)
                 AND NOT EXISTS (SELECT 1 FROM old o WHERE o.id = c.id AND o.day = c.day)) WHERE n > 1""",
            """CREATE OR REPLACE TEMP TABLE lost AS
               SELECT id, day, 1 AS is_old FROM old UNION ALL SELECT id, day, 0 FROM twice""",
            """CREATE OR REPLACE TEMP TABLE touched AS
               SELECT d.id, count(*) AS n_days, count(l.id) AS n_lost, coalesce(sum(l.is_old), 0) AS n_old
               FROM d LEFT JOIN lost l USING (id, day) WHERE d.id IN (SELECT id FROM lost) GROUP BY d.id""",
        )
    )
    stage.run(
        (
            f"""CREATE OR REPLACE TABLE absence_gone AS
                WITH pairs AS (
                  SELECT a.id, min_by(b.file, (b.file, b.row)) AS other_file,
                         min_by(b.row, (b.file, b.row)) AS other_row
                  FROM clash a JOIN clash b
                    ON a.school = b.school AND a.pupil = b.pupil AND a.day = b.day AND a.id <> b.id
                  GROUP BY a.id)
                SELECT id, '{CONFLICT}' AS status, other_file, other_row FROM pairs
                UNION ALL
                SELECT id, CASE WHEN n_old > 0 THEN '{SUPERSEDED}' ELSE '{DUPLICATE}' END, -1, -1
                FROM touched WHERE n_lost = n_days AND id NOT IN (SELECT id FROM clash)""",
            """CREATE OR REPLACE TABLE absence_pieces AS
               WITH part AS (SELECT id FROM touched WHERE n_lost < n_days AND id NOT IN (SELECT id FROM clash)),
                    left_over AS (
                      SELECT d.id, d.day, s.n - row_number() OVER (PARTITION BY d.id ORDER BY d.day) AS island
                      FROM d JOIN part USING (id) JOIN school_days s ON s.school = d.school AND s.day = d.day
                      WHERE NOT EXISTS (SELECT 1 FROM lost l WHERE l.id = d.id AND l.day = d.day))
               SELECT id, min(day) AS first, max(day) AS last FROM left_over GROUP BY id, island""",
            *(
                f"DROP TABLE {t}"
                for t in ("d", "shared", "c", "cover", "old", "clash", "twice", "lost", "touched")
            ),
        )
    )


def decide_keyed(
    stage: Stage, kind: str, key: str, values: str, *, conflicts: bool, need: str = "TRUE"
) -> None:
    """Decide over rows that a key identifies: the newest export's rows of a key stay; equal ones count once.

    Makes the table ``KIND_gone`` of the stage, as :func:`decide_absence` does.

    ``key`` and ``values`` are comma-separated columns; ``conflicts``: different values of a key in the newest export
    contradict each other (else they are several rows of the key); ``need``: rows for which this holds have a key.
    """
    clash = "count(DISTINCT v) > 1" if conflicts else "FALSE"
    stage.run(
        (
            f"""CREATE OR REPLACE TEMP TABLE k AS
                SELECT id, file, row, coalesce(exported, -1000000) AS exported, hash({key}) AS k, hash({values}) AS v
                FROM {kind} WHERE {need}""",
            "CREATE OR REPLACE TEMP TABLE g AS SELECT k, max(exported) AS newest FROM k GROUP BY k HAVING count(*) > 1",
            "CREATE OR REPLACE TEMP TABLE c AS SELECT k.*, exported < newest AS is_old FROM k JOIN g USING (k)",
            f"""CREATE OR REPLACE TEMP TABLE clash AS
                SELECT c.* FROM c WHERE NOT is_old AND k IN
                  (SELECT k FROM c WHERE NOT is_old GROUP BY k HAVING {clash})""",
        )
    )
    stage.run(
        (
            f"""CREATE OR REPLACE TABLE {kind}_gone AS
                SELECT id, '{SUPERSEDED}' AS status, -1 AS other_file, -1 AS other_row FROM c WHERE is_old
                UNION ALL
                SELECT a.id, '{CONFLICT}', min_by(b.file, (b.file, b.row)), min_by(b.row, (b.file, b.row))
                FROM clash a JOIN clash b ON a.k = b.k AND a.id <> b.id GROUP BY a.id
                UNION ALL
                SELECT id, '{DUPLICATE}', -1, -1 FROM (
                  SELECT id, row_number() OVER (PARTITION BY k, v ORDER BY file, row, id) AS n
                  FROM c WHERE NOT is_old AND id NOT IN (SELECT id FROM clash)) WHERE n > 1""",
            *(f"DROP TABLE {t}" for t in ("k", "g", "c", "clash")),
        )
    )


def replace_older_logs(stage: Stage) -> None:
    """Talks without a pupil cannot be told apart, so the newest export of a school and grade replaces older ones."""
    stage.run(
        (
            f"""INSERT INTO talks_gone
                WITH newest AS (SELECT school, grade, max(coalesce(exported, -1000000)) AS newest
                                FROM talks WHERE pupil < 0 GROUP BY ALL)
                SELECT t.id, '{SUPERSEDED}', -1, -1
                FROM talks t JOIN newest n USING (school, grade)
                WHERE t.pupil < 0 AND coalesce(t.exported, -1000000) < n.newest""",
        )
    )


def settle(stage: Stage, kind: str) -> pd.DataFrame:
    """Make ``KIND_out``, every staged row that does not stay; returns how many source rows have which status.

    A conflict takes every staged row of its source row along (a row of a grid has many). A source row is in conflict
    if any staged row is, kept if any stays, else superseded before duplicate. Columns file, status, n.
    """
    stage.run(
        (
            f"""CREATE OR REPLACE TABLE {kind}_out AS
                WITH s AS (SELECT g.*, k.file, k.row FROM {kind}_gone g JOIN {kind} k USING (id)),
                     bad AS (SELECT file, row, min(other_file) AS other_file, min(other_row) AS other_row
                             FROM s WHERE status = '{CONFLICT}' GROUP BY ALL)
                SELECT k.id, k.file, k.row,
                       CASE WHEN b.row IS NULL THEN s.status ELSE '{CONFLICT}' END AS status,
                       coalesce(s.other_file, b.other_file) AS other_file,
                       coalesce(s.other_row, b.other_row) AS other_row
                FROM {kind} k LEFT JOIN s USING (id) LEFT JOIN bad b ON b.file = k.file AND b.row = k.row
                WHERE s.id IS NOT NULL OR b.row IS NOT NULL""",
        )
    )
    return stage.frame(
        f"""WITH decided AS (SELECT DISTINCT file, row FROM {kind}_out),
                 per_row AS (
                   SELECT k.file, k.row, count(*) AS n, count(o.id) AS gone,
                          bool_or(o.status = '{CONFLICT}') AS is_conflict, bool_or(o.status = '{SUPERSEDED}') AS is_old
                   FROM {kind} k SEMI JOIN decided USING (file, row) LEFT JOIN {kind}_out o ON o.id = k.id
                   GROUP BY ALL)
            SELECT file, CASE WHEN is_conflict THEN '{CONFLICT}' WHEN gone < n THEN '{KEPT}'
                              WHEN is_old THEN '{SUPERSEDED}' ELSE '{DUPLICATE}' END AS status, count(*) AS n
            FROM per_row GROUP BY ALL ORDER BY ALL"""
    )
