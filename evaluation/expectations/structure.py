"""Does a table have the shape it is declared with? Columns, types and keys, for every declared table alike."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from evaluation.expectations.checks import Check, Finding, Subject, finding
from evaluation.expectations.rules import filled, unique, without_personal_numbers
from evaluation.tables import TABLES, table
from evaluation.tables.relations import Relation, Stored
from evaluation.words import Name, Values
from evaluation.words.catalogue.checks import Structure
from evaluation.words.texts import texts

TEXT = texts("expectations")


_KINDS = {
    "VARCHAR": "text",
    "DATE": "date",
    "DOUBLE": "number",
    "BIGINT": "whole number",
    "BOOLEAN": "yes/no",
}


def structure_checks(table_name: str) -> list[Check]:
    """The declared columns with their types: when these fail, nothing else can be judged."""
    return [
        Check(
            "columns",
            table_name,
            "blocking",
            TEXT("columns_as_declared"),
            TEXT("program_or_schema"),
            groups=lambda f: column_findings(table_name, f),
        )
    ]


def key_checks(table_name: str, *, required: tuple[str, ...] = ()) -> list[Check]:
    """Rows are told apart by their key; required columns are filled; no text looks like a CPR number."""
    key = table(table_name).key
    checks = [
        Check(
            "key_unique",
            table_name,
            "blocking",
            TEXT("no_duplicates", key=", ".join(key)),
            TEXT("duplicates_next"),
            rows=unique(*key),
        )
    ]
    checks += [
        Check(
            f"filled_{column}",
            table_name,
            "blocking",
            f"Feltet {column} er udfyldt",
            TEXT("stopped_at_the_door"),
            rows=filled(column),
        )
        for column in required
    ]
    if any(k == "VARCHAR" for k in TABLES[table_name].columns.values()):
        checks.append(
            Check(
                "no_personal_numbers",
                table_name,
                "blocking",
                TEXT("no_personal_numbers"),
                TEXT("no_personal_numbers_next"),
                rows=without_personal_numbers(table_name),
            )
        )
    return checks


def column_findings(table_name: str, f: Subject) -> list[Finding]:
    """One finding per declared column: whether it is there with its type."""
    rows = []
    there = _kinds(f.relation)
    for column, kind in table(table_name).columns.items():
        found, name = there.get(column, "missing"), Name(column)
        place: Values = {"column": name, "table": Name(table_name), "expected": Name(_KINDS[kind])}
        # A column without a single value carries no type of its own.
        if found in (kind, "empty"):
            rows.append(finding(column, True, 0, 1, Structure.COLUMN, column=name))
        elif found == "missing":
            rows.append(finding(column, False, 1, 1, Structure.COLUMN_MISSING, **place))
        else:
            rows.append(finding(column, False, 1, 1, Structure.COLUMN_OTHER, found=Name(found), **place))
    return rows


def _kinds(relation: Relation) -> dict[str, str]:
    if isinstance(relation, Stored):
        return {field.name: _arrow_kind(field.type) for field in relation.schema()}
    return {str(name): _kind(relation[name]) for name in relation.columns}


def _arrow_kind(kind: pa.DataType) -> str:
    is_of = pa.types
    if is_of.is_null(kind):
        return "empty"
    if is_of.is_boolean(kind):
        return "BOOLEAN"
    if is_of.is_temporal(kind):
        return "DATE"
    if is_of.is_integer(kind):
        return "BIGINT"
    if is_of.is_floating(kind):
        return "DOUBLE"
    return "VARCHAR" if is_of.is_string(kind) or is_of.is_large_string(kind) else str(kind)


def _kind(column: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(column):
        return "BOOLEAN"
    if pd.api.types.is_datetime64_any_dtype(column):
        return "DATE"
    if pd.api.types.is_integer_dtype(column):
        return "BIGINT"
    if pd.api.types.is_float_dtype(column):
        return "empty" if column.isna().all() else "DOUBLE"
    values = column.dropna()
    if values.empty:
        return "empty"
    if isinstance(column.dtype, pd.StringDtype):
        return "VARCHAR"
    return "VARCHAR" if values.map(lambda v: isinstance(v, str)).all() else "mixed"
