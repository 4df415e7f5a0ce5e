"""What the schools wrote in their forms, put together: how many of them wrote what in each field.

Schools are counted and never named: their own reading of themselves is no league table. What they wrote goes on only
where a person has let exactly these words out and at least two schools wrote something there.
"""

from __future__ import annotations

import pandas as pd

from evaluation.codebooks import Codebook
from evaluation.interviews.approvals import FEWEST_SOURCES, QuoteDecisions
from evaluation.interviews.form_layouts import FORMS, WITHOUT_WORDS
from evaluation.interviews.identity import flat
from evaluation.interviews.themes import occasions_of

STATEMENT_COLUMNS = (
    "form",
    "theme",
    "theme_name",
    "dimension",
    "occasion",
    "value",
    "score",
    "schools",
    "schools_total",
    "is_latest",
)
"""One row per form, field, occasion and statement. ``schools_total`` handed in the form at that occasion;
``is_latest`` marks the last occasion at which any school handed it in."""


def school_statements(
    fields: pd.DataFrame, codebook: Codebook, decisions: QuoteDecisions | None = None
) -> pd.DataFrame:
    """Count schools per statement; :data:`STATEMENT_COLUMNS`.

    ``fields``: the readers' form fields. A school that handed a form in twice at an occasion is counted once per
    statement; two schools' same words (blanks collapsed, case set aside) are one statement. Words that nobody has let
    out are one statement for each field, without words; a step on *Implementeringstrappen* is a number and no words.
    """
    if fields.empty:
        return pd.DataFrame(columns=list(STATEMENT_COLUMNS))
    order = {name: number for number, name in enumerate(occasions_of(codebook))}
    frame = fields.assign(
        occasion=fields["occasion"].fillna("").astype(str), value=[flat(str(v)) for v in fields["value"]]
    )
    frame["value"] = _let_out(frame, decisions or QuoteDecisions())
    frame = frame.assign(_same=frame["value"].str.casefold())
    handed_in: dict[tuple[str, str], int] = {
        (str(form), str(occasion)): int(found["school_id"].nunique())
        for (form, occasion), found in frame.groupby(["form", "occasion"])
    }
    latest = {
        str(form): str(max(found["occasion"], key=lambda o: order.get(str(o), -1)))
        for form, found in frame.groupby("form")
    }
    rows = []
    for _, found in frame.groupby(["form", "theme", "dimension", "occasion", "_same"], sort=True):
        first = found.iloc[0]
        form, theme, occasion = (str(first[c]) for c in ("form", "theme", "occasion"))
        rows.append(
            (
                form,
                theme,
                codebook.by_id[theme].name if theme in codebook.by_id else theme,
                first["dimension"],
                occasion,
                min(found["value"]),
                first["score"],
                int(found["school_id"].nunique()),
                handed_in[form, occasion],
                occasion == latest[form],
            )
        )
    place = {form.form: number for number, form in enumerate(FORMS)}
    table = pd.DataFrame(rows, columns=list(STATEMENT_COLUMNS))
    return table.assign(_form=table["form"].map(place)).sort_values(
        ["_form", "theme", "dimension", "occasion", "value"], kind="stable", ignore_index=True
    )[list(STATEMENT_COLUMNS)]


def _let_out(fields: pd.DataFrame, decisions: QuoteDecisions) -> list[str]:
    """The words of each field that may be shown, else nothing."""
    field = ["form", "theme", "dimension", "occasion"]
    schools = fields.groupby(field)["school_id"].transform("nunique")
    return [
        value
        if dimension in WITHOUT_WORDS or (wrote >= FEWEST_SOURCES and decisions.is_let_out(value))
        else ""
        for value, dimension, wrote in zip(fields["value"], fields["dimension"], schools, strict=True)
    ]
