"""Which tests are slow is measured, not declared: ``pytest --measure`` writes ``slow_tests.txt`` anew.

A line of that file is a test function whose cases cost seconds together, or one of them more than a moment. They get
the marker ``slow`` beside those that carry it in their module. Processor time is taken, children's included, so a busy
machine gives the same list. What a run left out keeps its line.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

LIST = Path(__file__).with_suffix(".txt")
LONGEST_CASE = 0.12  # seconds of processor time
LONGEST_TOGETHER = 0.5


def _function(node: str) -> str:
    return node.partition("[")[0]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--measure", action="store_true", help="write tests/slow_tests.txt from this run")


def pytest_configure(config: pytest.Config) -> None:
    is_controller = not hasattr(config, "workerinput")
    if config.getoption("--measure") and is_controller:
        config.pluginmanager.register(Measured(), "measured")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    slow = frozenset(LIST.read_text(encoding="utf-8").splitlines())
    for item in items:
        if _function(item.nodeid) in slow:
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    began = sum(os.times()[:4])
    try:
        return (yield)
    finally:
        item.user_properties.append(("processor_seconds", sum(os.times()[:4]) - began))


class Measured:
    """The costs of one run, by test function."""

    def __init__(self) -> None:
        self.costs: defaultdict[str, list[float]] = defaultdict(list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.costs[_function(report.nodeid)].append(
                float(dict(report.user_properties)["processor_seconds"])
            )

    def pytest_sessionfinish(self) -> None:
        slow = {
            name
            for name, costs in self.costs.items()
            if max(costs) > LONGEST_CASE or sum(costs) > LONGEST_TOGETHER
        }
        not_run = set(LIST.read_text(encoding="utf-8").splitlines()) - self.costs.keys()
        LIST.write_text("".join(f"{name}\n" for name in sorted(slow | not_run)), encoding="utf-8")
