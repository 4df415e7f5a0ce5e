"""The order of periods written as text: every way of writing, what is not guessed, and what a panel makes of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.effects.design import Panel
from evaluation.effects.periods import are_year_months, period_order
from evaluation.errors import InputError

MONTHS = ["jan", "feb", "mar", "apr", "maj", "jun", "jul", "aug", "sep", "okt", "nov", "dec"]
WRITINGS: dict[str, Callable[[int], str]] = {
    "2026Q4": lambda i: f"{2026 + i // 4}Q{i % 4 + 1}",
    "Q42026": lambda i: f"Q{i % 4 + 1}{2026 + i // 4}",
    "2026-K4": lambda i: f"{2026 + i // 4}-K{i % 4 + 1}",
    "2. kvartal 2026": lambda i: f"{i % 4 + 1}. kvartal {2026 + i // 4}",
    "2026-11": lambda i: f"{2026 + i // 12}-{i % 12 + 1:02d}",
    "2026m9": lambda i: f"{2026 + i // 12}m{i % 12 + 1}",
    "nov 2026": lambda i: f"{MONTHS[i % 12]} {2026 + i // 12}",
    "2026-W9": lambda i: f"{2026 + i // 52}-W{i % 52 + 1}",
    "2026u09": lambda i: f"{2026 + i // 52}u{i % 52 + 1:02d}",
    "2026-11-01": lambda i: f"{2026 + i // 12}-{i % 12 + 1:02d}-01",
    "01-11-2026": lambda i: f"{i % 12 + 1:02d}-11-{2026 + i // 12}",
    "01nov2026": lambda i: f"01{MONTHS[i % 12]}{2026 + i // 12}",
    "2026/27": lambda i: f"{1990 + i}/{(1991 + i) % 100:02d}",
    "2026H2": lambda i: f"{2026 + i // 2}H{i % 2 + 1}",
    "uge 9": lambda i: f"uge {i + 5}",
}


@given(st.sampled_from(sorted(WRITINGS)), st.permutations(range(24)))
def test_every_way_of_writing_is_put_in_order(name: str, shuffled: list[int]) -> None:
    labels = [WRITINGS[name](i) for i in range(24)]
    order = period_order([labels[i] for i in shuffled])
    assert order.known
    assert list(order.labels) == labels
    assert [order.position(label) for label in labels] == list(range(24))


def test_a_period_that_is_not_among_them_has_its_place() -> None:
    order = period_order(["2026-09", "2026-12", "2027-02"])
    assert [order.position(x) for x in ("2026-08", "2026-10", "2027-03", "Q12026")] == [0, 1, 3, None]


def test_day_and_month_are_not_guessed() -> None:
    with pytest.raises(InputError, match="day or the month first"):
        period_order(["01-02-2026", "02-01-2026"])
    assert period_order(["01-02-2026", "01-03-2026"]).labels == ("01-02-2026", "01-03-2026")
    assert period_order(["13-02-2026", "02-05-2026"]).labels == ("13-02-2026", "02-05-2026")


def test_words_tell_no_order() -> None:
    order = period_order(["før", "efter"])
    assert not order.known
    with pytest.raises(InputError, match="cannot be told"):
        order.demand()


def test_one_period_written_twice_is_refused() -> None:
    with pytest.raises(InputError, match="more than one way"):
        period_order(["2026-9", "2026-09", "2026-10"])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([202611.0, 202612.0, 202701.0], True),
        ([202601.0, 202602.0], False),  # one year: a step is one period either way
        ([202613.0, 202701.0], False),
        ([2004.0, 2005.0], False),
        ([202611.5, 202701.0], False),
    ],
)
def test_years_with_a_month_behind_them(values: list[float], expected: bool) -> None:
    assert are_year_months(values) is expected


def panel_frame(label: Callable[[int], object], never: object) -> pd.DataFrame:
    start = {0: 9, 1: 10}
    rows = [(u, label(t), label(start[u]) if u in start else never) for u in range(5) for t in range(6, 13)]
    frame = pd.DataFrame(rows, columns=["u", "t", "g"])
    return frame.assign(y=np.arange(len(frame), dtype=float))


@pytest.mark.parametrize("name", sorted(WRITINGS))
@pytest.mark.parametrize("never", ["", "0", "inf", None])
def test_a_panel_counts_steps_in_time_not_in_the_alphabet(name: str, never: object) -> None:
    numbers = Panel.from_frame(panel_frame(lambda t: t, 0), outcome="y", unit="u", time="t", start="g")
    labels = Panel.from_frame(panel_frame(WRITINGS[name], never), outcome="y", unit="u", time="t", start="g")
    assert np.array_equal(labels.event, numbers.event)
    assert labels.period_name(3.0) == WRITINGS[name](9)


def test_starts_written_otherwise_are_refused_with_their_number() -> None:
    frame = panel_frame(WRITINGS["2026-11"], "").replace({"g": {"2026-10": "okt 26"}})
    with pytest.raises(InputError, match="written as in the time column: 7 rows do not"):
        Panel.from_frame(frame, outcome="y", unit="u", time="t", start="g")


def test_year_months_as_numbers_step_from_december_to_january() -> None:
    frame = panel_frame(lambda t: 202600 + t if t <= 12 else 202700 + t - 12, 0)
    frame["t"] = frame["t"].replace({202612: 202701})
    panel = Panel.from_frame(frame, outcome="y", unit="u", time="t", start="g")
    assert panel.event[panel.unit == 0].tolist() == [-3, -2, -1, 0, 1, 2, 3]
    assert any("read as year and month" in note for note in panel.notes)
