"""Expectations about every raw_ and core_ table, as functions of the protocol: counts out, never values.

What belongs here is judging tables. Mending them does not, nor does stopping a run: callers ask
:attr:`CheckResult.is_blocking`.
"""

from __future__ import annotations

from evaluation.expectations.checks import Check, CheckResult, Severity
from evaluation.expectations.run import raise_if_crashed, run_suite
from evaluation.expectations.suites import CHECKED_TABLES, NEEDS, suite_for

__all__ = [
    "CHECKED_TABLES",
    "NEEDS",
    "Check",
    "CheckResult",
    "Severity",
    "raise_if_crashed",
    "run_suite",
    "suite_for",
]
