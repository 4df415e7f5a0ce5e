"""The reference is what the code says today, and says what each thing means."""

from __future__ import annotations

import importlib.util
import re
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("make_reference", ROOT / "docs" / "make_reference.py")
assert SPEC is not None
make = importlib.util.module_from_spec(SPEC)
assert SPEC.loader is not None
SPEC.loader.exec_module(make)


@pytest.mark.parametrize("name", list(make.PAGES))
def test_a_page_is_what_the_code_says(name):
    written = (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")
    assert lasting(written) == lasting(make.PAGES[name]()), "make reference"


def lasting(page: str) -> list[str]:
    """A page without who reads a key, which every new module may change."""
    return [
        re.sub(r"\| [^|]*\|$", "", line) if line.startswith("| `") else line for line in page.splitlines()
    ]


def test_every_key_of_a_protocol_has_a_meaning_and_a_reader():
    rows = [line.split(" | ") for line in make.protocol_page().splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    assert [row[0] for row in rows if not row[3].strip()] == []


def test_the_pages_name_nobody_from_a_place_of_work():
    for page in make.PAGES.values():
        text = page()
        assert not any(
            place in text for place in (str(ROOT), str(Path.home()), tempfile.gettempdir(), ".venv")
        )
