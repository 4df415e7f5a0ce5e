"""Answers to the questions of a draft, as the school that made the export would give them."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.door.exports import READ_AS, Export, Role

OURS = (
    "pupil", "class", "date", "from", "to", "type", "time_from", "time_to", "week", "month", "school_year",
)  # fmt: skip


def answer(raw: dict[str, Any], made: Export) -> dict[str, Any]:
    """The draft's raw tables with every ``?`` answered."""
    told = json.loads(json.dumps(raw))
    if made.answers.get("kind", told["kind"]) != told["kind"]:
        return told  # it is something else than the draft believes: the question stays open
    columns = told.setdefault("columns", {})
    ignore = told.setdefault("ignore", {})
    if told.get("date_formats") == ["?"]:
        told["date_formats"] = [READ_AS.get(made.date_label, made.date_label)]
    for field in ("clock", "empty_to"):
        if told.get(field) == "?":
            told[field] = made.answers[field]
    if told.get("to_is") == "?":
        told["to_is"] = "last_day"
    if columns.get("school", {}).get("constant") == "?":
        columns["school"]["constant"] = "165001"
    for name in [n for n, c in columns.items() if _is_open(c)]:
        spec = columns.pop(name)
        column = spec if isinstance(spec, str) else spec.get("column")
        if column in made.roles:
            _place(told, column, made.roles[column])
        elif isinstance(spec, dict) and "columns" in spec:
            columns[name] = spec | {"day": 6}
        elif isinstance(spec, dict) and spec.get("unit") == "lessons":
            columns["amount"] = {"constant": "1", "unit": "lessons", "day": 6}
        else:
            column = next((c for c, r in made.roles.items() if r.what == name), None)
            if column:
                _place(told, column, made.roles[column])
    for column in [c for c, reason in ignore.items() if reason == "?"]:
        del ignore[column]
        if column in made.roles:
            _place(told, column, made.roles[column])
    if "?" in json.dumps(raw.get("ignore", {})):
        # What is not shown must be found by the person who knows the file.
        read = {
            c.get("column") if isinstance(c, dict) else c for c in columns.values() if not isinstance(c, list)
        }
        for column, role in made.roles.items():
            if column not in read and column not in ignore and not role.what.startswith("total"):
                _place(told, column, role)
    for table in ("types", "shares"):
        if any("?" in (k, v) for k, v in told.get(table, {}).items()):
            told["types"] = {code: kind for code, (kind, _) in made.codes.items()} | {
                k: v for k, v in told.get("types", {}).items() if v == "none"
            }
            told["shares"] = {code: share for code, (_, share) in made.codes.items()}
    totals = told.get("totals", {})
    if any(v == "?" for v in totals.get("types", {}).values()):
        totals["types"] = {
            r.what.removeprefix("total:"): c for c, r in made.roles.items() if r.what.startswith("total:")
        }
    for field in ("unit", "per_day", "running", "possible"):
        if totals.get(field) == "?" or (
            field == "per_day" and f"totals.{field}" in made.answers and totals.get("unit") != "days"
        ):
            totals[field] = made.answers.get(f"totals.{field}", "?")
    if totals.get("unit") == "days":
        totals.pop("per_day", None)
    elif totals and "totals.per_day" in made.answers:
        totals["per_day"] = made.answers["totals.per_day"]
    if {"from", "to", "length"} & columns.keys():
        told["grain"] = "interval"
        columns.setdefault("from", columns.get("date"))
        columns.pop("date", None)
        missing = next((c for c, r in made.roles.items() if r.what == "to"), None)
        if missing and not {"to", "length"} & columns.keys():
            _place(told, missing, made.roles[missing])
    for name in ("ignore", "shares"):
        if not told.get(name):
            told.pop(name, None)
    return told


def _is_open(spec: Any) -> bool:
    return spec == "?" or (isinstance(spec, dict) and '"?"' in json.dumps(spec))


def _place(told: dict[str, Any], column: str, role: Role) -> None:
    """A column where it belongs."""
    columns = told["columns"]
    if role.what == "harmless":
        told["ignore"][column] = "siger intet om mængden"
    elif role.what == "blocked":
        told["ignore"]["?"] = "?"  # as the draft asked; nobody can answer
    elif role.what == "pupil":
        columns["pupil"] = {"column": column, "kind": "cpr"}
    elif role.what == "half":
        columns["half_day"] = {"column": column, "map": role.words}
    elif role.what == "status":
        columns["status"] = {"column": column, "map": role.words}
    elif role.what == "amount":
        columns["amount"] = {"column": column, "unit": role.unit} | ({"day": role.day} if role.day else {})
    elif role.what == "clock_length":
        columns["amount"] = {"column": column, "unit": "hours", "day": 6}
    elif role.what == "length":
        columns["length"] = {"column": column, "unit": role.unit}
    elif role.what == "lesson":
        columns["amount"] = {"constant": "1", "unit": "lessons", "day": role.day}
        columns["day_part"] = column
    elif role.what in OURS:
        columns[role.what] = column
    if role.what in ("time_from", "time_to"):
        told["clock"] = {"day": role.day}


def toml_of(raw: dict[str, Any]) -> str:
    """The tables as TOML; JSON's texts and lists are TOML's too."""

    def value(v: Any) -> str:
        if isinstance(v, dict):
            return (
                "{ "
                + ", ".join(f"{json.dumps(k, ensure_ascii=False)} = {value(x)}" for k, x in v.items())
                + " }"
            )
        if isinstance(v, list):
            return "[" + ", ".join(value(x) for x in v) + "]"
        return json.dumps(v, ensure_ascii=False)

    return "".join(f"{k} = {value(v)}\n" for k, v in raw.items())
