"""Proposing a mapping for an export nobody has described yet: a draft with its doubts, for an analyst to edit.

Nothing is decided here. What cannot be known from the file (which school, what a code means, whether 03-04 is March
or April) stands as a doubt beside the draft. No value of a person is shown: columns are told by their headings and
the shape of what stands in them.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from evaluation.door.dates import parse_date
from evaluation.door.draft import Draft, quoted
from evaluation.door.headings import DATE_FORMATS, LENGTHS, LESSONS, heading, is_percent, type_of
from evaluation.door.look import Look, look_at
from evaluation.door.recognise import columns_of, kind_of
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
    found = columns_of(look)
    kind, grain = kind_of(found, look)
    if kind == "totals" and "from" in found:
        found = {**found, "date": found["from"]}
    draft = Draft(
        f"{path.absolute().parent.name} {path.name}",
        look,
        found,
        f"{kind}/{grain}" if grain else kind,
        protocol,
        doubts,
    )
    file_lines = _file_lines(path, look, kind, grain, doubts)
    column_lines = draft.columns()
    lines = [
        *file_lines,
        *_date_lines(look, found, doubts),
        *_issued(path, doubts),
        "",
        "[columns]",
        *column_lines,
        *draft.types(),
    ]
    read = "".join(line for line in lines if not line.startswith("header"))
    if kind == "absence" and any(heading(c) in LESSONS for c in look.header):
        doubts.append(
            "Filen ser ud til at have en linje pr. lektion, men hver linje regnes for en hel dag. Bed om dagsrækker, eller "
            "om totaler i lektioner (unit og per_day i [totals])."
        )
    if "from" in found and "to" not in found and any(heading(c) in LENGTHS for c in look.header):
        doubts.append(
            "Filen siger, hvor længe fraværet varede, men ikke hvornår det sluttede: bed om den sidste dag som dato."
        )
    if percents := [c for c in look.header if is_percent(c) and type_of(c)]:
        doubts.append(
            f"Procenter kan ikke lægges sammen og læses ikke: {', '.join(percents)}. Bed om dage i stedet."
        )
    unused = [c for c in look.header if c and c not in look.marks and quoted(c) not in read]
    if unused:
        doubts.append(f"Læses ikke: {', '.join(unused)}. Fritekst og navne bør ikke læses.")
    return Proposal("\n".join(lines) + "\n", tuple(doubts))


def _file_lines(path: Path, look: Look, kind: str, grain: str, doubts: list[str]) -> list[str]:
    name = re.sub(r"_?\d[\d_-]*\d", "*", path.stem) + path.suffix
    is_grid = grain == "grid"
    reader = "grid" if is_grid else look.format
    lines = [
        f"# {path.suffix or 'fil'}: et udkast fra komglad map. Hver linje med ? skal ses efter.",
        f'kind = "{kind}"',
        *([f'grain = "{grain}"'] if grain and not is_grid else []),
        f"files = [{quoted(name)}]  # ? regnet fra indbakken; skriv skolens mappe foran",
        f'format = "{reader}"',
    ]
    if look.zip_member:
        lines.append(f"zip_members = [{quoted(look.zip_member)}]")
    if look.format == "csv":
        lines += [f'encoding = "{look.encoding}"', f"delimiter = {quoted(look.delimiter)}"]
    if look.sheet:
        lines.append(f"sheet = {quoted(look.sheet)}")
    if look.header_row > 1:
        lines.append(f"header_row = {look.header_row}")
        doubts.append(f"{look.header_row - 1} linje(r) står over overskrifterne: skal nogen af dem læses?")
    if is_grid and not look.days:
        lines.append(f"grid = {{ {_grid(look)} }}")
    if not is_grid:
        lines.append(f"header = {json.dumps(look.header, ensure_ascii=False)}")
    if look.has_summary:
        lines.append(r"skip_lines = ['^[\s;,\t]*\"?(?i:i alt|ialt|total|sum|gennemsnit|hele skolen)\b']  # ?")
        doubts.append("Der står summer mellem rækkerne; skip_lines springer dem over, og de tælles ikke med.")
    return lines


def _grid(look: Look) -> str:
    if look.dates:
        return 'headings = "dates"'
    if look.weekdays:
        return 'headings = "weekdays"'
    if look.halves:
        return f'headings = "halves", halves = [{", ".join(quoted(h) for h in look.halves)}]'
    return 'headings = "types"'


def _issued(path: Path, doubts: list[str]) -> list[str]:
    if ISSUED.search(path.name):
        return ["exported_on = { file_name = '(\\d{4}-\\d{2}-\\d{2})' }  # ? datoen i navnet er udtrækkets"]
    doubts.append("Filnavnet har ingen dato, så et rettet udtræk kan ikke kendes fra det forrige.")
    return []


def _date_lines(look: Look, found: dict[str, str], doubts: list[str]) -> list[str]:
    """``date_formats``: the fewest that read every date seen; day before month wherever both would do."""
    names = ("date", "from", "to", "given_on", "withdrawn_on")
    columns = [found[n] for n in names if n in found]
    left = {v for c in columns for v in look.columns.get(c, Counter())} | set(look.dates)
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
        doubts.append(
            f"{len(left)} af {total} forskellige datoer i {', '.join(columns)} passer ikke til nogen kendt skrivemåde; "
            "de rækker går i karantæne, til date_formats siger, hvordan de er skrevet."
        )
    if any(c.startswith("dd") for c in chosen) and not is_day_sure:
        doubts.append(
            "Datoerne kan også have måneden først: ingen dag over 12 er set. Spørg den, der har lavet udtrækket."
        )
    if len(chosen) > 1:
        doubts.append(f"Datoer er skrevet på {len(chosen)} måder: {', '.join(chosen)}.")
    return [f"date_formats = {json.dumps(chosen or ['dd-mm-yyyy'], ensure_ascii=False)}  # ?"]


def _fits(fmt: str, values: Iterable[str]) -> int:
    return sum(parse_date((fmt,))(v)[1] is None for v in values)
