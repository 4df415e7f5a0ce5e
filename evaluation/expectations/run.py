"""Running a suite with Great Expectations, and telling a broken check from broken data.

Rules are evaluated to plain booleans first (linear, in pandas); Great Expectations then validates them as one suite
in an ephemeral context. Two traps of it are handled here: a check that raises is reported as failed, and results come
back in another order than they were asked for. Values never leave: its result format is counts and positions only.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from evaluation.errors import EnvironmentProblem, Problem
from evaluation.expectations.checks import FINDING, Check, CheckResult, Frames
from evaluation.expectations.structure import column_findings, structure_checks
from evaluation.expectations.suites import suite_for
from evaluation.protocol import Protocol
from evaluation.tables import table

ROW_NUMBERS_SHOWN = 10


def run_suite(
    table_name: str,
    frame: pd.DataFrame,
    protocol: Protocol,
    *,
    others: Mapping[str, pd.DataFrame] | None = None,
    cutoff: dt.date | None = None,
) -> tuple[CheckResult, ...]:
    """Judge a table. Structure first: when columns are missing or of another type, nothing else is asked.

    Args:
        table_name: a raw_ or core_ table.
        frame: its rows; not changed.
        protocol: the study.
        others: tables that references and completeness are checked against, by name. A rule whose table is not
            here is left out.
        cutoff: the round's last day of data; rules about it are left out when it is None.

    Returns:
        One result per check over rows, one per group for checks over groups; in the order of the suite.
    """
    frames = Frames(frame.reset_index(drop=True), protocol, others or {}, cutoff)
    structure = structure_checks(table_name)
    if not column_findings(table_name, frames)["is_sound"].all():
        return tuple(r for r in judge(structure, frames) if not r.is_passed)
    results = judge([*structure, *suite_for(table_name, protocol)], frames)
    columns = [r for r in results if r.check_name == structure[0].name]
    if any(r.is_crashed for r in columns):
        return results
    text = f"Alle {len(columns)} kolonner i {table_name} er som aftalt."
    whole = replace(columns[0], of_total=len(columns), sentence=text, group_id="")
    return (whole, *(r for r in results if r.check_name != structure[0].name))


def raise_if_crashed(results: Sequence[CheckResult]) -> None:
    """Stop when a check itself failed: then the data are neither right nor wrong, the machine is.

    Raises:
        EnvironmentProblem: naming the checks, with exit code 5.
    """
    crashed = [r for r in results if r.is_crashed]
    if crashed:
        raise EnvironmentProblem(
            f"{len(crashed)} data check(s) could not be carried out; nothing is known about the data",
            [
                Problem(
                    r.table_name,
                    found=f'the check "{r.check_name}" failed itself',
                    expected="a check that runs to its end",
                    next_step="run komglad doctor; this is a fault of the installation or of komglad, not of the files",
                )
                for r in crashed
            ],
        )


def judge(checks: Sequence[Check], f: Frames) -> tuple[CheckResult, ...]:
    """Judge a table by some checks. Expects the declared columns; :func:`run_suite` makes sure of them first."""
    columns: dict[str, pd.Series[bool]] = {}
    grouped: dict[str, pd.DataFrame] = {}
    results: dict[str, tuple[CheckResult, ...]] = {}
    for check in checks:
        try:
            if check.rows is not None:
                sound = check.rows(f)
                if sound is not None:
                    columns[check.name] = sound.fillna(False).astype(bool)
            elif check.groups is not None:
                found = check.groups(f)
                if found is not None:
                    grouped[check.name] = found.reset_index(drop=True)
        except Exception as error:  # a rule that raises must never look like wrong data
            results[check.name] = (_crashed(check, type(error).__name__),)
    columns |= {name: found["is_sound"].astype(bool) for name, found in grouped.items()}
    # One validation for all: shorter columns are filled up with true, which breaks no expectation.
    outcomes = _validate(pd.DataFrame(columns).fillna(True).astype(bool)) if columns else {}
    for check in checks:
        if check.name in grouped:
            results[check.name] = _group_results(check, grouped[check.name], outcomes[check.name])
        elif check.name in columns:
            results[check.name] = (_row_result(check, f, outcomes[check.name]),)
    return tuple(r for check in checks for r in results.get(check.name, ()))


def _validate(sound: pd.DataFrame) -> dict[str, Mapping[str, Any]]:
    """Ask Great Expectations that every column is true throughout.

    Returns per column: ``crashed`` (the name of what was raised, or None), ``count``, ``positions`` (first few).
    """
    import great_expectations as gx
    import great_expectations.expectations as gxe

    quiet = logging.getLogger("great_expectations")
    level = quiet.level
    quiet.setLevel(logging.CRITICAL)  # its own log repeats values and tracebacks
    try:
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False, "metric_calculations": False}
        asset = context.data_sources.add_pandas("komglad").add_dataframe_asset("rules")
        batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": sound})
        suite = gx.ExpectationSuite(
            name="rules",
            expectations=[
                gxe.ExpectColumnValuesToBeInSet(column=c, value_set=[True], meta={"column": c})
                for c in sound.columns
            ],
        )
        form = {"result_format": "SUMMARY", "partial_unexpected_count": ROW_NUMBERS_SHOWN}
        validated = batch.validate(suite, result_format=form)
    finally:
        quiet.setLevel(level)
    out: dict[str, Mapping[str, Any]] = {}
    for one in validated.results:
        result = one.result or {}
        raised = _raised(one.exception_info) or ("unexpected_count" not in result and len(sound) > 0)
        out[one.expectation_config.meta["column"]] = {
            "is_crashed": raised,
            "count": int(result.get("unexpected_count", 0)),
            "positions": tuple(int(p) for p in result.get("partial_unexpected_index_list") or ()),
        }
    return out


def _raised(info: Any) -> bool:
    """Whether anything in Great Expectations' nested exception info was raised."""
    if isinstance(info, Mapping):
        return bool(info.get("raised_exception")) or any(_raised(v) for v in info.values())
    return False


def _crashed(check: Check, kind: str = "") -> CheckResult:
    note = f" ({kind})" if kind else ""
    text = f'Kontrollen "{check.title}" kunne ikke gennemføres{note}; det siger intet om data.'
    return CheckResult(check.name, check.table_name, check.severity, False, 0, 0, text, is_crashed=True)


def _row_result(check: Check, f: Frames, outcome: Mapping[str, Any]) -> CheckResult:
    if outcome["is_crashed"]:
        return _crashed(check)
    n, total = outcome["count"], len(f.frame)
    if n == 0:
        text = f"{check.title}: i orden ({_thousands(total)} rækker)."
    else:
        text = f"{check.title}: det gælder ikke for {_thousands(n)} af {_thousands(total)} rækker."
        if check.next_step:
            text += f" Næste skridt: {check.next_step}."
    numbers = _row_numbers(f.frame, outcome["positions"], "source_row" in table(check.table_name).columns)
    return CheckResult(
        check.name, check.table_name, check.severity, n == 0, n, total, text, row_numbers=numbers
    )


def _row_numbers(frame: pd.DataFrame, positions: Sequence[int], from_source: bool) -> tuple[int, ...]:
    if from_source:
        return tuple(int(v) for v in frame["source_row"].iloc[list(positions)].dropna())
    return tuple(p + 1 for p in positions)


def _group_results(check: Check, frame: pd.DataFrame, outcome: Mapping[str, Any]) -> tuple[CheckResult, ...]:
    if outcome["is_crashed"] or outcome["count"] != int((~frame["is_sound"].astype(bool)).sum()):
        return (_crashed(check),)
    results = []
    columns = frame[list(FINDING)].itertuples(index=False, name=None)
    for group_id, is_sound, count, of_total, sentence in columns:
        text = str(sentence)
        if not is_sound and check.next_step:
            text += f" Næste skridt: {check.next_step}."
        results.append(
            CheckResult(
                check.name,
                check.table_name,
                check.severity,
                bool(is_sound),
                count,
                of_total,
                text,
                group_id=str(group_id),
            )
        )
    return tuple(results)


def _thousands(n: int) -> str:
    return f"{n:,}".replace(",", ".")
