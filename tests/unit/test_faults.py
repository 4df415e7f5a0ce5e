"""The list of faults names tests that there are."""

from __future__ import annotations

import re

import pytest

from tests.faults import FAULTS
from tests.mutants import ROOT


@pytest.mark.parametrize(
    "test", sorted({test for cases in FAULTS.values() for tests in cases.values() for test in tests})
)
def test_a_test_that_is_named_exists(test: str) -> None:
    file, name = test.split("::")
    assert re.search(rf"^def {name}\(", (ROOT / file).read_text("utf-8"), re.M)


def test_every_case_has_a_test() -> None:
    assert all(tests for cases in FAULTS.values() for tests in cases.values())
