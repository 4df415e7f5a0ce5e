"""What only a browser can tell: nothing fetched, nothing wider than a telephone, readable by all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page

from .conftest import PAGES

pytestmark = pytest.mark.browser
AXE = next(Path(axe_playwright_python.__file__).parent.glob("*.min.js"))


class Visit:
    """An open page with what it logged and what it tried to fetch."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.errors: list[str] = []
        self.fetched: list[str] = []
        page.on("console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: self.errors.append(str(e)))
        page.on(
            "request",
            lambda r: (
                self.fetched.append(r.url) if not r.url.startswith(("file:", "data:", "blob:")) else None
            ),
        )
        page.route(
            "**/*",
            lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort(),
        )


Visitor = Callable[..., Visit]


@pytest.fixture(scope="module")
def visit(browser: Browser, pages: Path) -> Iterator[Visitor]:
    """Open a page at a width, once; tables are folded out, because what is folded must hold as well."""
    opened: dict[tuple[str, int], Visit] = {}

    def go(name: str, width: int = 1280) -> Visit:
        if (name, width) not in opened:
            page = browser.new_page(viewport={"width": width, "height": 900})
            opened[name, width] = Visit(page)
            page.goto((pages / f"{name}.html").as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        return opened[name, width]

    yield go
    for found in opened.values():
        found.page.close()


@pytest.mark.parametrize("name", PAGES)
def test_no_error_and_nothing_fetched(visit: Visitor, name: str) -> None:
    found = visit(name)
    found.page.wait_for_timeout(150)
    assert found.errors == []
    assert found.fetched == []


@pytest.mark.parametrize(("name", "width"), [*((p, 1280) for p in PAGES), ("november", 320), ("school", 320)])
def test_axe_finds_no_violation(visit: Visitor, name: str, width: int) -> None:
    page = visit(name, width).page
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(v["id"], v["nodes"][0]["html"][:200]) for v in result["violations"]] == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [320])
def test_a_telephone_never_scrolls_sideways(visit: Visitor, name: str, width: int) -> None:
    page = visit(name, width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # Letters in the still figures keep a readable size when the picture shrinks with the screen.
    smallest = page.evaluate(
        """() => Math.min(...[...document.querySelectorAll('.narrow text')].map(
            t => parseFloat(t.getAttribute('font-size')) * t.ownerSVGElement.getBoundingClientRect().width / 340), 99)"""
    )
    assert smallest >= 9


def test_the_keyboard_reaches_every_link_summary_and_table(visit: Visitor) -> None:
    page = visit("november").page
    wanted = page.evaluate("document.querySelectorAll('a[href], summary, [tabindex=\"0\"]').length")
    page.evaluate(
        "window.seen = new Set(); document.addEventListener('focusin', e => window.seen.add(e.target))"
    )
    for _ in range(wanted + 1):
        page.keyboard.press("Tab")
    assert page.evaluate("window.seen.size") == wanted
    assert page.evaluate(
        "[...window.seen].every(e => getComputedStyle(e, ':focus-visible') && e.matches('a, summary, [tabindex]'))"
    )


def test_the_milestone_and_the_children_are_seen_without_scrolling(visit: Visitor) -> None:
    page = visit("november").page
    assert page.evaluate("document.querySelector('.grids').getBoundingClientRect().bottom") < 900


def test_without_scripts_the_still_figures_are_there(browser: Browser, pages: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((pages / "november.html").as_uri())
    assert page.locator(".stills .wide").first.is_visible()
    context.close()


@pytest.mark.parametrize("name", ["november", "june", "school"])
def test_no_figure_is_cut_in_print(visit: Visitor, name: str) -> None:
    page = visit(name).page
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 900})
    cut = page.evaluate(
        """() => [...document.querySelectorAll('.stills svg')].filter(s => s.getBoundingClientRect().height).flatMap(s => {
            const frame = s.getBoundingClientRect();
            return [...s.querySelectorAll('text')].filter(t => {
                const r = t.getBoundingClientRect();
                return r.left < frame.left - 1 || r.right > frame.right + 1 ||
                    r.top < frame.top - 1 || r.bottom > frame.bottom + 1;
            }).map(t => t.textContent);
        })"""
    )
    assert cut == []
