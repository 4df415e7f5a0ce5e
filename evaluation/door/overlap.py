"""Duplicates, conflicts and corrected exports: which staged rows stay, decided over all files at once.

Rules (docs/mapping-files.md):

1. For the same school, pupil and day the newest export's statement stands; the older row is *superseded*. Where a
   mapping says ``overlap = "whole_period"``, an export also replaces every older row of its school, grade and class
   (where it names no class: of the whole grade, of the files with which it shares a pupil there) from its own first to
   its last day, so that what was deleted at the source is gone here too, and said (:func:`deleted_since`). An export
   that speaks of too little of a class again is not believed to be complete for it: that is asked
   (:func:`hardly_spoken_of`).
2. Statements of the same day that contradict each other are a *conflict*: all of them go to quarantine. Two halves
   of a day with different types, or of which one was attended, are no contradiction.
3. Of equal statements one stays; the rest are *duplicates*.
4. Where two schools speak of one pupil and day, the school stands at which the roster has the pupil that day (of
   several the one that began last); where it has none of them, that is a conflict too.
5. A statement about a pupil whom the rosters have nowhere on any of its days is *not enrolled* and goes to quarantine.

An interval is judged day by day over the school calendar. When only some of its days are replaced, the rest stays
as shorter intervals of the same source row.

All rules but the second half of the first are about one pupil, so pupils are decided in slices: DuckDB spills its tables,
not the states of its groups, and memory would grow with the rows.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.door.calendar import SCHOOL_DAY, SchoolCalendar
from evaluation.door.left_out import DUPLICATE, SUPERSEDED, leave_out_decided
from evaluation.door.stage import Stage

KEPT, QUARANTINED = "kept", "quarantined"
ENOUGH_OTHERS = 5
"""So many pupils of a class, and twice as many as an older export has in those days, speak for the class as well."""
FEW_DELETED, MOST_DELETED = 2, 0.25
"""So many of a class's days, where the export speaks of no class that is twice as large, or such a share of them, may one
export that is called complete delete without asking: a few rows that strayed into another class's export correct nothing.
"""
CONFLICT, NOT_ENROLLED = "conflict", "not_enrolled"
"""Why a row goes to quarantine here."""


def decide_absence(stage: Stage, calendar: SchoolCalendar, files: pd.DataFrame) -> None:
    """Decide over the staged absence rows.

    ``files``: one row per file: its number, whether its mapping says that exports are complete for their period
    (``is_whole``) or that older ones count too (``is_told``), the first and last day it says it covers (``lo``, ``hi`` as
    days since 1970, missing where only its rows tell), whether its mapping states that
    (``is_period_stated``), whether it says that they go up to their own day, from their first row or the school year's start
    (``is_to_export``), and the classes its mapping says it is complete for
    (``classes``, a list of labels; missing where the mapping does not say).

    Makes two tables of the stage: ``absence_gone``, one row per staged row that is not simply kept (id, status,
    other_file, other_row), and ``absence_pieces``, what remains of partly replaced intervals (id, first, last).
    """
    make_school_days(stage, calendar)
    stage.make("deliveries", files)
    _name_classes(stage)
    stage.run(
        (
            # An export covers its classes from its own first to its last day, whichever class has a row then.
            """CREATE OR REPLACE TABLE covered AS
               WITH rows AS (SELECT school, grade, label, file, coalesce(exported, -1000000) AS exported, first, last
                             FROM statements),
                    spans AS (SELECT school, file, exported, min(first) AS lo, max(last) AS hi FROM rows GROUP BY ALL)
               SELECT DISTINCT school, r.grade, r.label, exported, file, f.is_whole,
                      f.classes IS NOT NULL AS is_told,
                      CASE WHEN f.is_to_export THEN least(f.lo, s.lo) ELSE coalesce(f.lo, s.lo) END AS lo,
                      coalesce(f.hi, s.hi) AS hi
               FROM rows r JOIN spans s USING (school, file, exported) JOIN deliveries f USING (file)
               WHERE f.classes IS NULL OR list_contains(f.classes, r.label)""",
            "CREATE OR REPLACE TEMP TABLE cover AS SELECT * FROM covered WHERE is_whole",
        )
    )
    slices = stage.slices("absence")
    for mine in slices:
        _make_days(stage, mine)
        _count_again(stage, is_first=mine is slices[0])
    stage.run((_REACH,))
    for mine in slices:
        if len(slices) > 1:
            _make_days(stage, mine)
        _decide_days(stage, is_first=mine is slices[0])
    stage.run(f"DROP TABLE {t}" for t in (*_OF_A_SLICE, "cover", "again_parts", "class_parts"))
    if stage.has("pupils"):
        stage.run(
            (
                f"""INSERT INTO absence_gone
                    SELECT id, '{NOT_ENROLLED}', '', -1, -1 FROM absence a
                    WHERE type <> -2 AND id NOT IN (SELECT id FROM absence_gone)
                      AND NOT EXISTS (SELECT 1 FROM ({spells(stage)}) s
                                      WHERE s.pupil = a.pupil AND s.first <= a.last AND s.last >= a.first)""",
            )
        )


_OF_A_SLICE = ("d", "c", "old", "newest", "at_two", "clash", "twice", "lost", "touched")
_REACH = f"""CREATE OR REPLACE TABLE reach AS
    WITH counted AS (SELECT file, school, grade, label, is_told, older, sum(n_days) AS n_days, sum(n_old) AS n_old,
                            sum(n_again) AS n_again, sum(n_days_again) AS n_days_again
                     FROM again_parts GROUP BY ALL),
         named AS (SELECT *, max(n) OVER (PARTITION BY file) AS largest
                   FROM (SELECT file, school, grade, label, sum(n) AS n FROM class_parts GROUP BY ALL))
    SELECT c.*, CASE WHEN is_told OR n_days - n_days_again <= {MOST_DELETED} * n_days THEN 'replaces'
                     WHEN 2 * n_days_again >= n_days AND n_days - n_days_again <= {FEW_DELETED}
                       AND 2 * n >= largest THEN 'replaces'
                     WHEN label < 0 AND n_again = 0 THEN 'another class'
                     WHEN label >= 0 AND n >= greatest({ENOUGH_OTHERS}, 2 * n_old) THEN 'replaces'
                     ELSE 'asked' END AS verdict
    FROM counted c JOIN named USING (file, school, grade, label)"""


def _make_days(stage: Stage, mine: str) -> None:
    """Make ``d``: what is said of each pupil and day, of the pupils of one slice."""
    stage.run(
        (
            f"""CREATE OR REPLACE TEMP TABLE d AS
               SELECT id, file, row, school, pupil, grade, label, fraction, type, part,
                      coalesce(exported, -1000000) AS exported, first AS day
               FROM statements WHERE first = last AND {mine.format("pupil")}
               UNION ALL
               SELECT a.id, a.file, a.row, a.school, a.pupil, a.grade, a.label, a.fraction, a.type, a.part,
                      coalesce(a.exported, -1000000), s.day
               FROM statements a JOIN school_days s ON s.school = a.school AND s.day BETWEEN a.first AND a.last
               WHERE a.first < a.last AND {mine.format("a.pupil")}""",
        )
    )


def _count_again(stage: Stage, *, is_first: bool) -> None:
    """Add a slice to ``again_parts``, what an older export has in the days and class of a newer one and how much of it the
    newer one speaks of again, and to ``class_parts``, the pupils of each class. Pupils are in one slice, so counts add up.
    """
    stage.run(
        (
            f"""{_put("again_parts", is_first)}
               WITH said AS (SELECT DISTINCT file, school, grade, label, pupil, day, exported FROM d),
                    hit AS (SELECT v.file, v.school, v.grade, v.label, v.is_told, s.file AS older, s.pupil, s.day
                            FROM said s
                            JOIN cover v ON v.school = s.school AND v.grade = s.grade
                              AND (v.label = s.label OR v.label < 0)
                              AND v.exported > s.exported AND s.day BETWEEN v.lo AND v.hi),
                    days AS (SELECT DISTINCT file, school, grade, pupil, day FROM said SEMI JOIN cover USING (file)),
                    pupils AS (SELECT DISTINCT file, school, grade, pupil FROM days)
               SELECT h.file, h.school, h.grade, h.label, h.is_told, h.older, count(*) AS n_days,
                      count(DISTINCT h.pupil) AS n_old, count(DISTINCT p.pupil) AS n_again, count(a.day) AS n_days_again
               FROM hit h LEFT JOIN days a USING (file, school, grade, pupil, day)
               LEFT JOIN pupils p ON p.file = h.file AND p.school = h.school AND p.grade = h.grade AND p.pupil = h.pupil
               GROUP BY ALL""",
            f"""{_put("class_parts", is_first)}
               SELECT file, school, grade, label, count(DISTINCT pupil) AS n FROM d GROUP BY ALL""",
        )
    )


def _put(table: str, is_first: bool) -> str:
    return f"CREATE OR REPLACE TABLE {table} AS" if is_first else f"INSERT INTO {table}"


def _decide_days(stage: Stage, *, is_first: bool) -> None:
    """Decide over the days of a slice; adds to ``absence_gone``, ``absence_pieces`` and ``deleted``."""
    stage.run(
        (
            # Only days that more than one statement speaks of need a decision.
            """CREATE OR REPLACE TEMP TABLE c AS
               WITH shared AS (SELECT pupil, day FROM d GROUP BY ALL HAVING count(*) > 1),
                    said AS (SELECT d.* FROM d JOIN shared USING (pupil, day)),
                    newest AS (SELECT school, pupil, day, max(exported) AS newest,
                                      max_by({'file': file, 'row': row}, (exported, -file, -row)) AS stands
                               FROM said GROUP BY ALL)
               SELECT s.*, s.exported < n.newest AS is_old, n.stands.file AS other_file, n.stands.row AS other_row
               FROM said s JOIN newest n USING (school, pupil, day)""",
            """CREATE OR REPLACE TEMP TABLE old AS
               SELECT id, day, max_by({'reason': reason, 'file': other_file, 'row': other_row},
                                     (other_row, -other_file)) AS stands FROM (
                 SELECT id, day, 'newer_export' AS reason, other_file, other_row FROM c WHERE is_old
                 UNION ALL
                 SELECT d.id, d.day, 'newer_period', v.file, -1 FROM d JOIN cover v
                   ON v.school = d.school AND v.grade = d.grade AND (v.label = d.label OR v.label < 0)
                   AND v.exported > d.exported AND d.day BETWEEN v.lo AND v.hi
                 JOIN reach r ON r.file = v.file AND r.school = v.school AND r.grade = v.grade AND r.label = v.label
                   AND r.older = d.file AND r.verdict = 'replaces')
               GROUP BY ALL""",
            """CREATE OR REPLACE TEMP TABLE newest AS
               SELECT * FROM c WHERE NOT is_old
                 AND NOT EXISTS (SELECT 1 FROM old o WHERE o.id = c.id AND o.day = c.day)""",
            f"""CREATE OR REPLACE TEMP TABLE at_two AS
                WITH days AS (SELECT pupil, day FROM newest GROUP BY ALL HAVING min(school) < max(school)),
                     home AS (SELECT n.pupil, n.day, max_by(s.school, (s.first, s.school)) AS home
                              FROM (SELECT DISTINCT pupil, school, day FROM newest) n
                              JOIN days USING (pupil, day)
                              JOIN ({spells(stage)}) s
                                ON s.pupil = n.pupil AND s.school = n.school AND n.day BETWEEN s.first AND s.last
                              GROUP BY ALL)
                SELECT n.id, n.file, n.row, n.school, n.pupil, n.day, h.home
                FROM newest n JOIN days USING (pupil, day) LEFT JOIN home h USING (pupil, day)""",
            # Days of older exports that no newer one speaks of again: deleted at the source, if it is complete.
            f"""{_put("deleted", is_first)}
               SELECT DISTINCT d.file, d.row FROM old o JOIN d USING (id, day)
               WHERE o.stands.reason = 'newer_period' AND d.type <> -2""",
            "DELETE FROM newest WHERE (id, day) IN (SELECT id, day FROM at_two WHERE home IS DISTINCT FROM school)",
            # Distinct statements of a day in the newest export: more than a day in all, or two kinds of whole day.
            """CREATE OR REPLACE TEMP TABLE clash AS
               WITH said AS (SELECT DISTINCT school, pupil, day, type, fraction, part FROM newest),
                    bad AS (SELECT school, pupil, day FROM said GROUP BY ALL
                            HAVING count(*) > 1 AND (sum(fraction) > 1 OR (min(type) = -2 AND (
                              count(DISTINCT part) < count(*) OR min(abs(part)) = 0))))
               SELECT DISTINCT n.id, n.file, n.row, n.school AS place, n.pupil, n.day
               FROM newest n JOIN bad USING (school, pupil, day)
               UNION ALL
               SELECT id, file, row, -1, pupil, day FROM at_two WHERE home IS NULL""",
            """CREATE OR REPLACE TEMP TABLE twice AS
               SELECT id, day, first_file, first_row FROM (
                 SELECT id, day, row_number() OVER w AS n, first_value(file) OVER w AS first_file,
                        first_value(row) OVER w AS first_row
                 FROM newest WHERE id NOT IN (SELECT id FROM clash)
                 WINDOW w AS (PARTITION BY school, pupil, day, type, fraction, part ORDER BY file, row, id)) WHERE n > 1""",
            """CREATE OR REPLACE TEMP TABLE lost AS
               SELECT id, day, 1 AS is_old, stands.reason, stands.file AS other_file, stands.row AS other_row FROM old
               UNION ALL SELECT id, day, 0, 'same_statement', first_file, first_row FROM twice
               UNION ALL
               SELECT a.id, a.day, 1, 'other_school', min(b.file), min(b.row)
               FROM at_two a JOIN at_two b ON b.pupil = a.pupil AND b.day = a.day AND b.school = a.home
               WHERE a.home <> a.school GROUP BY ALL""",
            """CREATE OR REPLACE TEMP TABLE touched AS
               SELECT d.id, count(*) AS n_days, count(l.id) AS n_lost, coalesce(sum(l.is_old), 0) AS n_old,
                      max_by({'reason': l.reason, 'file': l.other_file, 'row': l.other_row},
                             (l.is_old, l.other_row >= 0, -l.other_file, -l.other_row)) FILTER (l.id IS NOT NULL) AS stands
               FROM d LEFT JOIN lost l USING (id, day) WHERE d.id IN (SELECT id FROM lost) GROUP BY d.id""",
        )
    )
    stage.run(
        (
            f"""{_put("absence_gone", is_first)}
                WITH pairs AS (
                  SELECT a.id, min_by(b.file, (b.file, b.row)) AS other_file,
                         min_by(b.row, (b.file, b.row)) AS other_row
                  FROM clash a JOIN clash b
                    ON a.place = b.place AND a.pupil = b.pupil AND a.day = b.day AND a.id <> b.id
                  GROUP BY a.id)
                SELECT id, '{CONFLICT}' AS status, '' AS reason, other_file, other_row FROM pairs
                UNION ALL
                SELECT id, CASE WHEN n_old > 0 THEN '{SUPERSEDED}' ELSE '{DUPLICATE}' END,
                       stands.reason, stands.file, stands.row
                FROM touched WHERE n_lost = n_days AND id NOT IN (SELECT id FROM clash)""",
            f"""{_put("absence_pieces", is_first)}
               WITH part AS (SELECT id FROM touched WHERE n_lost < n_days AND id NOT IN (SELECT id FROM clash)),
                    left_over AS (
                      SELECT d.id, d.day, s.n - row_number() OVER (PARTITION BY d.id ORDER BY d.day) AS island
                      FROM d JOIN part USING (id) JOIN school_days s ON s.school = d.school AND s.day = d.day
                      WHERE NOT EXISTS (SELECT 1 FROM lost l WHERE l.id = d.id AND l.day = d.day))
               SELECT id, min(day) AS first, max(day) AS last FROM left_over GROUP BY id, island""",
        )
    )


_SCHOOL_YEAR = "year(DATE '1970-01-01' + CAST({} AS INTEGER) - 212)"
"""The year in which the school year of a day begins, told from the middle of the summer holidays."""


def only_in_older(stage: Stage) -> pd.DataFrame:
    """Source rows that stand although a newer export covers their days and has nothing of them; or although it says again
    some of what their file says, in the same school years, and begins after or ends before them.

    Which mapping reads either export does not matter: a school that changes its system corrects in the new one.

    Asked after the decision. Columns file, row, newer (a file), is_open: neither mapping says what that means.
    """
    year = _SCHOOL_YEAR.format
    return stage.frame(
        f"""WITH again AS (SELECT DISTINCT n.file AS newer, o.file AS older
                          FROM statements n JOIN statements o USING (school, pupil, first)
                          JOIN deliveries f ON f.file = o.file AND NOT f.is_whole
                          WHERE n.file <> o.file)
           SELECT a.file, a.row, min_by(v.file, (f.is_told OR x.is_told OR x.is_whole, v.file)) AS newer,
                  bool_or(NOT (f.is_told OR x.is_told OR x.is_whole)) AS is_open
           FROM statements a ANTI JOIN absence_gone g USING (id)
           JOIN deliveries f ON f.file = a.file
           JOIN covered v ON v.file <> a.file AND v.school = a.school AND v.grade = a.grade
             AND (v.label = a.label OR v.label < 0) AND v.exported > coalesce(a.exported, -1000000)
           JOIN deliveries x ON x.file = v.file
           LEFT JOIN again w ON w.newer = v.file AND w.older = a.file
           WHERE a.type <> -2
             AND (a.first >= v.lo AND a.last <= v.hi
                  OR w.newer IS NOT NULL AND a.last <= v.exported
                     AND {year("a.first")} BETWEEN {year("v.lo")} AND {year("v.hi")})
           GROUP BY a.file, a.row ORDER BY ALL"""
    )


def beyond_its_rows(stage: Stage) -> pd.DataFrame:
    """Exports that are called complete and whose period nobody states, where rows of an older one of the same days stand
    before their first or after their last row, in the same school years: deleted at the source, or outside the period.
    Columns file, n.

    Asked after the decision.
    """
    return stage.frame(
        f"""SELECT v.file, count(DISTINCT (a.file, a.row)) AS n
           FROM statements a ANTI JOIN absence_gone g USING (id)
           JOIN covered v ON v.is_whole AND v.school = a.school AND v.grade = a.grade
             AND (v.label = a.label OR v.label < 0) AND v.exported > coalesce(a.exported, -1000000)
             AND (a.first < v.lo OR a.last > v.hi)
             AND {_SCHOOL_YEAR.format("a.first")} BETWEEN {_SCHOOL_YEAR.format("v.lo")} AND {_SCHOOL_YEAR.format("v.hi")}
           JOIN deliveries w ON w.file = v.file AND NOT w.is_period_stated
           JOIN reach r ON r.file = v.file AND r.school = v.school AND r.grade = v.grade AND r.label = v.label
             AND r.older = a.file AND r.verdict = 'replaces'
           WHERE a.type <> -2
           GROUP BY v.file ORDER BY ALL"""
    )


def deleted_since(stage: Stage) -> pd.DataFrame:
    """Source rows of which a day or more is gone because an export that is called complete does not have it, asked after
    the decision. Columns file, row.
    """
    return stage.frame("SELECT file, row FROM deleted ORDER BY ALL")


def hardly_spoken_of(stage: Stage) -> pd.DataFrame:
    """Classes of which an export that is called complete speaks too little to be believed, asked after the decision.

    Columns file, grade and label (numbered texts; -1 where the export names no class).
    """
    return stage.frame("SELECT DISTINCT file, grade, label FROM reach WHERE verdict = 'asked' ORDER BY ALL")


def _name_classes(stage: Stage) -> None:
    """Make the view ``statements``: absence rows with their class. A grade alone (``6``) names no class; a row that names
    none is of the class in which the rosters have the pupil at that school, where that is one.
    """
    named = f"CASE WHEN label IN ({no_class(stage)}) THEN NULL ELSE label END"
    homes = "SELECT NULL::INTEGER AS pupil, NULL::INTEGER AS school, NULL::INTEGER AS home WHERE FALSE"
    if stage.has("pupils"):
        homes = f"""SELECT pupil, school, min(label) AS home
                    FROM (SELECT pupil, school, {named} AS label FROM pupils ANTI JOIN pupils_out USING (id))
                    WHERE label IS NOT NULL GROUP BY ALL HAVING min(label) = max(label)"""
    stage.run(
        (
            f"CREATE OR REPLACE TABLE homes AS {homes}",
            f"""CREATE OR REPLACE VIEW statements AS
                SELECT a.* REPLACE (coalesce({named}, h.home, -1) AS label)
                FROM absence a LEFT JOIN homes h ON h.pupil = a.pupil AND h.school = a.school""",
        )
    )


def make_school_days(stage: Stage, calendar: SchoolCalendar) -> None:
    """Make the table ``school_days``: school, day and its number among the school's days."""
    school, day = np.nonzero(calendar.status == SCHOOL_DAY)
    start = (calendar.first - np.datetime64("1970-01-01", "D")).astype(int)
    stage.make(
        "_days", pd.DataFrame({"school": school.astype(np.int32), "day": (start + day).astype(np.int32)})
    )
    stage.run(
        (
            "CREATE OR REPLACE TEMP TABLE school_days AS SELECT school, day, "
            "CAST(row_number() OVER (PARTITION BY school ORDER BY day) AS INTEGER) AS n FROM _days",
        )
    )


def no_class(stage: Stage) -> str:
    """Labels that name no class, for a statement: none, and a grade alone."""
    return ", ".join(["-1", *(str(n) for text, n in stage.texts.numbers.items() if text.isdigit())])


def spells(stage: Stage) -> str:
    """Where the rosters have each pupil, from the rows that stay: pupil, school, first, last."""
    if stage.has("pupils"):
        return "SELECT DISTINCT pupil, school, first, last FROM pupils ANTI JOIN pupils_out USING (id)"
    nothing = ", ".join(f"NULL::INTEGER AS {c}" for c in ("pupil", "school", "first", "last"))
    return f"SELECT {nothing} WHERE FALSE"


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
            """CREATE OR REPLACE TEMP TABLE g AS
               SELECT k, max(exported) AS newest, max_by({'file': file, 'row': row}, (exported, -file, -row)) AS stands
               FROM k GROUP BY k HAVING count(*) > 1""",
            """CREATE OR REPLACE TEMP TABLE c AS
               SELECT k.*, exported < newest AS is_old, stands.file AS other_file, stands.row AS other_row
               FROM k JOIN g USING (k)""",
            f"""CREATE OR REPLACE TEMP TABLE clash AS
                SELECT c.* FROM c WHERE NOT is_old AND k IN
                  (SELECT k FROM c WHERE NOT is_old GROUP BY k HAVING {clash})""",
        )
    )
    stage.run(
        (
            f"""CREATE OR REPLACE TABLE {kind}_gone AS
                SELECT id, '{SUPERSEDED}' AS status, 'newer_export' AS reason, other_file, other_row FROM c WHERE is_old
                UNION ALL
                SELECT a.id, '{CONFLICT}', '', min_by(b.file, (b.file, b.row)), min_by(b.row, (b.file, b.row))
                FROM clash a JOIN clash b ON a.k = b.k AND a.id <> b.id GROUP BY a.id
                UNION ALL
                SELECT id, '{DUPLICATE}', 'same_statement', first_file, first_row FROM (
                  SELECT id, row_number() OVER w AS n, first_value(file) OVER w AS first_file,
                         first_value(row) OVER w AS first_row
                  FROM c WHERE NOT is_old AND id NOT IN (SELECT id FROM clash)
                  WINDOW w AS (PARTITION BY k, v ORDER BY file, row, id)) WHERE n > 1""",
            *(f"DROP TABLE {t}" for t in ("k", "g", "c", "clash")),
        )
    )


def settle(stage: Stage, kind: str) -> pd.DataFrame:
    """Make ``KIND_out``, every staged row that does not stay; returns how many source rows have which status.

    What goes to quarantine takes every staged row of its source row along (a row of a grid has many). A source row is
    quarantined if any staged row is, kept if any stays, else superseded before duplicate. Columns file, status, n.
    """
    refused = f"('{CONFLICT}', '{NOT_ENROLLED}')"
    slices = stage.slices(kind)
    for mine in slices:
        _settle(stage, kind, refused, mine.format("k.row"), is_first=mine is slices[0])
    leave_out_decided(stage)
    return stage.frame("SELECT file, status, count(*) AS n FROM per_row GROUP BY ALL ORDER BY ALL")


def _settle(stage: Stage, kind: str, refused: str, mine: str, *, is_first: bool) -> None:
    """Settle the source rows of one slice."""
    stage.run(
        (
            f"""{_put(f"{kind}_out", is_first)}
                WITH s AS (SELECT g.*, k.file, k.row FROM {kind}_gone g JOIN {kind} k USING (id) WHERE {mine}),
                     bad AS (SELECT file, row, min(status) AS status, max(other_file) AS other_file,
                                    max(other_row) AS other_row
                             FROM s WHERE status IN {refused} GROUP BY ALL)
                SELECT k.id, k.file, k.row,
                       coalesce(b.status, s.status) AS status, s.reason,
                       coalesce(s.other_file, b.other_file) AS other_file,
                       coalesce(s.other_row, b.other_row) AS other_row
                FROM {kind} k LEFT JOIN s USING (id) LEFT JOIN bad b ON b.file = k.file AND b.row = k.row
                WHERE (s.id IS NOT NULL OR b.row IS NOT NULL) AND {mine}""",
            f"""{_put("per_row", is_first)}
                WITH decided AS (SELECT DISTINCT file, row FROM {kind}_out k WHERE {mine}),
                     counted AS (
                       SELECT k.file, k.row, count(*) AS n, count(o.id) AS gone,
                              bool_or(o.status IN {refused}) AS is_refused,
                              bool_or(o.status = '{SUPERSEDED}') AS is_old,
                              max_by({{'reason': o.reason, 'file': o.other_file, 'row': o.other_row}},
                                     (o.status = '{SUPERSEDED}', o.other_row >= 0, -o.other_file, -o.other_row))
                                FILTER (o.id IS NOT NULL) AS stands
                       FROM {kind} k SEMI JOIN decided USING (file, row) LEFT JOIN {kind}_out o ON o.id = k.id
                       GROUP BY ALL)
                SELECT file, row, CASE WHEN is_refused THEN '{QUARANTINED}' WHEN gone < n THEN '{KEPT}'
                                       WHEN is_old THEN '{SUPERSEDED}' ELSE '{DUPLICATE}' END AS status,
                       stands.reason, stands.file AS other_file, stands.row AS other_row
                FROM counted""",
        )
    )
