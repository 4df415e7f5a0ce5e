"""Proposing a mapping for an export nobody has described yet: a draft with its doubts, for an analyst to edit.

Nothing is decided here. What cannot be known from the file (which school, what a code means, whether 03-04 is March
or April) stands as a doubt beside the draft. No value of a person is shown: columns are told by their headings and
the shape of what stands in them.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.door.files import check_archive
from evaluation.door.headings import AMOUNTS, CHOICES, DATE_FORMATS, HALF, HEADINGS, TYPE_WORDS
from evaluation.door.values import clean, parse_class, parse_cpr, parse_date
from evaluation.errors import InputError, Problem
from evaluation.protocol import Protocol

SAMPLE_BYTES = 2 * 1024**2
SAMPLE_ROWS = 2_000
DELIMITERS = (";", "\t", "¤", ",", "|")


@dataclass(frozen=True)
class Proposal:
    """A draft mapping as TOML text, and what the analyst must decide or confirm."""

    toml: str
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class _Look:
    """What a sample of the file shows."""

    format: str
    encoding: str
    delimiter: str
    sheet: str | None
    header_row: int
    header: tuple[str, ...]
    columns: dict[str, Counter[str]]


def propose_mapping(path: Path, protocol: Protocol) -> Proposal:
    """Look at a file's first rows and draft its mapping.

    Raises:
        InputError: the file is empty, unreadable or of a format no reader has.
    """
    doubts: list[str] = []
    look = _look(path, doubts)
    found = _columns(look)
    kind, grain = _kind(found, look)
    lines = [
        f"# {path.suffix or 'file'}: a draft by komglad map. Every line marked ? needs your eyes.",
        f'kind = "{kind}"',
    ]
    if grain:
        lines.append(f'grain = "{grain}"')
    name = re.sub(r"_?\d[\d_-]*\d", "_*", path.stem) + path.suffix
    lines.append(f'files = ["{name}"]  # ? relative to the inbox; put the school\'s folder before it')
    lines.append(f'format = "{look.format}"')
    lines += (
        [f'encoding = "{look.encoding}"', f"delimiter = {json.dumps(look.delimiter, ensure_ascii=False)}"]
        if look.format == "csv"
        else []
    )
    lines += [f"sheet = {json.dumps(look.sheet, ensure_ascii=False)}"] if look.sheet else []
    lines += [f"header_row = {look.header_row}"] if look.header_row > 1 else []
    lines.append(f"header = {json.dumps(look.header, ensure_ascii=False)}")
    lines += _dates(found, look, doubts)
    if re.search(r"\d{4}-\d{2}-\d{2}", path.name):
        lines.append(
            "exported_on = { file_name = '(\\d{4}-\\d{2}-\\d{2})' }  # ? the date in the name is the export's"
        )
    else:
        doubts.append(
            "The file name holds no date, so a corrected export cannot be told from the one before it."
        )
    lines += ["", "[columns]", *_column_lines(found, look, kind, grain, protocol, doubts)]
    lines += _type_lines(found, look, kind, protocol, doubts)
    read = "".join(line for line in lines if not line.startswith("header"))
    unused = [c for c in look.header if json.dumps(c, ensure_ascii=False) not in read]
    if unused:
        doubts.append(f"Not read: {', '.join(unused)}. Free text and names are best left unread.")
    return Proposal("\n".join(lines) + "\n", tuple(doubts))


def _look(path: Path, doubts: list[str]) -> _Look:
    if not path.is_file() or path.stat().st_size == 0:
        raise InputError("there is nothing to look at", [Problem(path.name, found="missing or empty")])
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return _look_sheet(path, doubts)
    if path.suffix.lower() in (".zip", ".xml", ".qdpx", ".pdf", ".xls", ".parquet"):
        raise InputError(
            f"{path.name}: no proposal for this format",
            [Problem(path.name, found=path.suffix, expected="separated text or .xlsx",
                     next_step="unpack it first, or write the mapping by hand (docs/mapping-files.md)")],
        )  # fmt: skip
    with path.open("rb") as stream:
        raw = stream.read(SAMPLE_BYTES)
    encoding = next(
        (e for e, mark in (("utf-16", b"\xff\xfe"), ("utf-16", b"\xfe\xff")) if raw.startswith(mark)), None
    ) or ("utf-8" if _is_utf8(raw) else "cp1252")
    lines = raw.decode(encoding, errors="ignore").lstrip("\ufeff").splitlines()[:SAMPLE_ROWS]
    delimiter = max(DELIMITERS, key=lambda d: _score(lines, d))
    rows = list(csv.reader([x for x in lines if "\x00" not in x], delimiter=delimiter))
    width = max((len(r) for r in rows), default=0)
    if width < 2:
        raise InputError(
            f"{path.name} is no table",
            [Problem(path.name, found="no separator that makes columns", expected="one of ; tab ¤ , |")],
        )
    header_at = next(i for i, r in enumerate(rows) if len(r) == width and _is_heading(r))if any(
        len(r) == width and _is_heading(r) for r in rows
    ) else 0  # fmt: skip
    if encoding == "cp1252":
        doubts.append(
            "The text is not UTF-8; it is read as cp1252 (Windows). Check that æ, ø and å look right."
        )
    return _Look(
        "csv", encoding, delimiter, None, header_at + 1, *_sampled(rows[header_at], rows[header_at + 1 :])
    )


def _look_sheet(path: Path, doubts: list[str]) -> _Look:
    import openpyxl

    from evaluation.door.read_excel import cell_text

    check_archive(path, path.name)
    book = openpyxl.load_workbook(path, read_only=True)
    visible = [s for s in book.worksheets if s.sheet_state == "visible"]
    if len(visible) > 1:
        doubts.append(
            f"{len(visible)} visible sheets; the first is used: {', '.join(s.title for s in visible)}."
        )
    rows = [
        [cell_text(v, ",") or "" for v in row]
        for row in visible[0].iter_rows(max_row=SAMPLE_ROWS, values_only=True)
    ]
    at = next((i for i, r in enumerate(rows) if _is_heading(r)), 0)
    return _Look("xlsx", "utf-8", ";", visible[0].title, at + 1, *_sampled(rows[at], rows[at + 1 :]))


def _sampled(
    header: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[tuple[str, ...], dict[str, Counter[str]]]:
    names = tuple(clean(h) for h in header)
    values = {
        name: Counter(clean(r[i]) for r in rows if i < len(r) and clean(r[i])) for i, name in enumerate(names)
    }
    return names, values


def _codes(values: Counter[str], doubts: list[str], column: str) -> list[str]:
    """Values that can only be codes: few, short, and each seen more than once, so that no name is ever printed."""
    codes = sorted(v for v, n in values.items() if n > 1 and len(v) <= 40 and not re.search(r"\d{4}|@", v))
    if len(codes) > 30:
        doubts.append(f"{column} holds {len(values)} different values: is it a code, or free text?")
        return []
    if len(values) > len(codes):
        doubts.append(
            f"{column} also holds {len(values) - len(codes)} values that stand only once; they are not shown."
        )
    return codes


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(raw) - 4
    return True


def _score(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """How many lines agree on the number of columns, and how many columns that is."""
    counts = [x.count(delimiter) for x in lines[:200] if x.strip()]
    common = max(set(counts), key=counts.count, default=0)
    return (counts.count(common), common) if common else (0, 0)


def _is_heading(row: Sequence[str]) -> bool:
    cells = [clean(c) for c in row if clean(c)]
    return len(cells) > 1 and len(set(cells)) == len(cells) and not any(re.search(r"\d{3}", c) for c in cells)


def _columns(look: _Look) -> dict[str, str]:
    """Our column → the file's, by heading first, then by the shape of the values."""
    found: dict[str, str] = {}
    for name, headings in HEADINGS.items():
        hit = next(
            (
                c
                for c in look.header
                if c.casefold() in headings and (c not in found.values() or name == "local_id")
            ),
            None,
        )
        if hit:
            found[name] = hit
    numbers = [
        c
        for c, values in look.columns.items()
        if _share(values, lambda v: parse_cpr(v)[1] in (None, "cpr_nine_digits"))
    ]
    if numbers:
        found["pupil"] = numbers[0]
    if "class" not in found:
        labels = [
            c
            for c, v in look.columns.items()
            if c not in found.values()
            and _share(v, lambda x: parse_class(x)[1] not in (None, parse_class(x)[0]))
        ]
        found |= {"class": labels[0]} if labels else {}
    return found


def _share(values: Iterable[str], test: Callable[[str], object], least: float = 0.9) -> bool:
    passed = [bool(test(v)) for v in values]
    return bool(passed) and sum(passed) >= least * len(passed)


def _kind(found: dict[str, str], look: _Look) -> tuple[str, str]:
    amounts = sum(any(w in c.casefold() for w in words) for words in AMOUNTS.values() for c in look.header)
    if "purpose" in found and "answer" in found:
        return "consents", ""
    if "status" in found and "kind" in found:
        return "talks", ""
    if ("week" in found or "month" in found) and amounts >= 2:
        return "totals", "week" if "week" in found else "month"
    if "type" in found and "from" in found and "to" in found:
        return "absence", "interval"
    if "type" in found and "date" in found:
        return "absence", "day"
    return "pupils", ""


def _dates(found: dict[str, str], look: _Look, doubts: list[str]) -> list[str]:
    columns = [found[n] for n in ("date", "from", "to", "given_on", "withdrawn_on") if n in found]
    values = [v for c in columns for v in look.columns.get(c, Counter())]
    if not values:
        return []
    fits = {
        label: sum(parse_date((fmt,))(v)[1] is None for v in values) / len(values)
        for label, fmt in DATE_FORMATS
    }
    fitting = sorted((f for f in fits if fits[f] > 0), key=lambda f: -fits[f])
    if not fitting or fits[fitting[0]] < 1:
        doubts.append(
            f"No single date format fits all of {', '.join(columns)}; "
            + (", ".join(f"{f} fits {100 * fits[f]:.0f} %" for f in fitting) or "none fits any")
            + ". Rows that do not fit go to quarantine."
        )
    day_first = [f for f in fitting if f.startswith("dd")]
    if day_first and any(f.startswith("mm") and fits[f] >= fits[day_first[0]] for f in fitting):
        doubts.append(
            f"The dates fit {day_first[0]} and also month first: no day above 12 was seen. Ask the source."
        )
    return (
        [f'date_formats = ["{fitting[0]}"]  # ?']
        if fitting
        else ['date_formats = ["dd-mm-yyyy"]  # ? nothing fitted']
    )


def _column_lines(
    found: dict[str, str], look: _Look, kind: str, grain: str, protocol: Protocol, doubts: list[str]
) -> list[str]:
    from evaluation.door.mapping import COLUMNS

    shape = f"{kind}/{grain}" if grain else kind
    required, optional = COLUMNS[shape]
    lines = []
    if "school" in required and "school" not in found:
        ids = ", ".join(f"{s.id} {s.short}" for s in protocol.schools)
        lines.append(f'school = {{ constant = "{protocol.schools[0].id}" }}  # ? which school: {ids}')
        doubts.append("The file does not name its school: put the right id in columns.school.")
    for name in sorted((required | optional) & set(found)):
        column = json.dumps(found[name], ensure_ascii=False)
        if name == "pupil":
            values = look.columns.get(found[name], Counter())
            is_cpr = _share(values, lambda v: parse_cpr(v)[1] in (None, "cpr_nine_digits"))
            lines.append(f'pupil = {{ column = {column}, kind = "{"cpr" if is_cpr else "local"}" }}')
            if not is_cpr:
                doubts.append(
                    f"{found[name]} holds no CPR numbers: a roster must tie these ids to CPR (local_id)."
                )
            if any(parse_cpr(v)[1] == "cpr_nine_digits" for v in values):
                doubts.append(
                    f"{found[name]} has numbers of nine digits: a leading zero was lost, ask for text."
                )
        elif name == "half_day":
            codes = _codes(look.columns[found[name]], doubts, found[name])
            words = {
                c: ("0.5" if c.casefold() in HALF else "1") for c in codes if not re.fullmatch(r"[\d.,]+", c)
            }
            lines.append(f"half_day = {{ column = {column}{_map(words)} }}  # ?")
        elif name in CHOICES:
            codes = _codes(look.columns[found[name]], doubts, found[name])
            words = {c: CHOICES[name].get(c.casefold(), "?") for c in codes}
            lines.append(f"{name} = {{ column = {column}{_map(words)} }}  # ?")
        else:
            lines.append(f"{name} = {column}")
    missing = sorted(required - set(found) - {"school"})
    lines += [f'{name} = "?"' for name in missing]
    doubts += [f'No column looks like "{name}", which {shape} needs.' for name in missing]
    if "class" in found and "grade" not in found:
        odd = sum(
            parse_class(v)[0] not in protocol.grades.order
            for v in look.columns.get(found["class"], Counter())
        )
        if odd:
            doubts.append(
                f"{odd} class labels are not plainly of one grade: declare them in columns.class.map."
            )
    return lines


def _type_lines(
    found: dict[str, str], look: _Look, kind: str, protocol: Protocol, doubts: list[str]
) -> list[str]:
    ids = [t.id for t in protocol.absence_types]
    if kind == "totals":
        hit = {
            t: next((c for c in look.header if any(w in c.casefold() for w in words)), "?")
            for t, words in AMOUNTS.items()
        }
        types = ", ".join(f"{t} = {json.dumps(c, ensure_ascii=False)}" for t, c in hit.items() if t in ids)
        doubts.append("Are the amounts days? Lessons or half days need unit and per_day in [totals].")
        return ["", "[totals]", f"types = {{ {types} }}  # ?"]
    if kind != "absence":
        return []
    column = found.get("type", "")
    codes = _codes(look.columns.get(column, Counter()), doubts, column)
    doubts.append("What each code means is for the school to say: check every line of [types].")
    lines = ["", f"[types]  # ? {', '.join(ids)}, or none for a code that is no absence"]
    for code in codes:
        guess = next((t for t, words in TYPE_WORDS.items() if t in ids and _means(code, words)), ids[0])
        lines.append(f'{json.dumps(code, ensure_ascii=False)} = "{guess}"  # ?')
    return lines


def _map(words: dict[str, str]) -> str:
    pairs = ", ".join(f'{json.dumps(k, ensure_ascii=False)} = "{v}"' for k, v in words.items())
    return f", map = {{ {pairs} }}" if pairs else ""


def _means(code: str, words: Sequence[str]) -> bool:
    text = code.casefold()
    return any(text == w if len(w) == 1 else text.startswith(w) or w in text.split() for w in words)
