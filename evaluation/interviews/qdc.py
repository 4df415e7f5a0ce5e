"""Codebook ⇄ REFI-QDA codebook exchange (``.qdc``): the words of the standard belong here, the codebook does not.

The tree carries what other tools understand: GUID, name, ``isCodable``, colour, and a description that opens with
the code's id in brackets. What they do not understand (rules, attributes, joint-display links) travels in a
comment before the root element, which they ignore, so that codebook → ``.qdc`` → codebook is the identity.
Source: REFI-QDA 1.5 §5, www.qdasoftware.org.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from evaluation.codebooks import Code, Codebook, CodeSet
from evaluation.errors import InputError, Problem
from evaluation.files.safe_xml import (
    attribute,
    child_text,
    children,
    local_name,
    normal_guid,
    parse_xml,
)
from evaluation.interviews.qdc_text import comment, description, own_id, read_extra, restored, with_extra

NAMESPACE = "urn:QDA-XML:codebook:1.0"


def codebook_to_qdc(codebook: Codebook) -> bytes:
    """The codebook as UTF-8 XML, valid against the standard's codebook type."""
    from lxml import etree

    root = etree.Element(f"{{{NAMESPACE}}}CodeBook", nsmap={None: NAMESPACE})
    root.set("origin", codebook.origin or f"komglad {codebook.version}")
    codes = etree.SubElement(root, f"{{{NAMESPACE}}}Codes")
    elements: dict[str | None, Any] = {None: codes}
    for code in _parents_first(codebook):
        element = etree.SubElement(elements[code.parent], f"{{{NAMESPACE}}}Code")
        element.set("guid", code.guid)
        element.set("name", code.name)
        element.set("isCodable", "true" if code.is_codable else "false")
        if code.color:
            element.set("color", code.color)
        if text := description(code):
            etree.SubElement(element, f"{{{NAMESPACE}}}Description").text = text
        elements[code.id] = element
    _write_sets(root, codebook)
    etree.indent(root, "  ")
    return (
        b"<?xml version='1.0' encoding='UTF-8'?>\n"
        + comment(codebook)
        + bytes(etree.tostring(root, encoding="utf-8"))
        + b"\n"
    )


def codebook_from_qdc(data: bytes | str | Path, file: str = "codebook.qdc") -> Codebook:
    """Codebook from the bytes, text or path of a ``.qdc`` or a project's XML, whatever its namespace, byte-order mark or
    GUID style.

    A code without an id in its description gets its name as id (its path of names when the name is not unique).
    Raises ``InputError`` when there is no codebook or two codes share a GUID.
    """
    if isinstance(data, Path):
        return codebook_from_qdc(data.read_bytes(), data.name)
    return codebook_of_root(parse_xml(data.encode("utf-8") if isinstance(data, str) else data, file), file)


def codebook_of_root(root: Any, file: str) -> Codebook:
    """As :func:`codebook_from_qdc`, for a tree already parsed (the project of a ``.qdpx``)."""
    book = root if local_name(root) == "codebook" else next(iter(children(root, "CodeBook")), None)
    if book is None:
        problem = Problem(file, found=f"root element {local_name(root)!r}", expected="CodeBook or Project")
        raise InputError(f"{file} holds no codebook.", [problem])
    extra = read_extra(root)
    ids = extra.get("ids")
    ids = ids if isinstance(ids, dict) else {}
    found = read_codes(book)
    problems = [
        Problem(
            file, found=f"{times} codes share the GUID {guid}", expected="one", next_step="export it again"
        )
        for guid, times in Counter(code.guid for code in found).items()
        if times > 1 and guid
    ]
    if problems:
        raise InputError(f"{file} is not a usable codebook.", problems)
    codes = tuple(restored(code, ids.get(code.id, {})) for code in found)
    order = {code: number for number, code in enumerate(ids)}
    if set(order) == {code.id for code in codes}:
        codes = tuple(sorted(codes, key=lambda code: order[code.id]))
    found_book = Codebook(
        version="", codes=codes, sets=_read_sets(root, book, codes), origin=attribute(book, "origin") or ""
    )
    return with_extra(found_book, extra)


def read_codes(book: Any) -> tuple[Code, ...]:
    """Entries of a ``CodeBook`` element in document order, ids made unique; the tree is walked without recursion."""
    rows: list[tuple[Any, int | None]] = []
    stack: list[tuple[Any, int | None]] = [
        (code, None)
        for codes in reversed(children(book, "Codes"))
        for code in reversed(children(codes, "Code"))
    ]
    while stack:
        element, parent = stack.pop()
        rows.append((element, parent))
        here = len(rows) - 1
        stack.extend((child, here) for child in reversed(children(element, "Code")))
    names = Counter(own_id(element)[0] or attribute(element, "name") or "" for element, _ in rows)
    ids: list[str] = []
    codes: list[Code] = []
    for number, (element, parent) in enumerate(rows):
        own, fields = own_id(element)
        name = attribute(element, "name") or ""
        code_id = own or name
        if not code_id or names[code_id] > 1:
            above = ids[parent] + "/" if parent is not None else ""
            code_id = above + (name or f"kode {number + 1}")
        while code_id in ids:
            code_id += "'"
        ids.append(code_id)
        is_codable = (attribute(element, "isCodable") or "true").strip().casefold() in {"true", "1"}
        codes.append(
            Code(
                id=code_id,
                name=name,
                guid=normal_guid(attribute(element, "guid")),
                parent=None if parent is None else ids[parent],
                is_codable=is_codable,
                kind="kode" if is_codable else "mappe",
                color=attribute(element, "color"),
                **fields,
            )
        )
    return tuple(codes)


def _write_sets(root: Any, codebook: Codebook) -> None:
    from lxml import etree

    if not codebook.sets:
        return
    holder = etree.SubElement(root, f"{{{NAMESPACE}}}Sets")
    for group in codebook.sets:
        element = etree.SubElement(holder, f"{{{NAMESPACE}}}Set")
        element.set("guid", group.guid)
        element.set("name", group.name)
        if group.description:
            etree.SubElement(element, f"{{{NAMESPACE}}}Description").text = group.description
        for code in group.codes:
            etree.SubElement(element, f"{{{NAMESPACE}}}MemberCode").set("guid", codebook.get(code).guid)


def _read_sets(root: Any, book: Any, codes: tuple[Code, ...]) -> tuple[CodeSet, ...]:
    """The groups of codes, of a codebook or a whole project; a project's sets of sources are none."""
    ids = {code.guid: code.id for code in codes}
    sets = []
    for holder in [*children(book, "Sets"), *(children(root, "Sets") if root is not book else [])]:
        for group in children(holder, "Set"):
            named = [
                normal_guid(attribute(member, "targetGUID") or attribute(member, "guid"))
                for member in children(group, "MemberCode")
            ]
            members = tuple(ids[guid] for guid in named if guid in ids)
            if members:
                name, guid = attribute(group, "name") or "", normal_guid(attribute(group, "guid"))
                sets.append(CodeSet(name, guid, members, child_text(group, "Description")))
    return tuple(sets)


def _parents_first(codebook: Codebook) -> list[Code]:
    """Codes so that a parent comes before its children, otherwise in the codebook's order."""
    done: set[str | None] = {None}
    waiting = list(codebook.codes)
    ordered: list[Code] = []
    while waiting:
        ready = [code for code in waiting if code.parent in done]
        if not ready:
            raise InputError("The codebook cannot be exported: some codes' parents are missing.")
        ordered += ready
        done.update(code.id for code in ready)
        waiting = [code for code in waiting if code.id not in done]
    position = {code.id: number for number, code in enumerate(codebook.codes)}
    return sorted(ordered, key=lambda code: (len(codebook.ancestors(code.id)), position[code.id]))
