"""The schools' own forms as data: *Vurder og find fokus*, *Kontekstdialogen*, a step on *Implementeringstrappen*.

Reading belongs here; the empty templates are made in :mod:`evaluation.interviews.form_templates`, whose headings
this reader accepts back, also when a school has added rows above, other columns or its own order. A heading that is not
known whole is never guessed: what stands under it is reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pandas as pd

from evaluation.codebooks import Codebook
from evaluation.errors import InputError, Problem
from evaluation.interviews.attributes import canonical_value, nearest_first, school_id, school_names, slug
from evaluation.interviews.form_layouts import FOCUS, FORMS, STEP, STEPS, layout
from evaluation.interviews.form_pdf import read_pdf
from evaluation.interviews.form_sheets import Filled, read_sheet, theme_of
from evaluation.interviews.plain_columns import NO, YES
from evaluation.interviews.tables import Aside, Table, read_rows, read_sheets

FORM_COLUMNS = (
    "source_file",
    "source_row",
    "form",
    "school_id",
    "occasion",
    "theme",
    "dimension",
    "value",
    "score",
)
"""One row per filled field. ``value`` is what stands in it; ``score`` is its number, if it is one."""


_TICKS = frozenset("✓✔☑☒×")
"""What a box is ticked with."""

_LONG = {
    "form": ("form", "skema"),
    "school_id": ("school_id", "skole"),
    "occasion": ("occasion", "nedslag"),
    "theme": ("theme", "tema"),
    "dimension": ("dimension", "kolonne"),
    "value": ("value", "vaerdi", "værdi", "tekst"),
    "score": ("score", "tal"),
}


@dataclass(frozen=True)
class FormBatch:
    """Fields of one file (:data:`FORM_COLUMNS`); ``rows_in`` = ``kept`` + ``quarantined`` + ``duplicates``.

    ``handed_in``: form, school and occasion of each form in the file, empty ones too.
    """

    fields: pd.DataFrame
    problems: tuple[Problem, ...]
    rows_in: int
    kept: int
    quarantined: int
    duplicates: int
    handed_in: frozenset[tuple[str, str, str | None]] = frozenset()


def read_school_form(
    path: Path,
    *,
    codebook: Codebook,
    schools: Mapping[str, str] | None = None,
    school: str = "",
    occasion: str = "",
) -> FormBatch:
    """Read one filled form: a workbook (one or more forms, a sheet each), the fillable PDF of *Vurder og find fokus*, or a
    long CSV with one field per row.

    ``schools`` maps a school's names to the protocol's ids; without it a school stays as written. ``school`` and
    ``occasion`` are those of a form that names none.
    Raises ``InputError`` when no form is found, the file cannot be opened, or it names another school or occasion than
    stated; a field that does not fit becomes a problem of the batch.
    """
    file = path.name
    problems: list[Problem] = []
    read = {".xlsx": _workbook, ".xlsm": _workbook, ".pdf": read_pdf}.get(path.suffix.casefold(), _long)
    known = codebook.attribute("nedslag")
    occasions = known.values if known else ()
    found = read(path, codebook, problems)
    found = _stated(found, "school", school, partial(school_id, schools=schools), path.name)
    found = _stated(found, "occasion", occasion, partial(occasion_of, occasions=occasions), path.name)
    fields = [item for item in found if item.value or item.dimension or item.theme]
    if any(not item.occasion.strip() for item in fields):
        problems.append(
            Problem(file, None, "Nedslag", "no occasion", "form_occasion", "the occasion",
                    "write it in the form, or in [school_form] of a mapping with the file's name")
        )  # fmt: skip
    rows: list[dict[str, object]] = []
    seen: set[Filled] = set()
    duplicates = quarantined = 0
    for item in fields:
        fact = Filled(0, item.form, item.school, item.occasion, item.theme, item.dimension, item.value)
        if fact in seen:
            duplicates += 1
            continue
        seen.add(fact)
        checked = _checked(item, file, codebook, schools, problems)
        if checked is None:
            quarantined += 1
        else:
            rows.append(checked)
    frame = pd.DataFrame(rows, columns=list(FORM_COLUMNS))
    for column in FORM_COLUMNS:
        if column == "score":
            frame[column] = frame[column].astype("float64")
        elif column == "source_row":
            frame[column] = frame[column].astype("Int64")
        else:
            frame[column] = frame[column].astype("str").where(frame[column].notna())
    handed_in = frozenset(
        (layout(item.form).form, mine, occasion_of(item.occasion, occasions))
        for item in found
        if _is_known(item.form) and (mine := school_id(item.school, schools))
    )
    return FormBatch(frame, tuple(problems), len(fields), len(rows), quarantined, duplicates, handed_in)


def _is_known(form: str) -> bool:
    """Whether a form has that name."""
    try:
        return bool(layout(form))
    except InputError:
        return False


def _stated(
    fields: Sequence[Filled], name: str, stated: str, meaning: Callable[[str], str | None], file: str
) -> list[Filled]:
    """Fields with what their mapping states where the form says nothing; it is refused where the form says otherwise."""
    said = {str(getattr(item, name)).strip() for item in fields} - {""}
    if stated and any(meaning(word) != meaning(stated) for word in said):
        problem = Problem(file, None, {"school": "Skole"}.get(name, "Nedslag"), "another than its mapping states",
                          "school_form", "the same, or nothing in [school_form]", "correct the wrong one")  # fmt: skip
        raise InputError(f"{file} cannot be read as a form.", [problem])
    return [i if getattr(i, name).strip() else replace(i, **{name: stated}) for i in fields]  # type: ignore[arg-type]


def _workbook(path: Path, codebook: Codebook, problems: list[Problem]) -> list[Filled]:
    """The fields of all sheets, and a field without a value for each form; filled cells that are none, cells over several
    fields, what is struck out and notes on cells become problems.
    """
    fields: list[Filled] = []
    aside = Aside()
    for name, rows in read_sheets(path, aside=aside, is_merged_filled=True).items():
        reading = read_sheet(name, rows, codebook, aside.merged[name])
        fields += [*reading.handed_in, *reading.fields]
        problems += [
            Problem(path.name, row, f"{name}!{_letters(column)}{row}", "a cell over several fields: it counts in its first",
                    "form_merged", "one cell for each field", "ask the school which fields it belongs to")
            for row, column in reading.wide
        ]  # fmt: skip
        problems += [_unread(path.name, name, row, column) for row, column in reading.unread]
    problems += [
        Problem(path.name, column=f"{sheet}!{cell}", found="a note on a cell", rule="form_note",
                expected="what is to be kept in a field", next_step="ask the school whether it belongs to a field")
        for sheet, cell, _ in aside.notes
    ]  # fmt: skip
    problems += [
        Problem(path.name, column=f"{sheet}!{cell}", found="text that is struck out: it counts as not written",
                rule="form_struck", expected="what holds, and nothing else",
                next_step="ask the school, where it is to count after all")
        for sheet, cell in aside.struck
    ]  # fmt: skip
    problems += [
        Problem(path.name, column=sheet, found="a hidden sheet with text", rule="form_cell",
                expected="sheets that can be seen", next_step="show the sheet, or take it out")
        for sheet in aside.hidden
    ]  # fmt: skip
    problems += [
        Problem(path.name, column=kind, found="text that stands in no cell", rule="form_beside",
                expected="text in the form's own fields", next_step="ask the school which field it belongs to")
        for kind in aside.beside
    ]  # fmt: skip
    if not fields:
        problem = Problem(
            path.name,
            found="no form that is known",
            rule="no_form",
            expected=", ".join(form.title for form in FORMS),
            next_step="fill in the templates that come with the study",
        )
        raise InputError(f"{path.name} is not one of the schools' forms.", [problem])
    return fields


def _unread(file: str, sheet: str, row: int, column: int) -> Problem:
    return Problem(
        file,
        row,
        f"{sheet}!{_letters(column)}{row}",
        "a filled cell that is no field of the form",
        "form_cell",
        "text in the form's own columns and rows",
        "move it to a field, or leave it out",
    )


def _letters(column: int) -> str:
    name = ""
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _long(path: Path, _: Codebook, problems: list[Problem]) -> list[Filled]:
    table = read_rows(path)
    headings = _long_headings(table)
    missing = [name for name in ("form", "school_id", "theme", "dimension") if headings[name] is None]
    if missing:
        problem = Problem(
            path.name,
            1,
            found=f"no column {', '.join(missing)}",
            expected="skema;skole;nedslag;tema;dimension;vaerdi",
            next_step="use the templates or add the columns",
        )
        raise InputError(f"{path.name} is not one of the schools' forms.", [problem])
    problems += table.problems
    own = {heading.casefold() for heading in (*filter(None, headings.values()), "source_file", "source_row")}
    unclear = {
        row.line for row in table.rows if not _is_same(row.get(headings["value"]), row.get(headings["score"]))
    }
    problems += [
        Problem(path.name, line, headings["score"], "another number than the value beside it", "form_two_values",
                "one of the two", "take the wrong one out: until then neither is read")
        for line in sorted(unclear)
    ]  # fmt: skip
    problems += [
        Problem(path.name, row.line, heading, "a filled cell in a column that is not read", "form_cell",
                "the columns of the template", "move it to a field, or leave it out")
        for row in table.rows
        for heading in table.headings
        if heading.casefold() not in own and row.get(heading).strip()
    ]  # fmt: skip
    return [
        Filled(
            row=row.line,
            form=row.get(headings["form"]),
            school=row.get(headings["school_id"]),
            occasion=row.get(headings["occasion"]),
            theme=row.get(headings["theme"]),
            dimension=row.get(headings["dimension"]),
            value=row.get(headings["value"]) or row.get(headings["score"]),
        )
        for row in table.rows
        if row.line not in unclear
    ]


def _long_headings(table: Table) -> dict[str, str | None]:
    """Which column is which. Raises ``InputError`` where two filled ones are the same: nobody knows which is meant."""
    found: dict[str, str | None] = {}
    twice: list[str] = []
    for name, words in _LONG.items():
        mine = [h for h in table.headings if h.casefold() in words]
        filled = [h for h in mine if any(row.get(h).strip() for row in table.rows)]
        found[name] = next(iter([*filled, *mine]), None)
        twice += filled if len(filled) > 1 else []
    if twice:
        problem = Problem(table.file, 1, ", ".join(twice), "two columns for the same", "form_twice",
                          "one column for each", "take one of them out")  # fmt: skip
        raise InputError(f"{table.file}: which column is meant?", [problem])
    return found


def _is_same(value: str, number: str) -> bool:
    """Whether a number says no other than the value beside it; where one of them is empty the other is meant."""
    one, other = (text.strip().removesuffix(".0").removesuffix(",0") for text in (value, number))
    return not one or not other or one == other


def _checked(
    item: Filled,
    file: str,
    codebook: Codebook,
    schools: Mapping[str, str] | None,
    problems: list[Problem],
) -> dict[str, object] | None:
    def refuse(column: str, found: str, expected: str) -> None:
        problems.append(
            Problem(
                file,
                item.row,
                column,
                found,
                "school_form",
                expected,
                "correct the form and hand it in again",
            )
        )

    try:
        form = layout(item.form)
    except InputError:
        refuse("skema", "a form that is not known", ", ".join(f.form for f in FORMS))
        return None
    theme = theme_of(item.theme, form, codebook)
    dimension = {"drivkraft": "driver"}.get(slug(item.dimension)) or form.dimension_of(item.dimension)
    if form.form == "implementeringstrappe" and not item.dimension:
        dimension = STEP
    occasions = codebook.attribute("nedslag")
    occasion = occasion_of(item.occasion, occasions.values if occasions else ())
    score = _step(item.value, codebook) if dimension == STEP else None
    value = item.value.strip()
    if dimension == FOCUS and value:
        value = _focus(value) or ""
    school = school_id(item.school, schools)
    if not item.school.strip():
        problems.append(
            Problem(file, item.row, "Skole", "no school", "form_school", "the school's name",
                    "write it in the form, or in [school_form] of a mapping with the file's name")
        )  # fmt: skip
    elif school is None:
        names = nearest_first(school_names(schools or {}), [item.school])
        problems.append(
            Problem(file, item.row, "Skole", "a school that is not in the study", "form_unknown_school", ", ".join(names),
                    "write its name, or take the form out")
        )  # fmt: skip
    elif theme is None:
        refuse(form.row_heading, "a row that is not in the form", ", ".join(form.themes(codebook)))
    elif dimension is None:
        refuse("dimension", "a column that is not in the form", ", ".join(form.every_dimension))
    elif item.occasion.strip() and occasion is None:
        names = nearest_first(occasions.values if occasions else (), [item.occasion])
        problems.append(
            Problem(file, item.row, "Nedslag", "an occasion that is not known", "form_unknown_occasion", ", ".join(names),
                    "write the occasion as the codebook has it")
        )  # fmt: skip
    elif not item.value.strip():
        refuse(item.dimension, "nothing", "text or a number")
    elif not value:
        refuse("Fokus", "neither yes nor no", "x or ja, nej or nothing")
    elif dimension == STEP and score is None:
        refuse("Trin", "not a step", f"a whole number from {STEPS[0]} to {STEPS[1]}")
    elif dimension == STEP and theme not in form.singles:
        refuse("Trin", "a step beside the row for the school's step", "one step, in the first row")
    else:
        return {
            "source_file": file,
            "source_row": item.row,
            "form": form.form,
            "school_id": school,
            "occasion": occasion,
            "theme": theme,
            "dimension": dimension,
            "value": f"{score:g}" if score is not None else value,
            "score": float("nan") if score is None else score,
        }
    return None


def occasion_of(label: str, occasions: Sequence[str]) -> str | None:
    """The codebook's occasion that a form means, also in the words of the report: ``November 2026``, ``Delevaluering``."""
    if exact := canonical_value("nedslag", label, occasions):
        return exact
    words = [w for w in slug(label).split("_") if w not in ("i", "den", "ved", "efter")]

    def means(value: str) -> bool:
        parts = slug(value).split("_")
        return all(any(w.startswith(p) or (len(w) > 3 and p.startswith(w)) for p in parts) for w in words)

    found = [value for value in occasions if words and means(value)]
    return found[0] if len(found) == 1 else None


def _step(text: str, codebook: Codebook) -> float | None:
    """A step: ``2``, ``trin 2``, ``2 - Kompetenceudvikling`` or its name; ``None`` when it is none, or anything more."""
    steps = range(STEPS[0], STEPS[1] + 1)
    names = {
        n: codebook.by_id[f"GTH.TRAPPE.{n}"].name.casefold() for n in steps if f"GTH.TRAPPE.{n}" in codebook
    }
    words = " ".join(text.split()).casefold().removesuffix(".")
    told = re.fullmatch(r"(?:trin )?(\d)(?:[.,]0)?(?: ?[-–:.,]? ?(\w.*))?", words)
    if told is None or not told.group(2):
        return float(told.group(1)) if told and int(told.group(1)) in steps else _named(words, names)
    number = int(told.group(1))
    return float(number) if names.get(number) == told.group(2) else None


def _named(words: str, names: Mapping[int, str]) -> float | None:
    return next((float(n) for n, name in names.items() if name == words), None)


def _focus(text: str) -> str | None:
    """A mark in the column of the chosen focus: ``ja`` or ``nej``; ``None`` for anything that is not just that."""
    word = text.strip().removesuffix(".")
    if word in _TICKS or (word.isalnum() and slug(word) in YES):
        return "ja"
    return "nej" if word.isalnum() and slug(word) in NO - {""} else None
