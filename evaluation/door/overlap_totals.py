"""Which period totals stand: corrected ones, pupils who moved to another class, and sums beside what they are sums of.

Decided over all files at once, after :func:`~evaluation.door.overlap.decide_keyed` has found the newest statement of each
class, grade, or pupil in a class:

1. A pupil has one week. Where several classes state it, they are parts of it if one export says so, or the exports speak
   of different classes, and their school days fit into the calendar's. Else the newer export stands; within one export
   they contradict each other. Two schools are told apart by the roster, as days are.
2. A group's row beside the rows it is made of (a grade beside its classes, ``I alt`` beside them, a class beside its
   pupils) is a sum: it is held against them and counts for nothing. One that is another sum is a question.
3. Weeks and months of the same days are a question: nobody can add them.
"""

from __future__ import annotations

import pandas as pd

from evaluation.door.calendar import SchoolCalendar
from evaluation.door.left_out import DUPLICATE, SUPERSEDED
from evaluation.door.overlap import CONFLICT, decide_keyed, make_school_days, no_class, spells
from evaluation.door.questions import Question
from evaluation.door.stage import Stage

ROUNDED = 0.051
"""What a printed amount may be off, for each of the rows that it is the sum of."""
NEAR = 0.05
"""So near the other classes' school days, a free word for a class is a word for all of them."""
ANOTHER_SUM = Question(
    "column",
    "totals",
    "har rækker for en gruppe ved siden af rækker for dens dele (årgang og klasser, klasse og elever, I alt), og de giver "
    "ikke det samme",
    "tæller delene, så nævn sumrækkerne i skip_lines, eller skriv dem som none i kolonnens map; mangler der dele, så bed "
    "skolen om dem; er ingen af dem summer, så skriv sums = false under [totals]",
)
TWO_PERIODS = Question(
    "column",
    "grain",
    "har uger, hvor en anden fil har måneder for de samme klasser og dage: de kan ikke lægges sammen",
    "tag den ene fil ud af indbakken, eller lad mappingen læse fra den dag, den anden hører op (rows_from)",
)


def decide_totals(
    stage: Stage, calendar: SchoolCalendar, types: tuple[str, ...], no_sums: tuple[int, ...]
) -> None:
    """Decide over the staged totals; ``types`` are the columns of their days by type, ``no_sums`` the files whose mapping
    says that none of their rows is a sum.

    Makes the table ``totals_gone`` of the stage, as :func:`~evaluation.door.overlap.decide_absence` does, and
    ``totals_sums``, one row per row that states a sum of others.
    """
    key = "school, grade, label, pupil, first, period"
    decide_keyed(stage, "totals", key, f"pupils, school_days, {', '.join(types)}", conflicts=True)
    make_school_days(stage, calendar)
    _one_week_a_pupil(stage)
    _one_school_a_pupil(stage)
    _sums(stage, types, no_sums)


def _one_week_a_pupil(stage: Stage) -> None:
    stage.run(
        (
            """CREATE OR REPLACE TEMP TABLE weeks AS
               WITH there AS (SELECT id, file, row, school, grade, label, pupil, first, last, period, school_days,
                                     coalesce(exported, -1000000) AS exported
                              FROM totals ANTI JOIN totals_gone USING (id) WHERE pupil >= 0),
                    several AS (SELECT school, pupil, first, period, max(exported) AS newest, sum(school_days) AS said
                                FROM there GROUP BY ALL HAVING count(*) > 1)
               SELECT t.*, s.newest, s.said, t.exported < s.newest AS is_old,
                      (SELECT count(*) FROM school_days d
                       WHERE d.school = t.school AND d.day BETWEEN t.first AND t.last) AS possible
               FROM there t JOIN several s USING (school, pupil, first, period)""",
            # Two exports are of two classes where the newer one says nothing at all of the older one's that week.
            f"""INSERT INTO totals_gone
                WITH newer AS (SELECT DISTINCT school, first, period, grade, label, file FROM totals),
                     stands AS (SELECT school, pupil, first, period, min(file) AS file, min_by(row, file) AS row
                                FROM weeks WHERE NOT is_old GROUP BY ALL)
                SELECT o.id, '{SUPERSEDED}', 'moved', s.file, s.row
                FROM weeks o JOIN stands s USING (school, pupil, first, period)
                WHERE o.is_old AND (o.said > o.possible + 1e-9 OR EXISTS (
                  SELECT 1 FROM newer n WHERE n.file = s.file AND n.school = o.school AND n.first = o.first
                    AND n.period = o.period AND n.grade = o.grade AND n.label = o.label))""",
            f"""INSERT INTO totals_gone
                WITH still AS (SELECT * FROM weeks ANTI JOIN totals_gone USING (id)),
                     too_much AS (SELECT school, pupil, first, period FROM still
                              GROUP BY ALL HAVING count(*) > 1 AND sum(school_days) > max(possible) + 1e-9)
                SELECT a.id, '{CONFLICT}', '', min_by(b.file, (b.file, b.row)), min_by(b.row, (b.file, b.row))
                FROM (SELECT * FROM still SEMI JOIN too_much USING (school, pupil, first, period)) a
                JOIN still b USING (school, pupil, first, period) WHERE a.id <> b.id GROUP BY a.id""",
            "DROP TABLE weeks",
        )
    )


def _one_school_a_pupil(stage: Stage) -> None:
    stage.run(
        (
            f"""CREATE OR REPLACE TEMP TABLE schools AS
                WITH there AS (SELECT id, file, row, school, pupil, first, last, period, school_days
                               FROM totals ANTI JOIN totals_gone USING (id) WHERE pupil >= 0),
                     two AS (SELECT pupil, first, period, sum(school_days) AS said FROM there
                             GROUP BY ALL HAVING min(school) < max(school)),
                     found AS (SELECT t.*, w.said, (SELECT count(*) FROM school_days d
                                      WHERE d.school = t.school AND d.day BETWEEN t.first AND t.last) AS possible,
                                      EXISTS (SELECT 1 FROM ({spells(stage)}) s WHERE s.pupil = t.pupil
                                              AND s.school = t.school AND s.first <= t.last AND s.last >= t.first)
                                        AS is_home
                               FROM there t JOIN two w USING (pupil, first, period))
                SELECT *, max(possible) OVER w AS most,
                       count(DISTINCT CASE WHEN is_home THEN school END) OVER w AS homes
                FROM found WINDOW w AS (PARTITION BY pupil, first, period)""",
            f"""INSERT INTO totals_gone
                SELECT a.id, CASE WHEN a.homes = 1 THEN '{SUPERSEDED}' ELSE '{CONFLICT}' END,
                       CASE WHEN a.homes = 1 THEN 'other_school' ELSE '' END,
                       min_by(b.file, (b.file, b.row)), min_by(b.row, (b.file, b.row))
                FROM schools a JOIN schools b USING (pupil, first, period)
                WHERE a.said > a.most + 1e-9 AND a.school <> b.school AND NOT (a.homes = 1 AND a.is_home)
                GROUP BY ALL""",
            "DROP TABLE schools",
        )
    )


def _sums(stage: Stage, types: tuple[str, ...], no_sums: tuple[int, ...]) -> None:
    """Groups' rows held against their parts: a class's against the others', a grade's against its classes', a group's
    against its pupils'.
    """
    days = " + ".join(f"CASE WHEN {t} IS NULL OR isnan({t}) THEN 0 ELSE {t} END" for t in types)
    amounts = ("pupils", "school_days", *types)
    free = ", ".join(["-3", *(str(n) for t, n in stage.texts.numbers.items() if is_free_label(t))])
    stage.run(
        (
            f"""CREATE OR REPLACE VIEW groups AS
                SELECT id, file, row, school, grade, label, pupil, first, period, {", ".join(amounts)}, {days} AS days,
                       label IN ({no_class(stage)}) AS is_whole, label IN ({free}) AS is_free
                FROM totals ANTI JOIN totals_gone USING (id) WHERE period <> {_number(stage, "quarter")}""",
            """CREATE OR REPLACE TABLE totals_sums
               (id BIGINT, file INTEGER, row BIGINT, grade INTEGER, label INTEGER, is_free BOOLEAN, stated DOUBLE,
                parts DOUBLE, n_parts BIGINT, agrees BOOLEAN, is_near BOOLEAN, part_file INTEGER, part_row BIGINT)""",
            # A class is no other classes' sum week after week; "I alt" under the classes is.
            _held("NOT w.is_whole AND w.pupil < 0 AND NOT p.is_whole AND p.pupil < 0 AND p.file = w.file AND p.id <> w.id",
                  amounts, no_sums),
            """DELETE FROM totals_sums WHERE (file, grade, label) IN (
                 SELECT file, grade, label FROM totals_sums GROUP BY ALL
                 HAVING max(stated) = 0 OR (max(n_parts) = 1 AND NOT (bool_and(agrees) AND bool_or(is_free)))
                   OR 2 * count(*) FILTER (agrees OR (is_free AND is_near AND n_parts > 1)) <= count(*))""",
            "UPDATE totals_sums SET agrees = FALSE WHERE n_parts = 1",
            _leave(),
            _held("w.is_whole AND w.pupil < 0 AND NOT p.is_whole AND p.pupil < 0", amounts, no_sums),
            _leave(),
            _held("w.pupil < 0 AND p.pupil >= 0 AND (w.is_whole OR p.is_whole OR p.label = w.label)", amounts, no_sums),
            _leave(),
            "DROP VIEW groups",
        )
    )  # fmt: skip


def _held(which: str, amounts: tuple[str, ...], no_sums: tuple[int, ...]) -> str:
    """Note each whole ``w`` that has parts ``p``: what it states, what they add up to, whether every amount agrees."""

    def agrees(amount: str) -> str:
        known = f"sum(p.{amount}) FILTER (p.{amount} IS NOT NULL AND NOT isnan(p.{amount}))"
        rounded = 0.0 if amount == "pupils" else ROUNDED
        return f"coalesce(abs(max(w.{amount}) - {known}) <= {rounded} * count(*), TRUE)"

    return f"""INSERT INTO totals_sums
               SELECT w.id, w.file, w.row, w.grade, w.label, w.is_free, max(w.days), sum(p.days), count(*),
                      {" AND ".join(agrees(a) for a in amounts)},
                      coalesce(abs(max(w.school_days) / sum(p.school_days) - 1) <= {NEAR}, FALSE),
                      min(p.file), min_by(p.row, (p.file, p.row))
               FROM groups w JOIN groups p
                 ON p.school = w.school AND p.grade = w.grade AND p.first = w.first AND p.period = w.period AND {which}
               WHERE w.file NOT IN ({", ".join(map(str, (-1, *no_sums)))})
               GROUP BY w.id, w.file, w.row, w.grade, w.label, w.is_free"""


def _leave() -> str:
    return f"""INSERT INTO totals_gone
               SELECT id, '{DUPLICATE}', 'sum_of_parts', part_file, part_row FROM totals_sums
               WHERE id NOT IN (SELECT id FROM totals_gone)"""


def stated_sums(stage: Stage) -> pd.DataFrame:
    """Rows that state the sum of others, asked after the decision: file, row, grade, stated, parts, agrees."""
    return stage.frame("SELECT file, row, grade, stated, parts, agrees FROM totals_sums ORDER BY ALL")


def replaced_grades(stage: Stage) -> pd.DataFrame:
    """Totals of a group that names no class and stands for another file's, asked after the decision: they may be those of
    two classes. Columns file, newer (a file).
    """
    return stage.frame(
        f"""SELECT DISTINCT t.file, g.other_file AS newer FROM totals_gone g JOIN totals t USING (id)
            WHERE g.status = '{SUPERSEDED}' AND t.pupil < 0 AND t.label IN ({no_class(stage)}) ORDER BY ALL"""
    )


def two_periods(stage: Stage) -> pd.DataFrame:
    """Files with weeks of which another has months, asked after the decision: file, other."""
    return stage.frame(
        f"""WITH there AS (SELECT DISTINCT file, school, grade, CASE WHEN label IN ({no_class(stage)}) THEN -1 ELSE label
                             END AS label, period, first, last
                           FROM totals ANTI JOIN totals_gone USING (id))
            SELECT DISTINCT w.file, m.file AS other FROM there w JOIN there m
              ON w.school = m.school AND w.grade = m.grade AND w.period = {_number(stage, "week")}
              AND m.period = {_number(stage, "month")}
              AND w.first <= m.last AND w.last >= m.first AND (w.label = m.label OR w.label < 0 OR m.label < 0)
            ORDER BY ALL"""
    )


def _number(stage: Stage, text: str) -> int:
    """A text's number in the stage; none has -3."""
    return stage.texts.numbers.get(text, -3)


def is_free_label(label: str) -> bool:
    """Is a class's label the key of a free text (:class:`evaluation.door.fields.Fields`)?"""
    return len(label) == 7 and label[0] == "k" and all(c in "0123456789abcdef" for c in label[1:])
