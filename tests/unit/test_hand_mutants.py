"""The list of mutants by hand speaks of lines and tests that there are; trying them is ``python -m tests.hand_mutants``."""

from __future__ import annotations

import re

import pytest

from tests.hand_mutants import MUTANTS, Mutant
from tests.mutants import ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.protects)
def test_a_mutant_changes_one_place_and_names_a_test(mutant: Mutant) -> None:
    assert (ROOT / mutant.module).read_text("utf-8").count(mutant.text) == 1
    file, name = mutant.test.split("::")
    assert re.search(rf"^def {name}\(", (ROOT / file).read_text("utf-8"), re.M)
