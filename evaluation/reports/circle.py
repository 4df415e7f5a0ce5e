"""The learning circle (Social- og Boligstyrelsen's model) as an empty form for the working group's meeting."""

from __future__ import annotations

from markupsafe import Markup

from evaluation.reports.page import Section
from evaluation.reports.telling import tell
from evaluation.words.catalogue.sections import Circle

QUESTIONS = (Circle.LAST, Circle.SINCE, Circle.PLAN, Circle.TRY, Circle.REFLECT, Circle.ADJUST)


def circle() -> Section:
    """What was decided last time, what has happened since, and the next turn: plan, try, reflect, adjust."""
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th><td class="blank"></td></tr>').format(tell(q)) for q in QUESTIONS
    )
    table = Markup('<table class="form"><caption>{}</caption><tbody>{}</tbody></table>').format(
        tell(Circle.WRITE), rows
    )
    return Section("laeringscirkel", tell(Circle.TITLE), (tell(Circle.LEAD), table))
