"""Totals that only ever rise: are they each period's own, or counted up to its end? Asked, never guessed."""

from __future__ import annotations

from evaluation.door.files import Incoming
from evaluation.door.questions import Question
from evaluation.door.stage import Stage

LEAST_RISES = 3

QUESTION = Question(
    "column",
    "totals.running",
    "mængderne falder aldrig fra den ene periode til den næste: er de talt op til periodens slutning?",
    "skriv running = false under [totals], hvis hver periode har sine egne dage; ellers bed om tal pr. periode",
)


def running_totals(stage: Stage, source: Incoming, number: int) -> tuple[Question, ...]:
    """The question, where the amounts of a file's groups rise and never fall inside a school year."""
    totals = source.mapping.totals
    if totals is None or totals.running is not None or not stage.has("totals"):
        return ()
    names = [f"type_{t}" for t in totals.types]
    amounts = " UNION ALL ".join(f"SELECT *, '{n}' AS kind, {n} AS amount FROM mine" for n in names)
    made = stage.frame(
        f"""WITH mine AS (SELECT *, year(DATE '1970-01-01' + first - 212) AS school_year FROM totals
                           WHERE file = {int(number)}),
                 steps AS (SELECT amount - lag(amount) OVER (PARTITION BY school, pupil, grade, label, school_year, kind
                                                             ORDER BY first) AS step FROM ({amounts}))
            SELECT count(*) FILTER (step > 0) AS rises, count(*) FILTER (step < 0) AS falls FROM steps"""
    )
    rises, falls = int(made["rises"][0]), int(made["falls"][0])
    return (QUESTION,) if rises >= LEAST_RISES and not falls else ()
