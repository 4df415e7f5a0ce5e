"""*Vurder og find fokus* as the fillable PDF its source hands out: what is written in each field, and where it stands.

The fields have names that say nothing. A field's theme is the nearest »Tema: …« printed above it, its column the printed
heading it stands under; where the page does not tell both, the field is reported. Notes, marks and fields of
another kind are reported too, so that nothing vanishes.
"""

from __future__ import annotations

import io
import unicodedata
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.codebooks import Codebook
from evaluation.errors import InputError, Problem
from evaluation.files.pdf import listening
from evaluation.interviews.attributes import slug
from evaluation.interviews.form_layouts import WITHOUT_WORDS, layout
from evaluation.interviews.form_print import is_form_s_own
from evaluation.interviews.form_sheets import LABELS, Filled, theme_of

FORM = layout("vurder_og_find_fokus")
MAX_BYTES, MAX_PAGES = 50_000_000, 60
_NOT_WRITTEN = ("/Link", "/Popup", "/Widget")
"""Annotations that are no words of their own."""
_SAME_ROW = 20.0
"""Points: headings that stand beside each other begin on the same line, give or take a line."""
_FEWEST_LETTERS = 12
"""A heading that wraps is known by its first line, when that is so long."""
_PDF_ERRORS = (
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, OSError, ArithmeticError, AssertionError),
    *(RecursionError, NotImplementedError, zlib.error),
)
"""What pypdf is known to raise on damaged files beside its own errors."""


@dataclass(frozen=True, slots=True)
class _Printed:
    text: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class _Widget:
    """A field where a page shows it, and what is written in it."""

    page: int
    name: str
    value: str
    theme: str
    dimension: str


def read_pdf(path: Path, codebook: Codebook, problems: list[Problem]) -> list[Filled]:
    """The filled fields, in the order of pages (``row`` is the page); what is none is added to ``problems``.

    Raises ``InputError`` for a file that is damaged, locked, has no fields or is another form.
    """
    from pypdf.errors import DependencyError, PyPdfError

    file = path.name
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _refused(file, f"more than {MAX_BYTES:,} bytes", "the form as it was handed out")
        with listening() as skipped:
            fields = _read(path, codebook, problems)
    except (PyPdfError, DependencyError, *_PDF_ERRORS):
        raise _refused(file, "not a PDF that can be read", "the form saved again as PDF") from None
    if skipped:
        problems.append(_reported(file, None, None, "form_cell", "places in the PDF that are damaged"))
    return fields


def _read(path: Path, codebook: Codebook, problems: list[Problem]) -> list[Filled]:
    import pypdf

    file = path.name
    reader = pypdf.PdfReader(io.BytesIO(path.read_bytes()))
    if reader.is_encrypted and not reader.decrypt(""):
        raise _refused(file, "a password", "save it without one")
    if len(reader.pages) > MAX_PAGES:
        raise _refused(file, f"more than {MAX_PAGES} pages", "hand in each school's form by itself")
    widgets: list[_Widget] = []
    shown: set[str] = set()
    is_form = False
    for number, page in enumerate(reader.pages, 1):
        printed = _printed(page)
        themes = {t: p for p in printed if (t := _theme(p.text, codebook))}
        is_form = is_form or bool(themes)
        if other := sum(not is_form_s_own(p.text) for p in printed):
            found = f"{other} printed line(s) that are not the form's own"
            problems.append(_reported(file, number, None, "form_beside", found))
        for annotation in _annotations(page):
            kind = annotation.get("/Subtype")
            if kind not in _NOT_WRITTEN:
                problems.append(
                    _reported(file, number, str(kind).strip("/"), "form_note", "a note or a mark on the page")
                )
            if kind == "/Widget":
                shown.add(_name(annotation))
                widgets.append(_placed(number, annotation, _value(annotation), themes, printed))
    if not is_form:
        raise _refused(
            file,
            "no page with a theme of Vurder og find fokus",
            f"the fillable PDF of {FORM.title}",
        )
    if not shown:
        raise _refused(
            file,
            "no field to write in: the PDF was printed or scanned",
            "hand in the file that was written in",
        )
    where = {(w.theme, w.dimension, w.page) for w in widgets if w.theme and w.dimension}
    if len(where) > len({place[:2] for place in where}):
        raise _refused(
            file, "the same field on several pages: more than one form", "each school's form by itself"
        )
    widgets = [w for w in widgets if w.value]
    for name, one in (reader.get_fields() or {}).items():
        if name not in shown and _text(one.get("/V")) and one.get("/FT") and not one.get("/Kids"):
            problems.append(_reported(file, None, name, "form_cell", "a filled field that no page shows"))
    return _sorted_out(file, widgets, problems)


def _sorted_out(file: str, widgets: list[_Widget], problems: list[Problem]) -> list[Filled]:
    """Fields with one place and a meaning; all others are reported. A field called *Skole* or *Nedslag* tells of all."""
    about: dict[str, str] = {}
    for widget in (w for w in widgets if slug(w.name) in LABELS):
        if about.setdefault(LABELS[slug(widget.name)], widget.value) != widget.value:
            problems.append(
                _reported(
                    file, widget.page, widget.name, "form_cell", "another school or occasion in one form"
                )
            )
    fields = []
    for name in dict.fromkeys(w.name for w in widgets if slug(w.name) not in LABELS):
        mine = [w for w in widgets if w.name == name]
        if len({(w.theme, w.dimension, w.value) for w in mine}) > 1:
            problems.append(
                _reported(file, mine[0].page, name, "form_cell", "one field in several places of the form")
            )
        elif not mine[0].theme or not mine[0].dimension:
            found = "a filled field that stands under no theme and heading of the form"
            problems.append(_reported(file, mine[0].page, name, "form_cell", found))
        else:
            school, occasion = about.get("school_id", ""), about.get("occasion", "")
            one = mine[0]
            fields.append(Filled(one.page, FORM.form, school, occasion, one.theme, one.dimension, one.value))
    return fields


def _placed(
    page: int, widget: Any, value: str, themes: Mapping[str, _Printed], printed: list[_Printed]
) -> _Widget:
    """A field with the theme and the heading it stands under; empty where the page does not tell."""
    left, low, right, high = (float(n) for n in widget["/Rect"])
    middle, centre = (low + high) / 2, (left + right) / 2
    above = {theme: p.y for theme, p in themes.items() if p.y > middle}
    theme = min(above, key=lambda t: above[t], default="")
    heads = [(p, d) for p in printed if p.y > middle and (d := _dimension(p.text))]
    lowest = min((p.y for p, _ in heads), default=0.0)
    row = {d: p.x for p, d in heads if p.y < lowest + _SAME_ROW}
    wanted = [d for d in FORM.dimensions.values() if d not in WITHOUT_WORDS]
    beside = {d: x for d, x in row.items() if x <= centre} if len(row) == len(wanted) else {}
    is_text = _inherited(widget, "/FT") == "/Tx"
    dimension = max(beside, key=lambda d: beside[d], default="") if is_text else ""
    return _Widget(page, _name(widget), value, theme, dimension)


def _printed(page: Any) -> list[_Printed]:
    """The page's lines with the place each begins at; letters that are printed as one are taken apart."""
    found: list[_Printed] = []

    def visit(text: str, matrix: list[float], line: list[float], *_: object) -> None:
        if text.strip():
            x = matrix[0] * line[4] + matrix[2] * line[5] + matrix[4]
            y = matrix[1] * line[4] + matrix[3] * line[5] + matrix[5]
            found.append(_Printed(" ".join(unicodedata.normalize("NFKC", text).split()), x, y))

    page.extract_text(visitor_text=visit)
    return found


def _theme(text: str, codebook: Codebook) -> str | None:
    label, colon, name = text.partition(":")
    return theme_of(name, FORM, codebook) if colon and slug(label) == slug(FORM.row_heading) else None


def _dimension(text: str) -> str | None:
    """The column a printed line is the heading of, or the beginning of the heading."""
    begun = text.casefold().rstrip("?")
    if len(begun) < _FEWEST_LETTERS:
        return None
    found = [d for heading, d in FORM.dimensions.items() if heading.casefold().startswith(begun)]
    return found[0] if len(found) == 1 else None


def _annotations(page: Any) -> Iterator[Any]:
    for one in page.get("/Annots", ()) or ():
        yield one.get_object()


def _inherited(widget: Any, key: str) -> Any:
    """A field's entry, its own or that of the field it belongs to."""
    seen: list[Any] = []
    while widget is not None and key not in widget and len(seen) < 20:
        seen.append(widget)
        widget = widget["/Parent"].get_object() if "/Parent" in widget else None
    return None if widget is None else widget.get(key)


def _name(widget: Any) -> str:
    parts: list[str] = []
    while widget is not None and len(parts) < 20:
        parts.insert(0, str(widget.get("/T", "")))
        widget = widget["/Parent"].get_object() if "/Parent" in widget else None
    return ".".join(part for part in parts if part)


def _value(widget: Any) -> str:
    """What somebody has written or ticked; empty for what the form came with."""
    value = _text(_inherited(widget, "/V"))
    if _inherited(widget, "/FT") == "/Btn":
        value = str(widget.get("/AS", value)).strip("/")
        return "" if value == "Off" else value
    return "" if value == _text(_inherited(widget, "/DV")) else value


def _text(value: Any) -> str:
    """A value as text: a string, a stream of one, a list of choices; what is none of them (a signature) by its kind."""
    value = value.get_object() if hasattr(value, "get_object") else value
    if value is None:
        return ""
    if hasattr(value, "get_data"):
        value = value.get_data().decode("utf-8", "replace")
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value)
    text = str(value) if isinstance(value, str) else type(value).__name__
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _reported(file: str, page: int | None, place: str | None, rule: str, found: str) -> Problem:
    return Problem(
        file,
        page,
        place,
        found,
        rule,
        "text in the form's own fields",
        "ask the school where it belongs, or write it in the template",
    )


def _refused(file: str, found: str, expected: str) -> InputError:
    step = "or write the answers in the template (komglad codebook forms DIR)"
    problem = Problem(file, None, None, found, "form_unreadable", expected, step)
    return InputError(f"{file} cannot be read as a form.", [problem])
