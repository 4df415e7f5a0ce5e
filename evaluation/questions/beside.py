"""What stands beside the numbers and is no measurement of ours: public figures, and what the programme has cost.

Both are dated files of the study, entered by hand when they are known: ``context.csv`` and ``costs.csv``. A study without
them has empty tables, and the report says what is not known.
"""

from __future__ import annotations

import pandas as pd

from evaluation.errors import InputError, Problem
from evaluation.protocol import Round
from evaluation.study import Study
from evaluation.tables import table
from evaluation.words.danish import as_date

CONTEXT, COSTS = "context.csv", "costs.csv"
MEASURES = ("absence_pct", "over_10_pct")


def context(study: Study, the_round: Round) -> pd.DataFrame:
    """``out_context`` of the figures that were public at the report date. Raises InputError with every wrong line."""
    rows = _read(study, CONTEXT, "out_context", "as_of", ("value_pct",))
    wrong = rows[~rows["measure"].isin(MEASURES)]
    if len(wrong):
        lines = [
            _problem(CONTEXT, int(i) + 2, "measure", "an unknown measure", " or ".join(MEASURES))
            for i in wrong.index
        ]
        raise InputError(f"{CONTEXT} has {len(lines)} line(s) that cannot be read", lines)
    rows["is_own"] = rows["is_own"].isin(["1", "true"])
    return _until(rows, "as_of", the_round.report_date.isoformat(), "out_context", the_round.id)


def costs(study: Study, the_round: Round) -> pd.DataFrame:
    """``out_costs`` of the entries up to the cut-off; those with the same day and item are one. Raises InputError."""
    rows = _read(study, COSTS, "out_costs", "entered_on", ("hours", "amount_kr"))
    summed = rows.groupby(["entered_on", "item"], as_index=False)[["hours", "amount_kr"]].sum()
    return _until(summed, "entered_on", the_round.cutoff.isoformat(), "out_costs", the_round.id)


def _until(rows: pd.DataFrame, day: str, limit: str, name: str, round_id: str) -> pd.DataFrame:
    return table(name).conform(rows[rows[day] <= limit].assign(round=round_id))


def _read(study: Study, file: str, name: str, day: str, numbers: tuple[str, ...]) -> pd.DataFrame:
    """The file's rows with ISO days as text and real numbers; no rows where the study has no such file."""
    columns = [c for c in table(name).columns if c != "round"]
    path = study.optional_file(file)
    if path is None:
        return pd.DataFrame({c: pd.Series(dtype="float64" if c in numbers else "str") for c in columns})
    rows = pd.read_csv(path, sep=";", dtype="str", encoding="utf-8-sig", keep_default_na=False)
    missing = [c for c in columns if c not in rows]
    if missing:
        lines = [_problem(file, 1, c, "the column is missing", ";".join(columns)) for c in missing]
        raise InputError(f"{file} lacks {len(missing)} column(s)", lines)
    problems = []
    for i, row in enumerate(rows.to_dict("records")):
        try:
            as_date(str(row[day]))
        except ValueError:
            problems.append(_problem(file, i + 2, day, "no date", "year-month-day, 2026-11-27"))
    for c in numbers:
        # An empty amount is none: hours without a price, or a price without hours.
        text = rows[c].str.replace(",", ".", regex=False).replace("", "0")
        values = pd.to_numeric(text, errors="coerce")
        wrong = rows.index[values.isna() | (values < 0)]
        problems += [_problem(file, int(i) + 2, c, "no amount", "a number from 0, 12,5") for i in wrong]
        rows[c] = values
    if problems:
        raise InputError(f"{file} has {len(problems)} line(s) that cannot be read", problems)
    return rows[columns]


def _problem(file: str, line: int, column: str, found: str, expected: str) -> Problem:
    return Problem(
        file, line=line, column=column, found=found, expected=expected, next_step="correct it and run again"
    )
