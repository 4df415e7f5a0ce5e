"""Talk logs without pupils: a newer log of a class stands for the older one, and one of another class does not.

Such talks cannot be told apart one by one, so a log is compared as a whole. A log that names no class may be another
class's: it is asked about where much of the older one is not in it.
"""

from __future__ import annotations

import pandas as pd

from evaluation.door.left_out import SUPERSEDED
from evaluation.door.overlap import MOST_DELETED, no_class
from evaluation.door.questions import Question
from evaluation.door.stage import Stage

ANOTHER_LOG = Question(
    "column",
    "class",
    "er en nyere log over samtaler på samme årgang end en anden fil, men har meget af den ikke med, eller kun den ene "
    "nævner klassen: er det en anden klasses samtaler",
    'skriv class i [columns], fx class = { file_name = "([0-9]\\.?[A-Z])" }; er den nyeste hele årgangens, så skriv '
    'overlap = "whole_period"',
)


def replace_older_logs(stage: Stage) -> None:
    """The newest log of a school's class replaces older ones; of the grade, where no class is named. Makes ``logs_asked``:
    pairs of files (file, other) of which nobody can tell whether they are of one class.
    """
    stage.run(
        (
            f"""CREATE OR REPLACE VIEW logs AS
                SELECT id, file, row, school, grade, kind, status, first, coalesce(exported, -1000000) AS exported,
                       CASE WHEN label IN ({no_class(stage)}) THEN -1 ELSE label END AS label
                FROM talks WHERE pupil < 0""",
            f"""CREATE OR REPLACE TABLE logs_asked AS
                WITH pairs AS (SELECT DISTINCT n.file, o.file AS other, o.school, o.grade, o.label
                               FROM logs o JOIN logs n ON n.school = o.school AND n.grade = o.grade
                                 AND n.exported > o.exported AND (o.label < 0 OR n.label < 0)
                               JOIN exports x ON x.file = n.file WHERE NOT x.is_whole),
                     held AS (SELECT p.file, p.other, p.label, o.kind, o.first, o.status, count(DISTINCT o.id) AS n,
                                     (SELECT count(*) FROM logs n WHERE n.file = p.file AND n.school = o.school
                                        AND n.grade = o.grade AND n.kind = o.kind
                                        AND n.first IS NOT DISTINCT FROM o.first) AS again
                              FROM pairs p JOIN logs o ON o.file = p.other AND o.school = p.school AND o.grade = p.grade
                                AND o.label = p.label
                              GROUP BY p.file, p.other, p.label, o.kind, o.first, o.status, o.school, o.grade)
                SELECT file, other FROM held GROUP BY file, other
                HAVING sum(greatest(n - again, 0)) > {MOST_DELETED} * sum(n) OR max(label) >= 0""",
            f"""INSERT INTO talks_gone
                WITH newest AS (SELECT school, grade, label, max(exported) AS newest, max_by(file, exported) AS file
                                FROM logs GROUP BY ALL)
                SELECT t.id, '{SUPERSEDED}', 'newer_period', n.file, -1
                FROM logs t JOIN newest n USING (school, grade, label) WHERE t.exported < n.newest""",
            "DROP VIEW logs",
        )
    )


def other_logs(stage: Stage) -> pd.DataFrame:
    """Logs that may be another class's than the older one they stand for, asked after the decision: file, other."""
    return stage.frame("SELECT DISTINCT file, other FROM logs_asked ORDER BY ALL")
