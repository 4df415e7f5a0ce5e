"""Writes docs/reference from the code: every key of a protocol, every table, every command. ``make reference`` runs it.

Nothing here is written by hand twice: keys come from the models, what a key means from the comment beside it in the pilot's
protocol (or in the model), who reads it from the sources, tables from their declarations and the registry of what leaves,
commands from the command line itself.
"""

from __future__ import annotations

import re
import sys
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer
from pydantic_core import PydanticUndefined

from evaluation.disclosure.registry import REGISTRY
from evaluation.interviews.rule_words import WORDS
from evaluation.protocol import Protocol
from evaluation.protocol_values import models_in
from evaluation.study import PACKAGED
from evaluation.tables import TABLES
from pipelines.cli import app

ROOT = Path(__file__).parents[1]
HERE = ROOT / "docs" / "reference"
PILOT = PACKAGED / "kom_glad_i_skole" / "protocol.toml"
BAR, ESCAPED = re.compile(r"\|"), r"\\|"
ALIASES = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def protocol_page() -> str:
    """Every key of a protocol: type, default, meaning, an example from the pilot, who reads it."""
    lines = [
        "# The protocol: every key",
        "",
        "Made by `make reference` from `evaluation/protocol.py`; meanings and examples are those of the pilot's protocol.",
        "A key without a default must be said, here or in the study that `extends` names. An unknown key,",
        "a value of the wrong kind and parts that contradict each other are refused with the place and what may stand.",
    ]
    for block, model, is_list in blocks():
        title = f"[[{block}]]" if is_list else f"[{block}]" if block else "at the top"
        doc = " ".join((model.__doc__ or "").split("\n\n")[0].split())
        lines += ["", f"## `{title}`" if block else f"## {title}", "", doc, ""]
        lines += ["| Key | Type | Default | Meaning | Example | Read by |", "|---|---|---|---|---|---|"]
        for name, field in model.model_fields.items():
            if any(models_in(field.annotation)):
                continue
            meaning, example = said(block, name)
            row = (
                f"`{name}`", kind(field.annotation), default(field), meaning or _from_docs(model, name), example,
                readers(block, name),
            )  # fmt: skip
            lines.append(_row(*row))
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(BAR.sub(ESCAPED, cell) for cell in cells)} |"


def blocks() -> Iterator[tuple[str, Any, bool]]:
    """(dotted name, model, whether there may be several) of every block of a protocol."""

    def inside(model: Any, at: str) -> Iterator[tuple[str, Any, bool]]:
        for name, field in model.model_fields.items():
            inner = next(models_in(field.annotation), None)
            if inner is not None:
                place = f"{at}.{name}".lstrip(".")
                yield place, inner, typing.get_origin(field.annotation) is tuple
                yield from inside(inner, place)

    yield "", Protocol, False
    yield from inside(Protocol, "")


def kind(annotation: Any) -> str:
    """An annotation as a person says it."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return kind(inner[0])
    if origin is typing.Literal:
        return "one of " + ", ".join(f"`{a}`" for a in inner)
    if origin is tuple:
        return f"list of {kind(inner[0])}"
    if type(None) in inner:
        return f"{kind(next(a for a in inner if a is not type(None)))}, or left out"
    return ALIASES.get(annotation, getattr(annotation, "__name__", str(annotation)))


def default(field: Any) -> str:
    """A field's default as TOML writes it; ``must be said`` where there is none."""
    if field.default is PydanticUndefined:
        return "must be said"
    if field.default is None:
        return "left out"
    value = list(field.default) if isinstance(field.default, tuple) else field.default
    return f"`{str(value).lower() if isinstance(value, bool) else repr(value).replace(chr(39), chr(34))}`"


def said(block: str, name: str) -> tuple[str, str]:
    """What the pilot's protocol says beside a key, and the value it has there."""
    header = ""
    for line in PILOT.read_text(encoding="utf-8").splitlines():
        bare = line.strip()
        if bare.startswith("["):
            header = bare.split("#")[0].strip().strip("[]")
        elif header == block and (found := re.match(rf"{name} = (.*)$", bare)):
            value, _, comment = _split(found[1])
            return comment.strip(), f"`{value.strip()[:60]}`"
    return "", ""


def _split(text: str) -> tuple[str, str, str]:
    """A TOML value and the comment after it: a ``#`` inside quotes is no comment."""
    quoted = False
    for i, c in enumerate(text):
        quoted ^= c == '"'
        if c == "#" and not quoted:
            return text[:i], "#", text[i + 1 :]
    return text, "", ""


def _from_docs(model: Any, name: str) -> str:
    """What the model's own docstring says of a key: the sentence that names it."""
    for line in re.split(r"\n\s*(?=``)|(?<=\.) (?=``)", model.__doc__ or ""):
        text = " ".join(line.split())
        if re.match(rf"``{name}``|``\w+`` and ``{name}``", text):
            sentence = re.split(r"(?<=\.) ", text.removeprefix(f"``{name}``:").strip())[0]
            return sentence.replace("``", "`")
    return ""


SOURCES: Mapping[str, str] = {
    f.relative_to(ROOT).with_suffix("").as_posix(): f.read_text(encoding="utf-8")
    for top in ("evaluation", "assets", "pipelines")
    for f in sorted((ROOT / top).rglob("*.py"))
    if "synthetic" not in f.parts and f.name != "protocol.py"
}

HELD: Mapping[str, str] = {
    "": "protocol|p", "waves": "wave|w|one", "schools": "school|s", "outcomes": "outcome|o|primary_outcome",
    "rounds": "round|r|the_round",
    "absence_types": "t",
    "thresholds": "threshold|t", "data_sets": "data_set|basis|d", "milestone.parts": "part",
    "disclosure": "rules|disclosure|self",
}  # fmt: skip
"""What a block is called where it is held, besides its own name."""


def readers(block: str, name: str) -> str:
    """The modules that read a key, three at most."""
    held = "|".join(filter(None, (HELD.get(block, "rule|t"), block.rsplit(".", 1)[-1])))
    pattern = re.compile(rf"\b({held})\.{name}\b")
    found = [
        f"`{m.replace('/', '.')}`"
        for m, text in SOURCES.items()
        if "rotocol" in text and pattern.search(text)
    ]
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return (", ".join(found[:3]) + more) or "people who read the plan"


def tables_page() -> str:
    """The data dictionary: every table's grain, key and columns, and what may leave of it."""
    lines = [
        "# Data dictionary",
        "",
        "Made by `make reference` from `evaluation/tables` and the registry of what leaves. *raw* came through the door,",
        "*core* what estimates are made from, *out* what was found. What is not in the registry never leaves the warehouse.",
    ]
    for name, table in TABLES.items():
        rules = REGISTRY.get(name, {})
        lines += [
            "",
            f"## `{name}`",
            "",
            table.grain,
            "",
            f"Key: {', '.join(f'`{k}`' for k in table.key) or '–'}",
            "",
        ]
        lines += ["| Column | Type | Leaves as |", "|---|---|---|"]
        for column, sort in table.columns.items():
            rule = rules.get(column)
            leaves = f"{rule.content.value}: {rule.leaving.value}" if rule else "stays inside"
            lines.append(f"| {column} | {sort} | {leaves} |")
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Every command with its arguments and options, as ``-h`` says them."""
    root = typer.main.get_command(app)
    lines = ["# Commands", "", "Made by `make reference` from the command line itself."]
    for path, command in _commands(root, ("komglad",)):
        lines += ["", f"## `{' '.join(path)}`", "", (command.help or "").strip(), ""]
        rows = [p for p in command.params if p.name != "help"]
        if rows:
            lines += ["| Option or argument | Meaning |", "|---|---|"]
        for p in rows:
            is_option = p.param_type_name == "option"
            names = (
                ", ".join(f"`{o}`" for o in (*p.opts, *p.secondary_opts))
                if is_option
                else f"`{p.metavar or p.name}`"
            )
            lines.append(_row(names, getattr(p, "help", "") or ""))
    return "\n".join(lines) + "\n"


def messages_page() -> str:
    """Every message about interviews and forms, as ``komglad check`` says it."""
    lines = [
        "# Beskeder om interviews og skemaer",
        "",
        "Made by `make reference` from the words of `komglad check`.",
        "",
    ]
    lines += [_row("Det siger programmet", "Gør", "`rule` i `--json`"), "|---|---|---|"]
    lines += [_row(says, do.replace("{expected}", "…"), f"`{rule}`") for rule, (says, do) in WORDS.items()]
    return "\n".join(lines) + "\n"


def _commands(group: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command


PAGES = {
    "protocol.md": protocol_page,
    "tables.md": tables_page,
    "commands.md": commands_page,
    "beskeder.md": messages_page,
}


def main() -> None:
    """Write every page."""
    HERE.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
