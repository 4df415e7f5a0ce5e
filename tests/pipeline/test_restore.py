"""A backup as docs/drift says it is taken, put back elsewhere: the round can be made again, byte for byte."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from pipelines.settings import PROJECT
from pipelines.verification import compared, rerun
from tests.conftest import settings_for

pytestmark = pytest.mark.slow

PAGE = PROJECT / "docs" / "drift" / "sikkerhedskopi-og-flytning.md"
ROUND = "november_2026"


def documented(words: str, **places: str) -> list[str]:
    """The command of the page that holds these words, with the reader's own places in it."""
    (line,) = [
        part
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        for part in line.split("&&")
        if words in part
    ]
    return [places.get(token, token) for token in shlex.split(line)]


def test_a_restored_copy_makes_the_round_again(demonstration, tmp_path):
    copy, restored = tmp_path / "kopi.tar", tmp_path / "prøve"
    places = {"kopi.tar": str(copy), "~/komglad-data": str(demonstration.folder), "prøve": str(restored)}
    subprocess.run(documented("tar --create", **places), check=True)
    restored.mkdir(mode=0o700)
    extract = documented("tar --extract", **places)
    with copy.open("rb") as stream:
        subprocess.run(extract[extract.index("tar") :], check=True, stdin=stream)
    assert not list(restored.rglob("*.lock"))
    settings = settings_for(restored)
    again = rerun(settings, ROUND, tmp_path / "aside")
    found = compared(settings, again, ROUND)
    assert found.different == ()
    assert found.altered == ()
    assert found.compared > 50
