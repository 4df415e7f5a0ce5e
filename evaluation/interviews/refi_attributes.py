"""Document attributes in REFI-QDA projects: variables on sources and cases, cases as codes, document groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evaluation.codebooks import Codebook
from evaluation.files.safe_xml import attribute, children, local_name, normal_guid
from evaluation.interviews.attributes import (
    DocumentAttributes,
    attributes_of_code,
    attributes_of_group,
    said_by,
)


@dataclass
class SourceAttributes:
    """All that is said, by GUID of the source, and by GUID of a case (which NVivo also uses as a code).

    ``by_lonely_case``: of cases that name no source, by the GUIDs under which they may be set as a code.
    """

    by_source: dict[str, DocumentAttributes] = field(default_factory=lambda: defaultdict(DocumentAttributes))
    by_case: dict[str, DocumentAttributes] = field(default_factory=dict)
    by_lonely_case: dict[tuple[str, ...], DocumentAttributes] = field(default_factory=dict)

    def add(self, source: str, about: DocumentAttributes) -> None:
        """Something more is said of a source."""
        self.by_source[source] = self.by_source[source].joined(about)


def source_attributes(root: Any, codebook: Codebook) -> SourceAttributes:
    """Everything a project says of its documents: on the source, its cases, their selections and its groups."""
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
            found.add(guid, DocumentAttributes.of(_said(source, variables, codebook)))
            for inner in source.iter():
                if local_name(inner).endswith("selection"):
                    owner[normal_guid(attribute(inner, "guid"))] = guid
    for holder in children(root, "Cases"):
        for case in children(holder, "Case"):
            named = attributes_of_code(attribute(case, "name") or "", codebook)
            said = DocumentAttributes.of_participant([*named, *_said(case, variables, codebook)])
            own = [normal_guid(attribute(case, "guid"))]
            own += [normal_guid(attribute(r, "targetGUID")) for r in children(case, "CodeRef")]
            for code in own:
                found.by_case[code] = found.by_case.get(code, DocumentAttributes()).joined(said)
            if said.words and not children(case, "SourceRef", "SelectionRef"):
                found.by_lonely_case[tuple(own)] = said
            for reference in children(case, "SourceRef", "SelectionRef"):
                target = normal_guid(attribute(reference, "targetGUID"))
                found.add(owner.get(target, target), said)
    for holder in children(root, "Sets"):
        for group in children(holder, "Set"):
            said = DocumentAttributes.of(attributes_of_group(attribute(group, "name") or "", codebook))
            for reference in children(group, "MemberSource"):
                found.add(normal_guid(attribute(reference, "targetGUID")), said)
    return found


def _said(element: Any, variables: Mapping[str, str], codebook: Codebook) -> list[tuple[str, str]]:
    pairs = []
    for value in children(element, "VariableValue"):
        for reference in children(value, "VariableRef"):
            label = variables.get(normal_guid(attribute(reference, "targetGUID")), "")
            text = "".join("".join(v.itertext()) for v in children(value) if local_name(v).endswith("value"))
            pairs += said_by(label, text, codebook)
    return pairs
