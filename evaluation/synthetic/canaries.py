"""Canaries: unique invented identities planted in every input, so that a search finds any leak past the door."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from evaluation.synthetic.dirt import Damage, Fault
from evaluation.synthetic.exports import dashed

if TYPE_CHECKING:
    from evaluation.synthetic.municipality import Municipality

FIRST, LAST = "Kanariella", "Fuglesangsen"
STAFF = "Kanariolærer Hviskestrup"
EMAIL = "kanarie.hviskestrup@skole.invalid"
PHONE = "29 00 17 43"
STRANGER = "Kanarius Ukendtmose"
STRANGER_CPR = "020215-4018"


@dataclass(frozen=True)
class Canaries:
    """Texts that may stand in incoming files and nowhere else. Empty when none were planted."""

    values: tuple[str, ...] = ()

    def faults(self, frame: pd.DataFrame) -> list[Fault]:
        """Rows that cannot be accepted and hold an identity where none belongs."""
        if not self.values:
            return []
        where = {
            "Klasse": STRANGER,
            "Stamklasse": STRANGER,
            "Kategori": f"se mail {EMAIL}",
            "Fraværskode": EMAIL,
            "Type": f"ring {PHONE}",
            "Status": f"{STRANGER} {PHONE}",
            "Formål": EMAIL,
        }
        return [
            Fault(f"canary_in_{column.lower()}", 0.01, _put_canary(column, text))
            for column, text in where.items()
            if column in frame and not (column == "Status" and "Registreret af" in frame)
        ]


def _put_canary(column: str, text: str) -> Damage:
    def damage(rows: pd.DataFrame) -> pd.DataFrame:
        out = rows.assign(**{column: text})
        for number in ("CPR", "CPR-nr", "Elev-id"):
            if number in out:
                out[number] = STRANGER_CPR
        if "Klassetrin" in out and "Stamklasse" in out:
            out["Klassetrin"] = STRANGER
        if "Registreret af" in out:
            out["Registreret af"], out["Årsag"] = STAFF, f"Skriv til {EMAIL} eller ring {PHONE}"
        return out

    return damage


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
