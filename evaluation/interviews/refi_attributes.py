"""Document attributes in REFI-QDA projects: variables on sources and cases, cases as codes, document groups."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from evaluation.codebooks import Codebook
from evaluation.interviews.attributes import FIELDS, attribute_name, canonical_value
from evaluation.interviews.safe_xml import attribute, children, local_name, normal_guid

_ASSIGNMENT = re.compile(r"\A\s*([^:=]+?)\s*[:=]\s*(.+?)\s*\Z")


@dataclass
class SourceAttributes:
    """Attribute → raw word, by GUID of the source, and by GUID of a case (which NVivo also uses as a code)."""

    by_source: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    by_case: dict[str, dict[str, str]] = field(default_factory=dict)


def source_attributes(root: Any, codebook: Codebook) -> SourceAttributes:
    """Everything a project says of its documents, in the order source, case, selection's case, group."""
    variables = {
        normal_guid(attribute(variable, "guid")): attribute_name(attribute(variable, "name") or "", codebook)
        for holder in children(root, "Variables")
        for variable in children(holder, "Variable")
    }
    found = SourceAttributes()
    owner: dict[str, str] = {}
    for holder in children(root, "Sources"):
        for source in children(holder):
            guid = normal_guid(attribute(source, "guid"))
            found.by_source[guid].update(_values(source, variables))
            for inner in source.iter():
                if local_name(inner).endswith("selection"):
                    owner[normal_guid(attribute(inner, "guid"))] = guid
    for holder in children(root, "Cases"):
        for case in children(holder, "Case"):
            values = _values(case, variables)
            found.by_case[normal_guid(attribute(case, "guid"))] = values
            for reference in children(case, "CodeRef"):
                found.by_case[normal_guid(attribute(reference, "targetGUID"))] = values
            for reference in children(case, "SourceRef", "SelectionRef"):
                target = normal_guid(attribute(reference, "targetGUID"))
                _fill(found.by_source[owner.get(target, target)], values)
    for holder in children(root, "Sets"):
        for group in children(holder, "Set"):
            values = _group(attribute(group, "name") or "", codebook)
            for reference in children(group, "MemberSource"):
                _fill(found.by_source[normal_guid(attribute(reference, "targetGUID"))], values)
    return found


def _values(element: Any, variables: dict[str, str | None]) -> dict[str, str]:
    values: dict[str, str] = {}
    for value in children(element, "VariableValue"):
        for reference in children(value, "VariableRef"):
            name = variables.get(normal_guid(attribute(reference, "targetGUID")))
            text = "".join("".join(v.itertext()) for v in children(value) if local_name(v).endswith("value"))
            if name and text.strip():
                values.setdefault(name, text.strip())
    return values


def _group(name: str, codebook: Codebook) -> dict[str, str]:
    """A document group's name as an attribute: ``samtykke: gyldigt``, or a value only one attribute has."""
    if assignment := _ASSIGNMENT.match(name):
        known = attribute_name(assignment.group(1), codebook)
        if known:
            return {known: assignment.group(2)}
    owners = [
        item.id
        for item in codebook.attributes
        if item.id in FIELDS and canonical_value(item.id, name, item.values) is not None
    ]
    return {owners[0]: name} if len(owners) == 1 else {}


def _fill(known: dict[str, str], more: dict[str, str]) -> None:
    for name, value in more.items():
        known.setdefault(name, value)
