"""Rendered pages of both rounds and one browser for all browser tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from evaluation.reports.malplan import render_malplan
from evaluation.reports.pdf import find_browser
from evaluation.reports.render import (
    IndexEntry,
    Link,
    headline_words,
    render_accessibility_statement,
    render_annex,
    render_index,
    render_school,
    render_steering_group,
)
from tests.unit.reports import sample_inputs as sample

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PAGES = ("november", "june", "annex", "school", "malplan", "index", "accessibility")


@pytest.fixture(scope="session")
def executable() -> Path:
    found = find_browser()
    if found is None:
        pytest.skip(
            "no Chrome, Edge or Chromium on this machine: install one (.ci/run does) to test the pages"
        )
    return found


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """One driver for all tests of a worker: a second one beside it does not start."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def browser(playwright: Playwright, executable: Path) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=str(executable), args=ARGUMENTS)
    yield started
    started.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every kind of page."""
    folder = tmp_path_factory.mktemp("pages")
    november, june = sample.november(), sample.june()
    entry = IndexEntry(
        november.round, headline_words(november), (Link("Rapport", "november.html", "HTML"),), ("Ingen PDF.",)
    )
    texts = {
        "november": render_steering_group(november),
        "june": render_steering_group(june),
        "annex": render_annex(june),
        "school": render_school(june, "990002"),
        "malplan": render_malplan(june).html,
        "index": render_index(november.protocol, [entry]),
        "accessibility": render_accessibility_statement(november.protocol),
    }
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return folder
