"""Canaries: unique invented identities planted in every input, so that a search finds any leak past the door."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from evaluation.synthetic.dirt import Damage, Fault

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
