"""The lines of a draft mapping that depend on what kind of file it is: columns and the meaning of their codes.

What the file does not tell is written with a ``?`` and added to the doubts. Codes are printed only where they can be no
person's: short words that are known or seen more than once.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass

from evaluation.disclosure.names import normalise_token
from evaluation.door.cpr import parse_cpr
from evaluation.door.dates import parse_school_year
from evaluation.door.headings import (
    CHOICES,
    CPR_HEADINGS,
    FIRST_NAMES,
    HALF,
    LAST_NAMES,
    NAME_HEADINGS,
    PRESENT,
    heading,
    is_percent,
    type_of,
)
from evaluation.door.look import Look
from evaluation.door.mapping import COLUMNS
from evaluation.door.periods import parse_month
from evaluation.door.recognise import amounts_of, is_known, is_number, share_of
from evaluation.door.values import clean, parse_class
from evaluation.protocol import Protocol


@dataclass(frozen=True)
class Draft:
    """The parts of a draft that depend on what kind of file it is. Doubts are added as they arise.

    ``place``: the names of the file and of its folder, which may tell the school.
    """

    place: str
    look: Look
    found: dict[str, str]
    shape: str
    protocol: Protocol
    doubts: list[str]

    def columns(self) -> list[str]:
        """The lines of [columns]."""
        required, optional = COLUMNS[self.shape]
        found = {n: c for n, c in self.found.items() if n in required | optional}
        if self.shape.startswith("absence") and "status" in found:
            del found["status"]  # whether a status makes an absence count is for the analyst to say
        lines = []
        if "school" in required and "school" not in found:
            lines.append(self._school_of_the_place())
        makers = {
            "pupil": self._pupil,
            "half_day": self._half_day,
            "school": self._school,
            "class": self._class,
            "purpose": self._purpose,
        }
        for name in sorted(found):
            if name in makers:
                lines.append(makers[name](found[name]))
            elif name in CHOICES:
                words = {c: CHOICES[name].get(c.casefold(), "?") for c in self._codes(found[name])}
                lines.append(f"{name} = {{ column = {quoted(found[name])}{_map(words)} }}  # ?")
            else:
                lines.append(f"{name} = {quoted(found[name])}")
        if self.shape == "absence/grid":
            lines += self._above()
        if self.shape == "pupils":
            lines += self._roster(found)
        missing = sorted(required - set(found) - {"school"})
        lines += [f'{name} = "?"' for name in missing]
        self.doubts.extend(f'Ingen kolonne ligner "{name}", som {self.shape} skal bruge.' for name in missing)
        return lines

    def types(self) -> list[str]:
        """[totals] or [types]."""
        ids = [t.id for t in self.protocol.absence_types]
        if self.shape.startswith("totals"):
            taken = set(self.found.values())
            hit = {
                t: next(
                    (c for c in self.look.header if c not in taken and type_of(c) == t and not is_percent(c)),
                    "?",
                )
                for t in ids
            }
            if set(hit.values()) == {"?"}:
                self.doubts.append(
                    "Filen har ikke fraværet fordelt på typer, som komglad skal bruge: bed om det, eller om dagsrækker."
                )
            types = ", ".join(f"{t} = {quoted(c)}" for t, c in hit.items())
            self.doubts.extend(f'Ingen kolonne ligner dage med "{t}".' for t, c in hit.items() if c == "?")
            self.doubts.append(
                "Er mængderne dage? Lektioner og halve dage kræver unit og per_day i [totals]."
            )
            return ["", "[totals]", f"types = {{ {types} }}  # ?"]
        if not self.shape.startswith("absence"):
            return []
        if self.look.marks:
            codes = sorted({c for day in self.look.marks for c in self.look.columns[day] if len(c) <= 3})
        elif self.shape == "absence/grid":
            codes = list(amounts_of(self.found, self.look))
        else:
            codes = self._codes(self.found.get("type", ""))
        self.doubts.append("Kun skolen kan sige, hvad hver kode betyder: se hver linje under [types] efter.")
        lines = ["", f"[types]  # ? {', '.join(ids)}, eller none for en kode, der ikke er fravær"]
        for code in codes or ["?"]:
            kind = type_of(code)
            is_there = heading(code) in ("", *PRESENT)
            guess = kind if kind in ids else "none" if is_there else "?"
            lines.append(f'{quoted(code)} = "{guess}"  # ?{" koden kendes ikke" if guess == "?" else ""}')
        column = self.found.get("type", "")
        if not self.look.marks and self._has_blanks(column):
            self.doubts.append(
                f'{column} er tom i nogle rækker; de går i karantæne, til [types] siger, hvad "" betyder ("none", hvis '
                "eleven var til stede)."
            )
        return lines

    def _has_blanks(self, column: str) -> bool:
        most = max((sum(v.values()) for v in self.look.columns.values()), default=0)
        return column in self.look.columns and sum(self.look.columns[column].values()) < most

    def _pupil(self, column: str) -> str:
        values = self.look.columns.get(column, Counter())
        is_cpr = heading(column) in CPR_HEADINGS or share_of(values, is_number, 0.5)
        kind = "cpr" if is_cpr else "name" if heading(column) in NAME_HEADINGS else "local"
        if kind == "name":
            self.doubts.append(
                f"{column} indeholder navne: eleverne findes i skolens elevliste, som skal være leveret."
            )
        if kind == "local":
            self.doubts.append(
                f"{column} indeholder ikke CPR-numre: en elevliste skal knytte numrene til CPR (local_id)."
            )
        odd = sum(not is_number(v) for v in values) if is_cpr else 0
        if odd:
            self.doubts.append(
                f"Værdier i {column}, der ikke er CPR-numre: {odd}; deres rækker går i karantæne."
            )
        if any(parse_cpr(v)[1] == "cpr_nine_digits" for v in values):
            self.doubts.append(
                f"{column} har numre med ni cifre: et foranstillet nul er tabt, bed om kolonnen som tekst."
            )
        return f'pupil = {{ column = {quoted(column)}, kind = "{kind}" }}'

    def _half_day(self, column: str) -> str:
        words = {
            c: ("0.5" if c.casefold() in HALF else "1")
            for c in self._codes(column)
            if not re.fullmatch(r"[\d.,]+", c)
        }
        if self._has_blanks(column):
            words[""] = "1"
            self.doubts.append(f"{column} er tom i nogle rækker; udkastet regner dem for hele dage.")
        return f"half_day = {{ column = {quoted(column)}{_map(words)} }}  # ?"

    def _school(self, column: str) -> str:
        known = {clean(t).casefold(): s.id for s in self.protocol.schools for t in (s.name, s.short, s.id)}
        values = sorted(v for v in self.look.columns.get(column, ()) if v.casefold() not in known)
        if len(values) > 30:
            return f"school = {quoted(column)}"
        words = {
            v: next((s.id for s in self.protocol.schools if s.short.casefold() in v.casefold()), "?")
            for v in values
        }
        if words:
            self.doubts.append(
                f"Skoler i {column}, der ikke er skrevet som i protokollen: {len(words)}. Se map efter."
            )
        return (
            f"school = {{ column = {quoted(column)}{_map(words)} }}  # ?"
            if words
            else f"school = {quoted(column)}"
        )

    def _school_of_the_place(self) -> str:
        """The one school the file's or folder's name tells of; else the first, to be corrected."""
        schools = self.protocol.schools
        told = [s for s in schools if normalise_token(s.short) in normalise_token(self.place)]
        self.doubts.append(
            f"Skolen er gættet af mappens eller filens navn: {told[0].short}. Er det rigtigt?"
            if len(told) == 1
            else "Filen siger ikke, hvilken skole den er fra: skriv skolens nummer i columns.school."
        )
        ids = ", ".join(f"{s.id} {s.short}" for s in schools)
        chosen = told[0] if len(told) == 1 else schools[0]
        return f'school = {{ constant = "{chosen.id}" }}  # ? hvilken skole: {ids}'

    def _purpose(self, column: str) -> str:
        """What a consent is for, in the protocol's words where the file's are others."""
        known = sorted({d.consent_purpose for d in self.protocol.data_sets if d.consent_purpose})
        words = {v: "?" for v in self._codes(column) if v.casefold() not in known}
        if words:
            self.doubts.append(
                f"Formål, der ikke står i protokollen: {len(words)}. Den kender: {', '.join(known)}."
            )
        return f"purpose = {{ column = {quoted(column)}{_map(words)} }}" + ("  # ?" if words else "")

    def _class(self, column: str) -> str:
        odd = [
            v
            for v in self.look.columns.get(column, Counter())
            if parse_class(v)[0] not in self.protocol.grades.order
        ]
        if odd and "grade" not in self.found:
            self.doubts.append(
                f"Klassenavne, der ikke tydeligt hører til ét klassetrin i projektet: {len(odd)}. Skriv dem i "
                'columns.class.map med et klassetrin, eller "none" for klasser uden for projektet.'
            )
        return f"class = {quoted(column)}"

    def _roster(self, found: dict[str, str]) -> list[str]:
        lines = []
        tidy = {heading(c): c for c in self.look.header if c}
        groups = (FIRST_NAMES, LAST_NAMES)
        names = [hit for group in groups if (hit := next((tidy[h] for h in group if h in tidy), None))]
        names = names or [tidy[h] for h in NAME_HEADINGS if h in tidy][:1]
        if names:
            lines.append(f"names = {json.dumps(names, ensure_ascii=False)}  # kun som nøglede hashværdier")
        if "school_year" not in found:
            at = next((i for i, x in enumerate(self.look.above, 1) if parse_school_year(x)[1] is None), None)
            if at:
                lines.append(f"school_year = {{ line = {at}, pattern = '(\\d{{2,4}}[/-]\\d{{2,4}})' }}")
            else:
                self.doubts.append(
                    "Filen siger ikke, hvilket skoleår den gælder: det på udtrækkets dato bruges."
                )
        return lines if "grade" in found or "class" in found else [*lines, 'class = "?"']

    def _above(self) -> list[str]:
        """Month and class of a grid, from the lines over its headings."""
        lines = []
        months = [i for i, x in enumerate(self.look.above, 1) if _month_in(x)]
        if self.look.days and months:
            lines.append(
                f"month = {{ line = {months[0]}, pattern = '([A-Za-zÆØÅæøå]+ \\d{{4}}|\\d{{4}}-\\d{{2}})' }}  # ?"
            )
        elif self.look.days:
            lines.append('month = { constant = "?" }  # ? fx 2026-09')
            self.doubts.append(
                "Måneden står ikke i filen: skriv den som constant, eller tag den fra filnavnet."
            )
        classes = [i for i, x in enumerate(self.look.above, 1) if re.search(r"klasse", x, re.IGNORECASE)]
        if "class" not in self.found and classes:
            lines.append(f"class = {{ line = {classes[0]}, pattern = '[Kk]lasse:?[; ]*([0-9][^;]*)' }}  # ?")
        return lines

    def _codes(self, column: str) -> list[str]:
        """Values that can only be codes: short, and known words or seen more than once, so that no name is printed."""
        values = self.look.columns.get(column, Counter())
        safe = sorted(
            v
            for v, n in values.items()
            if len(v) <= 40
            and not re.search(r"\d{4}|@", v)
            and (len(v) <= 2 or is_known(v) or n > max(1, len(values) // 50))
        )
        if len(safe) > 30:
            self.doubts.append(
                f"{column} har {len(values)} forskellige værdier: er det en kode eller fritekst?"
            )
            return []
        if len(values) > len(safe):
            self.doubts.append(f"Andre værdier i {column}, som ikke vises: {len(values) - len(safe)}.")
        return safe


def _month_in(text: str) -> bool:
    return any(
        parse_month(8)(m)[1] is None for m in re.findall(r"[A-Za-zÆØÅæøå]+ \d{4}|\d{4}-\d{2}(?!\d)", text)
    )


def quoted(text: str) -> str:
    """Text as a TOML string."""
    return json.dumps(text, ensure_ascii=False)


def _map(words: dict[str, str]) -> str:
    pairs = ", ".join(f"{quoted(k)} = {quoted(v)}" for k, v in words.items())
    return f", map = {{ {pairs} }}" if pairs else ""
