"""Files of other tools, written by the tests; every person and sentence in them is invented."""

from __future__ import annotations

import sqlite3
import uuid
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from evaluation.codebooks import Codebook, load_codebook

ROOT = Path(__file__).resolve().parents[3]
CODEBOOK_FILE = ROOT / "evaluation/studies/kom_glad_i_skole/codebook.yaml"
QDA = ROOT / "tests/data/qda"
KEY = bytes(range(32))
NAMESPACE = "urn:QDA-XML:project:1.0"


def codebook() -> Codebook:
    return load_codebook(CODEBOOK_FILE)


def guid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def selection(
    start: int, end: int, codes: Iterable[str], *, name: str | None = None, user: str = "AB", tag: str = "S"
) -> str:
    """A PlainTextSelection with one Coding per code GUID."""
    quoted = "" if name is None else f" name={quoteattr(name)}"
    codings = "".join(
        f'<Coding guid="{guid(f"{tag}{start}{end}{c}{user}")}" creatingUser="{guid(user)}">'
        f'<CodeRef targetGUID="{c}"/></Coding>'
        for c in codes
    )
    return (
        f'<PlainTextSelection guid="{guid(f"{tag}{start}{end}{user}")}"{quoted} '
        f'startPosition="{start}" endPosition="{end}">{codings}</PlainTextSelection>'
    )


def text_source(
    name: str, inner: str = "", *, text: str | None = None, path: str | None = None, extra: str = ""
) -> str:
    where = f" plainTextPath={quoteattr(path)}" if path else ""
    content = "" if text is None else f"<PlainTextContent>{escape(text)}</PlainTextContent>"
    return (
        f'<TextSource guid="{guid(name)}" name={quoteattr(name)}{where}>{content}{inner}{extra}</TextSource>'
    )


def project(
    sources: str,
    *,
    book: Codebook | None = None,
    codes: str = "",
    cases: str = "",
    variables: str = "",
    sets: str = "",
    users: Iterable[str] = ("AB", "CD"),
    origin: str = "Test 1.0",
    namespace: str = NAMESPACE,
) -> str:
    own = codes or "".join(
        f'<Code guid="{c.guid}" name={quoteattr(c.name)} isCodable="true"/>'
        for c in (book.codes if book else ())
        if c.is_codable
    )
    people = "".join(f'<User guid="{guid(u)}" name="{u}"/>' for u in users)
    parts = [f"<Users>{people}</Users>", f"<CodeBook><Codes>{own}</Codes></CodeBook>" if own else ""]
    parts += [
        f"<Variables>{variables}</Variables>" if variables else "",
        f"<Cases>{cases}</Cases>" if cases else "",
    ]
    parts += [f"<Sources>{sources}</Sources>", f"<Sets>{sets}</Sets>" if sets else ""]
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<Project xmlns="{namespace}" name="p" origin={quoteattr(origin)}>{"".join(parts)}</Project>'
    )


def qdpx(
    path: Path, xml: str | bytes, members: Mapping[str, bytes | str] | None = None, entry: str = "project.qde"
) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(entry, xml)
        for name, data in (members or {}).items():
            archive.writestr(name, data)
    return path


def taguette_database(
    path: Path, html: str, highlights: Iterable[tuple[int, int, str, str]], user: str = "ab"
) -> Path:
    """One document; highlights as (start byte, end byte, snippet, tag)."""
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE projects (id INTEGER, name TEXT);"
        "CREATE TABLE documents (id INTEGER PRIMARY KEY, name TEXT, filename TEXT, project_id INTEGER, contents TEXT);"
        "CREATE TABLE tags (id INTEGER PRIMARY KEY, project_id INTEGER, path TEXT, description TEXT);"
        "CREATE TABLE highlights (id INTEGER PRIMARY KEY, document_id INTEGER, start_offset INTEGER,"
        " end_offset INTEGER, snippet TEXT);"
        "CREATE TABLE highlight_tags (highlight_id INTEGER, tag_id INTEGER);"
        "CREATE TABLE commands (id INTEGER PRIMARY KEY, user_login TEXT, payload TEXT);"
    )
    connection.execute("INSERT INTO documents VALUES (1, 'interview_07.docx', 'x', 1, ?)", [html])
    for number, (start, end, snippet, tag) in enumerate(highlights, 1):
        connection.execute("INSERT INTO tags VALUES (?, 1, ?, '')", [number, tag])
        connection.execute("INSERT INTO highlights VALUES (?, 1, ?, ?, ?)", [number, start, end, snippet])
        connection.execute("INSERT INTO highlight_tags VALUES (?, ?)", [number, number])
        payload = f'{{"type": "highlight_add", "highlight_id": {number}}}'
        connection.execute("INSERT INTO commands (user_login, payload) VALUES (?, ?)", [user, payload])
    connection.commit()
    connection.close()
    return path


def qualcoder_project(folder: Path, text: str, rows: Iterable[tuple[str, str, int, int, str]]) -> Path:
    """One file; rows as (code name, quoted text, pos0, pos1, owner)."""
    folder.mkdir()
    connection = sqlite3.connect(folder / "data.qda")
    connection.executescript(
        "CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT, fulltext TEXT, mediapath TEXT);"
        "CREATE TABLE code_name (cid INTEGER PRIMARY KEY, name TEXT, memo TEXT, catid INTEGER);"
        "CREATE TABLE code_text (ctid INTEGER PRIMARY KEY, cid INTEGER, fid INTEGER, seltext TEXT, pos0 INTEGER,"
        " pos1 INTEGER, owner TEXT, memo TEXT);"
        "CREATE TABLE cases (caseid INTEGER PRIMARY KEY, name TEXT);"
        "CREATE TABLE case_text (id INTEGER PRIMARY KEY, caseid INTEGER, fid INTEGER, pos0 INTEGER, pos1 INTEGER);"
        "CREATE TABLE attribute (attrid INTEGER PRIMARY KEY, name TEXT, attr_type TEXT, value TEXT, id INTEGER);"
    )
    connection.execute("INSERT INTO source VALUES (1, 'gruppe 3.txt', ?, NULL)", [text])
    connection.execute("INSERT INTO cases VALUES (5, 'case 5')")
    connection.execute("INSERT INTO case_text VALUES (1, 5, 1, 0, 10)")
    for name, kind, value, owner in (
        ("Informant", "file", "elevgruppe", 1),
        ("samtykke", "file", "gyldigt", 1),
        ("Årgang", "case", "6. klasse", 5),
    ):
        connection.execute(
            "INSERT INTO attribute (name, attr_type, value, id) VALUES (?, ?, ?, ?)",
            [name, kind, value, owner],
        )
    for number, (code, quoted, start, end, owner) in enumerate(rows, 1):
        connection.execute("INSERT INTO code_name VALUES (?, ?, '', NULL)", [number, code])
        connection.execute(
            "INSERT INTO code_text (cid, fid, seltext, pos0, pos1, owner) VALUES (?, 1, ?, ?, ?, ?)",
            [number, quoted, start, end, owner],
        )
    connection.commit()
    connection.close()
    return folder
