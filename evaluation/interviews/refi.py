"""REFI-QDA projects (``.qdpx``) read as codings: sources, selections, codes, coders and cases.

Source: REFI-QDA 1.5, www.qdasoftware.org, and what NVivo, ATLAS.ti, MAXQDA, QualCoder and Quirkos really write:
``Sources/`` or ``sources/``, paths with and without ``internal://``, GUIDs with and without braces, cases as codes,
nameless cases that carry a document's variables, document groups as sets.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from evaluation.codebooks import Codebook
from evaluation.errors import Problem
from evaluation.files.safe_xml import attribute, child_text, children, local_name, normal_guid
from evaluation.interviews.attributes import DocumentAttributes, lonely_cases, normal_name
from evaluation.interviews.coding_labels import Coding, Reading, label_in_folder
from evaluation.interviews.notes import Notes
from evaluation.interviews.positions import Counting, Located, Selection, Text, Unit, locate
from evaluation.interviews.qdc import read_codes
from evaluation.interviews.refi_attributes import source_attributes
from evaluation.interviews.refi_project import QdaProject
from evaluation.interviews.tables import decode_text
from evaluation.interviews.understanding import Understanding

_POSITIONS_AS_NAME = re.compile(r"\s*\(?\d+\)?\s*,\s*\(?\d+\)?\s*")
"""MAXQDA names a selection by its positions, ``12,40``: that is no quotation."""

TOOLS = {
    "nvivo": Counting("utf16", crlf=True),
    "qualcoder": Counting("code_points"),
    "atlas": Counting(crlf=False),
    "maxqda": Counting(crlf=True),
}
"""What is known of how tools count (by a part of ``origin``), asked only when nothing in the file can tell."""

_SELECTIONS = ("PlainTextSelection", "PDFSelection", "PictureSelection", "AudioSelection", "VideoSelection")
_SOURCES = ("TextSource", "PictureSource", "PDFSource", "AudioSource", "VideoSource")


@dataclass
class _Source:
    """One text (or medium) of the project while it is being read."""

    element: Any
    guid: str
    name: str
    text: Text | None
    selections: list[tuple[Any, Selection | None]] = field(default_factory=list)


def read_codings(project: QdaProject, known: Understanding, *, unit: Unit | None = None) -> Reading:
    """All codings of a project. ``unit`` overrides how positions are counted when the file cannot tell."""
    root, file, codebook = project.root, project.file, known.codebook
    problems: list[Problem] = []
    sources = list(_sources(project, problems))
    codes = _Codes(root, codebook)
    users = _users(root)
    placed = _locate(project, sources, unit)
    documents: dict[str, DocumentAttributes] = {}
    codings: list[Coding] = []
    aside: list[tuple[Coding]] = []
    lost = row = 0
    outcome: Counter[str] = Counter()
    units: Counter[str] = Counter()
    written = Notes(known)
    cases = source_attributes(root, known, written, _note_texts(project))
    for element in root.iter("{*}Code"):
        written.of_code(child_text(element, "Description"))
    met: set[str] = set()
    for source, where in zip(sources, placed, strict=True):
        found = cases.by_source.get(source.guid, DocumentAttributes())
        for (element, selection), located in zip(source.selections, where, strict=True):
            for coding in children(element, "Coding"):
                targets = [normal_guid(attribute(r, "targetGUID")) for r in children(coding, "CodeRef")]
                target = targets[0] if targets else ""
                if target in cases.by_case and not codes.is_in_codebook(target):
                    found = found.joined(cases.by_case[target])
                    met.add(target)
                    continue
                row += 1
                code, label = codes.find(target)
                if not label:
                    lost += 1
                    _note(
                        problems, outcome, file, row, "a reference to a code that the project does not have"
                    )
                    continue
                if element is source.element and not codes.is_in_codebook(target):
                    found = found.joined(DocumentAttributes.of(known.of_group(label)))
                if located is not None and not located.is_found:
                    lost += 1
                    aside.append((Coding(source.name, label, row, code),))
                    outcome[located.status] += 1
                    problems.append(_misplaced(file, row, located))
                    continue
                if located is not None and located.unit and source.text and not source.text.is_plain:
                    units[f"{located.unit}, {located.status}"] += 1
                coder = users.name(coding, element)
                codings.append(_coding(source, element, selection, located, code, label, coder, row))
        name = normal_name(source.name)
        documents[name] = documents.get(name, DocumentAttributes()).joined(found)
    if lonely := [said for guids, said in cases.lonely if not met & guids]:
        problems.append(lonely_cases(file, len(lonely)))
        documents[""] = reduce(DocumentAttributes.joined, lonely)
    notes = [f"positions counted as {how}: {times} segment(s)" for how, times in sorted(units.items())]
    return Reading(codings, documents, problems, lost, aside, notes, written)


def _note_texts(project: QdaProject) -> dict[str, str]:
    """The project's notes by GUID: name and words; the name alone where the words are kept as rich text only."""
    found: dict[str, str] = {}
    for number, note in enumerate(n for h in children(project.root, "Notes") for n in children(h, "Note")):
        path = attribute(note, "plainTextPath")
        data = project.member(path) if path else None
        words = child_text(note, "PlainTextContent")
        words += decode_text(data, f"{project.file}/note {number}") if data else ""
        name = attribute(note, "name") or "note"
        found[normal_guid(attribute(note, "guid")) or str(number)] = f"{name}\n{words}"
    return found


def _coding(
    source: _Source,
    element: Any,
    selection: Selection | None,
    located: Located | None,
    code: str | None,
    label: str,
    coder: str | None,
    row: int,
) -> Coding:
    start, end, text, segment = None, None, None, None
    if located is not None:
        start, end, text = located.start, located.end, located.text
    elif element is source.element:
        segment = "hele dokumentet"
        if source.text is not None:
            start, end = 0, len(source.text.canonical)
    else:
        segment = normal_guid(attribute(element, "guid")) or f"række {row}"
        if selection is not None:
            segment, text = f"{selection.start}-{selection.end}", selection.quoted
    return Coding(source.name, label, row, code, coder, start, end, text, segment)


def _locate(project: QdaProject, sources: list[_Source], unit: Unit | None) -> list[list[Located | None]]:
    """Outcome per selection of each source; ``None`` where there is no text to stand in."""
    readable = [s for s in sources if s.text is not None]
    tool = next((how for name, how in TOOLS.items() if name in project.origin.casefold()), Counting())
    pairs = [
        (s.text, [sel for _, sel in s.selections if sel is not None]) for s in readable if s.text is not None
    ]
    results = iter(locate(pairs, unit, tool=tool))
    placed: list[list[Located | None]] = []
    for source in sources:
        outcome = iter(next(results)) if source.text is not None else iter(())
        placed.append(
            [
                next(outcome) if sel is not None and source.text is not None else None
                for _, sel in source.selections
            ]
        )
    return placed


def _sources(project: QdaProject, problems: list[Problem]) -> Iterator[_Source]:
    everything = [s for holder in children(project.root, "Sources") for s in children(holder, *_SOURCES)]
    names = Counter(normal_name(attribute(s, "name") or "") for s in everything)
    for number, element in enumerate(everything, 1):
        guid = normal_guid(attribute(element, "guid"))
        name = attribute(element, "name") or ""
        if not name.strip() or names[normal_name(name)] > 1:
            name = f"{name} {guid or number}".strip()
        parts = [element, *children(element, "Representation", "TextDescription", "Transcript")]
        for part in parts:
            text = _text(project, part, problems, number)
            source = _Source(part, guid, name, text)
            source.selections.append((part, None))
            for selection in children(part, *_SELECTIONS):
                source.selections.append((selection, _selection(selection)))
            source.selections += _transcript_selections(part)
            yield source


def _selection(element: Any) -> Selection | None:
    if local_name(element) != "plaintextselection":
        return None
    start, end = _integer(element, "startPosition"), _integer(element, "endPosition")
    if start is None or end is None:
        return Selection(-1, -1)
    name = attribute(element, "name") or ""
    return Selection(start, end, None if _POSITIONS_AS_NAME.fullmatch(name) else name or None)


def _transcript_selections(part: Any) -> list[tuple[Any, Selection | None]]:
    points = {normal_guid(attribute(p, "guid")): _integer(p, "position") for p in children(part, "SyncPoint")}
    found: list[tuple[Any, Selection | None]] = []
    for element in children(part, "TranscriptSelection"):
        start = points.get(normal_guid(attribute(element, "fromSyncPoint")))
        end = points.get(normal_guid(attribute(element, "toSyncPoint")))
        has_place = start is not None and end is not None
        found.append((element, Selection(start or 0, end or 0) if has_place else None))
    return found


def _integer(element: Any, name: str) -> int | None:
    try:
        value = int(attribute(element, name) or "")
    except ValueError:
        return None
    return value if abs(value) < 2**53 else None


def _text(project: QdaProject, part: Any, problems: list[Problem], number: int) -> Text | None:
    inline = children(part, "PlainTextContent")
    if inline:
        return Text("".join(inline[0].itertext()))
    path = attribute(part, "plainTextPath")
    if not path and not children(part, "PlainTextSelection"):
        return None
    data = project.member(path) if path else None
    if data is None:
        missing = "is not in the archive" if path else "is not in the project, only its rich text"
        problems.append(
            Problem(
                project.file,
                found=f"the text of source no. {number} {missing}",
                rule="REFI-QDA 8.3",
                expected="a plain text file in Sources/",
                next_step="export the project with its sources; positions are not checked until then",
            )
        )
        return None
    text = decode_text(data, f"{project.file}/source {number}")
    has_mark = data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return Text("\ufeff" + text if has_mark else text)


class _Codes:
    """The project's own codes, and which entry of the study's codebook each of them is."""

    def __init__(self, root: Any, codebook: Codebook) -> None:
        self._codebook = codebook
        self._found: dict[str, tuple[str | None, str]] = {}
        own = [code for book in children(root, "CodeBook") for code in read_codes(book)]
        paths: dict[str, str] = {}
        for code in own:
            above = paths.get(code.parent or "", "")
            paths[code.id] = f"{above}/{code.name}" if above else code.name
            known = next(
                (c for c in (code.guid, code.id, paths[code.id], code.name) if codebook.resolve(c)), None
            )
            self._found[code.guid] = (known, label_in_folder(code.name or code.id, above, codebook))

    def find(self, guid: str) -> tuple[str | None, str]:
        """(what the codebook knows it by, label); an empty label when the project has no such code."""
        if guid in self._found:
            return self._found[guid]
        known = self._codebook.resolve(guid) if guid else None
        return (known.id, known.name) if known else (None, "")

    def is_in_codebook(self, guid: str) -> bool:
        """True for a code of the study's codebook, however the tool uses it."""
        return self._found.get(guid, (None, ""))[0] is not None


class _Users:
    """Coders by GUID; a project with one user needs no references."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def name(self, *elements: Any) -> str | None:
        for element in elements:
            for key in ("creatingUser", "modifyingUser"):
                guid = normal_guid(attribute(element, key))
                if guid:
                    return self._names.get(guid, guid)
        return next(iter(self._names.values())) if len(self._names) == 1 else None


def _users(root: Any) -> _Users:
    users = [user for holder in children(root, "Users") for user in children(holder, "User")]
    return _Users(
        {
            normal_guid(attribute(user, "guid")): attribute(user, "name")
            or attribute(user, "id")
            or normal_guid(attribute(user, "guid"))
            for user in users
        }
    )


def _note(problems: list[Problem], outcome: Counter[str], file: str, row: int, found: str) -> None:
    outcome[found] += 1
    if outcome[found] == 1:
        problems.append(Problem(file, row, "Coding", found, "REFI-QDA", next_step="export the project again"))


def _misplaced(file: str, row: int, located: Located) -> Problem:
    found = {
        "mismatch": "the text at the segment's position is not the text the segment quotes",
        "out_of_range": "the segment's position lies outside the text or inside a character",
        "ambiguous": "the position can be read in more than one way, and nothing in the file tells which",
    }[located.status]
    step = "open the segment in the tool, set it again and export"
    if located.status == "ambiguous":
        step = 'state how the tool counts: positions="code_points" or positions="utf16"'
    return Problem(
        file, row, "PlainTextSelection", found, "positions", "a position that matches the text", step
    )
