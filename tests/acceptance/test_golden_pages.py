"""The words of every page of both rounds, kept: a changed word is a decision, seen as a difference of text.

Figures are masked, so that a number may move within its own tests. After a decision:
``pytest tests/acceptance/test_golden_pages.py --write-golden``.
"""

from __future__ import annotations

import difflib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
PAGES = (
    "styregruppe", "kort", "skolebestyrelser", "boern-og-foraeldre", "english", "maalplan", "skoler/fjord", "bilag",
)  # fmt: skip
FIGURES = re.compile(r"(?<=Programmets udgave: ).+|\b[0-9a-f]{7,}\b|\d+(?:[.,]\d+)*")
"""Numbers, and what names a build or a file's bytes."""
UNREAD = {"style", "script", "svg", "title"}
BLOCKS = {
    "p",
    "tr",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "caption",
    "div",
    "section",
    "figcaption",
    "summary",
    "dt",
    "dd",
}


class Words(HTMLParser):
    """What a reader reads: one line for each block, figures masked; alternative texts are read too."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = [""]
        self.unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "svg":
            self.lines.append(f"[{dict(attrs).get('aria-label') or ''}]")
        self.unread += tag in UNREAD
        if tag in BLOCKS:
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        self.unread -= tag in UNREAD
        if tag in BLOCKS:
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        if not self.unread:
            self.lines[-1] += f"{data} "

    def text(self) -> str:
        """The page, without what changes with a build or a number."""
        lines = (" ".join(line.split()) for line in self.lines)
        return "\n".join(FIGURES.sub("#", line) for line in lines if line) + "\n"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("round_id", ["november_2026", "end_of_year_2027"])
def test_the_words_are_those_that_were_decided(demonstration, round_id: str, page: str, request) -> None:
    made = Words()
    made.feed((demonstration.folder / "reports" / round_id / f"{page}.html").read_text(encoding="utf-8"))
    kept = GOLDEN / round_id / f"{page.replace('/', '_')}.txt"
    if request.config.getoption("--write-golden"):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(made.text(), encoding="utf-8")
    changes = difflib.unified_diff(
        kept.read_text(encoding="utf-8").splitlines(),
        made.text().splitlines(),
        "decided",
        "made",
        "",
        "",
        0,
        "",
    )
    assert list(changes)[:60] == []
