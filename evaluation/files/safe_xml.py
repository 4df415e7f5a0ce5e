"""XML from other people's tools, parsed without trust: what is refused, and how bytes become a tree.

Any document type declaration is refused before parsing, so that no entity is ever defined, expanded or fetched.
Knowledge of a particular vocabulary (REFI-QDA, codebooks) does not belong here.
"""

from __future__ import annotations

import codecs
import re
from typing import Any

from evaluation.errors import InputError, Problem

MAX_XML_BYTES = 200 * 1024 * 1024
"""A project of 1,000 hour-long interviews is about 60 MB of XML with the texts inside it."""

UNTRUSTED = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
"""How every parser of XML from outside is made (lxml's options)."""

_DECLARATION = re.compile(r"\A\s*<\?xml\b[^>]*?\?>")
_DECLARED_ENCODING = re.compile(rb"""\A\s*<\?xml\b[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_PROLOG_ITEM = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>", re.DOTALL)


def parse_xml(data: bytes, file: str) -> Any:
    """Root element (lxml) of an XML document; comments and processing instructions are kept.

    A byte-order mark wins over the declaration, because exports that declare UTF-16 and write UTF-8 exist.
    Raises ``InputError`` naming ``file`` when there is a DTD, a wrong encoding, or the XML is not well formed.
    """
    from lxml import etree

    if len(data) > MAX_XML_BYTES:
        raise _refused(file, f"{len(data):,} bytes of XML", f"at most {MAX_XML_BYTES:,}", "split the project")
    text = _decode(data, file)
    text = _DECLARATION.sub("", text, count=1).lstrip()
    _refuse_doctype(text, file)
    parser = etree.XMLParser(**UNTRUSTED)
    try:
        return etree.fromstring(text.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError, UnicodeError) as error:
        line = getattr(error, "lineno", None)
        raise InputError(
            f"{file} cannot be read as XML.",
            [
                Problem(
                    file=file,
                    line=line,
                    found="the XML is not well formed",
                    rule="XML 1.0",
                    expected="a complete export",
                    next_step="export the file again from the tool it came from",
                )
            ],
        ) from None


def local_name(element: Any) -> str:
    """Tag without namespace and in lower case; empty for comments and processing instructions."""
    tag = element.tag
    if not isinstance(tag, str):
        return ""
    return tag.rpartition("}")[2].casefold()


def attribute(element: Any, name: str) -> str | None:
    """Attribute by local name, whatever its case or namespace; ``None`` when it is missing."""
    value = element.get(name)
    if value is not None:
        return str(value)
    wanted = name.casefold()
    for key, other in element.attrib.items():
        if str(key).rpartition("}")[2].casefold() == wanted:
            return str(other)
    return None


def children(element: Any, *names: str) -> list[Any]:
    """Child elements whose local name is one of ``names`` (all elements when none is given), in order."""
    wanted = {name.casefold() for name in names}
    return [child for child in element if (name := local_name(child)) and (not wanted or name in wanted)]


def child_text(element: Any, name: str) -> str:
    """Text of the first child called ``name``; empty when there is none."""
    for child in children(element, name):
        return "".join(child.itertext())
    return ""


def normal_guid(value: str | None) -> str:
    """A GUID without braces and in lower case, the form in which references are compared."""
    return (value or "").strip().strip("{}").casefold()


def _decode(data: bytes, file: str) -> str:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            candidates = [encoding]
            break
    else:
        declared = _DECLARED_ENCODING.match(data)
        candidates = ["utf-8"]
        if data[:4] in (b"<\0?\0", b"<\0P\0", b"<\0C\0"):
            candidates = ["utf-16-le"]
        elif data[:4] in (b"\0<\0?", b"\0<\0P", b"\0<\0C"):
            candidates = ["utf-16-be"]
        elif declared and _is_eight_bit(declared.group(1).decode("ascii")):
            candidates.append(declared.group(1).decode("ascii"))
    for encoding in candidates:
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    line = data[: _first_bad_byte(data)].count(b"\n") + 1
    raise InputError(
        f"{file} cannot be read as text.",
        [
            Problem(
                file=file,
                line=line,
                found=f"the bytes are not {candidates[-1]}",
                rule="xml_encoding",
                expected="UTF-8",
                next_step="export the file again as UTF-8",
            )
        ],
    )


def _is_eight_bit(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name in {"iso8859-1", "cp1252", "iso8859-15", "cp1250", "latin-1"}
    except LookupError:
        return False


def _first_bad_byte(data: bytes) -> int:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return 0


def _refuse_doctype(text: str, file: str) -> None:
    position = 0
    while match := _PROLOG_ITEM.match(text, position):
        position = match.end()
    if text[position : position + 2] == "<!":
        raise _refused(
            file,
            "a document type declaration, where entities could be defined",
            "plain XML without DOCTYPE or ENTITY",
            "export the file again; do not open one that came by mail from someone you do not know",
        )


def _refused(file: str, found: str, expected: str, next_step: str) -> InputError:
    problem = Problem(file=file, found=found, rule="safe XML", expected=expected, next_step=next_step)
    return InputError(f"{file} was refused before it was read.", [problem])
