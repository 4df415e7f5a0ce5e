"""Codebook ⇄ REFI-QDA codebook exchange (``.qdc``): the words of the standard belong here, the codebook does not.

The tree carries what other tools understand: GUID, name, ``isCodable``, colour, and a description that opens with
the code's id in brackets. What they do not understand (rules, attributes, joint-display links) travels in a
comment before the root element, which they ignore, so that codebook → ``.qdc`` → codebook is the identity.
Source: REFI-QDA 1.5 §5, www.qdasoftware.org.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict, replace
from typing import Any

from evaluation.codebooks import AgreementRule, Attribute, Code, Codebook, SignLink
from evaluation.errors import InputError, Problem
from evaluation.interviews.safe_xml import (
    attribute,
    child_text,
    children,
    local_name,
    normal_guid,
    parse_xml,
)

NAMESPACE = "urn:QDA-XML:codebook:1.0"
_MARK = "komglad-codebook "
_ID_PREFIX = re.compile(r"\A\s*\[([^\]\s]+)\][ \t]?")
_EXTRAS = (
    ("source", "Kilde: "),
    ("use_when", "Brug når: "),
    ("do_not_use_when", "Brug ikke når: "),
    ("keywords", "Stikord: "),
)


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
        if text := _description(code):
            etree.SubElement(element, f"{{{NAMESPACE}}}Description").text = text
        elements[code.id] = element
    etree.indent(root, "  ")
    extra = _extra(codebook)
    head = b"<?xml version='1.0' encoding='UTF-8'?>\n"
    if extra:
        # "--" must not stand in a comment, and ">" is escaped so that no tool is led astray.
        packed = json.dumps(extra, ensure_ascii=False).replace("-", "\\u002d").replace(">", "\\u003e")
        head += f"<!--{_MARK}{packed} -->\n".encode()
    return head + bytes(etree.tostring(root, encoding="utf-8")) + b"\n"


def codebook_from_qdc(data: bytes, file: str) -> Codebook:
    """Codebook from a ``.qdc`` or a project's XML, whatever its namespace, byte-order mark or GUID style.

    A code without an id in its description gets its name as id (its path of names when the name is not unique).
    Raises ``InputError`` when there is no codebook or two codes share a GUID.
    """
    return codebook_of_root(parse_xml(data, file), file)


def codebook_of_root(root: Any, file: str) -> Codebook:
    """As :func:`codebook_from_qdc`, for a tree already parsed (the project of a ``.qdpx``)."""
    book = root if local_name(root) == "codebook" else next(iter(children(root, "CodeBook")), None)
    if book is None:
        problem = Problem(file, found=f"root element {local_name(root)!r}", expected="CodeBook or Project")
        raise InputError(f"{file} holds no codebook.", [problem])
    extra = _read_extra(root)
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
    codes = tuple(_restored(code, ids.get(code.id, {})) for code in found)
    order = {code: number for number, code in enumerate(ids)}
    if set(order) == {code.id for code in codes}:
        codes = tuple(sorted(codes, key=lambda code: order[code.id]))
    return _with_extra(Codebook(version="", codes=codes, origin=attribute(book, "origin") or ""), extra)


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
    names = Counter(_own_id(element)[0] or attribute(element, "name") or "" for element, _ in rows)
    ids: list[str] = []
    codes: list[Code] = []
    for number, (element, parent) in enumerate(rows):
        own, fields = _own_id(element)
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


def _own_id(element: Any) -> tuple[str, dict[str, Any]]:
    """Id in brackets (or empty) and the fields that the description spells out."""
    text = child_text(element, "Description").replace("\r\n", "\n")
    match = _ID_PREFIX.match(text)
    if match is None:
        return "", {"definition": text}
    fields: dict[str, Any] = {}
    lines = text[match.end() :].split("\n")
    while len(lines) > 1:
        for name, label in _EXTRAS:
            if lines[-1].startswith(label):
                value = lines.pop()[len(label) :]
                fields[name] = tuple(value.split(", ")) if name == "keywords" else value
                break
        else:
            break
    fields["definition"] = "\n".join(lines)
    return match.group(1), fields


def _description(code: Code) -> str:
    has_own_id = code.id != code.name and "/" not in code.id and not re.search(r"[\s\]']", code.id)
    if not has_own_id:
        return code.definition
    lines = [f"[{code.id}] {code.definition}"]
    for name, label in _EXTRAS:
        value = getattr(code, name)
        if value:
            lines.append(label + (", ".join(value) if isinstance(value, tuple) else str(value)))
    return "\n".join(lines)


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


def _extra(codebook: Codebook) -> dict[str, Any]:
    """Everything the tree cannot carry; empty for a codebook that came from another tool."""
    if not codebook.version:
        return {}
    return {
        "ids": {code.id: _not_in_tree(code) for code in codebook.codes},
        **{name: getattr(codebook, name) for name in _PLAIN},
        "sources": dict(codebook.sources),
        "rules": list(codebook.rules),
        "attributes": [asdict(item) for item in codebook.attributes],
        "qualifiers": [asdict(item) for item in codebook.qualifiers],
        "agreement": asdict(codebook.agreement),
        "joint_display": [asdict(item) for item in codebook.joint_display],
    }


def _not_in_tree(code: Code) -> dict[str, Any]:
    """Fields that would come back changed from the tree: a kind of its own, a definition that looks like a label."""
    from lxml import etree

    element = etree.Element("Code")
    etree.SubElement(element, "Description").text = _description(code)
    _, fields = _own_id(element)
    lost: dict[str, Any] = {
        name: getattr(code, name)
        for name in ("definition", *(name for name, _ in _EXTRAS))
        if fields.get(name, () if name == "keywords" else "") != getattr(code, name)
    }
    if code.kind != ("kode" if code.is_codable else "mappe"):
        lost["kind"] = code.kind
    return lost


_PLAIN = ("version", "title", "language", "status", "unit", "guid_rule", "origin")


def _read_extra(root: Any) -> dict[str, Any]:
    node = root.getprevious()
    while node is not None:
        text = (node.text or "") if not isinstance(node.tag, str) else ""
        if text.startswith(_MARK):
            try:
                extra = json.loads(text[len(_MARK) :])
            except ValueError:
                return {}
            return extra if isinstance(extra, dict) else {}
        node = node.getprevious()
    return {}


def _restored(code: Code, lost: dict[str, Any]) -> Code:
    if not lost:
        return code
    kept: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in lost.items()
    }
    return replace(code, **kept)


def _with_extra(codebook: Codebook, extra: dict[str, Any]) -> Codebook:
    if not extra:
        return codebook
    try:
        plain: dict[str, Any] = {name: str(extra[name]) for name in _PLAIN}
        return replace(
            codebook,
            **plain,
            sources=tuple(extra["sources"].items()),
            rules=tuple(extra["rules"]),
            attributes=tuple(_attribute(item) for item in extra["attributes"]),
            qualifiers=tuple(_attribute(item) for item in extra["qualifiers"]),
            agreement=AgreementRule(**extra["agreement"]),
            joint_display=tuple(
                SignLink(item["sign"], tuple(item["indicators"]), tuple(item["codes"]))
                for item in extra["joint_display"]
            ),
        )
    except (KeyError, TypeError, AttributeError):
        # Another program has rewritten the comment: the codes stand, the rest is not ours to guess.
        return codebook


def _attribute(item: dict[str, Any]) -> Attribute:
    return Attribute(item["id"], tuple(item["values"]), item["kind"], item["note"])
