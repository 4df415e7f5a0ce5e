"""The section about the schools' own forms: the step on Implementeringstrappen, and what they write in each field.

Schools are counted, never named or ranked. Statements are the schools' own words, shown as text.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from evaluation.interviews.form_layouts import FORMS, STEPS, WITHOUT_WORDS, FormLayout, layout
from evaluation.reports.html_tables import Column, render_table
from evaluation.reports.inputs import ReportInputs, records, text, value
from evaluation.reports.learning import occasion_name
from evaluation.reports.page import Exhibit, Section
from evaluation.words.danish import count

SHOWN_STATEMENTS = 3
LONGEST = 160
STEP_NAMES = {1: "Lancering", 2: "Kompetenceudvikling", 3: "Forandringsledelse", 4: "Transformation"}


LEAD = (
    "Skolerne har udfyldt skemaer om deres eget arbejde med fravær. Her står, hvor mange skoler der har skrevet hvad. "
    "Det er skolernes egen vurdering og ikke en måling."
)


def steps(inputs: ReportInputs) -> Section | None:
    """The schools' own step on Implementeringstrappen; nothing where none has handed one in."""
    found = _steps(inputs, inputs.frame("out_school_forms"))
    return (
        None if found is None else Section("forankring", "Er det nye blevet fast praksis?", (LEAD,), (found,))
    )


def school_forms(inputs: ReportInputs) -> Section | None:
    """One exhibit per other form that schools have handed in; nothing where none has."""
    rows = inputs.frame("out_school_forms")
    exhibits = [_fields(inputs, rows, form) for form in FORMS if form.form != "implementeringstrappe"]
    found = tuple(x for x in exhibits if x is not None)
    return Section("skolernes-skemaer", "Hvad skriver skolerne selv?", (LEAD,), found) if found else None


def _steps(inputs: ReportInputs, rows: pd.DataFrame) -> Exhibit | None:
    steps = rows[(rows["form"] == "implementeringstrappe") & rows["score"].notna()]
    if not len(steps):
        return None
    occasions = list(dict.fromkeys(steps.sort_values("is_latest")["occasion"].fillna("")))
    counted = steps.groupby(["score", "occasion"])["schools"].sum()
    totals = steps.groupby("occasion")["schools_total"].max()
    frame = pd.DataFrame(
        [
            {"trin": f"{n} · {STEP_NAMES[n]}", "score": n}
            | {o: int(counted.get((float(n), o), 0)) for o in occasions}
            for n in range(STEPS[0], STEPS[1] + 1)
        ]
    )
    columns = [
        Column("trin", "Trin"),
        *(Column(o, f"{_when(o)} (af {count(float(totals[o]))})", "count", "none") for o in occasions),
    ]
    table = render_table(
        "trappe",
        "Skoler på hvert trin af Implementeringstrappen",
        frame,
        columns,
        key=("score",),
        marker=inputs.protocol.disclosure.marker,
        source="out_school_forms",
    )
    last = steps[steps["is_latest"].fillna(False).astype(bool)]
    high, whole = int(last.loc[last["score"] >= 3, "schools"].sum()), int(last["schools_total"].max())
    title = f"{count(high)} af {count(whole)} skoler sætter sig selv på trin 3 eller 4"
    what = "Hver skoles eget svar. Trin 3 og 4 betyder, at arbejdet er på vej til at blive eller er blevet fast praksis."
    return Exhibit("trappe", title, table, what, "out_school_forms")


def _fields(inputs: ReportInputs, rows: pd.DataFrame, form: FormLayout) -> Exhibit | None:
    mine = rows[(rows["form"] == form.form) & rows["is_latest"].fillna(False).astype(bool)]
    if not len(mine):
        return None
    heading = _headings(form.form)
    wanted = [d for d in heading if (mine["dimension"] == d).any()]
    if not wanted:
        return None
    frame = pd.DataFrame(
        [
            {"theme": theme, "theme_name": found["theme_name"].iloc[0]}
            | {d: _statements(found[found["dimension"] == d]) for d in wanted}
            for theme, found in mine.groupby("theme", sort=True)
        ]
    )
    columns = [
        Column("theme_name", form.row_heading),
        *(Column(d, heading[d]) for d in wanted),
    ]
    title = f"{form.title}: {_finding(mine, wanted, heading)}"
    table = render_table(
        form.form.replace("_", "-"),
        f"{form.title}, {_when(text(records(mine)[0], 'occasion')).lower()}",
        frame,
        columns,
        key=("theme",),
        marker=inputs.protocol.disclosure.marker,
        source="out_school_forms",
    )
    whole = int(mine["schools_total"].max())
    what = (
        f"Fra {count(whole)} {'skole' if whole == 1 else 'skoler'}. Skolernes egne ord vises kun, når en person har "
        f"godkendt dem, og mindst to skoler har skrevet i feltet; højst {SHOWN_STATEMENTS} i hvert felt, de hyppigste først."
    )
    return Exhibit(form.form.replace("_", "-"), title, table, what, "out_school_forms")


def _headings(form: str) -> dict[str, str]:
    """Dimension → heading of what holds words; those of earlier editions included."""
    known = layout(form)
    return {d: known.heading_of(d) for d in known.every_dimension if d not in WITHOUT_WORDS}


def _finding(rows: pd.DataFrame, dimensions: Iterable[str], heading: dict[str, str]) -> str:
    """The row most schools have written something under; the form's own order decides a tie."""
    for dimension in dimensions:
        if dimension in ("gaar_godt", "driver", "i_dag"):
            continue
        mine = rows[rows["dimension"] == dimension]
        most = mine.groupby("theme_name")["schools"].sum()
        if len(most) and int((most == most.max()).sum()) == 1:
            return f"flest udsagn under »{most.idxmax()}« ({heading[dimension].lower()})"
    return "skolerne har skrevet omtrent lige meget under alle punkter"


def _statements(rows: pd.DataFrame) -> str:
    """Words that were let out, the most frequent first, and how many schools wrote others."""
    ordered = rows[rows["value"] != ""].sort_values(["schools", "value"], ascending=[False, True])
    said = [
        f"»{_short(text(r, 'value'))}«"
        + (f" ({count(value(r, 'schools') or 0)} skoler)" if r["schools"] > 1 else "")
        for r in records(ordered.head(SHOWN_STATEMENTS))
    ]
    rest = len(ordered) - len(said)
    silent = int(rows.loc[rows["value"] == "", "schools"].sum())
    if silent:
        also = "også " if said else ""
        said.append(
            f"{count(silent)} {'skole' if silent == 1 else 'skoler'} har {also}skrevet noget, som ikke vises."
        )
    return " · ".join([*said, *([f"og {count(rest)} til."] if rest else [])]) or "–"


def _short(statement: str) -> str:
    return statement if len(statement) <= LONGEST else statement[: LONGEST - 1].rstrip() + "…"


def _when(occasion: str) -> str:
    return occasion_name(occasion) if occasion else "Uden tidspunkt"
