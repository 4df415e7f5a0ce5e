"""Proposing a mapping for an export nobody has described yet: a draft with its doubts, for an analyst to edit.

Nothing is decided here. What cannot be known from the file (which school, what a code means, whether 03-04 is March
or April) stands as a doubt beside the draft. No value of a person is shown: columns are told by their headings and
the shape of what stands in them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from evaluation.door.headings import (
    CHOICES,
    CPR_HEADINGS,
    DATE_FORMATS,
    FIRST_NAMES,
    HALF,
    HEADINGS,
    LAST_NAMES,
    NAME_HEADINGS,
    heading,
    type_of,
)
from evaluation.door.look import Look, look_at
from evaluation.door.mapping import COLUMNS
from evaluation.door.periods import parse_month
from evaluation.door.values import clean, parse_class, parse_cpr, parse_date, parse_school_year
from evaluation.protocol import Protocol

ISSUED = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Proposal:
    """A draft mapping as TOML text, and what the analyst must decide or confirm."""

    toml: str
    doubts: tuple[str, ...]


def propose_mapping(path: Path, protocol: Protocol) -> Proposal:
    """Look at a file's first rows and draft its mapping.

    Raises:
        InputError: the file is empty, unreadable, without headings, or of a format no reader has.
    """
    doubts: list[str] = []
    look = look_at(path, doubts)
    found = _columns(look)
    kind, grain = _kind(found, look)
    draft = _Draft(look, found, f"{kind}/{grain}" if grain else kind, protocol, doubts)
    file_lines = _file_lines(path, look, kind, grain, doubts)
    column_lines = draft.columns()
    lines = [
        *file_lines,
        *draft.dates(),
        *_issued(path, doubts),
        "",
        "[columns]",
        *column_lines,
        *draft.types(),
    ]
    read = "".join(line for line in lines if not line.startswith("header"))
    unused = [c for c in look.header if c and c not in look.days and _quoted(c) not in read]
    if unused:
        doubts.append(f"Not read: {', '.join(unused)}. Free text and names are best left unread.")
    return Proposal("\n".join(lines) + "\n", tuple(doubts))


def _file_lines(path: Path, look: Look, kind: str, grain: str, doubts: list[str]) -> list[str]:
    name = re.sub(r"_?\d[\d_-]*\d", "*", path.stem) + path.suffix
    reader = "grid" if look.days else look.format
    lines = [
        f"# {path.suffix or 'file'}: a draft by komglad map. Every line marked ? needs your eyes.",
        f'kind = "{kind}"',
        *([f'grain = "{grain}"'] if grain and not look.days else []),
        f"files = [{_quoted(name)}]  # ? relative to the inbox; put the school's folder before it",
        f'format = "{reader}"',
    ]
    if look.zip_member:
        lines.append(f"zip_members = [{_quoted(look.zip_member)}]")
    if look.format == "csv":
        lines += [f'encoding = "{look.encoding}"', f"delimiter = {_quoted(look.delimiter)}"]
    if look.sheet:
        lines.append(f"sheet = {_quoted(look.sheet)}")
    if look.header_row > 1:
        lines.append(f"header_row = {look.header_row}")
        doubts.append(f"{look.header_row - 1} line(s) stand above the headings: must any of them be read?")
    if not look.days:
        lines.append(f"header = {json.dumps(look.header, ensure_ascii=False)}")
    if look.has_summary:
        lines.append(r"skip_lines = ['^[\s;,\t]*\"?(?i:i alt|ialt|total|sum|gennemsnit|hele skolen)\b']  # ?")
        doubts.append("Lines of totals stand among the rows; skip_lines leaves them out, uncounted.")
    return lines


def _issued(path: Path, doubts: list[str]) -> list[str]:
    if ISSUED.search(path.name):
        return [
            "exported_on = { file_name = '(\\d{4}-\\d{2}-\\d{2})' }  # ? the date in the name is the export's"
        ]
    doubts.append("The file name holds no date, so a corrected export cannot be told from the one before it.")
    return []


def _columns(look: Look) -> dict[str, str]:
    """Our column → the file's, by heading first, then by the shape of the values."""
    found: dict[str, str] = {}
    tidy = {heading(c): c for c in reversed(look.header) if c}
    for name, headings in HEADINGS.items():
        hit = next(
            (
                tidy[h]
                for h in headings
                if h in tidy and (tidy[h] not in found.values() or name == "local_id")
            ),
            None,
        )
        if hit:
            found[name] = hit
    numbers = [
        c for c, values in look.columns.items() if c not in look.days and _share(values, _is_number, 0.5)
    ]
    if numbers:
        found["pupil"] = numbers[0]
    elif "pupil" not in found:
        names = next((tidy[h] for h in NAME_HEADINGS if h in tidy), None)
        found |= {"pupil": names} if names else {}
    status = found.get("status", "")
    if "type" not in found and "kind" not in found and _share(look.columns.get(status, ()), type_of, 0.5):
        found["type"] = found.pop("status")
    for name, test in (
        ("type", lambda v: type_of(v) is not None),
        ("class", lambda v: parse_class(v)[1] not in (None, parse_class(v)[0])),
        ("date", lambda v: any(parse_date((f,))(v)[1] is None for _, f in DATE_FORMATS)),
    ):
        taken = {*found.values(), *look.days}
        free = [c for c, v in look.columns.items() if c not in taken and _share(v, test, 0.8)]
        if name not in found and free and not (name == "date" and "from" in found):
            found[name] = free[0]
    return found


def _is_number(value: str) -> bool:
    return parse_cpr(value)[1] in (None, "cpr_nine_digits", "cpr_date")


def _share(values: Iterable[str], test: Callable[[str], object], least: float) -> bool:
    passed = [bool(test(v)) for v in values]
    return bool(passed) and sum(passed) >= least * len(passed)


def _kind(found: dict[str, str], look: Look) -> tuple[str, str]:
    amounts = len({type_of(c) for c in look.header if c and len(c) > 2} - {None})
    if "purpose" in found and "answer" in found:
        return "consents", ""
    if look.days:
        return "absence", "grid"
    if "status" in found and "kind" in found:
        return "talks", ""
    for period in ("week", "month", "quarter"):
        if period in found and amounts >= 2:
            return "totals", period
    if "from" in found and "to" in found and ("type" in found or not _is_roster(look)):
        return "absence", "interval"
    if "date" in found:
        return "absence", "day"
    return "pupils", ""


def _is_roster(look: Look) -> bool:
    known = {heading(c) for c in look.header}
    return bool(known & {*FIRST_NAMES, *LAST_NAMES, "indmeldt", "udmeldt", "klassetrin", "klassespor"})


@dataclass(frozen=True)
class _Draft:
    """The parts of a draft that depend on what kind of file it is. Doubts are added as they arise."""

    look: Look
    found: dict[str, str]
    shape: str
    protocol: Protocol
    doubts: list[str]

    def dates(self) -> list[str]:
        """``date_formats``: the fewest that read every date seen; day before month wherever both would do."""
        names = ("date", "from", "to", "given_on", "withdrawn_on")
        columns = [self.found[n] for n in names if n in self.found]
        left = {v for c in columns for v in self.look.columns.get(c, Counter())}
        total = len(left)
        if not total:
            return []
        chosen: list[str] = []
        month_first = {f for f, _ in DATE_FORMATS if f.startswith("mm")}
        is_day_sure = False
        for label, fmt in sorted(DATE_FORMATS, key=lambda f: (f[0] in month_first, -_fits(f[1], left))):
            read = {v for v in left if parse_date((fmt,))(v)[1] is None}
            if not read:
                continue
            if label in month_first and any(c.startswith("d") for c in chosen):
                continue
            other = f"mm{label[2]}dd{label[5:]}" if label.startswith("dd") else ""
            fitting = dict(DATE_FORMATS).get(other)
            is_day_sure = is_day_sure or not (fitting and _fits(fitting, read) == len(read))
            chosen.append(label)
            left -= read
        if left:
            self.doubts.append(
                f"{len(left)} of {total} different dates in {', '.join(columns)} fit no known format; those rows go "
                "to quarantine until date_formats says how they are written."
            )
        if any(c.startswith("dd") for c in chosen) and not is_day_sure:
            self.doubts.append("The dates also fit month first: no day above 12 was seen. Ask the source.")
        if len(chosen) > 1:
            self.doubts.append(f"Dates are written in {len(chosen)} ways: {', '.join(chosen)}.")
        return [f"date_formats = {json.dumps(chosen or ['dd-mm-yyyy'], ensure_ascii=False)}  # ?"]

    def columns(self) -> list[str]:
        """The lines of [columns]."""
        required, optional = COLUMNS[self.shape]
        found = {n: c for n, c in self.found.items() if n in required | optional}
        if self.shape.startswith("absence") and "status" in found:
            del found["status"]  # whether a status makes an absence count is for the analyst to say
        lines = []
        if "school" in required and "school" not in found:
            ids = ", ".join(f"{s.id} {s.short}" for s in self.protocol.schools)
            lines.append(
                f'school = {{ constant = "{self.protocol.schools[0].id}" }}  # ? which school: {ids}'
            )
            self.doubts.append("The file does not name its school: put the right id in columns.school.")
        makers = {
            "pupil": self._pupil,
            "half_day": self._half_day,
            "school": self._school,
            "class": self._class,
        }
        for name in sorted(found):
            if name in makers:
                lines.append(makers[name](found[name]))
            elif name in CHOICES:
                words = {c: CHOICES[name].get(c.casefold(), "?") for c in self._codes(found[name])}
                lines.append(f"{name} = {{ column = {_quoted(found[name])}{_map(words)} }}  # ?")
            else:
                lines.append(f"{name} = {_quoted(found[name])}")
        if self.shape == "absence/grid":
            lines += self._above()
            required = required - {"month"}
        if self.shape == "pupils":
            lines += self._roster(found)
        missing = sorted(required - set(found) - {"school"})
        lines += [f'{name} = "?"' for name in missing]
        self.doubts.extend(f'No column looks like "{name}", which {self.shape} needs.' for name in missing)
        return lines

    def types(self) -> list[str]:
        """[totals] or [types]."""
        ids = [t.id for t in self.protocol.absence_types]
        if self.shape.startswith("totals"):
            taken = set(self.found.values())
            hit = {
                t: next((c for c in self.look.header if c not in taken and type_of(c) == t), "?") for t in ids
            }
            types = ", ".join(f"{t} = {_quoted(c)}" for t, c in hit.items())
            self.doubts.extend(f'No column looks like days of "{t}".' for t, c in hit.items() if c == "?")
            self.doubts.append(
                "Are the amounts days? Lessons or half days need unit and per_day in [totals]."
            )
            return ["", "[totals]", f"types = {{ {types} }}  # ?"]
        if not self.shape.startswith("absence"):
            return []
        if self.look.days:
            codes = sorted({c for day in self.look.days for c in self.look.columns[day] if len(c) <= 3})
        else:
            codes = self._codes(self.found.get("type", ""))
        self.doubts.append("What each code means is for the school to say: check every line of [types].")
        lines = ["", f"[types]  # ? {', '.join(ids)}, or none for a code that is no absence"]
        for code in codes or ["?"]:
            kind = type_of(code)
            guess = (
                kind
                if kind in ids
                else "none"
                if heading(code) in ("", "til stede", "fremmødt", "p")
                else ids[0]
            )
            lines.append(
                f'{_quoted(code)} = "{guess}"  # ?{"" if kind else " a guess: the word is not known"}'
            )
        return lines

    def _pupil(self, column: str) -> str:
        values = self.look.columns.get(column, Counter())
        is_cpr = heading(column) in CPR_HEADINGS or _share(values, _is_number, 0.5)
        kind = "cpr" if is_cpr else "name" if heading(column) in NAME_HEADINGS else "local"
        if kind == "name":
            self.doubts.append(
                f"{column} holds names: pupils are found in the school's roster, which must be there."
            )
        if kind == "local":
            self.doubts.append(
                f"{column} holds no CPR numbers: a roster must tie these ids to CPR (local_id)."
            )
        odd = sum(not _is_number(v) for v in values) if is_cpr else 0
        if odd:
            self.doubts.append(
                f"{odd} different values in {column} are no CPR numbers; their rows go to quarantine."
            )
        if any(parse_cpr(v)[1] == "cpr_nine_digits" for v in values):
            self.doubts.append(f"{column} has numbers of nine digits: a leading zero was lost, ask for text.")
        return f'pupil = {{ column = {_quoted(column)}, kind = "{kind}" }}'

    def _half_day(self, column: str) -> str:
        words = {
            c: ("0.5" if c.casefold() in HALF else "1")
            for c in self._codes(column)
            if not re.fullmatch(r"[\d.,]+", c)
        }
        has_blanks = sum(self.look.columns[column].values()) < max(
            (sum(v.values()) for v in self.look.columns.values()), default=0
        )
        if has_blanks:
            words[""] = "1"
            self.doubts.append(f"{column} is empty in some rows, which the draft takes as a whole day.")
        return f"half_day = {{ column = {_quoted(column)}{_map(words)} }}  # ?"

    def _school(self, column: str) -> str:
        known = {clean(t).casefold(): s.id for s in self.protocol.schools for t in (s.name, s.short, s.id)}
        values = sorted(v for v in self.look.columns.get(column, ()) if v.casefold() not in known)
        if len(values) > 30:
            return f"school = {_quoted(column)}"
        words = {
            v: next((s.id for s in self.protocol.schools if s.short.casefold() in v.casefold()), "?")
            for v in values
        }
        if words:
            self.doubts.append(
                f"{len(words)} schools of {column} are not written as in the protocol: check the map."
            )
        return (
            f"school = {{ column = {_quoted(column)}{_map(words)} }}  # ?"
            if words
            else f"school = {_quoted(column)}"
        )

    def _class(self, column: str) -> str:
        odd = [
            v
            for v in self.look.columns.get(column, Counter())
            if parse_class(v)[0] not in self.protocol.grades.order
        ]
        if odd and "grade" not in self.found:
            self.doubts.append(
                f"{len(odd)} class labels are not plainly of one grade of the study: declare them in columns.class.map, "
                'with a grade, or "none" for classes outside the study.'
            )
        return f"class = {_quoted(column)}"

    def _roster(self, found: dict[str, str]) -> list[str]:
        lines = []
        tidy = {heading(c): c for c in self.look.header if c}
        groups = (FIRST_NAMES, LAST_NAMES)
        names = [hit for group in groups if (hit := next((tidy[h] for h in group if h in tidy), None))]
        names = names or [tidy[h] for h in NAME_HEADINGS if h in tidy][:1]
        if names:
            lines.append(f"names = {json.dumps(names, ensure_ascii=False)}  # only as keyed hashes")
        if "school_year" not in found:
            at = next((i for i, x in enumerate(self.look.above, 1) if parse_school_year(x)[1] is None), None)
            if at:
                lines.append(f"school_year = {{ line = {at}, pattern = '(\\d{{2,4}}[/-]\\d{{2,4}})' }}")
            else:
                self.doubts.append(
                    "The file does not say its school year: the one of the export's date is used."
                )
        return lines if "grade" in found or "class" in found else [*lines, 'class = "?"']

    def _above(self) -> list[str]:
        """Month and class of a grid, from the lines over its headings."""
        lines = []
        months = [i for i, x in enumerate(self.look.above, 1) if _month_in(x)]
        if months:
            lines.append(
                f"month = {{ line = {months[0]}, pattern = '([A-Za-zÆØÅæøå]+ \\d{{4}}|\\d{{4}}-\\d{{2}})' }}  # ?"
            )
        else:
            lines.append('month = { constant = "?" }  # ? like 2026-09')
            self.doubts.append(
                "The month is not in the file: write it as constant, or take it from the file name."
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
            and (len(v) <= 2 or _is_known(v) or n > max(1, len(values) // 50))
        )
        if len(safe) > 30:
            self.doubts.append(f"{column} holds {len(values)} different values: is it a code, or free text?")
            return []
        if len(values) > len(safe):
            self.doubts.append(
                f"{column} also holds {len(values) - len(safe)} other values, which are not shown."
            )
        return safe


def _is_known(value: str) -> bool:
    """A word, alone, that exports use for a type, a choice or a share of a day."""
    known = {*HALF, "hel", "heldag", "hel dag", "nej", *(w for words in CHOICES.values() for w in words)}
    return heading(value) in known or (type_of(value) is not None and len(value.split()) <= 3)


def _fits(fmt: str, values: Iterable[str]) -> int:
    return sum(parse_date((fmt,))(v)[1] is None for v in values)


def _month_in(text: str) -> bool:
    return any(
        parse_month(8)(m)[1] is None for m in re.findall(r"[A-Za-zÆØÅæøå]+ \d{4}|\d{4}-\d{2}(?!\d)", text)
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _map(words: dict[str, str]) -> str:
    pairs = ", ".join(f"{_quoted(k)} = {_quoted(v)}" for k, v in words.items())
    return f", map = {{ {pairs} }}" if pairs else ""
