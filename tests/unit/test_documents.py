"""What the documents name exists: modules, functions, files, tables, make targets."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import pytest

from evaluation.tables import TABLES

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    p for p in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")) if p.name != "CHANGELOG.md"
)
CODE = re.compile(r"`([^`\n]+)`")
PLACE = re.compile(r"^(?:assets|docs|evaluation|notebooks|pipelines|tests|benchmarks|packaging)/[\w./*-]+$")
NAME = re.compile(r"^(?:assets|evaluation|pipelines)(?:\.\w+)+$")
METHOD = re.compile(r"^([A-Z]\w+)\.(\w+)(?:\(.*\))?$")
TABLE = re.compile(r"^(?:raw|core|out)_[a-z_]+$")


SOURCE = "".join(
    p.read_text(encoding="utf-8")
    for d in ("assets", "evaluation", "pipelines")
    for p in (ROOT / d).rglob("*.py")
)


def test_there_are_documents() -> None:
    assert len(DOCUMENTS) > 30


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_what_a_document_names_is_there(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    missing = [said for said in CODE.findall(text) if not _exists(said)]
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    missing += [
        to
        for to in links
        if "://" not in to and not to.startswith("mailto:") and not (document.parent / to).exists()
    ]
    assert missing == []


def _exists(said: str) -> bool:
    if PLACE.match(said):
        return any(ROOT.glob(said.rstrip("/")))
    if TABLE.match(said) and not said.endswith("_"):
        return said in TABLES
    if NAME.match(said):
        return _imported(said)
    if (match := METHOD.match(said)) and f"class {match[1]}" in SOURCE:
        return re.search(rf"^    (?:def )?{match[2]}\b", SOURCE, re.M) is not None
    if match := re.match(r"^make ([a-z-]+)$", said):
        return re.search(rf"^{match[1]}:", (ROOT / "Makefile").read_text(), re.M) is not None
    return True


def _imported(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    parts = name.split(".")
    for n in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:n]))
        except ModuleNotFoundError:
            continue
        for part in parts[n:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def test_the_citation_is_of_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert re.search(rf"^version: {re.escape(version)}$", (ROOT / "CITATION.cff").read_text(), re.M)
