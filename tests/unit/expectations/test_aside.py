"""A module that stands aside is imported when it is used, and by anyone who imports it afterwards."""

from __future__ import annotations

import subprocess
import sys

import pytest

from evaluation.expectations.aside import standing_aside


@pytest.fixture
def slow_module(tmp_path, monkeypatch):
    """A module that counts how often it is imported."""
    (tmp_path / "slow_to_import.py").write_text("def doubled(x, *, plus=0):\n    return 2 * x + plus\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield "slow_to_import"
    sys.modules.pop("slow_to_import", None)


def test_it_is_imported_when_called_and_no_sooner(slow_module):
    with standing_aside(slow_module):
        import slow_to_import as early
        from slow_to_import import doubled
    assert slow_module not in sys.modules
    assert early.doubled(3, plus=1) == 7
    assert slow_module in sys.modules
    assert doubled(4) == 8


def test_afterwards_the_module_itself_is_imported(slow_module):
    with standing_aside(slow_module):
        import slow_to_import as early
    import slow_to_import as late

    assert late is not early
    assert late.__file__.endswith("slow_to_import.py")


def test_what_is_there_already_stays(slow_module):
    import slow_to_import as before

    with standing_aside(slow_module):
        import slow_to_import as inside
    assert inside is before


def test_it_ends_with_an_error_too(slow_module):
    with pytest.raises(ValueError, match="inside"), standing_aside(slow_module):
        raise ValueError("inside")
    import slow_to_import

    assert slow_to_import.doubled(1) == 2


@pytest.mark.slow
def test_a_suite_does_not_bring_charts_or_address_grammars():
    code = """if True:
        import sys
        from evaluation.expectations.run import _validate
        print(sorted(_validate({"a": 0, "b": 3})))
        print(sorted({"altair", "rfc3987_syntax"} & set(sys.modules)))
        import altair
        print(altair.__version__ > "0")
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:3] == ["[]", "[]", "True"]
