"""What must hold for any file: no row lost or doubled, no crash, no person past the door."""

from __future__ import annotations

import contextlib
import functools
import io
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation.door.chunks import Reading
from evaluation.door.intake import Intake, read_incoming
from evaluation.door.mapping import parse_mapping
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.door.read_excel import read_excel
from evaluation.door.read_text import read_text
from evaluation.door.read_xml import read_xml
from evaluation.errors import InputError
from evaluation.study import Study, load_study

pytestmark = pytest.mark.slow

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
DEMO = load_study("demo_kommune")
COLUMNS = {"school": {"constant": "990001"}, "pupil": {"column": "CPR", "kind": "cpr"}, "type": "Kode"}
RAW = {
    "kind": "absence",
    "files": ["*.csv"],
    "date_formats": ["dd-mm-yyyy"],
    "overlap": "pupil_day",
    "exported_on": {"file_name": r"_(\d{4}-\d{2}-\d{2})\."},
    "types": {"S": "sick", "U": "unlawful", "-": "none"},
}
DAY_ROWS = {**RAW, "grain": "day", "columns": {**COLUMNS, "class": "Klasse", "date": "Dato"}}
INTERVALS = {
    **RAW,
    "grain": "interval",
    "to_is": "last_day",
    "columns": {**COLUMNS, "class": "Klasse", "from": "Fra", "to": "Til"},
}
PARTS = [
    "rows_kept",
    "rows_quarantined",
    "rows_duplicate",
    "rows_superseded",
    "rows_out_of_round",
    "rows_skipped",
]

pupils = st.sampled_from(["0101144001", "010114-4001", "0202144002", "3102144003", "101144001", ""])
dates = st.integers(0, 60).map(
    lambda n: (pd.Timestamp("2026-09-20") + pd.Timedelta(days=n)).strftime("%d-%m-%Y")
)
days = st.one_of(dates, st.sampled_from(["", "31-02-2026", "2026-09-07"]))
codes = st.sampled_from(["S", "U", "-", "X", ""])
labels = st.sampled_from(["6.A", "8 b", "10.A"])
quick = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def toml_of(raw: dict[str, object]) -> str:
    """Enough TOML for these mappings: scalars and lists first, then tables."""

    def value(v: object) -> str:
        if isinstance(v, dict):
            return "{ " + ", ".join(f'"{k}" = {value(x)}' for k, x in v.items()) + " }"
        return "[" + ", ".join(value(x) for x in v) + "]" if isinstance(v, list) else f"'{v}'"

    return "\n".join(f"{k} = {value(v)}" for k, v in raw.items())


def read(raw: dict[str, object], files: dict[str, bytes], round_id: str = "november_2026") -> Intake:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "mappings").mkdir()
        (root / "mappings" / "m.toml").write_text(toml_of(raw), encoding="utf-8")
        (root / "inbox").mkdir()
        for name, content in files.items():
            (root / "inbox" / name).write_bytes(content)
        return read_incoming(
            root / "inbox", Study(DEMO.protocol, (root, *DEMO.folders)), round_id=round_id, key=KEY
        )


def csv_of(header: str, rows: list[tuple[str, ...]]) -> bytes:
    return "\n".join([header, *(";".join(r) for r in rows), ""]).encode()


@quick
@given(st.lists(st.tuples(pupils, labels, days, codes), min_size=1, max_size=25), st.data())
def test_day_rows_are_neither_lost_nor_doubled(rows: list[tuple[str, ...]], data: st.DataObject) -> None:
    newer = data.draw(st.lists(st.sampled_from(rows), min_size=1, max_size=10))
    newer = [(p, k, d, data.draw(codes)) for p, k, d, _ in newer]
    header = "CPR;Klasse;Dato;Kode"
    intake = read(
        DAY_ROWS, {"a_2026-11-15.csv": csv_of(header, rows), "b_2026-11-18.csv": csv_of(header, newer)}
    )
    assert not intake.problems
    ledger = intake.tables["raw_ledger"].set_index("source_file")
    assert list(ledger["rows_in"]) == [len(rows), len(newer)]
    assert (ledger["rows_in"] == ledger[PARTS].sum(axis=1)).all()
    assert (ledger[PARTS] >= 0).all().all()
    absence = intake.tables["raw_absence"]
    assert not absence.duplicated(["pupil_key", "from_on"]).any()
    # Rows in the tables are rows that were kept (a kept "no absence" makes none), each once.
    assert not absence.duplicated(["source_file", "source_row"]).any()
    made = absence.groupby("source_file").size().reindex(ledger.index, fill_value=0)
    assert (made <= ledger["rows_kept"]).all()
    q = (
        intake.tables["raw_quarantine"]
        .drop_duplicates(["source_file", "source_row"])
        .groupby("source_file")
        .size()
    )
    assert q.reindex(ledger.index, fill_value=0).tolist() == ledger["rows_quarantined"].tolist()


@quick
@given(
    st.lists(st.tuples(pupils, labels, dates, st.integers(-2, 12), codes), min_size=1, max_size=15),
    st.booleans(),
)
def test_intervals_keep_every_day_exactly_once(
    rows: list[tuple[str, str, str, int, str]], split: bool
) -> None:
    def text(part: list[tuple[str, str, str, int, str]]) -> bytes:
        spans = [(p, k, f, (pd.to_datetime(f, format="%d-%m-%Y") + pd.Timedelta(days=n)).strftime("%d-%m-%Y"), c)
                 for p, k, f, n, c in part]  # fmt: skip
        return csv_of("CPR;Klasse;Fra;Til;Kode", spans)

    files = {"a_2026-12-01.csv": text(rows)}
    if split:
        files["b_2026-12-05.csv"] = text(rows[: len(rows) // 2 + 1])
    intake = read(INTERVALS, files, "end_of_year_2027")
    assert not intake.problems
    ledger = intake.tables["raw_ledger"]
    assert (ledger["rows_in"] == ledger[PARTS].sum(axis=1)).all()
    calendar = intake.tables["raw_calendar"]
    school = calendar[calendar["school_id"].eq("990001") & calendar["is_school_day"]]["day_on"].to_numpy()
    absence = intake.tables["raw_absence"]
    said = [(p, d) for p, a, b in zip(absence["pupil_key"], absence["from_on"], absence["to_on"], strict=True)
            for d in school[(school >= np.datetime64(a)) & (school <= np.datetime64(b))]]  # fmt: skip
    assert len(said) == len(set(said))


@quick
@given(
    st.lists(st.tuples(pupils, labels, days, codes), min_size=1, max_size=25),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_changes_no_content(rows: list[tuple[str, ...]], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    header = "CPR;Klasse;Dato;Kode"
    keys = ["pupil_key", "from_on"]
    one, two = (
        read(DAY_ROWS, {"a_2026-11-15.csv": csv_of(header, r)})
        .tables["raw_absence"]
        .sort_values(keys)[[*keys, "absence_type"]]
        for r in (rows, shuffled)
    )
    pd.testing.assert_frame_equal(one.reset_index(drop=True), two.reset_index(drop=True))


def exhaust(reading: Reading) -> int:
    return sum(len(c.rows) + len(c.rejects) for c in reading.chunks)


TEXT = parse_mapping({**DAY_ROWS, "encoding": ["utf-8", "cp1252", "utf-16"]}, name="m")
GOOD = csv_of("CPR;Klasse;Dato;Kode", [("0101144001", "6.A", "07-09-2026", "S")] * 5)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.binary(max_size=400), st.binary(max_size=300).map(lambda b: b"CPR;Klasse;Dato;Kode\n" + b))
)
def test_no_bytes_crash_the_text_reader(raw: bytes) -> None:
    with contextlib.suppress(InputError):
        exhaust(read_text(io.BytesIO(raw), TEXT, "a.csv", piece_bytes=64))


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='ab;"\n\r', max_size=120), st.integers(1, 64))
def test_pieces_of_any_size_give_the_same_rows(body: str, piece: int) -> None:
    raw = ("CPR;Klasse;Dato;Kode\n" + body).encode()

    def rows(size: int) -> list[tuple[object, ...]] | str:
        try:
            chunks = list(read_text(io.BytesIO(raw), TEXT, "a.csv", piece_bytes=size).chunks)
        except InputError as error:
            return str(error)
        frames = [c.frame.assign(row=c.rows) for c in chunks]
        kept = [tuple(r) for f in frames for r in f.fillna("").itertuples(index=False)]
        return kept + [(r.row, r.rule) for c in chunks for r in c.rejects]

    def flat(found: list[tuple[object, ...]] | str) -> object:
        return found if isinstance(found, str) else sorted(map(str, found))

    assert flat(rows(piece)) == flat(rows(1 << 20))


@functools.cache
def workbook() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["CPR", "Klasse", "Dato", "Kode"], ["0101144001", "6.A", "07-09-2026", "S"]):
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=8), st.floats(0.5, 1))
def test_no_damage_crashes_the_workbook_reader(damage: list[tuple[float, int]], share: float) -> None:
    raw = bytearray(workbook())
    for place, byte in damage:
        raw[int(place * len(raw))] = byte
    cut = bytes(raw[: int(share * len(raw))])
    mapping = parse_mapping({**DAY_ROWS, "format": "xlsx"}, name="m")
    with contextlib.suppress(InputError):
        exhaust(read_excel(io.BytesIO(cut), mapping, "a.xlsx"))


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(alphabet="<>/&;R!pc '=\"[]", max_size=120).map(str.encode)))
def test_no_bytes_crash_the_xml_reader(raw: bytes) -> None:
    columns = {"school": {"constant": "990001"}, "pupil": {"column": "p", "kind": "cpr"}, "grade": "c"}
    mapping = parse_mapping(
        {"kind": "pupils", "format": "xml", "files": ["*"], "xml": {"record": "R"}, "columns": columns},
        name="m",
    )
    for content in (raw, b"<a><R><p>1</p>" + raw + b"</R></a>"):
        with contextlib.suppress(InputError):
            exhaust(read_xml(io.BytesIO(content), mapping, "a.xml"))


CANARIES = (
    "Kanariefugl",
    "Kanariesen",
    "0101144001",
    "010114-4001",
    "010114",
    "kanarie@example.dk",
    "+45 12345678",
    "12345678",
)


@pytest.mark.parametrize("column", range(4))
def test_canaries_in_any_column_are_found_nowhere(column: int) -> None:
    rows = []
    for canary in CANARIES:
        row = ["0202144002", "6.A", "07-09-2026", "S"]
        row[column] = canary
        rows.append(tuple(row))
    intake = read(DAY_ROWS, {"a_2026-11-15.csv": csv_of("CPR;Klasse;Dato;Kode", rows)})
    texts = [f.drop(columns=["sha256"], errors="ignore").to_csv() for f in intake.tables.values()]
    everything = "".join(texts) + repr(intake.problems)
    for canary in CANARIES:
        assert canary not in everything
