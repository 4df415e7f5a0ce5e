from __future__ import annotations

import datetime as dt
import re

import pandas as pd
import pytest

from evaluation.words.danish import (
    ORDINALS,
    date,
    is_missing,
    join,
    month,
    neuter,
    number,
    one_in,
    percent,
    points,
    rounded,
    signed,
    word,
)


@pytest.mark.parametrize(
    ("value", "decimals", "expected"),
    [
        (1234.56, 1, "1.234,6"),
        (-0.4, 1, "−0,4"),
        (-0.04, 1, "0,0"),
        (0.25, 1, "0,3"),
        (2.675, 2, "2,68"),
        (1_000_000, 0, "1.000.000"),
        (6.0, 1, "6,0"),
    ],
)
def test_numbers_have_decimal_comma_and_half_goes_up(value: float, decimals: int, expected: str) -> None:
    assert number(value, decimals) == expected


def test_units_are_held_to_their_number_by_a_space_that_does_not_break() -> None:
    assert percent(6.84) == "6,8\u00a0%"
    assert points(-0.42) == "0,4\u00a0procentpoint"
    assert signed(0.04) == "0,0"
    assert signed(1.26) == "+1,3"


def test_rounding_never_shows_a_negative_zero() -> None:
    assert str(rounded(-0.04)) == "0.0"
    assert rounded(-2.45) == -2.5


def test_dates_name_the_month() -> None:
    assert date(dt.date(2026, 11, 13)) == "13.\u00a0november 2026"
    assert date("2027-01-11") == "11.\u00a0januar 2027"
    assert date(pd.Timestamp("2026-08-07 10:00")) == "7.\u00a0august 2026"
    assert month(dt.date(2026, 3, 1)) == "marts 2026"


def test_lists_and_small_numbers_read_as_danish() -> None:
    assert join(["a"]) == "a"
    assert join(["a", "b", "c"]) == "a, b og c"
    assert [word(n) for n in (0, 1, 4, 12, 13)] == ["nul", "én", "fire", "tolv", "13"]
    assert [neuter(n) for n in (1, 2)] == ["Ét", "To"]


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (20.0, "cirka hver femte"),
        (21.4, "cirka hver femte"),
        (50.0, "cirka hver anden"),
        (40.0, "cirka 4 ud af 10"),
        (0.0, "ingen"),
        (3.1, "færre end 1 ud af 32"),
        (8.3, "cirka 1 ud af 12"),
        (4.0, "færre end 1 ud af 24"),
        (96.5, "flere end 9 ud af 10"),
        (99.99, "flere end 9 ud af 10"),
        (100.0, "alle"),
    ],
)
def test_shares_as_people(share: float, expected: str) -> None:
    assert one_in(share) == expected


@pytest.mark.parametrize("half", [0.0, 0.05, 0.5])
def test_no_fraction_says_more_than_its_share(half: float) -> None:
    for step in range(100_001):
        told = step / 1000
        said = one_in(told, half)
        ordinal = next((n for n, w in ORDINALS.items() if said == f"cirka hver {w}"), None)
        about = re.fullmatch(r"cirka (\d+) ud af (\d+)", said)
        bound = re.fullmatch(r"(færre|flere) end (\d+) ud af ([\d.]+)", said)
        for share in {max(told - half, 0.0), told, min(told + half, 100.0)}:
            if said in ("alle", "ingen"):
                assert share == (100.0 if said == "alle" else 0.0)
            elif bound:
                limit = 100 * int(bound[2]) / int(bound[3].replace(".", ""))
                assert share < limit if bound[1] == "færre" else share > limit
            else:
                named = 100 / ordinal if ordinal else 100 * int(about[1]) / int(about[2])  # type: ignore[index]
                assert 0 < named < 100
                most = 5 + half if about and about[2] == "10" else told / 15
                assert abs(named - share) <= most + 1e-9


def test_what_counts_as_missing() -> None:
    assert all(is_missing(x) for x in (None, "", float("nan"), pd.NA, pd.NaT))
    assert not any(is_missing(x) for x in (0, 0.0, False, "•"))
