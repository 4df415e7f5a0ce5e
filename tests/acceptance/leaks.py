"""An attacker on published files: it imports nothing of the product, and finds six ways to numbers that are hidden.

Each function reads a round's folder (or two) and returns what it found; nothing found is an empty result. A file or a
column that is not there is an error and never a pass.
"""

from __future__ import annotations

import csv
import html
import json
import math
import re
from pathlib import Path

HIDDEN = "•"
LIMIT = 5
FILLED = "ja", "nej"


def rows(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / "tabeller" / f"{table}.csv").open(encoding="utf-8-sig") as f:
        return list(csv.DictReader(f, delimiter=";"))


def number(text: str) -> float | None:
    return None if text in ("", HIDDEN) else float(text.lstrip("'").replace(",", "."))


def page(folder: Path) -> str:
    """The report's words, scripts and pictures left out."""
    text = (folder / "styregruppe.html").read_text(encoding="utf-8")
    text = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", text, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def observed_levels(folder: Path) -> dict[tuple[str, str, str], float]:
    """1: an estimate and the level it is measured from add up to the level that was observed, in per cent."""
    found = {}
    for r in rows(folder, "out_effects"):
        estimate, base = number(r["estimate_pp"]), number(r["baseline_pct"])
        own = (
            r["question"] in ("school", "grade")
            and r["estimator"] != "shrunk"
            and r["weights"] == "pupil_days"
        )
        if estimate is not None and base is not None and own:
            found[r["group_kind"], r["group_id"], r["outcome"]] = estimate + base
    for table in ("out_power",):
        for r in rows(folder, table):
            if number(r["baseline_pct"]) is not None:
                found[table, r["look"], r["basis"]] = float(number(r["baseline_pct"]) or 0)
    return found


def rows_of_people(folder: Path) -> dict[tuple[str, str, str], float]:
    """2: how many rows a table or a file about people holds."""
    found = {}
    for r in rows(folder, "out_quality"):
        key = (r["check_name"], r["table_name"], r["group_id"])
        # The first version printed counts in columns of their own; a code with its values would tell them as well.
        counts = [n for c in ("count", "of_total") if (n := number(r.get(c, ""))) is not None]
        counts += [float(n) for n in re.findall(r"\d+", r.get("statement", ""))]
        told = re.findall(r"([\d.]+) (?:rækker|elever|samtaler|samtykker|fraværsdage)", r["sentence"])
        if counts or told:
            found[key] = max([*counts, *(float(t.replace(".", "") or 0) for t in told)])
    for n in re.findall(r"([\d.]+) af [\d.]+ rækker", page(folder)):
        found["report", "", ""] = float(n.replace(".", ""))
    return found


def types_of_schools(folder: Path) -> list[str]:
    """3: a type's share of one school's absence, and anything about one class."""
    said = [r["sentence"] for r in rows(folder, "out_quality")]
    said += [r["note"] for r in rows(folder, "out_registration") if r["group_kind"] == "class"]
    found = [s for s in said if re.search(r"udgør [\d,]+ % af fraværet|\bklasser?\b|uger i træk", s)]
    found += re.findall(
        r"[^.]*udgør [\d,]+ % af fraværet[^.]*\.|\b(?:én|\d+) klasser? har[^.]*\.", page(folder)
    )
    numbers = [r[c] for r in rows(folder, "out_registration") for c in ("before", "after", "change")]
    return found + [n for n in numbers if number(n) is not None]


def newest_sources(first: Path, second: Path) -> dict[str, float]:
    """4: sources of the newest interviews, one round's number less the other's, where it is one to four."""
    found = {}
    for table, name in (("out_themes", "code"), ("out_joint_display", "sign_id")):
        before = {_whose(r, name): r for r in rows(first, table)}
        for r in rows(second, table):
            for column in ("sources", "sources_total"):
                was = number(before[_whose(r, name)][column]) if _whose(r, name) in before else None
                now = number(r[column])
                if was is not None and now is not None and 0 < abs(now - was) < LIMIT:
                    found[f"{r[name]} {column}"] = now - was
    for r in rows(second, "out_joint_display"):
        if len(re.findall(r"\d+", re.sub("»[^«]*«", "", r["qual_summary"]))) > 2:
            found[f"{r['sign_id']} summary"] = 1.0
    return found


def _whose(row: dict[str, str], name: str) -> tuple[str, ...]:
    """A code or sign, and the part of its sources the row speaks of."""
    return row[name], row.get("group_kind", ""), row.get("group_id", "")


def talks_held(folder: Path) -> dict[tuple[str, str], tuple[int, int]]:
    """5: bounds of talks held that are hidden, from whether enough pupils of a school's grade had one."""
    reached = {
        tuple(r["group_id"].split(" ")): r["is_passed"] == "ja"
        for r in rows(folder, "out_quality")
        if r["check_name"] == "coverage"
    }
    pupils = {
        (r["school_id"], r["grade"]): number(r["pupils"])
        for r in rows(folder, "out_description")
        if r["period_kind"] == "year_to_date" and r["group_kind"] == "school_grade" and number(r["pupils"])
    }
    found = {}
    for r in rows(folder, "out_implementation"):
        place = (r["school_id"], r["grade"])
        is_hidden = r["talks_held"] == HIDDEN and number(r["coverage_pct"]) is None
        if not r["first_on"] or not is_hidden:
            continue
        if place not in reached and r["last_on"]:
            reached[place] = True
        whole = number(r["talks_planned"]) or pupils.get(place)
        if place in reached and whole:
            least = math.ceil(0.8 * whole)
            low, high = (least, int(whole)) if reached[place] else (0, least - 1)
            if high - low < LIMIT:
                found[place] = (low, high)
    return found


def empty_by_chance(folder: Path) -> list[tuple[str, str]]:
    """6: groups of pupils that the page's own data call impossible, though they only happen to be empty."""
    text = (folder / "styregruppe.html").read_text(encoding="utf-8")
    told = re.search(r'id="komglad-exhibits"[^>]*>(.*?)</script>', text, re.S)
    assert told, "the page tells no structure"
    found = []
    for space in json.loads(told[1])["spaces"]:
        telling = {d["name"] for d in space["dimensions"] if d["role"] == "attribute"}
        by_place: dict[tuple, set] = {}
        for zero in space["zeros"]:
            place = tuple(map(tuple, (p for p in zero if p[0] not in telling)))
            by_place.setdefault(place, set()).add(tuple(p[1] for p in zero if p[0] in telling))
        every = math.prod(len(d["leaves"]) for d in space["dimensions"] if d["role"] == "attribute")
        found += [
            (space["universe"], str(p)) for p, some in by_place.items() if telling and len(some) < every
        ]
    return found
