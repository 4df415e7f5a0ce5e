"""The lines of a draft mapping that depend on what kind of file it is: columns and the meaning of their codes.

What the file does not tell is written with a ``?`` and its reason. Nothing that may be a person's is shown: a text of
the file is printed only when every word of it is nobody's name (:mod:`~evaluation.door.nobody`).
"""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from evaluation.disclosure.names import normalise_token
from evaluation.door.cpr import parse_cpr
from evaluation.door.dates import parse_school_year
from evaluation.door.headings import (
    CHOICES,
    CPR_HEADINGS,
    ENGLISH,
    FIRST_NAMES,
    HALF,
    HALF_HEADINGS,
    HALVES,
    LAST_NAMES,
    LESSONS,
    NAME_HEADINGS,
    PRESENT,
    UNITS,
    WHOLE,
    exact_type_of,
    heading,
    is_percent,
    named,
)
from evaluation.door.look import Look
from evaluation.door.mapping import COLUMNS
from evaluation.door.meaning import Unread, codes_with_a_share, may_matter
from evaluation.door.nobody import is_nobody
from evaluation.door.periods import MONTH_ALONE, months_in
from evaluation.door.recognise import (
    SPAN,
    amounts_of,
    answers_of,
    are_enrolments,
    is_number,
    share_of,
    table_of,
)
from evaluation.door.scrutiny import of_all_rows
from evaluation.door.sheet_titles import are_classes, is_whose_or_when, places_of
from evaluation.door.values import clean, parse_class
from evaluation.files.sheet import SEVERAL
from evaluation.protocol import Protocol

FEW_HIDDEN = 0.1
"""A smaller share of values that are not shown is left to the quarantine, which names each row."""
A_CODE = 3
"""A value that stands so often is no slip of the pen."""
_LEGEND = re.compile(r"(?<!\w)(\w{1,3})\s*[=:]\s*([^\W\d_][^,;=:/|]*?)(?=\s*(?:[,;/|]|\w{1,3}\s*[=:]|$))")
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
ASK = {
    "amount": "ligner en mængde: skriv enheden, eller flyt kolonnen til [ignore] med en grund. unit: share, percent, days; "
    "hours, lessons, minutes med day = skoledagens længde",
    "rest": "ligner en mængde til: skal den lægges til amount (dage og timer), så skriv der plus = { column = …, unit = … } "
    "og fjern linjen her; siger den det samme, så skriv det som grund",
    "words": "tæller rækken? counts eller none. Er det en del af dagen, så flyt kolonnen til half_day; betyder den intet, "
    "til [ignore] med en grund",
    "date": "en dato til i rækken: slutdagen (grain = interval med from og to; er det den første dag igen, så også to_is = "
    '"day_after"), eller en grund til, at den intet betyder',
    "enrolment": 'er det indmeldelsen? Så skriv kolonnen. Er det fravær, så er det kind = "absence" og grain = "interval"',
    "lessons": "hvor mange lektioner, eller hvilken? Det første: unit = lessons og day = dagens lektioner; det "
    'andet: constant = "1" i stedet for column, og day_part = kolonnen',
    "text": "står flere gange i samme post: gør det til posten, eller skriv en grund til, at det intet betyder",
    "other": "hvad siger den? Læs den under [columns], eller skriv en grund til, at den intet betyder",
}
"""What a draft says beside a column that is asked about."""


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
    shares: list[str] = field(default_factory=list)

    def columns(self) -> list[str]:
        """The lines of [columns], and of [ignore] where unread columns must be decided."""
        required, optional = COLUMNS[self.shape]
        is_wide = self.shape == "consents" and not {"purpose", "answer"} <= self.found.keys()
        if is_wide:
            required, optional = required - {"purpose", "answer"}, optional - {"holder"}
        found = {n: c for n, c in self.found.items() if n in required | optional}
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
            if not is_nobody(found[name]):
                at = self.look.header.index(found[name]) + 1
                lines.append(
                    f'{name} = "?"  # overskriften i kolonne {at}, som kan være et navn og ikke vises'
                )
            elif name == "from" and self.shape == "pupils" and not are_enrolments(found):
                lines.append(f'from = "?"  # {quoted(found[name])}: {ASK["enrolment"]}')
            elif name in makers:
                lines.append(makers[name](found[name]))
            elif name in ("from", "to") and found.get("from") == found.get("to"):
                half = f"^(.+?)(?:{SPAN})" if name == "from" else f"(?:{SPAN})(.+)$"
                lines.append(f"{name} = {{ column = {quoted(found[name])}, pattern = '{half}' }}")
            elif name == "length":
                unit = "?  # school_days eller calendar_days"
                lines.append(f'length = {{ column = {quoted(found[name])}, unit = "{unit[0]}" }}{unit[1:]}')
            elif name == "status" and self.shape.startswith("absence"):
                lines.append(self._weights("status", found[name], "hvilke tæller med? counts eller none"))
            elif name in CHOICES:
                words = self._words(found[name], _choice(name))
                lines.append(f"{name} = {{ column = {quoted(found[name])}{_map(words)} }}  # ?")
            else:
                lines.append(f"{name} = {quoted(found[name])}")
        if self.shape.startswith("absence") and "first_lesson" in self.found:
            first, last = (quoted(self.found[n]) for n in ("first_lesson", "last_lesson"))
            lines += [f'amount = {{ columns = [{first}, {last}], unit = "lessons", day = "?" }}  # fra og med den første '
                      "lektion til og med den sidste: hvor mange har en skoledag?",
                      f"day_part = {first}"]  # fmt: skip
        lines += self._sheets()
        if self.shape == "absence/grid":
            lines += self._above()
        if self.shape == "pupils":
            lines += self._roster(found)
        missing = sorted(required - set(found) - {"school"})
        lines += [f'{name} = "?"' for name in missing]
        self.doubts.extend(f'Ingen kolonne ligner "{name}", som {self.shape} skal bruge.' for name in missing)
        return [*lines, *self._unread(found), *(self._wide() if is_wide else [])]

    def _wide(self) -> list[str]:
        """One line for each parent's answer to each purpose."""
        purposes = sorted({d.consent_purpose for d in self.protocol.data_sets if d.consent_purpose})
        columns = answers_of(self.look)
        words = {v: "?" for c in columns for v in self._codes(c)}
        words = {v: {"ja": "yes", "nej": "no"}.get(v.casefold(), "?") for v in words}
        hidden = any(v not in words for c in columns for v in self.look.columns.get(c, ()))
        lines = [
            "",
            "[wide]",
            f"words = {{ {_map(words | ({'?': '?'} if hidden else {})).removeprefix(', map = { ')}",
        ]
        for column in columns:
            told = [p for p in purposes if p in heading(column)]
            words_of = heading(column).split()
            whose = next((w for w in ("mor", "far", "1", "2") if w in words_of), "?")
            shown = quoted(column) if is_nobody(column) else '"?"'
            purpose = told[0] if len(told) == 1 else "?"
            lines += ["[[wide.answers]]", f"column = {shown}", f'purpose = "{purpose}"  # {", ".join(purposes)}',
                      f'holder = "{whose}"  # hvis svar er det?']  # fmt: skip
        return lines

    def types(self) -> list[str]:
        """[totals] or [types] with [shares]."""
        if self.shape.startswith("totals"):
            return self._totals()
        if not self.shape.startswith("absence"):
            return []
        ids: list[str] = [t.id for t in self.protocol.absence_types]
        column = self.found.get("type", "")
        if self.look.marks:
            values = sum((self.look.columns[day] for day in self.look.marks), Counter[str]())
        elif self.shape == "absence/grid":
            values = Counter(amounts_of(self.found, self.look).keys())
        else:
            values = self.look.columns.get(column, Counter())
        codes = list(values) if self.shape == "absence/grid" and not self.look.marks else sorted(values)
        shown = self._shown(codes, column or "felterne")
        self.doubts.append("Kun skolen kan sige, hvad hver kode betyder: se hver linje under [types] efter.")
        lines = ["", f"[types]  # ? {', '.join(ids)}, eller none for en kode, der ikke er fravær"]
        for code in shown or ["?"]:
            guess = self._type_of(code, ids)
            lines.append(f'{quoted(code)} = "{guess}"{"  # koden kendes ikke" if guess == "?" else "  # ?"}')
        hidden = [n for v, n in values.items() if v not in shown]
        if shown and hidden and (sum(hidden) >= FEW_HIDDEN * sum(values.values()) or max(hidden) >= A_CODE):
            lines.append('"?" = "?"  # andre værdier, som ikke vises her')
        if parts := codes_with_a_share({c: t for c in shown if (t := self._type_of(c, ids)) != "none"}):
            lines += ["", "[shares]  # hvor stor en del af dagen koden er: 1, 0.5 …"]
            lines += [f'{quoted(code)} = "?"' for code in parts]
        if not self.look.marks and self._has_blanks(column):
            self.doubts.append(
                f"{self.named(column)} er tom i nogle rækker; de går i karantæne, til [types] siger, hvad "
                '"" betyder ("none", hvis '
                "eleven var til stede)."
            )
        return lines

    def _type_of(self, code: str, ids: list[str]) -> str:
        """The type a code names; a letter tells only where the headings are Danish, or the file says what it means."""
        told = self._legend.get(code, code)
        if len(told) == 1:
            return self._letters.get(code, "?") if self.is_danish else "?"
        if heading(told) in PRESENT:
            return "none"
        kind = exact_type_of(told)
        return kind if kind in ids else "?"

    @functools.cached_property
    def _letters(self) -> dict[str, str]:
        """What single capitals mean under Danish headings, and small letters beside their own capitals: F is permitted
        absence where S and U are the only others, and may be anything where there are more.
        """
        columns = (self.found.get("type", ""), *self.look.marks)
        there = {v for c in columns for v in self.look.columns.get(c, ())}
        known = {"S": "sick", "U": "unlawful"}
        known |= {"F": "permitted"} if there == {"S", "F", "U"} else {}
        return known | {k.lower(): kind for k, kind in known.items() if k in there}

    @functools.cached_property
    def _legend(self) -> dict[str, str]:
        """What the lines above the headings say that short codes mean: ``S = Sygdom, U: Ulovligt``."""
        pairs = (m for line in self.look.above for m in _LEGEND.finditer(line))
        return {m[1]: clean(m[2]) for m in pairs}

    @property
    def is_danish(self) -> bool:
        """Are the headings a Danish system's?"""
        tidy = {heading(h) for h in self.look.header}
        return not tidy & ENGLISH

    def _totals(self) -> list[str]:
        hit = self.amounts
        if set(hit.values()) == {"?"}:
            self.doubts.append(
                "Filen har ikke fraværet fordelt på typer, som komglad skal bruge: bed om det, eller om dagsrækker."
            )
        types = ", ".join(f"{t} = {quoted(c)}" for t, c in hit.items())
        self.doubts.extend(f'Ingen kolonne ligner dage med "{t}".' for t, c in hit.items() if c == "?")
        lines = ["", "[totals]"]
        said = [named(c) for c in hit.values() if c != "?"]
        units = {n.unit for n in said if n}
        unit = units.pop() if len(units) == 1 else None
        lines.append(
            f'unit = "{unit or "?"}"'
            + ("" if unit else "  # days, hours, lessons, minutes eller sessions (halve dage)")
        )
        if unit in ("hours", "lessons", "minutes"):
            lines.append('per_day = "?"  # hvor mange er en skoledag?')
        if any(n.is_running for n in said if n):
            lines.append(
                'running = "?"  # overskrifterne siger, at der tælles op til en dato: det kan ikke lægges sammen'
            )
        if total := self._control(hit):
            lines.append(f"total = {quoted(total)}")
        return [*lines, f"types = {{ {types} }}  # ?"]

    @property
    def amounts(self) -> dict[str, str]:
        """Type → the column of its amounts in a table of totals; ``?`` where no heading, or more than one, tells."""
        taken = set(self.found.values())
        said = {c: named(c) for c in self.look.header if c not in taken and len(c) > 2}
        hit = {
            t.id: [c for c, n in said.items() if n and n.kind == t.id] for t in self.protocol.absence_types
        }
        return {t: columns[0] if len(columns) == 1 else "?" for t, columns in hit.items()}

    def _control(self, hit: dict[str, str]) -> str | None:
        """The column that is the sum of the types in every row."""
        if "?" in hit.values():
            return None
        table = table_of(self.look, self.found, tuple(hit.values()))
        free = [
            c for c in self.look.header if c not in (*self.found.values(), *hit.values()) and is_nobody(c)
        ]
        told = {c: table.beside.told.get((c, "sum")) for c in free}
        return next(
            (c for c, t in told.items() if t and "sum" in t.ways and t.rows == len(self.look.frame)), None
        )

    def _unread(self, found: dict[str, str]) -> list[str]:
        """Columns that are not read and may matter: the best guess of how they could be read, with a ``?``."""
        amounts = [c for c in self.amounts.values() if c != "?"] if self.shape.startswith("totals") else []
        by_type = (
            list(amounts_of(self.found, self.look))
            if self.shape == "absence/grid" and not self.look.marks
            else []
        )
        names = [c for c in self.look.header if heading(c) in (*FIRST_NAMES, *LAST_NAMES, *NAME_HEADINGS)]
        answers = answers_of(self.look) if self.shape == "consents" else ()
        left = [*self.look.marks, *answers, *amounts, *by_type, *(names if self.shape == "pupils" else [])]
        left += [self.found[n] for n in ("first_lesson", "last_lesson") if n in self.found]
        left += [self.found["to"]] if self.shape.startswith("totals") and "to" in self.found else []
        if self.shape.startswith("totals") and (total := self._control(self.amounts)):
            left.append(total)
        table = table_of(self.look, found, tuple(amounts), places_of(self.protocol))
        several = [c for c in self.look.header if c.endswith(SEVERAL)]
        left += [*of_all_rows(table.values, len(self.look.frame)), *several]
        unread = (
            *may_matter(table, [re.sub(r"\*", "?", c) for c in left], is_roster=self.shape == "pupils"),
            *(Unread(c, "text") for c in several),
        )
        lines, asked = [], []
        free = set(COLUMNS[self.shape][1]) - set(found) if self.shape.startswith("absence") else set()
        free -= {"amount"} if "first_lesson" in self.found else set()
        if self.shape.startswith("totals") and "to" in self.found:
            to = self.found["to"]
            lines += ["", "[ignore]", f'{quoted(to if is_nobody(to) else "?")} = "periodens sidste dag"']
        if self.shape.startswith("totals") and "?" in self.amounts.values():
            unread = tuple(u for u in unread if u.looks != "amount")  # the types are to be found among them
        for u in unread:
            place = _PLACES.get(u.looks, "")
            is_told = u.looks == "amount" or self._codes(u.name)
            if place in free and is_nobody(u.name) and is_told:
                free.discard(place)
                lines.append(self._asked(place, u))
            else:
                asked.append(u)
        if asked:
            lines += (
                []
                if "[ignore]" in lines
                else ["", "[ignore]  # kolonner, der ikke læses, hver med sin grund"]
            )
            hidden = [u for u in asked if not is_nobody(u.name)]
            looks = [
                u.looks if u.looks == "text" or self.shape.startswith("absence") else "other" for u in asked
            ]
            has_amount = any(line.startswith("amount = {") for line in lines)
            lines += [
                f'{quoted(u.name)} = "?"  # {ASK["rest" if x == "amount" and has_amount else x]}'
                for u, x in zip(asked, looks, strict=True)
                if u not in hidden
            ]
            if hidden:
                places = ", ".join(str(self.look.header.index(u.name) + 1) for u in hidden)
                lines.append(f'"?" = "?"  # overskrift i kolonne {places}, som kan være navne og ikke vises')
        return lines

    def _asked(self, place: str, u: Unread) -> str:
        if u.looks == "words":
            codes = set(self._codes(u.name))
            tidy = {c.casefold() for c in codes}
            if tidy & {*HALF, *WHOLE, *(h for pair in HALVES for h in pair)} and "half_day" not in self.found:
                return self._half_day(u.name)
            return self._weights(place, u.name, ASK["words"])
        if heading(u.name) in LESSONS:
            if self._are_ordinals(u.name):
                return (
                    'amount = { constant = "1", unit = "lessons", day = "?" }  # hvor mange har en skoledag?'
                    f"\nday_part = {quoted(u.name)}"
                )
            return f'amount = {{ column = {quoted(u.name)}, unit = "?", day = "?" }}  # {ASK["lessons"]}'
        unit = unit_of(u.name)
        length = ', day = "?"' if unit in ("hours", "lessons", "minutes") else ""
        if unit in ("hours", "lessons", "minutes") or unit is None:
            self.doubts.append(
                f"{self.named(u.name)} ligner en mængde: hvad tæller den, og hvor meget er en skoledag?"
            )
        return f'amount = {{ column = {quoted(u.name)}, unit = "?"{length} }}  # {unit or ""} {ASK["amount"]}'

    def _are_ordinals(self, column: str) -> bool:
        """Do several rows of a pupil's day say each another lesson, so that it can only be which one?"""
        day = [self.found[n] for n in ("pupil", "date", "from") if n in self.found]
        known = self.look.frame[[*day, column]]
        return len(day) >= 2 and bool(known.duplicated(day).any()) and not known.duplicated().any()

    def _weights(self, name: str, column: str, why: str) -> str:
        words = self._words(column, lambda _: "?")
        if self._has_blanks(column):
            words[""] = "?"
        return f"{name} = {{ column = {quoted(column)}{_map(words)} }}  # {why}"

    def _has_blanks(self, column: str) -> bool:
        return column in self.look.columns and sum(self.look.columns[column].values()) < self.look.filled

    def _pupil(self, column: str) -> str:
        values = self.look.columns.get(column, Counter())
        is_cpr = heading(column) in CPR_HEADINGS or share_of(values, is_number, 0.5)
        kind = "cpr" if is_cpr else "name" if heading(column) in NAME_HEADINGS else "local"
        if kind == "name":
            self.doubts.append(
                f"{self.named(column)} indeholder navne: eleverne findes i skolens elevliste, som skal være leveret."
            )
        if kind == "local":
            self.doubts.append(
                f"{self.named(column)} indeholder ikke CPR-numre: en elevliste skal knytte numrene til CPR (local_id)."
            )
        odd = sum(not is_number(v) for v in values) if is_cpr else 0
        if odd:
            self.doubts.append(
                f"Værdier i {self.named(column)}, der ikke er CPR-numre: {odd}; deres rækker går i karantæne."
            )
        if any(parse_cpr(v)[1] == "cpr_nine_digits" for v in values):
            self.doubts.append(
                f"{self.named(column)} har numre med ni cifre: et foranstillet nul er tabt, bed om kolonnen som tekst."
            )
        return f'pupil = {{ column = {quoted(column)}, kind = "{kind}" }}'

    def _half_day(self, column: str) -> str:
        """Shares by their words: halves and wholes that say so, a cross in a column of half days; else a question."""
        values = self.look.columns.get(column, Counter())
        numbers = [v for v in values if NUMBER.fullmatch(v)]
        if any(_float(v) not in (0, 0.5, 1) for v in numbers):
            return f'amount = {{ column = {quoted(column)}, unit = "?" }}  # {ASK["amount"]}'
        is_half_days = heading(column) in HALF_HEADINGS
        words = self._words(column, lambda c: self._share_of(c, is_half_days))
        # Numbers are shares where one of them is a half; 1 and 0 may be yes and no to anything.
        are_shares = any(_float(v) == 0.5 for v in numbers)
        words = {c: w for c, w in words.items() if c not in numbers or not are_shares}
        if self._has_blanks(column):
            words[""] = "1" if is_half_days else "?"
        open_ = "  # ? 1, 0.5 eller none" if "?" in words.values() else "  # ?"
        return f"half_day = {{ column = {quoted(column)}{_map(words)} }}{open_}"

    def _share_of(self, word: str, is_half_days: bool) -> str:
        tidy = word.casefold()
        if tidy in WHOLE or (is_half_days and tidy in ("nej", "no")):
            return "1"
        halves = {h for pair in HALVES for h in pair}
        if is_half_days and tidy in {*HALF, "x", "ja", *halves}:
            return "0.5"
        return "0.5" if tidy in HALF else "?"

    def _school(self, column: str) -> str:
        known = {clean(t).casefold(): s.id for s in self.protocol.schools for t in (s.name, s.short, s.id)}
        values = sorted(v for v in self.look.columns.get(column, ()) if v.casefold() not in known)
        if len(values) > 30:
            return f"school = {quoted(column)}"
        ours = {normalise_token(w) for t in known for w in t.split()}
        shown = [v for v in values if all(normalise_token(w) in ours or is_nobody(w) for w in v.split())]
        words = {
            v: next((s.id for s in self.protocol.schools if s.short.casefold() in v.casefold()), "?")
            for v in shown
        } | ({"?": "?"} if len(shown) < len(values) else {})
        if words:
            self.doubts.append(
                f"Skoler i {self.named(column)}, der ikke er skrevet som i protokollen: {len(values)}. Se map efter."
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
        chosen = told[0].id if len(told) == 1 else "?"
        return f'school = {{ constant = "{chosen}" }}  # ? hvilken skole: {ids}'

    def _purpose(self, column: str) -> str:
        """What a consent is for, in the protocol's words where the file's are others."""
        known = sorted({d.consent_purpose for d in self.protocol.data_sets if d.consent_purpose})
        words = {
            v: w for v, w in self._words(column, lambda c: "" if c.casefold() in known else "?").items() if w
        }
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

    def _sheets(self) -> list[str]:
        """What the titles of a book's sheets say of their rows: the class, or whether they count."""
        titles = self.look.sheets
        if titles and are_classes(titles):
            return [] if {"class", "grade"} & self.found.keys() else ["class = { sheet = '(.+)' }  # ?"]
        odd = [t for t in titles if not is_whose_or_when(t, self.protocol)]
        if not odd or not self.shape.startswith("absence") or "status" in self.found:
            return []
        words = {t if is_nobody(t) else "?": "?" if t in odd else "counts" for t in titles}
        return [
            f"status = {{ sheet = '(.+)'{_map(words)} }}  # arkets navn: tæller rækkerne? counts eller none"
        ]

    def _above(self) -> list[str]:
        """Month and class of a grid, from the lines over its headings."""
        lines = []
        months = [(i, m) for i, x in enumerate(self.look.above, 1) for m in months_in(x)]
        if self.look.days and len({m for _, m in months}) == 1:
            lines.append(f"month = {{ line = {months[0][0]}, pattern = '{MONTH_ALONE}' }}  # ?")
        elif self.look.days and months:
            lines.append(
                f"month = {{ line = \"?\", pattern = '{MONTH_ALONE}' }}  # flere linjer har en måned"
            )
        elif self.look.days:
            lines.append('month = { constant = "?" }  # ? fx 2026-09')
            self.doubts.append(
                "Måneden står ikke i filen: skriv den som constant, eller tag den fra filnavnet."
            )
        classes = [i for i, x in enumerate(self.look.above, 1) if re.search(r"klasse", x, re.IGNORECASE)]
        if "class" not in self.found and classes:
            lines.append(f"class = {{ line = {classes[0]}, pattern = '{CLASS_ALONE}' }}  # ?")
        return lines

    def _codes(self, column: str) -> list[str]:
        return self._shown(sorted(self.look.columns.get(column, ())), column)

    def named(self, column: str) -> str:
        """A column's heading, or where it stands when it may be a name."""
        if is_nobody(column) or column not in self.look.header:
            return column
        return f"kolonne {self.look.header.index(column) + 1}"

    def _words(self, column: str, meaning: Callable[[str], str]) -> dict[str, str]:
        """The words of a column with their meaning; ``?`` beside those that are not shown, when they are many."""
        values = self.look.columns.get(column, Counter())
        shown = self._codes(column)
        hidden = sum(n for v, n in values.items() if v not in shown)
        rest = {"?": "?"} if hidden and hidden >= FEW_HIDDEN * sum(values.values()) else {}
        return {c: meaning(c) for c in shown} | rest

    def _shown(self, values: list[str], where: str) -> list[str]:
        """The values that can only be codes; how many others there are is told."""
        ours = {d.consent_purpose for d in self.protocol.data_sets if d.consent_purpose}
        safe = [
            v
            for v in values
            if v.casefold() in ours or (len(v) <= 40 and not re.search(r"\d{4}|@", v) and is_nobody(v))
        ]
        if len(safe) > 30:
            self.doubts.append(
                f"{self.named(where)} har {len(values)} forskellige værdier: er det en kode eller fritekst?"
            )
            return []
        if len(values) > len(safe):
            self.doubts.append(
                f"Andre værdier i {self.named(where)}, som ikke vises: {len(values) - len(safe)}."
            )
        return safe


CLASS_ALONE = r"[Kk]lasse:?[; ]*(\d{1,2}[. -]{0,2}[A-Za-zÆØÅæøå]{0,2}\d?(?!\w))"
"""A class in a line that may say more."""
_PLACES = {"amount": "amount", "words": "status"}
"""Where an unread column would be read, by what it looks like."""


def unit_of(name: str) -> str | None:
    """The unit a heading tells of; None when it tells of none."""
    if is_percent(name):
        return "percent"
    words = heading(name).split()
    return next(
        (unit for unit, ends in UNITS.items() if any(w.endswith(e) for w in words for e in ends)), None
    )


def _choice(name: str) -> Callable[[str], str]:
    """Our word for one of a file's, where it is known."""
    return lambda word: CHOICES[name].get(word.casefold(), "?")


def is_per_lesson(look: Look) -> bool:
    """Does a heading tell of one line per lesson?"""
    return any(heading(c) in LESSONS for c in look.header)


def _float(text: str) -> float | None:
    return float(text.replace(",", ".")) if NUMBER.fullmatch(text) else None


def quoted(text: str) -> str:
    """Text as a TOML string."""
    return json.dumps(text, ensure_ascii=False)


def _map(words: dict[str, str]) -> str:
    pairs = ", ".join(f"{quoted(k)} = {quoted(v)}" for k, v in words.items())
    return f", map = {{ {pairs} }}" if pairs else ""
