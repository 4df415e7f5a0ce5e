"""Grids in blocks against planted truth: each row is of its own block's class and month, or the file is a question."""

from __future__ import annotations

import collections
import io
import sys
import tempfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from evaluation.door import read_rows, read_text
from evaluation.door.intake import Intake, read_incoming
from evaluation.door.propose import propose_mapping
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import InputError
from evaluation.study import Study, load_study
from tests.unit.door.analyst import answered
from tests.unit.door.blocks import Blocks, blocks

KEY = PseudonymKey.parse("00112233445566778899aabbccddeeff" * 2)
STUDY = load_study("kom_glad_i_skole")


def read(root: Path, name: str, content: bytes, answers: dict[str, str]) -> Intake | None:
    """What comes of a file under its own draft, the month told where the draft asks; None where there is no draft."""
    path = root / "inbox" / "egelund" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    try:
        toml = answered(propose_mapping(path, STUDY.protocol, root / "inbox").toml)
    except InputError:
        return None
    if "month" in answers:
        toml = toml.replace('month = { constant = "?" }', f'month = {{ constant = "{answers["month"]}" }}')
    (root / "mappings").mkdir()
    (root / "mappings" / "m.toml").write_text(toml, encoding="utf-8")
    return read_incoming(
        root / "inbox", Study(STUDY.protocol, (root, *STUDY.folders)), round_id="november_2026", key=KEY
    )


def judged(made: Blocks, *, as_book: bool) -> str:
    """right, asked, refused, quarantined (rows are missing and named), or wrong."""
    content = made.text.encode()
    if as_book:
        book = openpyxl.Workbook()
        for cells in made.lines:
            book.active.append([c or None for c in cells])
        out = io.BytesIO()
        book.save(out)
        content = out.getvalue()
    with tempfile.TemporaryDirectory() as folder:
        intake = read(
            Path(folder), "f_2026-11-20.xlsx" if as_book else "f_2026-11-20.csv", content, made.answers
        )
        if intake is None:
            return "refused"
        if intake.problems:
            return "asked" if intake.questions else "refused"
        rows = intake.tables["raw_absence"]
        keys = dict(zip(KEY.pseudonyms("pupil", pd.Series(sorted({t[0] for t in made.truth}), dtype="object")),
                        sorted({t[0] for t in made.truth}), strict=True))  # fmt: skip
        named = rows["class_label"].notna().any()
        found = {
            (keys.get(r.pupil_key, ""), f"{r.from_on:%Y-%m-%d}", r.class_label) for r in rows.itertuples()
        }
        truth = made.truth if named else {(p, d, None) for p, d, _ in made.truth}
        found = found if named else {(p, d, None) for p, d, _ in found}
        if found == truth:
            return "right"
        return "quarantined" if found < truth and len(intake.tables["raw_quarantine"]) else "wrong"


@pytest.mark.parametrize("as_book", [False, True], ids=["text", "workbook"])
@pytest.mark.parametrize("seed", range(24))
def test_no_row_is_read_under_another_blocks_title(seed: int, as_book: bool) -> None:
    made = blocks(seed)
    found = judged(made, as_book=as_book)
    assert found in (("right",) if made.is_plain else ("right", "asked", "refused")), made.text


def test_titles_are_kept_with_their_headings_where_pieces_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = [b for b in (blocks(s) for s in range(60)) if b.is_plain and len(b.lines) > 9][:4]
    monkeypatch.setattr(read_text, "LONGEST_RECORD", 1)
    for size in (40, 90, 200):
        monkeypatch.setattr(read_text.read_text, "__kwdefaults__", {"piece_bytes": size, "keep_all": False})
        assert [judged(b, as_book=False) for b in plain] == ["right"] * len(plain)
    for rows in (1, 2, 3, 7):
        monkeypatch.setattr(read_rows.read_rows, "__kwdefaults__",
                            {"piece_rows": rows, "keep_all": False, "epoch_1904": False})  # fmt: skip
        monkeypatch.setattr("evaluation.door.read_excel.PIECE_ROWS", rows)
        assert [judged(b, as_book=True) for b in plain] == ["right"] * len(plain)


if __name__ == "__main__":
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for n in range(int(sys.argv[1]) if len(sys.argv) > 1 else 200):
        for book in (False, True):
            made = blocks(n)
            counts[made.shape][judged(made, as_book=book)] += 1
    for shape, found in sorted(counts.items()):
        sys.stdout.write(f"{shape}: {dict(found)}\n")
