"""Does a table have the shape it is declared with? Columns, types and keys, for every declared table alike."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from evaluation.expectations.checks import Check, Subject
from evaluation.expectations.coverage import findings
from evaluation.expectations.rules import filled, unique, without_personal_numbers
from evaluation.tables import TABLES, table
from evaluation.tables.relations import Relation, Stored

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
            "Tabellen har de kolonner og typer, der er aftalt",
            "fejlen ligger i programmet eller i et ændret skema, ikke i skolernes data",
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
            f"Ingen rækker er dobbelte ({', '.join(key)})",
            "find de to rækker i kilden; er det to eksporter af det samme, så ret mappingens overlap",
            rows=unique(*key),
        )
    ]
    checks += [
        Check(
            f"filled_{column}",
            table_name,
            "blocking",
            f"Feltet {column} er udfyldt",
            "rækken skulle være stoppet ved indlæsningen",
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
                "Ingen tekst ligner et CPR-nummer",
                "slet rundens tabeller og ret mappingen, så kolonnen ikke kommer med",
                rows=without_personal_numbers(table_name),
            )
        )
    return checks


def column_findings(table_name: str, f: Subject) -> pd.DataFrame:
    """One finding per declared column: whether it is there with its type."""
    rows = []
    there = _kinds(f.relation)
    for column, kind in table(table_name).columns.items():
        found = there.get(column, "missing")
        # A column without a single value carries no type of its own.
        is_sound = found in (kind, "empty")
        text = (
            f"Kolonnen {column} er som aftalt."
            if is_sound
            else f"Kolonnen {column} i {table_name}: {'mangler' if found == 'missing' else 'har en anden type'} "
            f"(found {found}, expected {_KINDS[kind]})."
        )
        rows.append((column, is_sound, 0 if is_sound else 1, 1, text))
    return findings(rows)


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
