"""Hostile and damaged files: refused before anything is unpacked, with a problem that says why."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest
from factories import project, qdpx, text_source

from evaluation.errors import InputError
from evaluation.files.packages import open_archive
from evaluation.files.safe_xml import parse_xml

XML = project(text_source("a", text="Hej"))


def rule(refusal: pytest.ExceptionInfo[InputError]) -> set[str]:
    return {problem.rule for problem in refusal.value.problems}


@pytest.mark.parametrize("keep", [0, 1, 30, 0.3, 0.6, 0.95, -1])
def test_truncated_zip(tmp_path: Path, read: Any, keep: float) -> None:
    path = qdpx(tmp_path / "p.qdpx", XML, {"Sources/a.txt": "x" * 5000})
    data = path.read_bytes()
    path.write_bytes(data[: int(keep) if keep in (0, 1, 30, -1) else int(len(data) * keep)])
    with pytest.raises(InputError) as refusal:
        read(path)
    assert rule(refusal) <= {"complete archive", "REFI-QDA 8.1"}


@pytest.mark.parametrize("name", ["project.qde", "Sources/a.txt"])
def test_zip_bomb(tmp_path: Path, read: Any, name: str) -> None:
    members = {"Sources/b.txt": "x"} | ({name: b"\0" * 20_000_000} if name != "project.qde" else {})
    path = qdpx(tmp_path / "p.qdpx", b" " * 20_000_000 if name == "project.qde" else XML, members)
    assert path.stat().st_size < 50_000
    with pytest.raises(InputError, match="before it was unpacked") as refusal:
        read(path)
    assert rule(refusal) == {"zip_bomb"}


def test_many_small_bombs_add_up(tmp_path: Path, read: Any) -> None:
    members = {f"Sources/{n}.txt": b"\0" * 900_000 for n in range(30)}
    with pytest.raises(InputError) as refusal:
        read(qdpx(tmp_path / "p.qdpx", XML, members))
    assert rule(refusal) == {"zip_bomb"}


@pytest.mark.parametrize(
    "name",
    ["../evil.txt", "Sources/../../evil.txt", "/etc/evil", "C:\\evil.txt", "..\\evil.txt", "a\\..\\..\\b"],
)
def test_path_traversal(tmp_path: Path, read: Any, name: str) -> None:
    with pytest.raises(InputError) as refusal:
        read(qdpx(tmp_path / "p.qdpx", XML, {name: "x"}))
    assert rule(refusal) == {"zip_path"}
    assert [p.name for p in tmp_path.iterdir()] == ["p.qdpx"]


@pytest.mark.parametrize("name", ["Sources/inner.zip", "inner.qdpx", "Sources/looks_like.txt"])
def test_nested_zip(tmp_path: Path, read: Any, name: str) -> None:
    inner = qdpx(tmp_path / "inner.qdpx", XML).read_bytes()
    with pytest.raises(InputError) as refusal:
        read(qdpx(tmp_path / "p.qdpx", XML, {name: inner}))
    assert rule(refusal) == {"zip_nested"}


def test_a_word_document_is_no_nested_archive(tmp_path: Path, read: Any) -> None:
    inner = qdpx(tmp_path / "inner.qdpx", XML).read_bytes()
    assert read(qdpx(tmp_path / "p.qdpx", XML, {"Sources/rich.docx": inner})).problems == ()


def test_links_and_encryption_are_refused(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "p.qdpx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("project.qde", XML)
        link = zipfile.ZipInfo("Sources/a.txt")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/hostname")
    with pytest.raises(InputError) as refusal:
        read(path)
    assert rule(refusal) == {"zip_link"}
    plain = qdpx(tmp_path / "q.qdpx", XML).read_bytes()
    place = plain.index(b"PK\x01\x02") + 8
    locked = plain[:place] + struct.pack("<H", 1) + plain[place + 2 :]
    (tmp_path / "q.qdpx").write_bytes(locked)
    with pytest.raises(InputError) as refusal:
        read(tmp_path / "q.qdpx")
    assert "zip_encrypted" in rule(refusal)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_projects_in_one_archive_are_refused(tmp_path: Path, read: Any) -> None:
    with pytest.raises(InputError):
        read(qdpx(tmp_path / "p.qdpx", XML, {"project.qde": XML}))
    with pytest.raises(InputError, match=r"2 project files"):
        read(qdpx(tmp_path / "q.qdpx", XML, {"b/project.qde": XML}, entry="a/project.qde"))
    with pytest.raises(InputError, match=r"0 project files"):
        read(qdpx(tmp_path / "r.qdpx", XML, entry="other.xml"))


@pytest.mark.parametrize("entry", ["project.qde", "Project.QDE", "my project/project.qde", "x.qde"])
def test_stray_entries_are_no_matter(tmp_path: Path, read: Any, entry: str) -> None:
    stray = {"__MACOSX/._project.qde": b"\x00\x05", ".DS_Store": b"\0", "Thumbs.db": b"x", "Sources/": b""}
    assert read(qdpx(tmp_path / "p.qdpx", XML, stray, entry=entry)).problems == ()


BOMB = '<!DOCTYPE Project [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE Project [<!ENTITY x SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    "doctype", [BOMB, OUTSIDE, "<!DOCTYPE Project>", "<!-- x --> <?p i?>\n<!DOCTYPE Project>"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_entities_are_refused(tmp_path: Path, read: Any, doctype: str, encoding: str) -> None:
    declaration, rest = XML.split("\n", 1)
    data = f"{declaration}\n{doctype}\n{rest}".encode(encoding)
    with pytest.raises(InputError, match="before it was read") as refusal:
        read(qdpx(tmp_path / "p.qdpx", data))
    assert rule(refusal) == {"safe XML"}
    with pytest.raises(InputError):
        parse_xml(data, "c.qdc")


def test_a_doctype_inside_a_text_is_only_text(tmp_path: Path, read: Any) -> None:
    xml = project(text_source("a", text="<!DOCTYPE html> & <!ENTITY x>"))
    assert read(qdpx(tmp_path / "p.qdpx", xml)).problems == ()


def test_xml_that_breaks_off_names_its_line(tmp_path: Path, read: Any) -> None:
    with pytest.raises(InputError) as refusal:
        read(qdpx(tmp_path / "p.qdpx", XML[:-20]))
    assert refusal.value.problems[0].line is not None


def test_deep_nesting_does_not_exhaust_the_stack(tmp_path: Path) -> None:
    depth = 5000
    with pytest.raises(InputError):
        parse_xml(b"<a>" * depth + b"</a>" * depth, "deep.qdc")


def test_no_file_is_an_input_error(tmp_path: Path, read: Any) -> None:
    for name in ("none.qdpx", "none.csv", "none.sqlite3", "none.qda", "none"):
        with pytest.raises(InputError):
            read(tmp_path / name)
    with pytest.raises(InputError):
        open_archive(tmp_path / "none.qdpx")
