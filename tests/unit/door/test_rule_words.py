"""Danish words: one for each rule that a row or a whole file can break, and none for a rule nobody breaks."""

from __future__ import annotations

import ast
from pathlib import Path

import evaluation.door
import evaluation.files
from evaluation.door.rule_words import FILE_WORDS, WORDS
from evaluation.door.rules import RULES

ROOMS = [Path(str(room.__file__)).parent for room in (evaluation.door, evaluation.files)]
OF_INTERVIEWS = ("packages.py", "safe_xml.py", "sqlite.py")
"""Projects and databases of coded interviews speak for themselves."""
MAPPING = {"TOML 1.0 in UTF-8"}
"""What is wrong with a mapping is said to the analyst who writes it, before any file is read."""


def rules_of_files() -> set[str]:
    """Every rule written out in a Problem of the door or of its files, by position or name, or in a local ``refuse``."""
    found = set()
    for path in (p for room in ROOMS for p in room.glob("*.py") if p.name not in OF_INTERVIEWS):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            name = getattr(call.func, "id", "")
            rule = {k.arg: k.value for k in call.keywords}.get("rule")
            if name == "Problem" and rule is None and len(call.args) > 4:
                rule = call.args[4]
            if name == "refuse" and rule is None and len(call.args) > 1:
                rule = call.args[1]
            if name in ("Problem", "refuse") and isinstance(rule, ast.Constant):
                found.add(str(rule.value))
    return found


def test_every_rule_of_a_row_has_danish_words() -> None:
    assert set(WORDS) == set(RULES)


def test_every_rule_of_a_file_has_danish_words() -> None:
    found = rules_of_files() - MAPPING
    assert len(found) > 25
    assert set(FILE_WORDS) == found


def test_words_say_what_to_do() -> None:
    assert all(w.found and w.do and w.found != w.do for w in (*WORDS.values(), *FILE_WORDS.values()))
