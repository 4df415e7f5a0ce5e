"""The schools' own forms as data: *Vurder og find fokus*, *Kontekstdialogen*, a step on *Implementeringstrappen*.

Reading belongs here; the empty templates are made in :mod:`evaluation.interviews.form_templates`, whose headings
this reader accepts back, also when a school has added rows above, other columns or its own order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from evaluation.codebooks import Codebook
from evaluation.errors import InputError, Problem
from evaluation.interviews.attributes import canonical_value, school_id, slug
from evaluation.interviews.form_layouts import FORMS, STEPS, FormLayout, layout
from evaluation.interviews.tables import read_rows, read_sheets

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


LABELS = {"skole": "school_id", "school_id": "school_id", "nedslag": "occasion", "occasion": "occasion"}
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
    """Fields of one file (:data:`FORM_COLUMNS`); ``rows_in`` = ``kept`` + ``quarantined`` + ``duplicates``."""

    fields: pd.DataFrame
    problems: tuple[Problem, ...]
    rows_in: int
    kept: int
    quarantined: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class _Field:
    row: int
    form: str
    school: str
    occasion: str
    theme: str
    dimension: str
    value: str


def read_school_form(
    path: Path, *, codebook: Codebook, schools: Mapping[str, str] | None = None
) -> FormBatch:
    """Read one filled form: a workbook (one or more forms, a sheet each) or a long CSV with one field per row.

    ``schools`` maps a school's names to the protocol's ids; without it a school stays as written.
    Raises ``InputError`` when no form is found or the file cannot be opened; a field that does not fit becomes a
    problem of the batch.
    """
    file = path.name
    problems: list[Problem] = []
    if path.suffix.casefold() in {".xlsx", ".xlsm"}:
        fields = _workbook(read_sheets(path), file, problems)
    else:
        fields = _long(path, problems)
    rows: list[dict[str, object]] = []
    seen: set[_Field] = set()
    duplicates = quarantined = 0
    for item in fields:
        fact = _Field(0, item.form, item.school, item.occasion, item.theme, item.dimension, item.value)
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
    return FormBatch(frame, tuple(problems), len(fields), len(rows), quarantined, duplicates)


def _workbook(
    sheets: Mapping[str, Sequence[Sequence[str]]], file: str, problems: list[Problem]
) -> list[_Field]:
    fields: list[_Field] = []
    is_found = False
    for rows in sheets.values():
        for form in FORMS:
            header = _header(rows, form)
            if header is None:
                continue
            is_found = True
            number, columns, theme_column = header
            about = _labels(rows[:number])
            for line, cells in enumerate(rows[number + 1 :], number + 2):
                theme = cells[theme_column] if theme_column < len(cells) else ""
                for column, dimension in columns.items():
                    value = cells[column].strip() if column < len(cells) else ""
                    if value and (theme.strip() or form.form == "implementeringstrappe"):
                        school, occasion = about.get("school_id", ""), about.get("occasion", "")
                        fields.append(_Field(line, form.form, school, occasion, theme, dimension, value))
            break
    if not is_found:
        problems.append(
            Problem(
                file,
                found="no form that is known",
                rule="school form",
                expected=", ".join(form.title for form in FORMS),
                next_step="fill in the templates that come with the study",
            )
        )
        raise InputError(f"{file} is not one of the schools' forms.", problems)
    return fields


def _header(rows: Sequence[Sequence[str]], form: FormLayout) -> tuple[int, dict[int, str], int] | None:
    """(row of the headings, column → dimension, column of the theme) when the sheet holds this form."""
    known = {_flat(h): d for h, d in (*form.dimensions.items(), *form.extra_headings.items())}
    for number, cells in enumerate(rows[:60]):
        flat = [_flat(cell) for cell in cells]
        columns = {place: known[cell] for place, cell in enumerate(flat) if cell in known}
        theme = [
            place
            for place, cell in enumerate(flat)
            if cell in (_flat(form.row_heading), "kode", "tema", "område")
        ]
        enough = len(columns) >= (1 if form.form == "implementeringstrappe" else 2)
        if enough and theme:
            best = next((p for p in theme if flat[p] == "kode"), theme[0])
            return number, columns, best
    return None


def _labels(rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """School and occasion from the cells above the table: the label, then the value to its right."""
    found: dict[str, str] = {}
    for cells in rows:
        for place, cell in enumerate(cells):
            label, _, inline = cell.partition(":")
            name = LABELS.get(slug(label))
            if name and name not in found:
                value = inline.strip() or next((c.strip() for c in cells[place + 1 :] if c.strip()), "")
                if value:
                    found[name] = value
    return found


def _long(path: Path, problems: list[Problem]) -> list[_Field]:
    table = read_rows(path)
    headings = {
        name: next((h for h in table.headings if h.casefold() in words), None)
        for name, words in _LONG.items()
    }
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
    return [
        _Field(
            row=row.line,
            form=row.get(headings["form"]),
            school=row.get(headings["school_id"]),
            occasion=row.get(headings["occasion"]),
            theme=row.get(headings["theme"]),
            dimension=row.get(headings["dimension"]),
            value=row.get(headings["value"]) or row.get(headings["score"]),
        )
        for row in table.rows
    ]


def _checked(
    item: _Field,
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
                "school form",
                expected,
                "correct the form and hand it in again",
            )
        )

    try:
        form = layout(item.form)
    except InputError:
        refuse("skema", "a form that is not known", ", ".join(f.form for f in FORMS))
        return None
    theme = _theme(item.theme, form, codebook)
    known = {_flat(h): d for h, d in (*form.dimensions.items(), *form.extra_headings.items())}
    known |= (
        {d: d for d in known.values()} | {"drivkraft": "driver"}
        if form.form == "kontekstdialog"
        else {d: d for d in known.values()}
    )
    dimension = known.get(_flat(item.dimension))
    if form.form == "implementeringstrappe" and not item.dimension:
        dimension = "trin"
    occasions = codebook.attribute("nedslag")
    occasion = canonical_value("nedslag", item.occasion, occasions.values if occasions else ())
    score = _number(item.value)
    school = school_id(item.school, schools)
    if not item.school.strip():
        refuse("Skole", "no school", "the school's id or name")
    elif school is None:
        refuse("Skole", "a school that is not in the study", ", ".join(sorted(set((schools or {}).values()))))
    elif theme is None:
        refuse(form.row_heading, "a row that is not in the form", ", ".join(form.themes(codebook)))
    elif dimension is None:
        refuse("dimension", "a column that is not in the form", ", ".join(form.dimensions.values()))
    elif item.occasion.strip() and occasion is None:
        refuse("Nedslag", "an occasion that is not known", ", ".join(occasions.values if occasions else ()))
    elif not item.value.strip():
        refuse(item.dimension, "nothing", "text or a number")
    elif dimension == "trin" and (score is None or score not in range(STEPS[0], STEPS[1] + 1)):
        refuse("Trin", "not a step", f"a whole number from {STEPS[0]} to {STEPS[1]}")
    else:
        return {
            "source_file": file,
            "source_row": item.row,
            "form": form.form,
            "school_id": school,
            "occasion": occasion,
            "theme": theme,
            "dimension": dimension,
            "value": item.value.strip(),
            "score": float("nan") if score is None else score,
        }
    return None


def _theme(label: str, form: FormLayout, codebook: Codebook) -> str | None:
    """The codebook's entry a row stands for: by id, name, last part of the id, or leading number."""
    themes = form.themes(codebook)
    if form.form == "implementeringstrappe":
        return themes[0]
    text = label.strip()
    for theme in themes:
        code = codebook.by_id[theme]
        if slug(text) in {slug(theme), slug(code.name), slug(theme.rpartition(".")[2])}:
            return theme
    numbered = re.match(r"(\d+)\b", text)
    if numbered and form.form == "kontekstdialog":
        wanted = f"{form.folder}.{numbered.group(1)}"
        return wanted if wanted in themes else None
    return None


def _number(text: str) -> float | None:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if abs(value) < 1e9 else None


def _flat(text: str) -> str:
    return " ".join(text.split()).casefold().rstrip(":.")
