"""Two exports of one school of which nobody can tell the newer: one of them does not say its day, or both say the same.

Where both say the same of the same pupils there is nothing to decide. Where one has what the other lacks, or they
contradict each other, one of them is a correction, and counting both or dropping one would be a guess. Which mapping reads
them does not matter; either one may say that both count.
"""

from __future__ import annotations

import pandas as pd

from evaluation.door.questions import Question
from evaluation.door.stage import Stage

WHICH_IS_NEWER = Question(
    "column",
    "exported_on",
    "siger noget andet om de samme elever og dage end en anden fil af samme slags, og ingen kan se, hvilken der er nyest",
    "tag den ældste ud af indbakken, giv filerne en dato i navnet (exported_on), eller skriv overlap = \"pupil_day\", hvis "
    "begge tæller med, fordi de aldrig siger det samme to gange",
)  # fmt: skip
_NEVER = -1_000_000
_NOBODY_KNOWS = f"""(a.exported = b.exported OR least(a.exported, b.exported) = {_NEVER})
                       AND NOT x.is_told AND NOT y.is_told"""
_SAID = "first, last, type, fraction, part"


def undated(stage: Stage, kind: str, types: tuple[str, ...]) -> pd.DataFrame:
    """Files of one kind of which another one of the same day, or of no day, says something else: file, other.

    Needs the tables ``exports`` (file, is_told: the mapping says that older exports count too) and, for absence, the view
    ``statements`` and the table ``school_days``. ``types``: the columns of totals' days.
    """
    if kind == "absence":
        return stage.frame(_absence())
    if kind not in ("totals", "pupils", "talks"):
        return pd.DataFrame({"file": [], "other": []})
    days = f"pupils, school_days, {', '.join(types)}"
    key, values, beside = {
        "totals": (
            "school, grade, label, pupil, first, period",
            days,
            "school, grade, label, pupil < 0, first, period",
        ),
        "pupils": ("school, pupil, year", "grade, label, first, last", "school, pupil, year"),
        "talks": (
            "school, grade, label, pupil, kind, first, status",
            "1",
            "school, grade, label, pupil, kind",
        ),
    }[kind]
    return stage.frame(_keyed(kind, key, values, beside))


def _absence() -> str:
    """Pupils about whom the files do not say the same in the school days that both speak of: those of a class in both, and
    where no class is named those who are in both. Files that have no pupil in common are parts of a class, not versions.
    Days are held against days: one may have rows where the other has spans.
    """
    return f"""
        WITH said AS (SELECT file, school, pupil, label, coalesce(exported, {_NEVER}) AS exported, {_SAID} FROM statements),
             spans AS (SELECT file, school, exported, min(first) AS lo, max(last) AS hi FROM said GROUP BY ALL),
             pairs AS (SELECT a.file, b.file AS other, a.school, greatest(a.lo, b.lo) AS lo, least(a.hi, b.hi) AS hi
                       FROM spans a JOIN spans b USING (school)
                       JOIN exports x ON x.file = a.file JOIN exports y ON y.file = b.file
                       WHERE a.file <> b.file AND {_NOBODY_KNOWS}
                         AND a.lo <= b.hi AND b.lo <= a.hi),
             of AS (SELECT DISTINCT file, school, pupil, label FROM said),
             classes AS (SELECT DISTINCT file, school, label FROM said WHERE label >= 0),
             met AS (SELECT DISTINCT a.file, b.file AS other FROM of a JOIN of b USING (school, pupil)
                     WHERE a.file <> b.file),
             whose AS (SELECT DISTINCT p.file, p.other, p.school, p.lo, p.hi, a.pupil
                       FROM pairs p JOIN of a USING (file, school)
                       JOIN of b ON b.file = p.other AND b.school = p.school AND b.pupil = a.pupil
                         AND (a.label = b.label OR a.label < 0 OR b.label < 0)
                       UNION
                       SELECT p.file, p.other, p.school, p.lo, p.hi, a.pupil
                       FROM pairs p JOIN met USING (file, other) JOIN of a USING (file, school)
                       JOIN classes b ON b.file = p.other AND b.school = p.school AND b.label = a.label),
             asked AS (SELECT file, school, pupil FROM whose UNION SELECT other, school, pupil FROM whose),
             mine AS (SELECT said.* FROM said JOIN asked USING (file, school, pupil)),
             days AS (SELECT DISTINCT file, school, pupil, first AS day, type, fraction, part FROM mine WHERE first = last
                      UNION
                      SELECT m.file, m.school, m.pupil, d.day, m.type, m.fraction, m.part
                      FROM mine m JOIN school_days d ON d.school = m.school AND d.day BETWEEN m.first AND m.last
                      WHERE m.first < m.last)
        SELECT DISTINCT least(w.file, w.other) AS file, greatest(w.file, w.other) AS other
        FROM whose w JOIN days s USING (file, school, pupil)
        WHERE s.day BETWEEN w.lo AND w.hi AND NOT EXISTS (
          SELECT 1 FROM days o WHERE o.file = w.other AND o.school = w.school AND o.pupil = w.pupil
            AND o.day = s.day AND o.type = s.type AND o.fraction = s.fraction AND o.part = s.part)
        ORDER BY ALL"""


def _keyed(kind: str, key: str, values: str, beside: str) -> str:
    """Files that share what a key identifies and say something else of it, or of what stands ``beside`` it in both."""
    return f"""
        WITH said AS (SELECT file, coalesce(exported, {_NEVER}) AS exported, hash({key}) AS k, hash({beside}) AS b,
                             list_sort(list(hash({values}))) AS v
                      FROM {kind} GROUP BY ALL),
             pairs AS (SELECT DISTINCT a.file, b.file AS other FROM said a JOIN said b USING (k)
                       JOIN exports x ON x.file = a.file JOIN exports y ON y.file = b.file
                       WHERE a.file <> b.file AND {_NOBODY_KNOWS})
        SELECT DISTINCT least(p.file, p.other) AS file, greatest(p.file, p.other) AS other
        FROM pairs p JOIN said a USING (file)
        WHERE EXISTS (SELECT 1 FROM said b WHERE b.file = p.other AND b.b = a.b)
          AND NOT EXISTS (SELECT 1 FROM said b WHERE b.file = p.other AND b.k = a.k AND b.v = a.v) ORDER BY ALL"""
