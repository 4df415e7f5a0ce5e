"""Document attributes in REFI-QDA projects: variables on sources and cases, cases as codes, cases of cases, groups.

What is said of a case holds for the documents of the cases in it, and for the documents of the cases it is in. What is said
of somebody whom a reference loses holds, as a no, for every document that may be meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evaluation.files.safe_xml import attribute, child_text, children, local_name, normal_guid
from evaluation.interviews.attributes import DocumentAttributes
from evaluation.interviews.notes import Notes
from evaluation.interviews.understanding import Understanding

_NO_MEMBERS = ("variableref", "noteref")


@dataclass
class SourceAttributes:
    """All that is said, by GUID of the source, and by GUID of a case (which NVivo also uses as a code).

    ``lonely``: what is said of cases and groups that name no source, or one that is not there, by the GUIDs under which
    they may be set as a code; under none, what no code ties to anything.
    """

    by_source: dict[str, DocumentAttributes] = field(default_factory=dict)
    by_case: dict[str, DocumentAttributes] = field(default_factory=dict)
    lonely: list[tuple[frozenset[str], DocumentAttributes]] = field(default_factory=list)


@dataclass
class _Case:
    """A case or a group: its GUID, what is said of it, the GUIDs it names and the cases that stand inside it."""

    guid: str
    said: DocumentAttributes
    named: list[str]
    inside: list[int]
    is_group: bool = False


def source_attributes(
    root: Any, known: Understanding, written: Notes | None = None, texts: Mapping[str, str] | None = None
) -> SourceAttributes:
    """Everything a project says of its documents: on the source or a part of it, its cases, their cases and its groups.

    ``written`` hears the notes; ``texts``: the project's notes by GUID.
    """
    notes = _Attached(written or Notes(known), texts or {})
    variables = {
        normal_guid(attribute(variable, "guid")): attribute(variable, "name") or ""
        for holder in children(root, "Variables")
        for variable in children(holder, "Variable")
    }
    found = SourceAttributes()
    owner: dict[str, str] = {}
    for holder in children(root, "Sources"):
        for source in children(holder):
            guid = normal_guid(attribute(source, "guid"))
            parts = [e for e in source.iter() if local_name(e)]
            said = [pair for part in parts for pair in _values(part, variables, known)]
            said += [pair for part in parts for pair in notes.on(part)]
            _join(found.by_source, guid, DocumentAttributes.of(said))
            owner |= {g: guid for e in parts if (g := normal_guid(attribute(e, "guid")))}
    codes = {normal_guid(attribute(e, "guid")) for e in root.iter() if local_name(e) == "code"}
    cases = _cases(root, variables, known, notes)
    notes.of_nobody(root)
    place = {case.guid: number for number, case in enumerate(cases) if case.guid}
    below = [_reached(n, cases, place) for n in range(len(cases))]
    # A code that only a group of codes names is a code and nobody.
    persons = {g for case in cases if not case.is_group for g in (case.guid, *case.named)}
    for number, case in enumerate(cases):
        guids = {g for n in (number, *below[number]) for g in (cases[n].guid, *cases[n].named)}
        above = [one for n, one in enumerate(cases) if number in below[n] and not one.is_group]
        # What it is in, and nobody who stands beside it there.
        guids |= {g for one in above for g in (one.guid, *one.named) if g not in place or g == one.guid}
        set_as = {g for g in guids - owner.keys() if g in persons}
        ties = {owner[g] for g in guids if g in owner}
        for source in ties:
            _join(found.by_source, source, case.said)
        for code in set_as:
            _join(found.by_case, code, case.said)
        is_astray = any(g not in owner and g not in place and g not in codes for g in case.named)
        is_nobodys = not ties and bool(set_as or not case.is_group)
        if case.said.words and (is_astray or is_nobodys):
            found.lonely.append((frozenset() if is_astray else frozenset(set_as), case.said))
    return found


@dataclass
class _Attached:
    """Notes where they hang: an element's own description, and the project's notes it refers to."""

    written: Notes
    texts: Mapping[str, str]
    met: set[str] = field(default_factory=set)

    def on(self, element: Any) -> list[tuple[str, str]]:
        """What the notes on an element say of its interview."""
        named = [normal_guid(attribute(r, "targetGUID")) for r in children(element, "NoteRef")]
        self.met |= set(named)
        words = [child_text(element, "Description"), *(self.texts.get(guid, "") for guid in named)]
        return [pair for text in words for pair in self.written.about(text)]

    def of_nobody(self, root: Any) -> None:
        """Notes that hang on no interview, the project's own description, and the names of links."""
        links = [e for holder in children(root, "Links") for e in children(holder, "Link")]
        words = [child_text(root, "Description")]
        words += [attribute(link, "name") or "" for link in links]
        for text in [*words, *(text for guid, text in self.texts.items() if guid not in self.met)]:
            self.written.of_nobody(text)


def _cases(root: Any, variables: Mapping[str, str], known: Understanding, notes: _Attached) -> list[_Case]:
    found: list[_Case] = []

    def add(element: Any, is_group: bool) -> int:
        label = attribute(element, "name") or ""
        said = known.of_group(label) if is_group else known.of_name(label)
        said += _values(element, variables, known)
        said += notes.on(element)
        inner = [
            add(child, is_group) for child in children(element) if local_name(child) == local_name(element)
        ]
        named = [
            normal_guid(attribute(child, "targetGUID"))
            for child in children(element)
            if _is_member(local_name(child)) and local_name(child) not in _NO_MEMBERS
        ]
        about = DocumentAttributes.of(said) if is_group else DocumentAttributes.of_participant(said)
        found.append(_Case(normal_guid(attribute(element, "guid")), about, named, inner, is_group))
        return len(found) - 1

    for holder, wanted in (("Cases", "Case"), ("Sets", "Set")):
        for place in children(root, holder):
            for element in children(place, wanted):
                add(element, wanted == "Set")
    return found


def _is_member(name: str) -> bool:
    return name.endswith("ref") or (name.startswith("member") and name != "membernote")


def _reached(start: int, cases: list[_Case], place: Mapping[str, int]) -> set[int]:
    """The cases inside a case, however deep; a ring of cases ends."""
    seen: set[int] = set()
    waiting = [start]
    while waiting:
        one = cases[waiting.pop()]
        inner = {*one.inside, *(place[g] for g in one.named if g in place)} - seen
        seen |= inner
        waiting += inner
    return seen - {start}


def _join(into: dict[str, DocumentAttributes], key: str, said: DocumentAttributes) -> None:
    into[key] = into.get(key, DocumentAttributes()).joined(said)


def _values(element: Any, variables: Mapping[str, str], known: Understanding) -> Iterator[tuple[str, str]]:
    """What the variables that stand on an element say."""
    for value in children(element, "VariableValue"):
        labels = [
            variables.get(normal_guid(attribute(r, "targetGUID")), "") for r in children(value, "VariableRef")
        ]
        text = "".join("".join(v.itertext()) for v in children(value) if local_name(v).endswith("value"))
        for label in labels or [""]:
            yield from known.of_variable(label, text)
