"""A number is found in whatever holds it, and what no search reaches is told: every format in every packing."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import quopri
import sqlite3
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evaluation.door.forget_content import Found, Search
from evaluation.door.forget_proof import still_held
from evaluation.door.forget_tables import KeyedPupil
from evaluation.door.traces import Traces

GONE, STAYS = "0101144001", "0202144002"
PUPIL = "p" * 20
Make = Callable[[str], bytes]


def parquet(column: pa.Array) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"x": column}), out)
    return out.getvalue()


def zipped(content: bytes, name: str = "a.bin", seal: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    packed = bytearray(out.getvalue())
    if seal:  # the bit that says: with a password
        packed[6] |= 1
        packed[packed.index(b"PK\x01\x02") + 8] |= 1
    return bytes(packed)


def tarred(content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo("a.bin")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def mailed(content: bytes) -> bytes:
    head = b"From: a@example.org\r\nMIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\n"
    return head + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(content)


def database(value: object) -> bytes:
    with closing(sqlite3.connect(":memory:")) as base:
        base.execute("CREATE TABLE a (x)")
        base.execute("INSERT INTO a VALUES (?)", (value,))
        base.commit()
        return base.serialize()


def page(content: bytes, more: str = "") -> bytes:
    """A PDF of one page."""
    packed = zlib.compress(content)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>{more}>>".encode(),
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(packed), packed),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
    ]
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    return (
        out
        + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (table, start)
    )


def apart(n: str) -> str:
    return " ".join(n)


HOLDING: Mapping[str, Make] = {
    "text": lambda n: f"x;{n[:6]}-{n[6:]};y".encode(),
    "digits apart": lambda n: f"cpr: {apart(n)}".encode(),
    "digits and dashes apart": lambda n: f"cpr: {apart(n[:6])} - {apart(n[6:])}".encode("utf-16"),
    "markup between": lambda n: f"<r><t>{n[:4]}</t></r><r><t>{n[4:6]}-{n[6:]}</t></r>".encode(),
    "escaped": lambda n: json.dumps(f"{n[:6]}\u2013{n[6:]}").encode(),
    "entities": lambda n: ("<p>" + "".join(f"&#{ord(c)};" for c in n)).encode(),
    "base64": lambda n: base64.encodebytes(b"a;b;c\n" * 40 + n.encode()),
    "quoted printable": lambda n: (
        b"MIME-Version: 1.0\nContent-Transfer-Encoding: quoted-printable\n\n"
        + quopri.encodestring(("\u00e6" * 20 + n).encode())
    ),
    "a column of text": lambda n: parquet(pa.array(["a", f"{n[:6]}-{n[6:]}"])),
    "a column of numbers": lambda n: parquet(pa.array([1, int(n)])),
    "a column of decimal numbers": lambda n: parquet(pa.array([0.5, float(n)])),
    "a column of lists": lambda n: parquet(pa.array([["a"], ["b", n]])),
    "a column of records": lambda n: parquet(pa.array([{"a": {"b": int(n)}}])),
    "a column of pairs": lambda n: parquet(pa.array([[("a", n)]], pa.map_(pa.string(), pa.string()))),
    "a column of files": lambda n: parquet(pa.array([zipped(n.encode())])),
    "a dictionary": lambda n: parquet(pa.array(["a", n]).dictionary_encode()),
    "a database of numbers": lambda n: database(int(n)),
    "a database of files": lambda n: database(zlib.compress(f"{n}\n".encode() * 9)),
    "a page": lambda n: page(f"BT /F 9 Tf 9 9 Td ({n}) Tj ET".encode()),
    "a page that draws each digit": lambda n: page(
        b"1 0 0 RG\n0 0 m\n9 9 l\nBT /F 9 Tf 9 9 Td ["
        + b"-40".join(b"(%c)" % c for c in n.encode())
        + b"] TJ ET"
    ),
    "a page's note": lambda n: page(
        b"BT /F 9 Tf 9 9 Td (x) Tj ET", f"/Annots[<</Type/Annot/Subtype/Text/Rect[0 0 9 9]/Contents({n})>>]"
    ),
}
SILENT: Mapping[str, bytes] = {
    "with a password": zipped(b"intet", seal=True),
    "of another packer": b"7z\xbc\xaf\x27\x1c" + b"x" * 40,
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "a page of a picture": page(b"q 300 0 0 300 0 0 cm /Im Do Q"),
    "a damaged page": page(b"BT (x) Tj ET")[:200],
    "enciphered": b"-----BEGIN PGP MESSAGE-----\n\nhQEMA0\n-----END PGP MESSAGE-----\n",
    "a damaged table": b"PAR1" + b"x" * 40,
    "whatever": bytes(range(256)) * 4,
}
PACKED: Mapping[str, Callable[[bytes], bytes]] = {
    "": lambda content: content,
    "a zip": zipped,
    "a tar in gzip": lambda content: gzip.compress(tarred(content)),
    "a mail": mailed,
    "a database": database,
}


def search(content: bytes, depth: int = 0) -> Found:
    return Search(Traces(GONE), (PUPIL,)).inside(io.BytesIO(content), depth)


@pytest.mark.parametrize("packing", list(PACKED))
def test_a_number_is_found_in_every_format_in_every_packing_and_nobody_elses_is(packing: str) -> None:
    packed = PACKED[packing]
    assert {w: search(packed(make(GONE))) for w, make in HOLDING.items()} == dict.fromkeys(
        HOLDING, Found.PUPIL
    )
    assert {w: search(packed(make(STAYS))) for w, make in HOLDING.items()} == dict.fromkeys(
        HOLDING, Found.NOTHING
    )
    assert search(packed(f"key {PUPIL}".encode())) is Found.PUPIL


@pytest.mark.parametrize("packing", list(PACKED))
def test_what_no_search_reaches_is_told_in_every_packing(packing: str) -> None:
    packed = PACKED[packing]
    assert {w: search(packed(c)) for w, c in SILENT.items()} == dict.fromkeys(SILENT, Found.NOT_SEARCHED)


def test_what_is_packed_too_often_is_told() -> None:
    content = GONE.encode()
    for _ in range(9):
        content = gzip.compress(content)
    assert search(content) is Found.NOT_SEARCHED


@pytest.mark.parametrize("ending", ["parquet", "csv", "bak", ""])
def test_the_name_decides_nothing(tmp_path: Path, ending: str) -> None:
    for what, make in (*HOLDING.items(), *((w, lambda _, c=c: c) for w, c in SILENT.items())):
        (tmp_path / f"{what}.{ending}".rstrip(".")).write_bytes(make(GONE))
    who = KeyedPupil("k", PUPIL, frozenset(), {})
    held, unsearched = still_held(tmp_path, who, Traces(GONE), skip=[])
    assert sorted(held) == sorted(f"{w}.{ending}".rstrip(".") for w in HOLDING)
    assert sorted(unsearched) == sorted(f"{w}.{ending}".rstrip(".") for w in SILENT)


def test_what_an_office_document_carries_beside_its_words_is_no_question() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<w:t>hej</w:t>")
        archive.writestr("docProps/thumbnail.jpeg", SILENT["a picture"])
        archive.writestr("xl/printerSettings/printerSettings1.bin", SILENT["whatever"])
    assert search(out.getvalue()) is Found.NOTHING
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("word/media/image1.png", SILENT["a picture"])
    assert search(out.getvalue()) is Found.NOT_SEARCHED


@pytest.mark.parametrize("form", ["gzip", "bz2", "xz", "zlib", "zip"])
def test_a_bomb_is_told_and_not_unpacked(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to more than the limit is not searched, whatever its packing, and at the limit it still is."""
    monkeypatch.setattr("evaluation.door.forget_content.MOST_UNPACKED", 4096)
    pack: Mapping[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "bz2": bz2.compress,
        "xz": lzma.compress,
        "zlib": zlib.compress,
        "zip": zipped,
    }
    search = Search(Traces(GONE))
    at_limit = GONE.encode().ljust(4096)
    assert search.inside(io.BytesIO(pack[form](at_limit))) is Found.PUPIL
    assert search.inside(io.BytesIO(pack[form](at_limit + b" "))) is Found.NOT_SEARCHED
