"""From labels to codes: units, periods, starts, fixed-effect terms and yes-or-no columns of a frame.

Here: what each column may hold, in words where it does not. Not here: the panel made of them (``design``).
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np
import pandas as pd

from evaluation.effects.periods import PeriodOrder, are_year_months, period_order
from evaluation.effects.results import FloatArray, IntArray
from evaluation.errors import InputError

CROSSINGS = (":", "^", "#")
NEVER = frozenset(
    ("", "0", "0.0", "never", "nan", "none", "nat", "na", "n/a", ".", "inf", "infinity", "<na>")
)
"""What a start column may say, in any case, of a unit that is never treated."""


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
    levels, codes = np.unique(codes, return_inverse=True)
    return codes.astype(np.int64), int(levels.size)


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


def start_codes(values: pd.Series, time_labels: tuple[object, ...]) -> FloatArray:
    """First treated period on the scale of :func:`time_codes`; empty, zero and infinite mean never."""
    if all(isinstance(v, float) for v in time_labels):
        return _numeric_start(values)
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


def _numeric_start(values: pd.Series) -> FloatArray:
    if pd.api.types.is_numeric_dtype(values):
        plain = values.to_numpy(np.float64, na_value=np.nan)
        return np.where(np.isnan(plain) | (plain == 0), np.inf, plain)
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64)
    never = values.isna().to_numpy() | values.astype(str).str.strip().str.lower().isin(NEVER).to_numpy()
    if (np.isnan(numbers) & ~never).any():
        count = int((np.isnan(numbers) & ~never).sum())
        raise InputError(f"The start column must hold periods of the time column: {count} rows do not.")
    return np.where(np.isnan(numbers) | (numbers == 0) | never, np.inf, numbers)


def _start_position(value: object, order: PeriodOrder) -> float:
    """Rank of a start among the periods, infinite for never, NaN where it is not written as they are."""
    text = f"{value:.0f}" if isinstance(value, float) and np.isfinite(value) else str(value).strip()
    if text.lower() in NEVER:
        return np.inf
    position = order.position(text)
    return np.nan if position is None else float(position)


def refuse_two_starts(start: FloatArray, unit: IntArray, column: str) -> None:
    """Raise :class:`InputError` when treatment begins at two times within a unit."""
    _, where, inverse = np.unique(unit, return_index=True, return_inverse=True)
    first = start[where][inverse]
    changing = np.unique(unit[start != first]).size
    if changing:
        raise InputError(
            f'Column "{column}" must be constant within a unit: it changes in {changing} units. '
            "If treatment can switch off, give a 0/1 treatment column instead."
        )


def unique(names: Sequence[str]) -> list[str]:
    """The names once each, in their order."""
    return list(dict.fromkeys(names))
