"""One school's system each: the frames of text cells that its export holds, sound rows only.

The four shapes are those the demonstration study's mapping files describe: interval rows, day rows, totals of a
pupil's week, and day rows by the system's own pupil number; and the roster that all schools share.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from evaluation.synthetic import dirt
from evaluation.synthetic.dirt import Fault

if TYPE_CHECKING:
    from evaluation.synthetic.municipality import Municipality

CLASS_STYLES: tuple[Callable[[str, str], str], ...] = (
    lambda grade, letter: f"{grade}.{letter}",
    lambda grade, letter: f"{int(grade):02d}{letter}" if grade.isdigit() else f"{grade}{letter}",
    lambda grade, letter: f"{grade} {letter.lower()}",
    lambda grade, letter: f"{grade}{letter}",
)
"""How each system writes a class: ``6.A``, ``06A``, ``6 a``, ``6A``."""


def dashed(cpr: pd.Series) -> pd.Series:
    """``ddmmyy-ssss``."""
    return cpr.str[:6] + "-" + cpr.str[6:]


def class_labels(grade: pd.Series, letter: pd.Series, style: int) -> pd.Series:
    """Class labels in a system's style."""
    pairs = pd.DataFrame({"g": grade.to_numpy(), "l": letter.to_numpy()})
    unique = pairs.drop_duplicates()
    label = CLASS_STYLES[style % len(CLASS_STYLES)]
    names = {(g, n): label(str(g), chr(65 + int(n))) for g, n in zip(unique["g"], unique["l"], strict=True)}
    return pd.Series(
        [names[k] for k in zip(pairs["g"], pairs["l"], strict=True)], index=grade.index, dtype=object
    )


def date_text(days: pd.Series, pattern: str) -> pd.Series:
    """Dates as text; each distinct day is written once."""
    unique = pd.Series(days.dropna().unique())
    return days.map(dict(zip(unique, unique.dt.strftime(pattern), strict=True))).astype(object)


def interval_rows(m: Municipality, absences: pd.DataFrame, style: int) -> pd.DataFrame:
    """One row per unbroken stretch of one type and extent (first shape). Fra and Til are dates."""
    open_days = m.school_days.groupby("school_id", sort=False)["day_on"]
    number = m.school_days.assign(_n=open_days.rank().astype(int))[["school_id", "day_on", "_n"]]
    rows = absences.merge(number, on=["school_id", "day_on"], how="left").sort_values(["pupil", "day_on"])
    same = (
        (rows["pupil"] == rows["pupil"].shift())
        & (rows["spell"] == rows["spell"].shift())
        & (rows["absence_type"] == rows["absence_type"].shift())
        & (rows["day_fraction"] == rows["day_fraction"].shift())
        & (rows["grade"] == rows["grade"].shift())
        & (rows["_n"] == rows["_n"].shift() + 1)
    )
    by = rows.groupby((~same).cumsum(), sort=False)
    spans = by.first().assign(to_on=by["day_on"].last().to_numpy()).sort_values(["day_on", "pupil"])
    spans = spans.merge(m.pupils, on="pupil", how="left")
    names = {"sick": "Sygdom", "permitted": "Ekstraordinær frihed", "unlawful": "Ulovligt fravær"}
    return pd.DataFrame(
        {
            "Elev": spans["fornavn"] + " " + spans["efternavn"],
            "CPR": dashed(spans["cpr"]),
            "Klasse": class_labels(spans["grade"], spans["letter"], style),
            "Fra": spans["day_on"].dt.date,
            "Til": spans["to_on"].dt.date,
            "Halv dag": np.where(spans["day_fraction"] == 0.5, "Ja", "Nej"),
            "Kategori": spans["absence_type"].map(names),
            "Status": "Godkendt",
            "Registreret af": "Klasselærer",
            "Årsag": "",
        }
    ).astype(object)


def interval_faults(upper_grades: tuple[str, ...]) -> list[Fault]:
    """Faults of the first shape."""
    lower = [g for g in "0123456789" if g not in upper_grades]
    return [
        Fault("exact_duplicate", 4, dirt.as_it_is, "duplicate"),
        Fault(
            "conflict",
            1,
            lambda r: r.assign(Kategori=np.where(r["Kategori"] == "Sygdom", "Ulovligt fravær", "Sygdom")),
            spoils_original=True,
            # Two half days of different types on one day are no contradiction.
            suits=lambda r: (r["Fra"] == r["Til"]) & (r["Halv dag"] == "Nej"),
        ),
        Fault("unknown_class", 0.5, dirt.put("Klasse", "Modtagehold")),
        Fault("impossible_date", 0.5, lambda r: r.assign(Fra="31-02-2026", Til="31-02-2026")),
        Fault("weekend", 0.7, lambda r: r.assign(Fra=r["Fra"].map(_saturday), Til=r["Fra"].map(_saturday))),
        Fault(
            "ends_before_start",
            0.3,
            lambda r: r.assign(Til=r["Fra"].map(lambda d: d - dt.timedelta(days=7))),
        ),
        Fault("cpr_nine_digits", 0.7, dirt.without_leading_zero("CPR"), suits=dirt.starts_with_zero("CPR")),
        Fault(
            "half_day_in_lower_grade",
            0.5,
            dirt.put("Halv dag", "Ja"),
            suits=lambda r: r["Klasse"].str[0].isin(lower),
        ),
        Fault("unknown_type", 0.3, dirt.put("Kategori", "Andet")),
    ]


def _saturday(day: dt.date) -> dt.date:
    return day + dt.timedelta(days=5 - day.weekday())


def day_rows(m: Municipality, absences: pd.DataFrame, style: int) -> pd.DataFrame:
    """One row per pupil and day by CPR number (second shape); half of the numbers without their dash."""
    rows = absences.sort_values(["day_on", "pupil"]).merge(m.pupils, on="pupil", how="left")
    codes = {"sick": "S", "permitted": "T", "unlawful": "U"}
    return pd.DataFrame(
        {
            "CPR-nr": np.where(rows["pupil"] % 2 == 0, dashed(rows["cpr"]), rows["cpr"]),
            "Klasse": class_labels(rows["grade"], rows["letter"], style),
            "Dato": date_text(rows["day_on"], "%d-%m-%Y"),
            "Fraværskode": rows["absence_type"].map(codes),
            "Omfang": np.where(rows["day_fraction"] == 0.5, "Halv", "Hel"),
        }
    ).astype(object)


def day_faults(upper_grades: tuple[str, ...]) -> list[Fault]:
    """Faults of the second shape."""
    lower = [f"0{g}" for g in "0123456789" if g not in upper_grades]
    return [
        Fault("exact_duplicate", 2, dirt.as_it_is, "duplicate"),
        Fault(
            "conflict",
            0.5,
            lambda r: r.assign(Fraværskode=np.where(r["Fraværskode"] == "S", "U", "S")),
            spoils_original=True,
            suits=lambda r: r["Omfang"] == "Hel",
        ),
        Fault("unknown_class", 0.2, dirt.put("Klasse", "MODT")),
        Fault("impossible_date", 0.2, dirt.put("Dato", "31-02-2026")),
        Fault("mixed_date_format", 0.2, lambda r: r.assign(Dato=r["Dato"].str.replace("-", "/"))),
        Fault(
            "weekend",
            0.3,
            lambda r: r.assign(
                Dato=pd.to_datetime(r["Dato"], format="%d-%m-%Y")
                .dt.date.map(_saturday)
                .map(lambda d: f"{d:%d-%m-%Y}")
            ),
        ),
        Fault(
            "cpr_nine_digits", 0.5, dirt.without_leading_zero("CPR-nr"), suits=dirt.starts_with_zero("CPR-nr")
        ),
        Fault("impossible_cpr", 0.1, dirt.put("CPR-nr", "320115-4321")),
        Fault(
            "half_day_in_lower_grade",
            0.2,
            dirt.put("Omfang", "Halv"),
            suits=lambda r: r["Klasse"].str[:2].isin(lower),
        ),
        Fault("unknown_type", 0.1, dirt.put("Fraværskode", "X")),
    ]


def week_rows(m: Municipality, absences: pd.DataFrame, possible: pd.DataFrame, style: int) -> pd.DataFrame:
    """One row per pupil and ISO week enrolled, with days by type (third shape); decimal comma.

    ``possible`` holds the school's pupil-days (:attr:`Municipality.pupil_days`) within the export.
    """
    keys = ["pupil", "school_year", "iso_week", "grade", "letter"]
    days = possible.groupby(keys, sort=True).size().rename("Skoledage").to_frame()
    by_type = absences.pivot_table(index=keys, columns="absence_type", values="day_fraction", aggfunc="sum")
    by_type = by_type.reindex(columns=["sick", "permitted", "unlawful"])
    rows = days.join(by_type).fillna(0.0).reset_index().sort_values(["iso_week", "pupil"], ignore_index=True)
    rows = rows.merge(m.pupils[["pupil", "cpr"]], on="pupil", how="left")
    text = {v: f"{v:g}".replace(".", ",") for v in np.arange(0, 5.5, 0.5)}
    out = pd.DataFrame(
        {
            "Elev-id": dashed(rows["cpr"]),
            "Klasse": class_labels(rows["grade"], rows["letter"], style),
            "Skoleår": rows["school_year"],
            "Uge": rows["iso_week"],
            "Skoledage": rows["Skoledage"].astype(str),
        }
    )
    for label, kind in (("Sygdom", "sick"), ("Tilladelse", "permitted"), ("Ulovligt", "unlawful")):
        out[label] = rows[kind].map(text)
    return out.astype(object)


def week_faults(_: tuple[str, ...]) -> list[Fault]:
    """Faults of the third shape. Each copy stands for a week that the pupil already has a sound row for."""
    return [
        Fault("exact_duplicate", 0.3, dirt.as_it_is, "duplicate"),
        Fault(
            "conflict",
            0.1,
            dirt.put("Sygdom", "1"),
            spoils_original=True,
            suits=lambda r: (r["Skoledage"] == "5") & (r["Sygdom"] == "0"),
        ),
        Fault("negative_days", 0.1, dirt.put("Sygdom", "-2"), suits=lambda r: r["Sygdom"] == "0"),
        Fault("absent_over_possible", 0.1, lambda r: r.assign(Skoledage="4", Sygdom="4,5", Ulovligt="1,5")),
        Fault("mixed_decimal", 0.05, dirt.put("Tilladelse", "1.234,5")),
        Fault("unknown_class", 0.05, dirt.put("Klasse", "modtagehold")),
        Fault("week_outside_year", 0.05, dirt.put("Uge", "2026-W54")),
        Fault(
            "cpr_nine_digits",
            0.1,
            dirt.without_leading_zero("Elev-id"),
            suits=dirt.starts_with_zero("Elev-id"),
        ),
    ]


def local_day_rows(m: Municipality, absences: pd.DataFrame, style: int) -> pd.DataFrame:
    """One row per pupil and day by the system's own ElevID (fourth shape); the share of the day with a comma."""
    rows = absences.sort_values(["day_on", "pupil"]).merge(m.pupils, on="pupil", how="left")
    names = {"sick": "Sygdom", "permitted": "Ekstraordinær frihed", "unlawful": "Ulovligt"}
    return pd.DataFrame(
        {
            "ElevID": rows["elev_id"],
            "Klasse": class_labels(rows["grade"], rows["letter"], style),
            "Dato": date_text(rows["day_on"], "%d.%m.%Y"),
            "Type": rows["absence_type"].map(names),
            "Andel": np.where(rows["day_fraction"] == 0.5, "0,5", "1"),
        }
    ).astype(object)


def local_day_faults(upper_grades: tuple[str, ...]) -> list[Fault]:
    """Faults of the fourth shape."""
    lower = [g for g in "0123456789" if g not in upper_grades]
    return [
        Fault("exact_duplicate", 2, dirt.as_it_is, "duplicate"),
        Fault(
            "conflict",
            0.5,
            lambda r: r.assign(Type=np.where(r["Type"] == "Sygdom", "Ulovligt", "Sygdom")),
            spoils_original=True,
            suits=lambda r: r["Andel"] == "1",
        ),
        Fault("unknown_class", 0.2, dirt.put("Klasse", "SFO")),
        Fault("impossible_date", 0.2, dirt.put("Dato", "30.02.2026")),
        Fault("unknown_pupil", 0.3, dirt.put("ElevID", "E999999")),
        Fault("day_over_one", 0.2, dirt.put("Andel", "1,5")),
        Fault(
            "half_day_in_lower_grade",
            0.3,
            dirt.put("Andel", "0,5"),
            suits=lambda r: r["Klasse"].str[0].isin(lower),
        ),
    ]


def roster_rows(
    m: Municipality, enrolments: pd.DataFrame, exported_on: dt.date, school_name: str, style: int
) -> pd.DataFrame:
    """One row per pupil, grade and stretch in a school and year, as known on a day.

    Dates stand only where they are not the year's own first and last day. ``enrolments`` are those of the school
    and year, all of them.
    """
    first, last = enrolments["enrolled_from"].min(), enrolments["enrolled_to"].max()
    known = enrolments[enrolments["enrolled_from"] <= pd.Timestamp(exported_on)]
    rows = known.merge(m.pupils, on="pupil", how="left").sort_values(["grade", "letter", "pupil"])
    joined = date_text(rows["enrolled_from"], "%d-%m-%Y").where(rows["enrolled_from"] > first, "")
    has_left = (rows["enrolled_to"] < last) & (rows["enrolled_to"] <= pd.Timestamp(exported_on))
    left = date_text(rows["enrolled_to"], "%d-%m-%Y").where(has_left, "")
    return pd.DataFrame(
        {
            "ElevID": rows["elev_id"],
            "Skolekode": rows["school_id"],
            "Skolenavn": school_name,
            "Fornavn": rows["fornavn"],
            "Efternavn": rows["efternavn"],
            "CPR": dashed(rows["cpr"]),
            "Klassetrin": rows["grade"],
            "Klassespor": rows["letter"].map(lambda n: chr(65 + int(n))),
            "Stamklasse": class_labels(rows["grade"], rows["letter"], style),
            "Indmeldt": joined,
            "Udmeldt": left,
        }
    ).astype(object)


def roster_faults(_: tuple[str, ...]) -> list[Fault]:
    """Faults of a roster: a pupil twice, a reception class, a number that cannot be."""
    return [
        Fault("exact_duplicate", 3, dirt.as_it_is, "duplicate"),
        Fault(
            "unknown_class",
            3,
            lambda r: r.assign(
                ElevID="E999001", CPR="010114-4004", Klassetrin="M", Klassespor="", Stamklasse="Modtagehold"
            ),
        ),
        Fault("impossible_cpr", 2, lambda r: r.assign(ElevID="E999002", CPR="310212-4321")),
    ]


def talk_faults() -> list[Fault]:
    """Faults of the talk log."""
    return [
        Fault("exact_duplicate", 3, dirt.as_it_is, "duplicate"),
        Fault("unknown_status", 2, dirt.put("Status", "måske")),
        Fault("impossible_date", 2, dirt.put("Dato", "31-09-2026"), suits=lambda r: r["Dato"] != ""),
    ]


def consent_faults() -> list[Fault]:
    """Faults of the consent register."""
    return [
        Fault("exact_duplicate", 5, dirt.as_it_is, "duplicate"),
        Fault("unknown_pupil", 5, dirt.put("CPR", "010114-4004")),
        Fault("unknown_purpose", 5, dirt.put("Formål", "billeder")),
    ]
