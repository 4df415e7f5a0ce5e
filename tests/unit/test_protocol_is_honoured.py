"""Whatever a protocol may say, some code reads: a decision that changes nothing is no decision."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from evaluation import protocol as p
from evaluation.protocol import Protocol

ROOT = Path(__file__).parents[2]
SINGLE = {
    name: field.annotation
    for name, field in Protocol.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
} | {"targeted": p.Targeted}
"""Blocks that stand once in a protocol, by their names."""
MANY = (p.MilestonePart, p.School, p.Wave, p.AbsenceType, p.Outcome, p.Threshold, p.DataSet, p.Round)
FOR_PEOPLE = {"source", "contains", "basis", "is_assumption"}
"""Said for readers of the plan: where a rule comes from, what a data set holds, that a window is still assumed."""
SOURCES = [
    f.read_text(encoding="utf-8")
    for top in ("evaluation", "assets", "pipelines")
    for f in sorted((ROOT / top).rglob("*.py"))
    if f.name != "protocol.py"
]


def reads(block: str, name: str) -> bool:
    """Whether a module reads ``….block.name``, or gives the block a name of its own and reads that one's."""
    direct = re.compile(rf"\b{block}\.{name}\b")
    called = re.compile(rf"(\w+)(?:: [^=\n]+)? = [^\n]*\.{block}\b(?!\.)")
    own_module = (ROOT / "evaluation" / "protocol.py").read_text(encoding="utf-8")
    if re.search(rf"\bself\.{name}\b", own_module):
        return True
    for text in SOURCES:
        if direct.search(text):
            return True
        if any(re.search(rf"\b{own}\.{name}\b", text) for own in set(called.findall(text))):
            return True
    return False


@pytest.mark.parametrize(("block", "name"), [(b, n) for b, m in SINGLE.items() for n in m.model_fields])
def test_every_decision_is_read(block, name):
    handed_over_whole = block == "disclosure"
    assert handed_over_whole or reads(block, name), f"nothing reads {block}.{name}"


@pytest.mark.parametrize(("model", "name"), [(m.__name__, n) for m in MANY for n in m.model_fields])
def test_every_field_of_a_list_is_read(model, name):
    assert name in FOR_PEOPLE or any(re.search(rf"\.{name}\b", t) for t in SOURCES), (
        f"nothing reads {model}.{name}"
    )


def test_every_disclosure_limit_acts():
    """The gate takes the block as it is; each of its limits is read beside its own definition."""
    for name in p.Disclosure.model_fields:
        assert sum(bool(re.search(rf"\b(rules|disclosure|self)\.{name}\b", t)) for t in SOURCES) >= 1, name
