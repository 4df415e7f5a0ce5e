"""A count of people has no text of any kind; the others are Danish. Rounding is one."""

from __future__ import annotations

import ast
import copy
import csv
import datetime as dt
import io
import json
import logging
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.words import (
    ANALYST,
    Count,
    CountOfPeople,
    Days,
    Limit,
    Names,
    Number,
    On,
    OneSchool,
    Percent,
    Persons,
    Points,
    Public,
    Weeks,
)
from evaluation.words.danish import number, rounded, rounded_all

ROOT = Path(__file__).parents[3]
THREE = Persons(3)
TEXTS = {
    "str": str,
    "repr": repr,
    "format": lambda p: f"{p:>3}",
    "percent": lambda p: "%s" % p,  # noqa: UP031
    "percent d": lambda p: "%d" % p,  # noqa: UP031
    "join": lambda p: "".join([p]),
    "json": json.dumps,
    "json default": lambda p: json.dumps(p, default=str),
    "csv": lambda p: csv.writer(io.StringIO()).writerow([p]),
    "pickle": pickle.dumps,
    "old pickle": lambda p: pickle.dumps(p, protocol=0),
    "int": int,
    "float": float,
    "index": lambda p: "abc"[p],
    "bytes": bytes,
    "list": list,
    "numpy": lambda p: np.array([p]).astype(float),
    "frame as csv": lambda p: pd.DataFrame({"n": [p]}).to_csv(),
    "frame as text": lambda p: str(pd.DataFrame({"n": [p]})),
    "in a list": lambda p: str([p]),
    "in a mapping": lambda p: f"{ {'n': p} }",
    "exception": lambda p: str(ValueError(p)),
}


@pytest.mark.parametrize("way", TEXTS)
def test_no_way_makes_text_or_a_number_of_a_count_of_people(way):
    with pytest.raises(TypeError) as refused:
        TEXTS[way](THREE)
    assert "3" not in str(refused.value)


def test_a_log_gets_nothing(caplog, capsys):
    logger = logging.getLogger("komglad.test")
    with caplog.at_level(logging.INFO), pytest.raises(TypeError):
        logger.info("found %s girls", THREE)
    logger.propagate, handler = False, logging.StreamHandler()
    logger.addHandler(handler)
    try:
        logger.warning("found %s girls", THREE)
    finally:
        logger.removeHandler(handler)
        logger.propagate = True
    err = capsys.readouterr().err
    assert "Logging error" in err
    assert "3 girls" not in err


def test_only_the_audience_opens_a_count():
    """No module but the two that say to whom, or keep it for the warehouse, reads the number."""
    users = set()
    for path in [p for top in ("evaluation", "assets", "pipelines") for p in (ROOT / top).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "value", None)
            if name in ("_count", "_Persons__n") and isinstance(node, ast.Attribute | ast.Constant):
                users.add(path.relative_to(ROOT / "evaluation").as_posix())
    assert users == {"words/audience.py", "words/statement.py", "words/values.py"}


def test_counts_are_compared_added_and_copied():
    assert Persons(2) + Persons(3) == Persons(5) != Persons(4)
    assert Persons(4).is_fewer_than(5)
    assert not Persons(5).is_fewer_than(5)
    assert copy.deepcopy(THREE) == copy.copy(THREE) == THREE
    assert len({Persons(3), THREE}) == 1
    assert not Persons(0)
    with pytest.raises(ValueError, match="whole number"):
        Persons(2.5)
    with pytest.raises(AttributeError):
        THREE.n = 4


@pytest.mark.parametrize(
    ("n", "analyst", "public"),
    [(0, "0", "•"), (4, "4", "•"), (5, "5", "5"), (7, "7", "5"), (8, "8", "10"), (2602, "2.602", "2.600")],
)
def test_each_audience_reads_its_own(n, analyst, public):
    assert ANALYST.people(Persons(n)) == analyst
    assert OneSchool("1").people(Persons(n)) == analyst
    assert Public(minimum=5, marker="•").people(Persons(n)) == public


@given(st.integers(0, 5000), st.integers(3, 8))
def test_the_public_cannot_tell_a_count_from_its_nearest(n, minimum):
    """Behind every public number stand at least three counts, and behind the marker all below the limit."""
    public = Public(minimum=minimum, marker="•")
    shown = public.people(Persons(n))
    same = [k for k in range(max(0, n - 10), n + 11) if public.people(Persons(k)) == shown]
    assert len(same) >= 3
    assert shown == "•" or n >= minimum


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Count(1200), "1.200"),
        (Days(0.5), "0,5\u00a0dag"),
        (Days(1), "1\u00a0dag"),
        (Days(0), "0\u00a0dage"),
        (Days(12.25), "12,3\u00a0dage"),
        (Percent(0.25), "0,3\u00a0%"),
        (Percent(79.5, 0), "80\u00a0%"),
        (Limit(0.05), "0,05"),
        (Limit(80.0), "80"),
        (Points(-2.14), "2,1\u00a0procentpoint"),
        (Number(-0.04), "0,0"),
        (On(dt.date(2026, 11, 13)), "13.\u00a0november 2026"),
        (Weeks((dt.date(2026, 10, 26), dt.date(2026, 10, 19))), "uge 43 og 44 (2026)"),
        (Weeks(()), "ingen uger"),
        (Weeks(tuple(dt.date(2026, 1, 5) + dt.timedelta(7 * k) for k in range(7))), "7 uger"),
        (Names(("1.", "6.", "8. årgang")), "1., 6. og 8. årgang"),
    ],
)
def test_values_are_danish(value, text):
    assert str(value) == text


@given(st.floats(-1e6, 1e6), st.integers(0, 3))
def test_one_rounding_for_one_number_and_for_many(value, decimals):
    one = rounded(value, decimals)
    assert one == rounded_all(np.array([0.0, value, np.nan]), decimals)[1]
    assert abs(one - value) <= 0.5 * 10.0**-decimals + 1e-8
    assert str(one) != "-0.0"
    assert rounded(-value, decimals) == -one
    assert not number(value, decimals).startswith("−0,0" if decimals == 1 and one == 0 else "x")


@pytest.mark.parametrize(
    ("k", "shown"), [(25, 0.3), (35, 0.4), (45, 0.5), (5, 0.1), (1005, 10.1), (-25, -0.3)]
)
def test_ties_go_away_from_zero_also_where_binary_fractions_lose(k, shown):
    assert rounded(k / 100) == shown
    assert rounded(k / 10_000, 3) == pytest.approx(shown / 100, abs=1e-12)


def test_a_refusal_names_no_number():
    assert "name the audience" in str(CountOfPeople())
