"""Proposing a mapping for an export nobody has described yet: a draft with its doubts, for an analyst to edit.

Nothing is decided here. What cannot be known from the file (which school, what a code means, whether 03-04 is March
or April) stands as a doubt beside the draft. No value of a person is shown: columns are told by their headings and
the shape of what stands in them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from evaluation.door.date_order import order_of, orders_of
from evaluation.door.dates import MONTHS, parse_moment
from evaluation.door.draft import Draft, is_per_lesson, quoted
from evaluation.door.ends import Ends, weekdays
from evaluation.door.heading_row import is_date
from evaluation.door.headings import DATE_FORMATS, is_percent
from evaluation.door.issued import Issued, issued_in
from evaluation.door.look import Look, look_at
from evaluation.door.nobody import is_nobody
from evaluation.door.recognise import SPAN, columns_of, kind_of, share_of
from evaluation.protocol import Protocol


@dataclass(frozen=True)
class Proposal:
    """A draft mapping as TOML text, and what the analyst must decide or confirm."""

    toml: str
    doubts: tuple[str, ...]


def propose_mapping(path: Path, protocol: Protocol, inbox: Path | None = None) -> Proposal:
    """Look at a file and draft its mapping; ``inbox``: the folder that the mapping's ``files`` are told from.

    Raises:
        InputError: the file is empty, unreadable, without headings, or of a format no reader has.
    """
    doubts: list[str] = []
    look = look_at(path, doubts)
    purposes = {d.consent_purpose for d in protocol.data_sets if d.consent_purpose}
    look = replace(look, name=path.stem, purposes=tuple(sorted(purposes)))
    found = columns_of(look)
    kind, grain = kind_of(found, look)
    if kind == "totals" and "from" in found:
        found = {**found, "date": found["from"]}
    if kind == "consents" and "given_on" not in found and "date" in found:
        found = {**found, "given_on": found["date"]}
    draft = Draft(
        f"{path.absolute().parent.name} {path.name}",
        look,
        found,
        f"{kind}/{grain}" if grain else kind,
        protocol,
        doubts,
    )
    file_lines = _file_lines(path, inbox, look, found, kind, grain, protocol, doubts)
    column_lines = draft.columns()
    lines = [
        *file_lines,
        *_date_lines(look, found, kind, grain, protocol, doubts),
        *_issued(path, look, kind, protocol, doubts),
        "",
        "[columns]",
        *column_lines,
        *draft.types(),
    ]
    if kind == "absence" and is_per_lesson(look):
        doubts.append(
            "Filen ser ud til at have en linje pr. lektion: sig det med amount (unit = lessons, constant = 1) og day_part, "
            "eller bed om dagsrækker."
        )
    if "from" in found and "to" not in found and "length" not in found and kind == "absence":
        doubts.append("Filen siger ikke, hvornår fraværet sluttede: bed om den sidste dag som dato.")
    if kind == "totals" and (percents := [c for c in look.header if is_percent(c)]):
        doubts.append(
            f"Procenter kan ikke lægges sammen og læses ikke: {', '.join(_shown(percents, look))}. Bed om dage i stedet."
        )
    read = "".join(line for line in lines if not line.startswith("header"))
    unused = [c for c in look.header if c and c not in look.marks and quoted(c) not in read]
    if unused:
        doubts.append(f"Læses ikke: {', '.join(_shown(unused, look))}. Fritekst og navne bør ikke læses.")
    return Proposal("\n".join(lines) + "\n", tuple(doubts))


def _shown(headings: list[str], look: Look) -> list[str]:
    """Headings, or where they stand when they may be names."""
    return [h if is_nobody(h) else f"kolonne {look.header.index(h) + 1}" for h in headings]


def _file_lines(
    path: Path,
    inbox: Path | None,
    look: Look,
    found: dict[str, str],
    kind: str,
    grain: str,
    protocol: Protocol,
    doubts: list[str],
) -> list[str]:
    issued = issued_in(path.stem, _years(protocol))
    stem = f"{path.stem[: issued.start]}*{path.stem[issued.end :]}" if issued else path.stem
    dates = r"(?<=[_-])\d{4}-\d{2}-\d{2}|(?<=[_-])\d{6,8}(?=\D|$)"
    months = (
        rf"(?<![^\W\d_])(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})(?![^\W\d_])(?:[_-]?20\d\d)?"
    )
    name = re.sub(dates, "*", stem)
    name = (re.sub(months, "*", name, flags=re.IGNORECASE) if look.days else name) + path.suffix
    where = "regnet fra indbakken; skriv skolens mappe foran"
    if inbox is not None and path.resolve().is_relative_to(inbox.resolve()):
        folder = path.resolve().relative_to(inbox.resolve()).parent.as_posix()
        name = name if folder == "." else f"{folder}/{name}"
        where = "regnet fra indbakken; * står for hvad som helst, også for en skoles mappe"
    is_grid = grain == "grid"
    reader = "grid" if is_grid else look.format
    lines = [
        f"# {path.suffix or 'fil'}: et udkast fra komglad map. Hver linje med ? skal ses efter.",
        f'kind = "{kind}"',
        *([f'grain = "{grain}"'] if grain and not is_grid else []),
        f"files = [{quoted(name)}]  # ? {where}",
        f'format = "{reader}"',
    ]
    if look.zip_member:
        lines.append(f"zip_members = [{quoted(look.zip_member)}]")
    if look.format == "csv":
        lines += [f'encoding = "{look.encoding}"', f"delimiter = {quoted(look.delimiter)}"]
    if look.sheet and is_nobody(look.sheet):
        lines.append(f"sheet = {quoted(look.sheet)}")
    elif look.sheet:
        lines.append('sheet = "?"  # arkets navn kan være en persons og vises ikke')
    if look.record:
        shown = quoted(look.record) if is_nobody(look.record) else '"?"'
        lines.append(
            f"xml = {{ record = {shown} }}  # ?" if look.format == "xml" else f"record = {shown}  # ?"
        )
    if look.header_row > 1 and look.format != "xml":
        lines.append(f"header_row = {look.header_row}")
        doubts.append(f"{look.header_row - 1} linje(r) står over overskrifterne: skal nogen af dem læses?")
    if is_grid and not look.days:
        lines.append(f"grid = {{ {_grid(look)} }}")
    if not is_grid and look.format not in ("xml", "json") and all(is_nobody(h) for h in look.header):
        lines.append(f"header = {json.dumps(look.header, ensure_ascii=False)}")
    lines += _groups(look, found, doubts)
    if look.is_garbled:
        doubts.append(
            "Nogle bogstaver er blevet ødelagt, før filen kom hertil (Ã¦ for æ): navne og klasser med æ, ø og å kan ikke "
            "genkendes. Bed om udtrækket igen."
        )
    patterns = (
        [r"^[\s;,\t]*\"?(?i:i alt|ialt|total|sum|gennemsnit|hele skolen)\b"] if look.has_summary else []
    )
    patterns += [rf"^\W*{re.escape(text)}(?!\w)" for text in look.sums]
    if patterns:
        said = ", ".join(quoted(p) if "'" in p else f"'{p}'" for p in patterns)
        lines.append(f"skip_lines = [{said}]  # ?")
        doubts.append("Der står summer mellem rækkerne; skip_lines springer dem over, og de tælles ikke med.")
    return lines


def _groups(look: Look, found: dict[str, str], doubts: list[str]) -> list[str]:
    """Whose rows are told once for a group; what else stands only in its first row may be that row's alone."""
    whose = [h for name, h in found.items() if h in look.fill_down and name in WHOSE and is_nobody(h)]
    if not whose:
        return []
    doubts.append(
        "Elevens nummer står kun i første række af hver gruppe: tomme celler udfyldes med det, der står over."
    )
    inner = [h for name, h in found.items() if h in look.fill_down and name not in WHOSE]
    columns = [json.dumps(h, ensure_ascii=False) for h in sorted(whose, key=look.header.index)]
    columns += [
        quoted(f"? {h if is_nobody(h) else ''}: hele gruppens (nævn den) eller kun rækkens (slet)")
        for h in inner
    ]
    return [f"fill_down = [{', '.join(columns)}]  # ? en tom celle er som den ovenover"]


WHOSE = ("school", "pupil", "class", "grade")
"""Our columns that say whose a row is."""


def _grid(look: Look) -> str:
    if look.dates:
        return 'headings = "dates"'
    if look.weekdays:
        return 'headings = "weekdays"'
    if look.sessions:
        return 'headings = "sessions"'
    if look.halves:
        return f'headings = "halves", halves = [{", ".join(quoted(h) for h in look.halves)}]'
    return 'headings = "types"'


def _issued(path: Path, look: Look, kind: str, protocol: Protocol, doubts: list[str]) -> list[str]:
    """When the export was made, and which days it says it is complete for."""
    lines = []
    in_name = _TWO_DATES.search(path.name)
    above = next((n for n, line in enumerate(look.above, start=1) if _TWO_DATES.search(line)), None)
    if kind == "absence" and above is not None:
        lines.append(f"period = {{ line = {above} }}  # ? de dage, udtrækket dækker")
    elif kind == "absence" and in_name:
        pattern = r"(\d[\d.-]+\d)\D+(\d[\d.-]+\d)"
        lines.append(f"period = {{ file_name = '{pattern}' }}  # ? de dage, udtrækket dækker")
    issued = _issued_line(path, look, protocol)
    if issued:
        lines.append(issued)
        if kind == "absence":
            doubts.append(
                'Er hvert udtræk fuldstændigt for sin periode? Så skriv overlap = "whole_period", og det nyeste gælder også '
                "for det, der er slettet eller flyttet. Ellers spørger komglad check, når et nyere udtræk mangler rækker."
            )
    else:
        doubts.append(
            "Hverken filens navn eller linjerne over overskrifterne siger, hvilken dag udtrækket er fra: komglad check "
            "spørger, når to udtræk siger noget forskelligt om de samme elever."
        )
    return lines


def _issued_line(path: Path, look: Look, protocol: Protocol) -> str | None:
    """``exported_on`` from the file's name, else from the only line above the headings that holds a day."""
    if found := issued_in(path.stem, _years(protocol)):
        pattern = r"(\d{4}-\d{2}-\d{2})" if found.format == "yyyy-mm-dd" else found.pattern
        return (
            f"exported_on = {{ file_name = '{pattern}'{_written(found)} }}  # ? datoen i navnet er udtrækkets"
        )
    above = [(n, i) for n, line in enumerate(look.above, 1) if (i := issued_in(line, _years(protocol)))]
    if len(above) != 1:
        return None
    line, found = above[0]
    return f"exported_on = {{ line = {line}, pattern = '{found.pattern}'{_written(found)} }}  # ? dagen er udtrækkets"


def _written(found: Issued) -> str:
    """How the day is written, where that must be said."""
    return "" if found.format == "yyyy-mm-dd" else f', format = "{found.format or "? dag, måned og år"}"'


def _years(protocol: Protocol) -> range:
    years = [int(y[:4]) for y in protocol.years.all]
    return range(min(years), max(years) + 3)


_DATE = r"(?:\d{4}-\d{2}-\d{2}|\d{1,2}[-.]\d{1,2}[-.]\d{4})"
_TWO_DATES = re.compile(rf"(?<!\d){_DATE}(?:\s*(?:-|–|_|til)\s*){_DATE}(?!\d)")


def _date_lines(
    look: Look, found: dict[str, str], kind: str, grain: str, protocol: Protocol, doubts: list[str]
) -> list[str]:
    """``date_formats`` of the one order that reads every date; a question where the school alone can tell."""
    names = ("date", "from", "to", "given_on", "withdrawn_on")
    columns = [found[n] for n in names if n in found]
    if "week" in found and share_of(look.columns.get(found["week"], ()), is_date, 0.8):
        columns.append(found["week"])
    cells = {v for c in columns for v in look.columns.get(c, ())} | set(look.dates)
    texts = {t for c in cells for t in (re.split(SPAN, c) if found.get("from") == found.get("to") else [c])}
    if not texts:
        return []
    years = [int(y[:4]) for y in protocol.years.all]
    is_wide = kind in ("pupils", "consents", "talks")
    orders = orders_of(texts, range(min(years) - (20 if is_wide else 0), max(years) + (12 if is_wide else 2)))
    lines = []
    if orders.unread:
        doubts.append(
            f"{orders.unread} af {len(texts)} forskellige datoer passer ikke til nogen kendt skrivemåde; de rækker går i "
            "karantæne, til date_formats siger, hvordan de er skrevet."
        )
    if orders.others:
        doubts.append(
            "Datoerne kan også have måneden først (eller året): ingen dag over 12 afgør det. Spørg skolen."
        )
        one, other = (json.dumps(list(o)) for o in (orders.chosen, orders.others))
        lines.append(
            f'date_formats = ["?"]  # {one} eller {other}? begge læser alle datoer, som hver sin dag'
        )
    else:
        lines.append(f"date_formats = {json.dumps(list(orders.chosen) or ['?'], ensure_ascii=False)}  # ?")
        if orders.chosen and any(order_of(c) == "mdy" for c in orders.chosen):
            doubts.append("Måneden står først i datoerne: kun det passer til dem alle.")
    if len(orders.chosen) > 1:
        doubts.append(f"Datoer er skrevet på {len(orders.chosen)} måder: {', '.join(orders.chosen)}.")
    if orders.has_english_months:
        doubts.append("Måneder er skrevet på engelsk i nogle datoer.")
    if kind == "absence":
        lines += _times_and_ends(look, found, grain, orders.chosen, columns)
    return lines


_CLOCK = '{ day = 6 }: skoledagens længde i timer, eller "whole_days": hver række er hele dage'
_ONLY_STARTS = (
    'rækkerne har kun et starttidspunkt: "whole_days": hver række er hele dage; er hver række en lektion, så { day = 6 } og '
    'under [columns] amount = { constant = "1", unit = "lessons", day = 6 } med skoledagens lektioner'
)


def _times_and_ends(
    look: Look, found: dict[str, str], grain: str, labels: tuple[str, ...], columns: list[str]
) -> list[str]:
    """Questions about times of day and about ends that are empty."""
    lines = []
    moment = parse_moment([dict(DATE_FORMATS)[label] for label in labels])
    moments = (moment(v)[0] for c in columns for v in look.columns.get(c, ()))
    if any(m is not None and (m.hour or m.minute) for m in moments) or "time_from" in found:
        has_end = "time_from" in found or "to" in found or "amount" in found
        lines.append(f'clock = "?"  # {_CLOCK if has_end else _ONLY_STARTS}')
    if grain != "interval" or "to" not in found:
        return lines
    starts, last = (_span_part(look.frame[found[n]], found, n) for n in ("from", "to"))
    ends = Ends(found["to"])
    ends.see(starts, last, moment, weekdays)
    if last.isna().any():
        lines.append(
            'empty_to = "?"  # tom slutdag: "ongoing" (fraværet er ikke slut; tæller til udtrækkets dag) eller "one_day"'
        )
    elif ends.questions():  # where empty ends may be of one day, that is told first
        lines.append(
            'to_is = "?"  # slutdagen: "last_day" (den sidste fraværsdag) eller "day_after" (den første dag igen, eller '
            "midnat, som kalendere slutter med)"
        )
    return lines


def _span_part(texts: pd.Series, found: dict[str, str], name: str) -> pd.Series:
    """The first or the last days of a column, which may hold both."""
    if found["from"] != found["to"]:
        return texts
    return texts.str.split(SPAN, regex=True).str[0 if name == "from" else -1]
