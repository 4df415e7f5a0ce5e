"""Reading rendered reports: every number a reader can find in the file, with the name it carries.

What belongs here: the parsing of HTML by the convention at the top of ``docs/disclosure.md`` – marked
elements, chart JSON, the report's structure, and texts that only some readers meet (alt, aria-label, title).
What the numbers give away is computed in ``attack_files``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from evaluation.errors import InputError, Problem

STRUCTURE_ID = "komglad-exhibits"
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905
HOVER = ("alt", "aria-label", "aria-description", "title", "data-hover", "content")
MARKS = frozenset({"data-exhibit", "data-cell", "data-measure", "data-model", "data-disclosure"})
DATA_KEYS = frozenset(
    {"x", "y", "z", "r", "text", "hovertext", "customdata", "values", "value", "data", "base", "size"}
)
SPOKEN = re.compile(
    r"(?<![\d.,-])(\d+(?:\.\d{3})*,\d+|\d+(?:\.\d{3})*(?=\s*(?:%|procent|elever|elev|børn|dage|dag)\b))"
)

WORDS = "nul én to tre fire fem seks syv otte ni ti elleve tolv".split()  # noqa: SIM905
"""Numbers as words, by their place. "en elev" is any pupil and no count; "én elev" is one."""
_COUNTED = r"(?:(?:indsats)?elev(?:er)?|børn|barn|piger?|drenge?|forældre|familier?|søskende)"
PROSE = re.compile(
    rf"(?<![\d.,])(\d+(?:\.\d{{3}})*)\s+{_COUNTED}\b|\b({'|'.join(WORDS)})\s+{_COUNTED}\b", re.I
)
LIMIT_WORDS = re.compile(r"(?:under|mindst|færre end|højst|mere end|flere end|ud af|af)\s+$", re.I)


@dataclass(frozen=True, slots=True)
class MarkedNumber:
    """One number with its name as it stands in a file. ``text`` is Danish; ``where``: table, chart."""

    file: str
    exhibit: str
    cell: str
    measure: str
    text: str
    where: str


@dataclass
class HtmlNumbers:
    """All numbers of one file: marked ones, those of models, and those that carry no name."""

    file: str
    structure: dict[str, Any] | None = None
    marked: list[MarkedNumber] = field(default_factory=list)
    model: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)
    unmarked: list[str] = field(default_factory=list)
    prose: list[float] = field(default_factory=list)


def read_html_numbers(file: str, text: str) -> HtmlNumbers:
    """Parse one rendered file. Raises InputError when its JSON or its marks cannot be read."""
    parser = _Reader(file)
    parser.feed(text)
    parser.close()
    out = parser.out
    known = {m.text.strip().rstrip("%").strip() for m in out.marked} | {
        t.strip().rstrip("%").strip() for t in out.model
    }
    out.prose.extend(_prose(parser.prose))
    out.unmarked.extend(f"text alternative: {n}" for n in out.spoken if n not in known)
    return out


class _Reader(HTMLParser):
    def __init__(self, file: str) -> None:
        super().__init__(convert_charrefs=True)
        self.out = HtmlNumbers(file)
        self.stack: list[tuple[str, dict[str, str], list[str]]] = []
        self.prose: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element; attributes that only some readers meet are kept as spoken text."""
        given = {name: value or "" for name, value in attrs}
        for name, value in given.items():
            if name in HOVER or (name.startswith("data-") and name not in MARKS):
                self.out.spoken.extend(SPOKEN.findall(value))
                self.prose.append(value)
        if tag not in VOID:
            self.stack.append((tag, given, []))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content, as in SVG."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        """Text belongs to every open element."""
        for _, _, texts in self.stack:
            texts.append(data)
        silent = ("script", "style")
        if not any(
            tag in silent or "data-exhibit" in given or "data-model" in given for tag, given, _ in self.stack
        ):
            self.prose.append(data)

    def handle_comment(self, data: str) -> None:
        """What is commented out is in the file all the same."""
        self.prose.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Close the element and read what it held."""
        if tag not in {name for name, _, _ in self.stack}:
            return
        while self.stack:
            name, given, texts = self.stack.pop()
            self._read(name, given, "".join(texts).strip())
            if name == tag:
                return

    def _read(self, tag: str, given: dict[str, str], text: str) -> None:
        if tag == "script":
            self._read_script(given, text)
        elif "data-exhibit" in given:
            self.out.marked.append(
                MarkedNumber(
                    self.out.file,
                    given["data-exhibit"],
                    given.get("data-cell", ""),
                    given.get("data-measure", ""),
                    text,
                    "table",
                )
            )
        elif "data-model" in given:
            self.out.model.append(text)
        elif tag in ("title", "desc", "text"):
            self.out.spoken.extend(SPOKEN.findall(text))
        elif (
            tag == "td"
            and re.fullmatch(r"-?\d+(\.\d{3})*(,\d+)?(\s*%)?", text)
            and not self._holds_mark(text)
        ):
            self.out.unmarked.append(f"table cell: {text}")

    def _holds_mark(self, text: str) -> bool:
        """A cell whose whole text is a marked element inside it has been read already."""
        last = (
            self.out.marked[-1].text if self.out.marked else "",
            self.out.model[-1] if self.out.model else "",
        )
        return text in last

    def _read_script(self, given: dict[str, str], text: str) -> None:
        is_structure = given.get("id") == STRUCTURE_ID
        if given.get("type") != "application/json":
            return
        try:
            data = json.loads(text)
        except ValueError as error:
            raise InputError(
                "A rendered report holds JSON that cannot be read.",
                [Problem(self.out.file, found="broken JSON in a script element")],
            ) from error
        if is_structure:
            self.out.structure = data
        else:
            self._read_chart(data)

    def _read_chart(self, data: Any) -> None:
        cells = data.get("cells", []) if isinstance(data, dict) else []
        named: set[float] = set()
        for c in cells:
            value = c.get("value")
            text = "" if value is None else f"{value}".replace(".", ",")
            if value is not None:
                named.add(round(float(value), 9))
            self.out.marked.append(
                MarkedNumber(self.out.file, c["exhibit"], c["cell"], c["measure"], text, "chart")
            )
        model = data.get("model", []) if isinstance(data, dict) else []
        named |= {round(float(v), 9) for v in model if isinstance(v, int | float)}
        for key, value in _numbers(data):
            if round(value, 9) not in named:
                self.out.unmarked.append(f"chart {key}: {value:g}")


def _prose(texts: list[str]) -> list[float]:
    """Numbers of pupils in running text; limits ("under 5 elever") are none. A mark elsewhere in the file with the same
    digits excuses none of them: three sources are not three pupils."""
    found = []
    for text in texts:
        for hit in PROSE.finditer(text):
            said = hit.group(1) or str(WORDS.index(hit.group(2).lower()))
            if not LIMIT_WORDS.search(text[: hit.start()]):
                found.append(float(said.replace(".", "")))
    return found


def _numbers(data: Any, key: str = "") -> list[tuple[str, float]]:
    """Numbers under keys that hold data, at any depth; layout numbers (widths, positions) are not data."""
    found: list[tuple[str, float]] = []
    if isinstance(data, dict):
        for name, value in data.items():
            if name in ("cells", "model", "layout", "config"):
                continue
            found += _numbers(
                value, name if name in DATA_KEYS else key if isinstance(value, dict | list) else ""
            )
    elif isinstance(data, list):
        for value in data:
            found += _numbers(value, key)
    elif key and isinstance(data, int | float) and not isinstance(data, bool):
        found.append((key, float(data)))
    elif key and isinstance(data, str):
        found += [(key, float(n.replace(".", "").replace(",", "."))) for n in SPOKEN.findall(data)]
    return found
