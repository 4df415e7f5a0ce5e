"""The files the municipality's systems would hand over, in an inbox folder: one shape per school.

Which rows are in a file, its name, its encoding and its bytes belong here; the rows' cells are
:mod:`evaluation.synthetic.exports`' matter, their faults :mod:`evaluation.synthetic.dirt`'s.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evaluation.synthetic import exports
from evaluation.synthetic.canaries import EMAIL, FIRST, LAST, PHONE, STAFF, STRANGER, STRANGER_CPR, Canaries
from evaluation.synthetic.dirt import LEDGER, Fault, soiled
from evaluation.synthetic.exports import dashed, date_text
from evaluation.synthetic.xlsx import write_xlsx

if TYPE_CHECKING:
    from evaluation.synthetic.municipality import Municipality

EXPORTED_ON = (dt.date(2026, 11, 20), dt.date(2027, 6, 29))
NOT_YET_NOTED, CORRECTED_LATER = 0.04, 0.03
"""Of the last week's absences, not yet noted at an export; of the last three weeks', noted with another type."""
UNREGISTERED_WEEKS = ("2026-W40", "2026-W41", "2026-W43", "2026-W44", "2026-W45")


@dataclass(frozen=True)
class Written:
    """What was put in the inbox.

    ``dirt``: one row per planted faulty row – source_file, source_row (line as an editor or Excel shows it), fault,
    outcome (quarantined | duplicate). ``canaries``: texts that no later stage may hold. ``unregistered_class``:
    the school, grade, letter and weeks of a class that noted nothing.
    """

    files: tuple[str, ...]
    dirt: pd.DataFrame
    canaries: Canaries
    unregistered_class: tuple[str, str, str, tuple[str, ...]] | None


@dataclass
class _Inbox:
    """Files written so far and the faults put in them."""

    root: Path
    m: Municipality
    canaries: Canaries
    files: list[str] = field(default_factory=list)
    ledgers: list[pd.DataFrame] = field(default_factory=list)

    def put(
        self,
        name: str,
        frame: pd.DataFrame,
        faults: Sequence[Fault],
        write: Callable[[Path, pd.DataFrame], None],
        *,
        first_line: int = 2,
    ) -> None:
        rng = np.random.default_rng([self.m.seed, 20, len(self.files)])
        planted = faults if self.m.scenario.has_dirt else ()
        if self.m.scenario.has_canaries:
            planted = [*planted, *self.canaries.faults(frame)]
        rows, ledger = soiled(frame, planted, rng, source_file=name, first_line=first_line)
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, rows)
        self.files.append(name)
        self.ledgers.append(ledger)


def write_files(
    municipality: Municipality, incoming: Path, *, exported_on: Sequence[dt.date] = EXPORTED_ON
) -> Written:
    """Write every export of a municipality. The first holds all school years to date, later ones the last year.

    Args:
        municipality: what is written.
        incoming: the inbox; made when it is missing. Files of the same name are overwritten.
        exported_on: days of export in order; each file holds what was known then.
    """
    m, canaries = with_canaries(municipality)
    inbox = _Inbox(incoming, m, canaries)
    gap = _unregistered_class(m) if m.scenario.has_dirt else None
    for n, day in enumerate(exported_on):
        years = m.protocol.years.all if n == 0 else (m.protocol.years.follow_up,)
        is_last = n == len(exported_on) - 1
        absences = _as_known(m, day, is_last=is_last)
        absences = absences[absences["school_year"].isin(years)]
        absences = _without_gaps(absences, m, gap)
        possible = m.pupil_days
        possible = possible[possible["school_year"].isin(years) & (possible["day_on"] <= pd.Timestamp(day))]
        for position, school in enumerate(m.protocol.schools):
            folder = folder_name(school.short)
            mine = absences[absences["school_id"] == school.id]
            days = possible[possible["school_id"] == school.id]
            _write_absence(inbox, position, folder, day, mine, days)
            for year in years:
                _write_roster(inbox, position, folder, day, year)
        _write_programme(inbox, day)
    m.voices.write(incoming, inbox.files, exported_on, canaries)
    dirt = (
        pd.concat(inbox.ledgers, ignore_index=True) if inbox.ledgers else pd.DataFrame(columns=list(LEDGER))
    )
    return Written(tuple(inbox.files), dirt, canaries, gap)


def folder_name(short: str) -> str:
    """A school's folder: its short name in small letters without Danish ones."""
    name = short.lower()
    for letter, plain in (("æ", "ae"), ("ø", "oe"), ("å", "aa"), (" ", "_")):
        name = name.replace(letter, plain)
    return name


def _as_known(m: Municipality, day: dt.date, *, is_last: bool) -> pd.DataFrame:
    """Absences as noted on a day: the newest are incomplete, some are noted with a type that is corrected later."""
    known = m.absences[m.absences["day_on"] <= pd.Timestamp(day)].copy()
    if is_last:
        return known
    rng = np.random.default_rng([m.seed, 21, day.toordinal()])
    age = (pd.Timestamp(day) - known["day_on"]).dt.days
    luck = rng.random(len(known))
    wrong = (age < 21) & (luck < CORRECTED_LATER) & (known["day_fraction"] == 1)
    known.loc[wrong, "absence_type"] = np.where(
        known.loc[wrong, "absence_type"] == "sick", "unlawful", "sick"
    )
    noted: pd.DataFrame = known.loc[~((age < 7) & (luck > 1 - NOT_YET_NOTED))]
    return noted


def _unregistered_class(m: Municipality) -> tuple[str, str, str, tuple[str, ...]] | None:
    """The largest class of a grade without talks, in the second school: it notes nothing for five school weeks."""
    school = m.protocol.schools[1 % len(m.protocol.schools)].id
    free = [g for g in m.protocol.grades.order if (school, g) not in m.protocol.treated]
    weeks = tuple(w for w in UNREGISTERED_WEEKS if (m.school_days["iso_week"] == w).any())
    if not weeks or not free:
        return None
    grade, e = free[len(free) // 2], m.enrolments
    mine = e[
        (e["school_id"] == school) & (e["grade"] == grade) & (e["school_year"] == m.protocol.years.follow_up)
    ]
    letter = chr(65 + int(np.bincount(mine["letter"].to_numpy(dtype=np.int64)).argmax()))
    return school, grade, letter, weeks


def _without_gaps(
    absences: pd.DataFrame, m: Municipality, gap: tuple[str, str, str, tuple[str, ...]] | None
) -> pd.DataFrame:
    drop = pd.Series(False, index=absences.index)
    for school_id, week in m.scenario.missing_weeks:
        drop |= (absences["school_id"] == school_id) & (absences["iso_week"] == week)
    if gap:
        school_id, grade, letter, weeks = gap
        drop |= (
            (absences["school_id"] == school_id)
            & (absences["grade"] == grade)
            & (absences["letter"] == ord(letter) - 65)
            & absences["iso_week"].isin(weeks)
        )
    return absences[~drop]


def _write_absence(
    inbox: _Inbox, position: int, folder: str, day: dt.date, absences: pd.DataFrame, possible: pd.DataFrame
) -> None:
    m, style, half = inbox.m, position, inbox.m.protocol.grades.half_days
    shape = position % 4
    if shape == 0:
        frame = exports.interval_rows(m, absences, style)
        inbox.put(f"{folder}/fravaer_{day}.xlsx", frame, exports.interval_faults(half), _as_sheet("Fravær"))
    elif shape == 1:
        frame = exports.day_rows(m, absences, style)
        inbox.put(f"{folder}/dagsfravaer_{day}.csv", frame, exports.day_faults(half), _as_text("cp1252", ";"))
    elif shape == 2:
        missing = {
            week
            for school_id, week in m.scenario.missing_weeks
            if school_id == m.protocol.schools[position].id
        }
        delivered = possible[~possible["iso_week"].isin(missing)]
        frame = exports.week_rows(m, absences, delivered, style)
        inbox.put(f"{folder}/ugetal_{day}.csv", frame, exports.week_faults(half), _as_text("utf-8-sig", ";"))
    else:
        frame = exports.local_day_rows(m, absences, style)
        inbox.put(
            f"{folder}/fravaer_{day}.csv", frame, exports.local_day_faults(half), _as_text("utf-8", "\t")
        )


def _write_roster(inbox: _Inbox, position: int, folder: str, day: dt.date, year: str) -> None:
    school = inbox.m.protocol.schools[position]
    mine = inbox.m.enrolments
    mine = mine[(mine["school_id"] == school.id) & (mine["school_year"] == year)]
    frame = exports.roster_rows(inbox.m, mine, day, school.name, position)
    inbox.put(
        f"{folder}/elever_{year.replace('/', '-')}_{day}.txt",
        frame,
        exports.roster_faults(()),
        _as_text("cp1252", "¤", above=year),
        first_line=3,
    )


def _write_programme(inbox: _Inbox, day: dt.date) -> None:
    m = inbox.m
    inbox.put(
        f"sundhedsplejen/samtaler_{day}.csv",
        _talk_rows(m, day),
        exports.talk_faults(),
        _as_text("utf-8", ";"),
    )
    inbox.put(
        f"sundhedsplejen/samtykker_{day}.csv",
        _consent_rows(m, day),
        exports.consent_faults(),
        _as_text("utf-8", ";"),
    )


def _talk_rows(m: Municipality, day: dt.date) -> pd.DataFrame:
    """The whole log as it stands on a day: what lies ahead is planned and has no date yet."""
    rows = m.talks.merge(m.pupils, on="pupil", how="left")
    rows = rows[(rows["kind"] == "talk") | (rows["held_on"] <= pd.Timestamp(day))]
    ahead = rows["held_on"] > pd.Timestamp(day)
    status = rows["status"].where(~ahead, "planned")
    rows = rows.assign(status=status).sort_values(["held_on", "pupil", "kind"], kind="stable")
    words = {"planned": "planlagt", "held": "afholdt", "cancelled": "aflyst"}
    return pd.DataFrame(
        {
            "Skolekode": rows["school_id"],
            "Klassetrin": rows["grade"],
            "CPR": dashed(rows["cpr"]),
            "Art": rows["kind"].map({"talk": "samtale", "follow_up": "opfølgning"}),
            "Status": rows["status"].map(words),
            "Dato": date_text(rows["held_on"], "%d-%m-%Y").where(rows["status"] != "planned", ""),
        }
    ).astype(object)


def _consent_rows(m: Municipality, day: dt.date) -> pd.DataFrame:
    """The register as it stands on a day."""
    rows = m.consents.merge(m.pupils, on="pupil", how="left")
    given, withdrawn = pd.to_datetime(rows["given_on"]), pd.to_datetime(rows["withdrawn_on"])
    known = given <= pd.Timestamp(day)
    taken_back = date_text(withdrawn, "%d-%m-%Y").where(withdrawn <= pd.Timestamp(day), "").fillna("")
    frame = pd.DataFrame(
        {
            "CPR": dashed(rows["cpr"]),
            "Formål": rows["purpose"],
            "Indehaver": rows["holder"],
            "Svar": rows["answer"].map({"yes": "ja", "no": "nej"}),
            "Afgivet": date_text(given, "%d-%m-%Y"),
            "Trukket tilbage": taken_back,
        }
    ).astype(object)
    return frame[known].reset_index(drop=True)


def _as_text(
    encoding: str, delimiter: str, *, above: str | None = None
) -> Callable[[Path, pd.DataFrame], None]:
    """A writer of delimited text with CRLF line ends; ``above`` is a line before the header."""

    def write(path: Path, frame: pd.DataFrame) -> None:
        columns = [frame[c].astype(str).tolist() for c in frame.columns]
        lines = [delimiter.join(frame.columns), *map(delimiter.join, zip(*columns, strict=True))]
        if above is not None:
            lines.insert(0, above)
        path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))

    return write


def _as_sheet(name: str) -> Callable[[Path, pd.DataFrame], None]:
    """A writer of one spreadsheet."""

    def write(path: Path, frame: pd.DataFrame) -> None:
        rows = [list(frame.columns), *frame.to_numpy(dtype=object).tolist()]
        write_xlsx(path, {name: rows})

    return write


def with_canaries(municipality: Municipality) -> tuple[Municipality, Canaries]:
    """The municipality with one pupil per school renamed to a canary, when its scenario asks for it."""
    if not municipality.scenario.has_canaries:
        return municipality, Canaries()
    chosen = municipality.targeted.drop_duplicates("school_id")["pupil"]
    pupils = municipality.pupils.copy()
    mine = pupils["pupil"].isin(chosen)
    pupils.loc[mine, "fornavn"] = FIRST
    pupils.loc[mine, "efternavn"] = LAST
    cpr = pupils.loc[mine, "cpr"]
    texts = (
        *(FIRST, LAST, STAFF, EMAIL, PHONE, PHONE.replace(" ", ""), STRANGER),
        *(STRANGER_CPR, STRANGER_CPR.replace("-", "")),
        *cpr,
        *dashed(cpr),
    )
    return replace(municipality, pupils=pupils), Canaries(texts)


def write_truth(municipality: Municipality, path: Path, *, dirt: pd.DataFrame | None = None) -> None:
    """Write a municipality's truth as JSON, with the ledger of planted dirt (:class:`Written`) when it is given."""
    whole = dict(municipality.truth)
    if dirt is not None:
        whole["dirt"] = json.loads(dirt.to_json(orient="records"))
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
