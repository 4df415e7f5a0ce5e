"""An attacker of its own on the demonstration's files: it imports nothing of the product and enumerates every possibility.

It reads the talks' numbers from the pages as text, and asks of each school's grade which numbers of pupils with
follow-up, with a talk, planned, and on the grade agree with all that is printed.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from pathlib import Path

import pytest

MARKED = re.compile(
    r'data-exhibit="(?P<exhibit>[^"]+)" data-cell="(?P<cell>[^"]*)" data-measure="(?P<measure>[^"]+)"[^>]*>(?P<text>[^<]*)<'
)
LIMIT = 5
HIDDEN = "•"
Place = tuple[str, str]


def read(folder: Path) -> dict[str, dict[tuple[str, str, str], dict[str, str]]]:
    """Texts by round; then by exhibit, measure and category; then by ``school:grade``."""
    found: dict = defaultdict(lambda: defaultdict(dict))
    for path in sorted(folder.rglob("*.html")):
        for hit in MARKED.finditer(path.read_text(encoding="utf-8")):
            cell = dict(part.split("=", 1) for part in html.unescape(hit["cell"]).split(";") if "=" in part)
            place = f"{cell.get('skole')}:{cell.get('klassetrin')}"
            what = (hit["exhibit"], hit["measure"], cell.get("opgørelse", cell.get("skoleår", "")))
            text = html.unescape(hit["text"]).replace("\xa0", " ").rstrip(" %").strip()
            found[path.relative_to(folder).parts[0]][what][place] = text
    return found


def number(text: str | None) -> int | None:
    return int(text.replace(".", "")) if text and text[0].isdigit() else None


def possible(printed: dict[str, str | None], pupils: int | None) -> list[tuple[int, int, int]]:
    """All (follow-ups, talks held, talks planned) that agree with what is printed; a hidden one may be anything."""
    followed, held, planned = (number(printed.get(k)) for k in ("follow_ups", "talks_held", "talks_planned"))
    coverage = number(printed.get("coverage"))
    most = max(n for n in (followed, held, planned, pupils, 12) if n is not None) + 6
    out = []
    for p in [planned] if planned is not None else range(most):
        for h in [held] if held is not None else range(p + 1):
            # A reader knows the grade's pupils but for some who came or left.
            everybody = range(max(pupils - 8, h, 1), pupils + 9) if pupils else ()
            if coverage is not None and not any(coverage <= 100 * h / n < coverage + 10 for n in everybody):
                continue
            out += [(f, h, p) for f in ([followed] if followed is not None else range(h + 1))]
    return [(f, h, p) for f, h, p in out if f <= h <= p]


@pytest.fixture(scope="module")
def rounds(demonstration):
    return read(demonstration.settings.reports)


@pytest.mark.slow
def test_talks_of_every_school_and_grade(rounds):
    seen = hidden = 0
    for found in rounds.values():
        places = {p for (exhibit, _, _), texts in found.items() if exhibit == "implementation" for p in texts}
        pupils = {
            p: number(t) for (e, m, y), texts in found.items()
            if (e, m, y) == ("description_year_to_date", "pupils", "2026/27") for p, t in texts.items()
        }  # fmt: skip
        for place in places:
            printed = {
                k: found[("implementation", "pupils", k)].get(place)
                for k in ("follow_ups", "talks_held", "talks_planned")
            }
            printed["coverage"] = found[("implementation", "share", "talks_held")].get(place)
            every = possible(printed, pupils.get(place))
            assert every, place
            seen += 1
            groups = {
                "follow_ups": [f for f, _, _ in every],
                "talks_held": [h for _, h, _ in every],
                "without follow-up": [h - f for f, h, _ in every],
                "not held": [p - h for _, h, p in every],
            }
            for name, values in groups.items():
                if printed.get(name) == HIDDEN:
                    hidden += 1
                    assert max(values) - min(values) >= LIMIT, (place, name)
                assert min(values) >= LIMIT or max(values) - min(values) >= LIMIT, (place, name)
    assert seen >= 8
    assert hidden


def test_the_attacker_finds_what_is_not_protected():
    """Three of sixty without a talk: seen at once where both numbers are printed, not where one is coarse."""
    both = possible({"talks_planned": "60", "talks_held": "57", "follow_ups": "20"}, 60)
    assert {p - h for _, h, p in both} == {3}
    coarse = possible({"talks_planned": "60", "talks_held": HIDDEN, "follow_ups": "20", "coverage": "90"}, 60)
    rest = {p - h for _, h, p in coarse}
    assert max(rest) - min(rest) >= LIMIT
