"""Running a suite with Great Expectations, and telling a broken check from broken data.

Rows that break a rule are counted first, where the table lies (see :mod:`evaluation.expectations.counting`); Great
Expectations then validates, as one suite in an ephemeral context, that no rule is broken by any row. Asking it row by
row costs six times as much and says no more. Two traps of it are handled here: a check that raises is reported as
failed, and results come back in another order than they were asked for. Values never leave: it sees counts only.
"""

from __future__ import annotations

import datetime as dt
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

import pandas as pd

from evaluation.errors import EnvironmentProblem, Problem
from evaluation.expectations.checks import Check, CheckResult, Finding, Sound, Subject
from evaluation.expectations.counting import count_broken, first_rows
from evaluation.expectations.structure import column_findings, structure_checks
from evaluation.expectations.suites import suite_for
from evaluation.protocol import Protocol
from evaluation.tables import table
from evaluation.tables.relations import Relation
from evaluation.words import Count, Name, Persons, Values, say
from evaluation.words.catalogue.checks import Rows, Structure

SLOW_OPTIONS = ("rfc3987_syntax", "pyspark", "pyspark.ml", "pyspark.sql.connect")
"""With the first, addresses in JSON schemas could be checked; none is, and it builds a grammar for more than a second.
With the others, frames of Spark; it is handed counts alone."""


def run_suite(
    table_name: str,
    relation: Relation,
    protocol: Protocol,
    *,
    others: Mapping[str, Relation] | None = None,
    cutoff: dt.date | None = None,
) -> tuple[CheckResult, ...]:
    """Judge a table. Structure first: when columns are missing or of another type, nothing else is asked.

    Args:
        table_name: a raw_ or core_ table.
        relation: its rows, in memory or stored; not changed.
        protocol: the study.
        others: tables that references and completeness are checked against, by name. A rule whose table is not
            here is left out.
        cutoff: the round's last day of data; rules about it are left out when it is None.

    Returns:
        One result per check over rows, one per group for checks over groups; in the order of the suite.
    """
    subject = Subject(relation, protocol, others, cutoff)
    structure = structure_checks(table_name)
    if not all(found.is_sound for found in column_findings(table_name, subject)):
        return tuple(r for r in judge(structure, subject) if not r.is_passed)
    results = judge([*structure, *suite_for(table_name, protocol)], subject)
    columns = [r for r in results if r.check_name == structure[0].name]
    if any(r.is_crashed for r in columns):
        return results
    said = say(Structure.COLUMNS, columns=Count(len(columns)), table=Name(table_name))
    whole = replace(columns[0], of_total=Persons(len(columns)), statement=said, group_id="")
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


def judge(checks: Sequence[Check], subject: Subject) -> tuple[CheckResult, ...]:
    """Judge a table by some checks. Expects the declared columns; :func:`run_suite` makes sure of them first."""
    rules: dict[str, Sound] = {}
    grouped: dict[str, Sequence[Finding]] = {}
    failed: dict[str, str] = {}
    for check in checks:
        try:
            if check.rows is not None:
                sound = check.rows(subject)
                if sound is not None:
                    rules[check.name] = sound
            elif check.groups is not None:
                found = check.groups(subject)
                if found is not None:
                    grouped[check.name] = found
        except Exception as error:  # a rule that raises must never look like wrong data
            failed[check.name] = type(error).__name__
    counted = count_broken(subject, rules)
    failed |= counted.failed
    broken = {c.name: counted.broken[c.name] for c in checks if c.name in counted.broken}
    broken |= {name: sum(not one.is_sound for one in found) for name, found in grouped.items()}
    untrusted = _validate(broken) if broken else frozenset()
    results: list[CheckResult] = []
    for check in checks:
        if check.name in failed or check.name in untrusted:
            results.append(_crashed(check, failed.get(check.name, "")))
        elif check.name in grouped:
            results += _group_results(check, grouped[check.name])
        elif check.name in broken:
            results.append(_row_result(check, subject, rules[check.name], broken[check.name], counted.total))
    return tuple(results)


def _validate(broken: Mapping[str, int]) -> frozenset[str]:
    """Ask Great Expectations that no rule is broken; ``broken`` counts the rows that break each.

    Returns the rules whose validation cannot be trusted: it raised, or it did not see the count it was given.
    """
    with _left_out(*SLOW_OPTIONS):
        import great_expectations as gx
        import great_expectations.expectations as gxe

    quiet = logging.getLogger("great_expectations")
    level = quiet.level
    quiet.setLevel(logging.CRITICAL)  # its own log repeats values and tracebacks
    try:
        counts = pd.DataFrame({name: [n] for name, n in broken.items()}, dtype="int64")
        batch = _whole_frame().get_batch({"dataframe": counts})
        suite = gx.ExpectationSuite(
            name="rules",
            expectations=[
                gxe.ExpectColumnSumToBeBetween(column=c, min_value=0, max_value=0, meta={"column": c})
                for c in counts.columns
            ],
        )
        validated = batch.validate(suite, result_format="BASIC")
    finally:
        quiet.setLevel(level)
    trusted = set()
    for one in validated.results:
        rule, seen = one.expectation_config.meta["column"], (one.result or {}).get("observed_value")
        is_right = seen == broken[rule] and bool(one.success) == (broken[rule] == 0)
        if is_right and not _raised(one.exception_info):
            trusted.add(rule)
    return frozenset(broken) - trusted


@cache
def _whole_frame() -> Any:
    """Where Great Expectations is handed a frame: one place, for every table's counts come one after another."""
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    asset = context.data_sources.add_pandas("komglad").add_dataframe_asset("rules")
    return asset.add_batch_definition_whole_dataframe("whole")


@contextmanager
def _left_out(*packages: str) -> Iterator[None]:
    """Import others as if optional packages were not installed; who asks for them afterwards gets them."""
    absent = [p for p in packages if p not in sys.modules]
    for package in absent:
        sys.modules[package] = None  # type: ignore[assignment]  # Python's own way of saying that there is none
    try:
        yield
    finally:
        for package in absent:
            sys.modules.pop(package, None)


def _raised(info: Any) -> bool:
    """Whether anything in Great Expectations' nested exception info was raised."""
    if isinstance(info, Mapping):
        return bool(info.get("raised_exception")) or any(_raised(v) for v in info.values())
    return False


def _crashed(check: Check, kind: str = "") -> CheckResult:
    name = Name(check.title)
    said = (
        say(Structure.CRASHED_KIND, expected=name, kind=Name(kind))
        if kind
        else say(Structure.CRASHED, expected=name)
    )
    nobody = Persons(0)
    return CheckResult(
        check.name, check.table_name, check.severity, False, nobody, nobody, said, is_crashed=True
    )


def _row_result(check: Check, subject: Subject, rule: Sound, n: int, total: int) -> CheckResult:
    values: Values = {"expected": Name(check.title), "rows": Persons(total)}
    said = say(Rows.BROKEN, broken=Persons(n), **values) if n else say(Rows.SOUND, **values)
    from_source = "source_row" in table(check.table_name).columns
    return CheckResult(
        check.name,
        check.table_name,
        check.severity,
        n == 0,
        Persons(n),
        Persons(total),
        said,
        next_step=check.next_step if n else "",
        row_numbers=first_rows(subject, rule, from_source=from_source) if n else (),
    )


def _group_results(check: Check, found: Sequence[Finding]) -> tuple[CheckResult, ...]:
    return tuple(
        CheckResult(
            check.name,
            check.table_name,
            check.severity,
            one.is_sound,
            one.count,
            one.of_total,
            one.statement,
            group_id=one.group_id,
            next_step="" if one.is_sound else check.next_step,
        )
        for one in found
    )
