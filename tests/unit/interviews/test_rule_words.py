"""Danish words for every rule of interviews and forms that an analyst may meet."""

from __future__ import annotations

import ast
from pathlib import Path

import evaluation.interviews
from evaluation.door.rule_words import FILE_WORDS
from evaluation.door.rule_words import WORDS as DOOR
from evaluation.interviews.attributes import _FAULTS
from evaluation.interviews.rule_words import WORDS

FOLDER = Path(str(evaluation.interviews.__file__)).parent
FILES = [FOLDER.parent / "files" / name for name in ("packages.py", "safe_xml.py", "sqlite.py")]
"""What opens the projects and databases that interviews come in."""


def rules() -> set[str]:
    found = set(_FAULTS)
    for path in [*FOLDER.glob("*.py"), *FILES, FOLDER.parent / "voices_intake.py"]:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Problem":
                rule = {k.arg: k.value for k in call.keywords}.get("rule")
                if rule is None and len(call.args) > 4:
                    rule = call.args[4]
                if isinstance(rule, ast.Constant):
                    found.add(str(rule.value))
    return found


def test_every_rule_has_danish_words_and_no_word_is_without_a_rule() -> None:
    found = rules()
    assert len(found) > 30
    assert found - set(WORDS) - set(DOOR) - set(FILE_WORDS) == set()
    assert not set(WORDS) & {*DOOR, *FILE_WORDS}  # one rule has one set of words
    assert set(WORDS) == found & set(WORDS)
    assert all(what and do and what != do for what, do in WORDS.values())
