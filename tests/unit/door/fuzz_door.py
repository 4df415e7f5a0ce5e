"""Coverage-guided fuzz of one reader: ``python fuzz_door.py FORMAT CORPUS [libFuzzer options]``.

Whatever a file holds, the door answers with rows and quarantine that add up, or with a refusal in words. Anything else
ends this process with a non-zero code and the input that did it. Run by test_fuzz.py with a fixed seed and few runs;
for a long hunt leave ``-runs`` out.
"""

from __future__ import annotations

import io
import resource
import sys
import tempfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["evaluation.door"], enable_loader_override=False):
    from evaluation.door.calendar import build_calendar, read_spans
    from evaluation.door.desk import Desk
    from evaluation.door.fields import Fields
    from evaluation.door.files import Incoming
    from evaluation.door.kinds import KINDS
    from evaluation.door.ledger import Ledger
    from evaluation.door.mapping import Mapping, parse_mapping
    from evaluation.door.propose import propose_mapping
    from evaluation.door.pseudonyms import PseudonymKey
    from evaluation.door.read_excel import read_excel
    from evaluation.door.read_grid import read_grid
    from evaluation.door.read_text import read_text
    from evaluation.door.read_xml import read_xml
    from evaluation.files.archives import check_archive

from evaluation.errors import KomgladError
from evaluation.study import load_study

STUDY = load_study("demo_kommune")
CUTOFF = STUDY.protocol.rounds[0].cutoff
CALENDAR = build_calendar(read_spans(STUDY.file("calendar.csv"), STUDY.protocol), STUDY.protocol)
DESK = Desk(STUDY.protocol, CALENDAR, PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2))
DAYS = {
    "kind": "absence",
    "grain": "day",
    "files": ["*"],
    "encoding": ["utf-8", "cp1252", "utf-16"],
    "date_formats": ["dd-mm-yyyy", "excel"],
    "columns": {
        "school": {"constant": "990001"},
        "pupil": {"column": "CPR", "kind": "cpr"},
        "class": "Klasse",
        "date": "Dato",
        "type": "Kode",
        "half_day": {"column": "Omfang", "map": {"Hel": "1", "Halv": "0.5"}},
    },
    "types": {"S": "sick", "T": "permitted", "U": "unlawful"},
}
GRID = {
    **{k: DAYS[k] for k in ("kind", "files", "encoding", "types")},
    "format": "grid",
    "header_row": 3,
    "columns": {
        "school": {"constant": "990001"},
        "pupil": {"column": "CPR", "kind": "cpr"},
        "month": {"line": 1, "pattern": r"(\w+ \d{4})"},
        "class": {"line": 2, "pattern": "Klasse: ([^;]+)"},
    },
}
BESIDE = {"school": {"constant": "990001"}, "pupil": {"column": "CPR", "kind": "cpr"}, "class": "Klasse"}
GRID_OF_DATES = {
    **{k: DAYS[k] for k in ("kind", "files", "encoding", "types", "date_formats")},
    "format": "grid",
    "grid": {"headings": "dates"},
    "columns": BESIDE,
}
GRID_OF_TYPES = {**GRID_OF_DATES, "grid": {"headings": "types"}, "columns": {**BESIDE, "date": "Dato"}}
GRID_OF_HALVES = {
    **GRID_OF_TYPES,
    "grid": {"headings": "halves", "halves": ["FM", "EM"]},
    "types": {**DAYS["types"], "P": "none"},
}
GRID_OF_WEEKDAYS = {
    **GRID_OF_DATES,
    "grid": {"headings": "weekdays"},
    "columns": {**BESIDE, "week": "Uge"},
}
ROSTER = {
    "kind": "pupils",
    "files": ["*"],
    "format": "xml",
    "xml": {"record": "InstitutionPerson", "having": "Student"},
    "columns": {
        "school": "../InstitutionNumber",
        "school_year": "/@schoolyear",
        "pupil": {"column": "Person/CivilRegistrationNumber", "kind": "cpr"},
        "grade": "Student/Level",
        "names": ["Person/FirstName"],
    },
}


@dataclass
class Seen:
    """A quarantine that only remembers rows."""

    rows: set[int] = field(default_factory=set)

    def add(self, rows, column, rules, found):
        assert len(rows) == len(rules) == len(found)
        self.rows |= set(rows.tolist())

    def add_values(self, rows, column, rules, texts, *, is_person=False):
        assert len(rows) == len(rules) == len(texts)
        self.rows |= set(rows.tolist())

    def add_rejects(self, rejects):
        self.rows |= {r.row for r in rejects}


def through_the_door(mapping: Mapping, open_reading, data: bytes) -> None:
    source = Incoming("a", mapping, Path("a"), None, None)
    ledger, seen = Ledger("k"), Seen()
    number = ledger.open(source)
    try:
        reading = open_reading(data, source)
        for chunk in reading.chunks:
            ledger.add_rows(number, chunk)
            fields = Fields.of(DESK, source, reading, chunk, seen)
            staged = KINDS[mapping.kind](fields, CUTOFF)
            late = staged.is_late & ~fields.is_bad
            ledger.add_parsed(number, chunk, fields.is_bad, late, staged.school)
            assert all(len(column) == len(chunk.rows) for column in staged.columns.values())
    except KomgladError:
        return
    page = ledger.pages[number]
    kept = page.rows_in - page.quarantined - page.out_of_round
    assert kept >= 0, "more rows went than came"
    assert page.quarantined == len(seen.rows), "the ledger and the quarantine disagree"


def xlsx(data: bytes, source: Incoming):
    return read_excel(io.BytesIO(data), source.mapping, "a")


def text(data: bytes, source: Incoming):
    return read_text(io.BytesIO(data), source.mapping, "a", piece_bytes=256)


def proposal(data: bytes) -> None:
    """The first byte chooses the ending; nothing of the file's cells may stand in the draft."""
    endings = (".csv", ".xlsx", ".txt", ".zip", ".xml", ".xls")
    path = Path(FOLDER.name) / f"a{endings[data[0] % len(endings)] if data else '.csv'}"
    path.write_bytes(data[1:])
    try:
        propose_mapping(path, STUDY.protocol)
    except KomgladError:
        return


def archive(data: bytes) -> None:
    path = Path(FOLDER.name) / "a.zip"
    path.write_bytes(data)
    try:
        check_archive(path, "a.zip")
    except KomgladError:
        return


FOLDER = tempfile.TemporaryDirectory()
MAPPINGS = {
    name: parse_mapping(raw, name="m")
    for name, raw in (
        ("csv", DAYS),
        ("grid", GRID),
        ("grid_dates", GRID_OF_DATES),
        ("grid_types", GRID_OF_TYPES),
        ("grid_halves", GRID_OF_HALVES),
        ("grid_weekdays", GRID_OF_WEEKDAYS),
        ("xml", ROSTER),
    )
}


def grid(name: str, data: bytes) -> None:
    through_the_door(MAPPINGS[name], lambda d, s: read_grid(io.BufferedReader(io.BytesIO(d)), s, None), data)


TARGETS = {
    "csv": lambda data: through_the_door(MAPPINGS["csv"], text, data),
    **{name: partial(grid, name) for name in MAPPINGS if name.startswith("grid")},
    "xlsx": lambda data: through_the_door(MAPPINGS["csv"], xlsx, data),
    "xml": lambda data: through_the_door(
        MAPPINGS["xml"], lambda d, s: read_xml(io.BytesIO(d), s.mapping, "a"), data
    ),
    "zip": archive,
    "map": proposal,
}

MEMORY_LIMIT = 2 << 30  # bytes of data; no small file needs more

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT, MEMORY_LIMIT))
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
