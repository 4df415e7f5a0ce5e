"""From labels to codes: units, periods, starts, fixed-effect terms and yes-or-no columns of a frame.

Here: what each column may hold, in words where it does not. Not here: the panel made of them (``design``).
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import numpy as np
import pandas as pd

from evaluation.effects.periods import PeriodOrder, are_year_months, period_order
from evaluation.effects.results import FloatArray, IntArray
from evaluation.errors import InputError

CROSSINGS = (":", "^", "#")
NEVER = frozenset(("", "never", "nan", "none", "nat", "na", "n/a", ".", "inf", "infinity", "<na>"))
"""What a start column may say, in any case, of a unit that is never treated. Zero says it where it is no period."""


def split_term(term: str, columns: Container[str] = ()) -> list[str]:
    """Columns of a fixed-effect term: "cell:cal_month" crosses two columns; ``^`` and ``#`` mean the same.

    A column whose own name holds such a sign is that column.
    """
    if term in columns:
        return [term]
    for sign in CROSSINGS[1:]:
        term = term.replace(sign, CROSSINGS[0])
    return [c for c in term.split(CROSSINGS[0]) if c]


def term_codes(keys: pd.DataFrame, *terms: str) -> tuple[IntArray, int]:
    """(n,) codes 0..L-1 of terms crossed with each other and the number of levels, in sorted label order."""
    codes = np.zeros(len(keys), dtype=np.int64)
    for column in unique([c for term in terms for c in split_term(term, keys.columns)]):
        part, labels = label_codes(keys[column])
        codes = codes * len(labels) + part
    return renumbered(codes)


def renumbered(codes: IntArray) -> tuple[IntArray, int]:
    """Codes 0..L-1 of those that occur, in their order, and how many they are."""
    if codes.size and codes.max() > 4 * codes.size + 1_000_000:
        levels, codes = np.unique(codes, return_inverse=True)
        return codes.reshape(-1).astype(np.int64), int(levels.size)
    occurs = np.bincount(codes) > 0
    if occurs.all():
        return codes, int(occurs.size)
    return np.asarray((np.cumsum(occurs) - 1)[codes], dtype=np.int64), int(occurs.sum())


def how_many(codes: IntArray) -> int:
    """How many different codes (0 or more) there are."""
    return int(np.count_nonzero(np.bincount(codes))) if codes.size else 0


def label_codes(values: pd.Series) -> tuple[IntArray, tuple[object, ...]]:
    """Codes in sorted order of the labels, so that the order of rows never matters."""
    if values.dtype == object:
        values = values.astype(str)
    codes, labels = pd.factorize(values, sort=True)
    return codes.astype(np.int64), tuple(labels.tolist())


def as_numbers(values: pd.Series, column: str, *, is_start: bool) -> pd.Series:
    """The column as numbers; yes and no are one and nought, empty is missing; a start may be a label.

    Raises:
        InputError: something else stands in it; how many rows.
    """
    if is_start and not pd.api.types.is_numeric_dtype(values):
        return values
    if pd.api.types.is_bool_dtype(values):
        return values.astype(np.float64)
    texts = values
    if not pd.api.types.is_numeric_dtype(values):
        words = {"true": 1.0, "false": 0.0, "": np.nan}
        texts = values.map(lambda v: words.get(str(v).strip().lower(), v))
    numbers = pd.to_numeric(texts, errors="coerce").astype(np.float64)
    suspects = values[numbers.isna() & values.notna()].astype(str).str.strip().str.lower()
    bad = ~suspects.isin(["", "nan"])
    if bad.any():
        raise InputError(f'Column "{column}" must hold numbers: {int(bad.sum())} rows hold something else.')
    return numbers


def time_codes(values: pd.Series, said: list[str]) -> tuple[FloatArray, tuple[object, ...]]:
    """Numbers stay as they are; months, dates and other labels become their rank, so that steps are equal."""
    numbers = pd.to_numeric(values.astype(str) if values.dtype == object else values, errors="coerce")
    if pd.api.types.is_bool_dtype(values) or numbers.isna().any():
        return _ranks(values.astype(str))
    found = numbers.to_numpy(np.float64)
    distinct = np.unique(found).tolist()
    if are_year_months(distinct):
        said.append(
            f"The periods {distinct[0]:.0f} to {distinct[-1]:.0f} are read as year and month, so that one step is one "
            "period."
        )
        return _ranks(pd.Series(found).map("{:.0f}".format))
    return found, tuple(distinct)


def _ranks(texts: pd.Series) -> tuple[FloatArray, tuple[object, ...]]:
    codes, levels = pd.factorize(texts)
    order = period_order(levels.tolist())
    rank = {label: float(i) for i, label in enumerate(order.labels)}
    ranks = np.array([rank[level] for level in levels.tolist()], dtype=np.float64)
    return np.asarray(ranks[codes], dtype=np.float64), order.labels


def start_codes(values: pd.Series, time_labels: tuple[object, ...], said: list[str]) -> FloatArray:
    """First treated period on the scale of :func:`time_codes`, infinite for never.

    Never is written empty, inf or in words. Zero means it where 0 is no period of the panel, and which of the two
    it means is said.

    Raises:
        InputError: values that are neither periods nor never.
    """
    if all(isinstance(v, float) for v in time_labels):
        return _numeric_start(values, [float(str(v)) for v in time_labels], said)
    levels, labels = pd.factorize(values)
    order = period_order([str(v) for v in time_labels])
    position = np.array([_start_position(v, order) for v in labels.tolist()] + [np.inf])
    if not np.isinf(position).all():
        order.demand()
    unread = np.isnan(position[levels])
    if unread.any():
        raise InputError(
            f"The start column must hold periods written as in the time column: {int(unread.sum())} rows do not. "
            "Expected: the same way of writing, or empty, 0 or inf for never."
        )
    return np.asarray(position[levels], dtype=np.float64)


def _numeric_start(values: pd.Series, periods: list[float], said: list[str]) -> FloatArray:
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.to_numpy(np.float64, na_value=np.nan)
        never = np.isnan(numbers) | np.isposinf(numbers)
    else:
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64)
        words = values.astype(str).str.strip().str.lower()
        never = values.isna().to_numpy() | words.isin(NEVER).to_numpy()
    unread = (np.isnan(numbers) | np.isinf(numbers)) & ~never
    if unread.any():
        raise InputError(
            f"The start column must hold periods of the time column: {int(unread.sum())} rows do not. "
            "Expected: a number, or empty or inf for never."
        )
    zero = ~never & (numbers == 0)
    if zero.any() and 0.0 in periods:
        first = (
            "the first one, so that those units count as treated throughout"
            if min(periods) == 0
            else "in the panel"
        )
        said.append(f"Start 0 is period 0 here, {first}; never treated is written empty or inf.")
    elif zero.any():
        never |= zero
        inside = min(periods) < 0 < max(periods)
        said.append(
            "Start 0 means never treated here, because 0 is no period of the panel"
            + (
                " although it lies between two of them: write the first treated period if it was meant."
                if inside
                else "."
            )
        )
    return np.where(never, np.inf, numbers)


def _start_position(value: object, order: PeriodOrder) -> float:
    """Rank of a start among the periods, infinite for never, NaN where it is not written as they are."""
    text = f"{value:.0f}" if isinstance(value, float) and np.isfinite(value) else str(value).strip()
    if text.lower() in NEVER:
        return np.inf
    position = order.position(text)
    if position is None and text in ("0", "0.0"):
        return np.inf
    return np.nan if position is None else float(position)


def refuse_two_starts(start: FloatArray, unit: IntArray, column: str) -> None:
    """Raise :class:`InputError` when treatment begins at two times within a unit."""
    first = np.zeros(int(unit.max()) + 1 if unit.size else 0)
    first[unit] = start
    changing = how_many(unit[start != first[unit]])
    if changing:
        raise InputError(
            f'Column "{column}" must be constant within a unit: it changes in {changing} units. '
            "If treatment can switch off, give a 0/1 treatment column instead."
        )


def unique(names: Sequence[str]) -> list[str]:
    """The names once each, in their order."""
    return list(dict.fromkeys(names))


def refuse_two_roles(
    outcome: str,
    *,
    weights: str | None,
    unit: str | None,
    time: str | None,
    others: Mapping[str, Sequence[str]],
) -> None:
    """Raise :class:`InputError` where one column is to be two things that no design makes of one column."""
    roles = {
        "weight": [weights] if weights else [],
        "unit": [unit] if unit else [],
        "time": [time] if time else [],
    }
    clashes = [
        f'"{outcome}" is given as the outcome and as {role}'
        for role, columns in {**roles, **others}.items()
        if outcome in columns
    ]
    for role in ("start", "treatment"):
        if weights is not None and weights in others.get(role, ()):
            clashes.append(f'"{weights}" is given as weight and as {role}')
    if weights is not None and weights in (unit, time):
        clashes.append(f'"{weights}" is given as weight and as {"unit" if weights == unit else "time"}')
    if unit is not None and unit == time:
        clashes.append(f'"{unit}" is given as unit and as time')
    if clashes:
        raise InputError(f"One column cannot be two things: {'; '.join(clashes)}. Name another column.")
