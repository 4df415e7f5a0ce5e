"""Templates: every key that is asked for is there with its values, every one that is there is asked for, no bare number."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from evaluation.expectations import CHECKED_TABLES, core_suites, raw_suites, suite_for
from evaluation.study import load_study
from evaluation.words import ANALYST, Count, CountOfPeople, Persons, Public
from evaluation.words.texts import FOLDER, read, texts

ROOT = Path(__file__).parents[3]
PUBLIC = Public(minimum=5, marker="•")
MODULES = [f for top in ("evaluation", "assets", "pipelines") for f in (ROOT / top).rglob("*.py")]


def parts_of(tree: ast.Module) -> dict[str, str]:
    """``TEXT = texts("part")``: the name and the file it stands for."""
    return {
        node.targets[0].id: node.value.args[0].value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "texts"
    }


def asked() -> Iterator[tuple[str, str, re.Pattern[str], set[str] | None]]:
    """(module, part, key as a pattern, names of values; None for a table) of every call."""
    for path in MODULES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        parts = parts_of(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            is_table = isinstance(node.func, ast.Attribute) and node.func.attr == "all"
            owner = node.func.value if is_table else node.func
            if isinstance(owner, ast.Name) and owner.id in parts:
                names = None if is_table else {k.arg for k in node.keywords if k.arg} - {"audience"}
                for key in keys_of(node.args[0]):
                    yield path.name, parts[owner.id], key, names


def keys_of(node: ast.expr) -> list[re.Pattern[str]]:
    """A literal key, the literal parts of a made one, or both sides of a choice."""
    if isinstance(node, ast.Constant):
        return [re.compile(re.escape(node.value))]
    if isinstance(node, ast.IfExp):
        return [*keys_of(node.body), *keys_of(node.orelse)]
    if isinstance(node, ast.JoinedStr):
        return [
            re.compile(
                "".join(re.escape(v.value) if isinstance(v, ast.Constant) else ".+" for v in node.values)
            )
        ]
    return []


def needed(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


ASKED = list(asked())
DECLARED = [
    c for suites in (raw_suites.SUITES, core_suites.SUITES) for s in suites.values() for c in s.checks
]


def test_what_is_asked_for_is_there_with_its_values():
    assert len(ASKED) > 200
    wrong = []
    for module, part, key, names in ASKED:
        there = read(part)
        found = [k for k in there if key.fullmatch(k)]
        is_right = bool(found) and all(
            isinstance(there[k], str) is (names is not None)
            and (names is None or needed(there[k]) == names or (len(found) > 1 and needed(there[k]) <= names))
            for k in found
        )
        if not is_right:
            wrong.append((module, part, key.pattern, names))
    assert wrong == []


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda p: p.stem)
def test_what_is_there_is_asked_for(path):
    if path.stem == "templates":
        pytest.skip("asked for by the names of files")
    mine = [key for _, part, key, _ in ASKED if part == path.stem]
    if path.stem == "expectations":
        mine += [re.compile(re.escape(key)) for check in DECLARED for key in (check.title, check.next_step)]
    assert [k for k in read(path.stem) if not any(m.fullmatch(k) for m in mine)] == []


@pytest.mark.parametrize("name", CHECKED_TABLES)
def test_what_a_check_says_is_there_under_its_name(name):
    for check in suite_for(name, load_study("demo_kommune").protocol):
        assert " " in check.title, check.name  # words, no key


def test_a_number_that_says_no_kind_has_no_text():
    say = texts("commands")
    assert say("check_files_stop", files=Count(1)) == "1 fil stopper runden; intet er skrevet"
    assert say("check_files_stop", files=Count(2)).startswith("2 filer")
    for bare in (2, 2.0, None, True):
        with pytest.raises(TypeError, match="does not say what it is a number of"):
            say("check_files_stop", files=bare)


def test_a_count_of_people_needs_an_audience():
    say = texts("commands")
    with pytest.raises(CountOfPeople):
        say("check_files_stop", files=Persons(3))
    assert say("check_files_stop", audience=PUBLIC, files=Persons(3)).startswith("• filer")
    assert say("check_files_stop", audience=ANALYST, files=Persons(3)).startswith("3 filer")
