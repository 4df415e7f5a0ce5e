"""The released tables as files: CSV and XLSX with a codebook sheet, the same bytes for the same tables.

Texts that a spreadsheet would run as a formula are made harmless; hidden numbers are the marker, never blank,
because a blank is read as zero or as "not asked".
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from evaluation.disclosure.registry import REGISTRY
from evaluation.reports.archives import workbook
from evaluation.reports.facts import Facts
from evaluation.reports.front_measures import claim
from evaluation.reports.front_milestone import milestone_parts
from evaluation.reports.inputs import ReportInputs
from evaluation.reports.telling import tell
from evaluation.tables import TABLES
from evaluation.words import Public, render, say
from evaluation.words.catalogue.front import Heading, Row, Why
from evaluation.words.danish import as_date, date, rounded, rounded_all

MEASURES_OF_PUPILS = {
    "out_description": ("pupils", "possible_days", "absent_days", "absence_pct", "over_10_pupils", "over_10_pct"),
    "out_implementation": (
        "pupils", "talks_planned", "talks_held", "coverage_pct", "follow_ups", "targeted",
        "consents_given", "consents_missing", "consents_withdrawn",
    ),
    "out_patterns": ("pupils", "count", "share_pct"),
    "out_themes": ("sources", "segments"),
    "out_theme_changes": ("sources_from", "sources_to", "share_from_pct", "share_to_pct"),
}  # fmt: skip
"""Columns where a missing number is a hidden one."""

READERS = Public(minimum=5, marker="")
"""Of the data dictionary, which holds no count."""
BoolArray = npt.NDArray[np.bool_]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_UNITS = {"_pct": "procent", "_pp": "procentpoint", "_days": "dage", "_on": "dato"}


@dataclass(frozen=True)
class TableFiles:
    """``csv``: bytes by file name, UTF-8 with BOM, semicolon and decimal comma. ``xlsx``: all in one workbook."""

    csv: Mapping[str, bytes]
    xlsx: bytes


def report_tables(inputs: ReportInputs) -> dict[str, pd.DataFrame]:
    """The tables as they leave: declared columns only, rounded as the report shows them, the marker where hidden.

    Numbers of pupils: shares and per cent with one decimal, counts whole. Estimates keep three decimals.
    """
    out = {}
    for name in sorted(inputs.frames):
        if not name.startswith("out_") or name not in TABLES:
            continue
        frame = inputs.frames[name]
        table = TABLES[name]
        columns = [(c, kind) for c, kind in table.columns.items() if c in frame]
        out[name] = pd.DataFrame({c: _column(frame, name, c, kind, inputs) for c, kind in columns})
    return out


def table_files(inputs: ReportInputs) -> TableFiles:
    """CSV and XLSX of :func:`report_tables`, with the codebook and a note on where they come from."""
    tables = report_tables(inputs)
    book = codebook(inputs)
    files = {f"{name}.csv": _csv(frame) for name, frame in {**tables, "kodebog": book}.items()}
    return TableFiles(files, _xlsx({"kodebog": book, **tables}, inputs))


def codebook(inputs: ReportInputs) -> pd.DataFrame:
    """One row per table and column: grain, type and unit."""
    rows = [
        {
            "tabel": name,
            "kolonne": column,
            "type": kind.lower(),
            "enhed": _unit(column),
            "indhold": render(say(REGISTRY[name][column].content), READERS) if name in REGISTRY else "",
            "vises": render(say(REGISTRY[name][column].leaving), READERS) if name in REGISTRY else "",
            "en række er": TABLES[name].grain,
        }
        for name in sorted(inputs.frames)
        if name in TABLES
        for column, kind in TABLES[name].columns.items()
    ]
    return pd.DataFrame(
        rows, columns=["tabel", "kolonne", "type", "enhed", "indhold", "vises", "en række er"]
    )


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _unit(column: str) -> str:
    return next((unit for ending, unit in _UNITS.items() if column.endswith(ending)), "")


def _is_hidden(frame: pd.DataFrame, table: str, column: str, primary: str) -> BoolArray:
    """Where a missing number is a hidden one, and not one that does not exist."""
    missing = frame[column].isna()
    if column not in MEASURES_OF_PUPILS.get(table, ()):
        missing &= False
    elif column.startswith("over_10"):
        missing &= frame["period_kind"].isin(["year", "year_to_date"]) & (frame["outcome"] == primary)
    elif column == "coverage_pct":
        missing &= frame["first_on"].notna()
    return missing.to_numpy(dtype=bool)


def _text(v: Any) -> str:
    return harmless(str(v))


_CONVERTERS: Mapping[str, Callable[..., Any]] = {"BIGINT": int, "BOOLEAN": bool, "DATE": as_date}


def _column(frame: pd.DataFrame, table: str, name: str, kind: str, inputs: ReportInputs) -> list[Any]:
    values = frame[name]
    marker = inputs.protocol.disclosure.marker
    is_of_pupils = name in MEASURES_OF_PUPILS.get(table, ())
    missing = values.isna().to_numpy(dtype=bool)
    blanks = [marker if h else None for h in _is_hidden(frame, table, name, inputs.primary)]
    if kind == "DOUBLE" and pd.api.types.is_numeric_dtype(values):
        digits = 3 if not is_of_pupils else 1 if name.endswith("_pct") else 0
        raw = values.to_numpy(dtype=float, na_value=np.nan)
        shown = rounded_all(raw, digits).tolist()
        whole = [b if m else v for v, m, b in zip(shown, missing, blanks, strict=True)]
        return [int(v) if digits == 0 and isinstance(v, float) else v for v in whole]
    convert: Callable[..., Any] = _CONVERTERS.get(kind, _text)
    return [
        b if m or v == "" else v if isinstance(v, str) and v == marker else convert(v)
        for v, m, b in zip(values.tolist(), missing, blanks, strict=True)
    ]


def _csv(frame: pd.DataFrame) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(frame.columns)
    columns = [[_csv_text(v) for v in frame[c]] for c in frame]
    writer.writerows(zip(*columns, strict=True))
    return out.getvalue().encode("utf-8-sig")


def _csv_text(v: Any) -> str:
    if v is None or v is pd.NaT or v is pd.NA:
        return ""
    if isinstance(v, bool | np.bool_):
        return "ja" if v else "nej"
    if isinstance(v, float):
        return "" if v != v else f"{v:g}".replace(".", ",") if abs(v) < 1e6 else f"{v:.3f}".replace(".", ",")
    return str(v)


def _xlsx(tables: Mapping[str, pd.DataFrame], inputs: ReportInputs) -> bytes:
    sheets: dict[str, Iterable[Sequence[Any]]] = {
        "overblik": overview(inputs),
        "om": [[line] for line in _about(inputs)],
    }
    for name, frame in tables.items():
        sheets[name] = [list(frame.columns), *zip(*(frame[c].tolist() for c in frame), strict=True)]
    title = f"{inputs.protocol.study.title}: {inputs.round.title}"
    return workbook(
        sheets, title=title, creator=inputs.protocol.study.municipality, created=inputs.round.report_date
    )


def overview(inputs: ReportInputs) -> list[list[Any]]:
    """Page one's numbers as numbers, one row per outcome: this year, last year, expected, difference and its interval."""
    facts = inputs.once(Facts)
    heads = (
        Heading.OUTCOME,
        Heading.UNIT,
        Heading.LAST_YEAR,
        Heading.EXPECTED,
        Heading.MEASURED,
        Heading.DIFFERENCE,
        Heading.FROM,
        Heading.TO,
        Heading.CAN_BE_SAID,
    )
    rows: list[list[Any]] = [[tell(h) for h in heads]]
    h = facts.headline
    if h is not None:
        shown = (h.before, h.expected, h.measured, h.estimate, h.low, h.high)
        said = claim(facts, h.estimate)
        pct = [None if x is None else rounded(x) for x in shown]
        days = [None if x is None else h.days(x) for x in shown]
        rows.append([tell(Row.MEAN), tell(Heading.PERCENT), *pct, said])
        rows.append([tell(Row.MEAN), tell(Heading.DAYS_A_YEAR), *days, said])
    for label, of in ((Row.OVER_TEN, facts.over_ten), (Row.LONG, facts.long_spells)):
        if of is not None:
            before = None if of.before is None else rounded(of.before.value, 0)
            now = rounded(of.now.value, 0)
            counted = [before, of.expected, now, of.difference, None, None, tell(Why.COUNTED)]
            rows.append([tell(label), tell(Heading.OF_100), *counted])
    for part, said in milestone_parts(facts):
        rows.append([part or tell(Heading.MILESTONE), "", None, None, None, None, None, None, said])
    return rows


def _about(inputs: ReportInputs) -> list[str]:
    lines = [
        f"{inputs.protocol.study.title}: {inputs.round.title}",
        f"Data til og med {date(inputs.round.cutoff)}. Protokol {str(inputs.protocol.hash)[:16]}.",
        f"{inputs.protocol.disclosure.marker} betyder: tallet er skjult af hensyn til elevernes anonymitet.",
        "Alle tal er efter diskretionskontrol. Kolonnernes betydning står i arket kodebog.",
    ]
    if inputs.protocol.study.is_fictitious:
        lines.insert(0, "OPDIGTEDE DATA: skoler, elever og tal er fundet på.")
    return lines
