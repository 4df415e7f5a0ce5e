"""What the tree of a ``.qdc`` has no place for: the code's fields in its description, everything else in a comment.

Other tools show the description and ignore the comment, so that codebook → ``.qdc`` → codebook is the identity. The
tree itself: ``qdc``.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from typing import Any

from evaluation.codebooks import AgreementRule, Attribute, Code, Codebook, SignLink
from evaluation.files.safe_xml import child_text

_MARK = "komglad-codebook "
_ID_PREFIX = re.compile(r"\A\s*\[([^\]\s]+)\][ \t]?")
_EXTRAS = (
    ("source", "Kilde: "),
    ("use_when", "Brug når: "),
    ("do_not_use_when", "Brug ikke når: "),
    ("keywords", "Stikord: "),
    ("for_schools", "Til skoler: "),
    ("unstated", "Uden retning: "),
)


def own_id(element: Any) -> tuple[str, dict[str, Any]]:
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


def plain_description(code: Code) -> str:
    """Name and definition, for tools that show a code by its id."""
    return ". ".join(t.rstrip(".") for t in (code.name, code.definition) if t) + "."


def description(code: Code) -> str:
    """The text other tools show: the id in brackets, the definition, and the other fields by their labels."""
    has_own_id = code.id != code.name and "/" not in code.id and not re.search(r"[\s\]']", code.id)
    if not has_own_id:
        return code.definition
    lines = [f"[{code.id}] {code.definition}"]
    for name, label in _EXTRAS:
        value = getattr(code, name)
        if value:
            lines.append(label + (", ".join(value) if isinstance(value, tuple) else str(value)))
    return "\n".join(lines)


def comment(codebook: Codebook) -> bytes:
    """The comment before the root, with its line end; empty for a codebook that came from another tool."""
    extra = _extra(codebook)
    if not extra:
        return b""
    # "--" must not stand in a comment, and ">" is escaped so that no tool is led astray.
    packed = json.dumps(extra, ensure_ascii=False).replace("-", "\\u002d").replace(">", "\\u003e")
    return f"<!--{_MARK}{packed} -->\n".encode()


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
    etree.SubElement(element, "Description").text = description(code)
    _, fields = own_id(element)
    lost: dict[str, Any] = {
        name: getattr(code, name)
        for name in ("definition", *(name for name, _ in _EXTRAS))
        if fields.get(name, () if name == "keywords" else "") != getattr(code, name)
    }
    if code.kind != ("kode" if code.is_codable else "mappe"):
        lost["kind"] = code.kind
    return lost


_PLAIN = ("version", "title", "language", "status", "unit", "unitising", "guid_rule", "origin")


def read_extra(root: Any) -> dict[str, Any]:
    """What the comment before the root says; empty without one, or when it no longer is what was written."""
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


def restored(code: Code, lost: dict[str, Any]) -> Code:
    """The code with the fields that would have come back changed from the tree."""
    if not lost:
        return code
    kept: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in lost.items()
    }
    return replace(code, **kept)


def with_extra(codebook: Codebook, extra: dict[str, Any]) -> Codebook:
    """The codebook with its rules, attributes and links again."""
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
                SignLink(
                    item["sign"],
                    tuple(item["indicators"]),
                    tuple(item["codes"]),
                    tuple((who, text) for who, text in item.get("questions", ())),
                )
                for item in extra["joint_display"]
            ),
        )
    except (KeyError, TypeError, AttributeError):
        # Another program has rewritten the comment: the codes stand, the rest is not ours to guess.
        return codebook


def _attribute(item: dict[str, Any]) -> Attribute:
    return Attribute(item["id"], tuple(item["values"]), item["kind"], item["note"])
