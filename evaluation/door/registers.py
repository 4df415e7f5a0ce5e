"""What registers say: rosters, the talk log, the consent register. One function per kind, as in ``kinds``."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from evaluation.disclosure.names import NameMatcher
from evaluation.door.dates import parse_school_year
from evaluation.door.fields import Fields
from evaluation.door.identities import (
    AMBIGUOUS,
    HOLDER,
    class_labels,
    further_tokens,
    local_tokens,
    name_tokens,
    near_names,
    pupil_of,
)
from evaluation.door.staged import Staged
from evaluation.door.values import by_distinct, clean, full_name
from evaluation.door.wide import ANSWER, PURPOSE, WHOSE


def pupils(f: Fields, cutoff: dt.date) -> Staged:
    """Roster rows: pupil, school, school year, grade, class and enrolment, clipped to the school year."""
    school = f.school()
    pupil = pupil_of(f, school)
    grade, label = f.grade_and_class(required=True)
    n = len(f.chunk.rows)
    if f.has("school_year") and f.text("school_year").notna().any():
        year = f.parse("school_year", parse_school_year)
    else:
        year = np.full(n, f.desk.protocol.years.of(f.source.exported_on or cutoff), dtype=object)
    codes, uniques = pd.factorize(year)
    starts_month = f.desk.protocol.years.starts_month
    starts = np.array([_day(int(str(y)[:4]), starts_month) for y in uniques] + [np.datetime64("NaT", "D")])[
        codes
    ]
    ends = np.array(
        [_day(int(str(y)[:4]) + 1, starts_month) - 1 for y in uniques] + [np.datetime64("NaT", "D")]
    )[codes]
    first = f.date("from", optional=True) if f.has("from") else np.full(n, np.datetime64("NaT", "D"))
    last = f.date("to", optional=True) if f.has("to") else np.full(n, np.datetime64("NaT", "D"))
    f.quarantine_rows("to", first > last, "reversed_interval")
    f.quarantine_rows("to", (last < starts) | (first > ends), "outside_school_year",
                      found="an enrolment outside the file's school year")  # fmt: skip
    first = np.where(np.isnat(first), starts, np.maximum(first, starts))
    last = np.where(np.isnat(last), ends, np.minimum(last, ends))
    local = roster_ids(f, school, pupil)
    unknown_year = ~pd.Series(year).isin(f.desk.protocol.years.all).to_numpy()
    late = (first > np.datetime64(cutoff, "D")) | unknown_year
    columns = {"pupil": pupil, "year": year, "grade": grade, "label": label, "first": first, "last": last,
               "exported": f.exported()}  # fmt: skip
    return Staged(columns, late, school, None, _name_tokens(f), local)


def roster_ids(f: Fields, school: np.ndarray, pupil: np.ndarray) -> dict[str, str]:
    """What ties other systems' ids, and names, to the pupils of good rows: keyed (school, id or name) → pupil key."""
    ids: dict[str, str] = {}
    several = f.source.mapping.columns["local_id"].columns if f.has("local_id") else ()
    tokens = [further_tokens(f, c, school) for c in several]
    if f.has("local_id") and not several:
        tokens.append(local_tokens(f, "local_id", school))
    if f.has("names"):
        first, *rest = (f.chunk.frame[c].fillna("") for c in f.source.mapping.columns["names"].used)
        joined = sum((" " + column for column in rest), start=first)
        names = by_distinct(joined, lambda t: (full_name(t) or None, None)).values
        tokens.append(name_tokens(f, school, names).to_numpy(dtype=object))
        tokens.append(name_tokens(f, school, near_names(names)).to_numpy(dtype=object))
        if f.has("class"):
            tokens.append(name_tokens(f, school, names, class_labels(f)).to_numpy(dtype=object))
    for each in tokens:
        good = ~f.is_bad & pd.notna(each) & pd.notna(pupil)
        ids = with_ids(ids, dict_of(each[good], pupil[good]))
    return ids


def dict_of(tokens: np.ndarray, pupils: np.ndarray) -> dict[str, str]:
    """Token → pupil key; a token that stands for several pupils is :data:`AMBIGUOUS`."""
    made: dict[str, str] = {}
    for token, key in zip(tokens, pupils, strict=True):
        made[token] = key if made.get(token, key) == key else AMBIGUOUS
    return made


def with_ids(known: dict[str, str], more: dict[str, str]) -> dict[str, str]:
    """Both, where they agree; :data:`AMBIGUOUS` where they do not."""
    return known | {t: k if known.get(t, k) == k else AMBIGUOUS for t, k in more.items()}


def talks(f: Fields, cutoff: dt.date) -> Staged:
    """The talk log: school, grade, pupil where named, kind, status and day."""
    n = len(f.chunk.rows)
    school = f.school()
    pupil = pupil_of(f, school) if f.has("pupil") else np.full(n, None, dtype=object)
    grade, label = f.grade_and_class(required=not f.has("pupil"))
    kind = f.choice("kind", ("talk", "follow_up")) if f.has("kind") else np.full(n, "talk", dtype=object)
    status = f.choice("status", ("planned", "held", "cancelled"))
    day = f.date("date", optional=True) if f.has("date") else np.full(n, np.datetime64("NaT", "D"))
    exported = f.exported()
    held = pd.Series(status).eq("held").to_numpy(dtype=bool)
    f.quarantine_rows("date", held & np.isnat(day), "empty_value", found="a held talk without a day")
    f.quarantine_rows("date", held & (day > exported), "future")
    if f.has("pupil"):
        _check_known_pupils(f, pupil)
        grade = np.where(
            pd.isna(grade),
            f.desk.roster_grade(pupil, np.where(np.isnat(day), np.datetime64(cutoff, "D"), day)),
            grade,
        )
    columns = {
        "pupil": pupil,
        "grade": grade,
        "label": label,
        "kind": kind,
        "status": status,
        "first": day,
        "exported": exported,
    }
    return Staged(columns, day > np.datetime64(cutoff, "D"), school)


def consents(f: Fields, cutoff: dt.date) -> Staged:
    """The consent register: who of the custody holders said what for which purpose, and until when."""
    n = len(f.chunk.rows)
    school = np.full(n, -1)
    pupil = pupil_of(f, school)
    purposes = sorted({d.consent_purpose for d in f.desk.protocol.data_sets if d.consent_purpose})
    purpose, answer = _said(f, purposes)
    given = f.date("given_on")
    withdrawn = (
        f.date("withdrawn_on", optional=True)
        if f.has("withdrawn_on")
        else np.full(n, np.datetime64("NaT", "D"))
    )
    holder = np.full(n, "", dtype=object)
    if f.source.mapping.wide:
        said = f.parse_file_column(WHOSE, lambda t: (t, None))
        holder = f.desk.key.pseudonyms(HOLDER, pd.Series(said, dtype="object")).to_numpy(dtype=object)
    elif f.has("holder"):
        said = f.parse("holder", lambda t: (t, None), is_person=True)
        holder = f.desk.key.pseudonyms(HOLDER, pd.Series(said, dtype="object")).to_numpy(dtype=object)
    exported = f.exported()
    f.quarantine_rows("withdrawn_on", withdrawn < given, "holder_date")
    f.quarantine_rows("given_on", given > exported, "future")
    _check_known_pupils(f, pupil)
    columns = {"pupil": pupil, "purpose": purpose, "holder": holder, "answer": answer, "first": given,
               "withdrawn": withdrawn, "exported": exported}  # fmt: skip
    return Staged(columns, given > np.datetime64(cutoff, "D"), school)


def _said(f: Fields, purposes: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Purpose and answer (n,), of a row or of a cell of a wide list."""
    wide = f.source.mapping.wide
    if wide is None:
        return f.choice("purpose", purposes), f.choice("answer", ("yes", "no"))
    words = {clean(k).casefold(): v for k, v in wide.words.items()} | {"yes": "yes", "no": "no"}

    def answer(text: str) -> tuple[str | None, str | None]:
        return words.get(text.casefold()), None if text.casefold() in words else "unknown_value"

    def purpose(text: str) -> tuple[str | None, str | None]:
        return (text, None) if text in purposes else (None, "unknown_value")

    return f.parse_file_column(PURPOSE, purpose), f.parse_file_column(ANSWER, answer)


def _check_known_pupils(f: Fields, pupil: np.ndarray) -> None:
    if f.desk.roster_pupils:
        unknown = ~f.desk.is_in_roster(pupil) & pd.notna(pupil)
        f.quarantine_rows("pupil", unknown, "unknown_pupil", found="a pupil that no roster has")


def _name_tokens(f: Fields) -> frozenset[str]:
    """Keyed hashes of the roster's name parts: quotes can be scanned for names without keeping one."""
    if not f.has("names"):
        return frozenset()
    columns = f.source.mapping.columns["names"].used
    names = {str(n) for column in columns for n in f.chunk.frame[column].dropna().unique()}
    return NameMatcher.from_names(names, f.desk.key.secret).tokens


def _day(year: int, month: int) -> np.datetime64:
    return np.datetime64(f"{year:04d}-{month:02d}-01", "D")
