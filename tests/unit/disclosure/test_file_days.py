"""Per cent in files, attacked as days: a hidden one is found by subtraction unless another is hidden with it."""

from __future__ import annotations

import pytest

from evaluation.disclosure import html_attributes, protect
from evaluation.disclosure.attack_files import attack_files
from tests.rules import rules as rules_with

RULES = rules_with()
ROWS = [("6", 30, 150.0, 1800.0, 100.0), ("7", 40, 160.0, 2400.0, 20.0), ("8", 50, 200.0, 3000.0, 21.0)]
"""One pupil has 100 of the 150 days in grade 6."""


@pytest.mark.parametrize("is_careful", [True, False])
def test_hidden_per_cent_and_the_total(days, is_careful):
    release = protect([days(ROWS)], RULES, release_id="nov", is_complementary=is_careful)
    rows = "".join(
        f"<tr><td {html_attributes(c.exhibit, c.cell, c.measure)}>{c.text}</td></tr>" for c in release.cells
    )
    page = f'{rows}<script type="application/json" id="komglad-exhibits">{release.structure()}</script>'
    found = attack_files({"a.html": page}, RULES, school_days={"nov": 60})
    opened = {i.target.key.cell: (i.low, i.high) for i in found.leaks}
    assert (opened == {}) == is_careful
    if not is_careful:
        low, high = opened[(("klassetrin", "6"),)]
        assert low < 150 < high
        assert high - low < 30
    assert attack_files({"a.html": page}, RULES).leaks == ()
