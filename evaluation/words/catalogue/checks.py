"""What a check over rows says: that all rows are as expected, or how many are not. Rows are people, so outside it says
only whether all are; what is expected of a table stands beside the rule that judges it."""

from __future__ import annotations

from collections.abc import Mapping

from evaluation.words.audience import Reach
from evaluation.words.statement import Code, Sentence, sentence
from evaluation.words.values import Count, Name, Persons


class Rows(Code):
    """The rows of a table against what is expected of them."""

    SOUND = "sound"
    BROKEN = "broken"


class Structure(Code):
    """A table's declared columns, and checks that could not be made."""

    COLUMN = "column"
    COLUMN_MISSING = "column_missing"
    COLUMN_OTHER = "column_other"
    COLUMNS = "columns"
    CRASHED = "crashed"
    CRASHED_KIND = "crashed_kind"


SENTENCES: Mapping[type[Code], Mapping[Code, Sentence]] = {
    Rows: {
        Rows.SOUND: sentence(
            "{expected}: i orden ({rows:række|rækker}).",
            Reach.ANALYST,
            outside="{expected}: i orden.",
            expected=Name,
            rows=Persons,
        ),
        Rows.BROKEN: sentence(
            "{expected}: det gælder ikke for {broken} af {rows:række|rækker}.",
            Reach.ANALYST,
            outside="{expected}: ikke for alle.",
            expected=Name,
            broken=Persons,
            rows=Persons,
        ),
    },
    Structure: {
        Structure.COLUMN: sentence("Kolonnen {column} er som aftalt.", Reach.PUBLIC, column=Name),
        Structure.COLUMN_MISSING: sentence(
            "Kolonnen {column} i {table} mangler (ventet: {expected}).",
            Reach.PUBLIC,
            column=Name,
            table=Name,
            expected=Name,
        ),
        Structure.COLUMN_OTHER: sentence(
            "Kolonnen {column} i {table} har en anden type (fundet: {found}, ventet: {expected}).",
            Reach.PUBLIC,
            column=Name,
            table=Name,
            found=Name,
            expected=Name,
        ),
        Structure.COLUMNS: sentence(
            "Alle {columns:kolonne|kolonner} i {table} er som aftalt.",
            Reach.PUBLIC,
            columns=Count,
            table=Name,
        ),
        Structure.CRASHED: sentence(
            'Kontrollen "{expected}" kunne ikke gennemføres; det siger intet om data.',
            Reach.PUBLIC,
            expected=Name,
        ),
        Structure.CRASHED_KIND: sentence(
            'Kontrollen "{expected}" kunne ikke gennemføres ({kind}); det siger intet om data.',
            Reach.PUBLIC,
            expected=Name,
            kind=Name,
        ),
    },
}
