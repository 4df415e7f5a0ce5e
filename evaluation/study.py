"""A study is a folder: protocol, calendar, codebook and mapping files. Finding and reading it belongs here.

``extends`` in a protocol takes everything it does not say from another packaged study, so that the
demonstration differs from the pilot in its schools alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from evaluation.errors import Problem, ProtocolError
from evaluation.protocol import Protocol

PACKAGED = Path(str(files("evaluation"))) / "studies"


@dataclass(frozen=True)
class Study:
    """A study's protocol and its folders, searched in order: its own, then those it extends."""

    protocol: Protocol
    folders: tuple[Path, ...]

    def file(self, name: str) -> Path:
        """A file of the study by name; raises :class:`ProtocolError` when no folder has it."""
        for folder in self.folders:
            if (folder / name).exists():
                return folder / name
        raise ProtocolError(
            f"the study {self.protocol.study.id} has no {name}",
            [Problem(name, found="missing", next_step=f"add it to {self.folders[0].name}/")],
        )

    def optional_file(self, name: str) -> Path | None:
        """A file that a study may have, or None."""
        return next((folder / name for folder in self.folders if (folder / name).is_file()), None)

    @property
    def mappings(self) -> tuple[Path, ...]:
        """Mapping files in order of name; the study's own folder wins entirely when it has any."""
        for folder in self.folders:
            found = sorted((folder / "mappings").glob("*.toml"))
            if found:
                return tuple(found)
        return ()


def find_study(name_or_folder: str) -> Path:
    """The folder of a packaged study by name, or a folder of one's own that holds a ``protocol.toml``."""
    for folder in (Path(name_or_folder), PACKAGED / name_or_folder):
        if (folder / "protocol.toml").is_file():
            return folder
    known = ", ".join(sorted(p.parent.name for p in PACKAGED.glob("*/protocol.toml")))
    raise ProtocolError(
        f'no study "{name_or_folder}"',
        [
            Problem(
                "",
                found=f'"{name_or_folder}" is neither a folder with a protocol.toml nor a study that comes with komglad',
                expected=f"a folder, or one of: {known}",
                next_step="komglad new-study DIR makes one to start from",
            )
        ],
    )


def load_study(name_or_folder: str) -> Study:
    """Read a study. Raises :class:`ProtocolError` with everything that is wrong, each with its place."""
    folder = find_study(name_or_folder)
    raw, folders = _read_extended(folder)
    return Study(parse_protocol(raw, source=folder / "protocol.toml"), folders)


def parse_protocol(raw: Mapping[str, Any], source: Path | None = None) -> Protocol:
    """Validate a protocol's raw tables; every problem at once, with its line where the file is known."""
    try:
        return Protocol.model_validate(raw)
    except ValidationError as error:
        text = source.read_text(encoding="utf-8") if source else ""
        problems = []
        for e in error.errors():
            loc = tuple(str(part) for part in e["loc"])
            found = e["msg"].removeprefix("Value error, ")
            problems += [
                Problem(
                    "protocol.toml",
                    line=_line_of(text, e["loc"]),
                    column=".".join(loc) or None,
                    found=part,
                    rule=e["type"],
                    next_step="correct the protocol and run komglad check",
                )
                for part in found.split("; ")
            ]
        raise ProtocolError(f"the protocol has {len(problems)} problem(s)", problems) from None


def _read_extended(folder: Path) -> tuple[dict[str, Any], tuple[Path, ...]]:
    path = folder / "protocol.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProtocolError(
            "the protocol is not readable TOML",
            [Problem("protocol.toml", found=str(error), rule="TOML 1.0, UTF-8")],
        ) from None
    parent = raw.pop("extends", None)
    if parent is None:
        return raw, (folder,)
    base, folders = _read_extended(find_study(str(parent)))
    return _merged(base, raw), (folder, *folders)


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """``own`` over ``base``: tables merge key by key, lists are replaced whole."""
    merged = dict(base)
    for key, value in own.items():
        both = isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
        merged[key] = _merged(base[key], value) if both else value
    return merged


def _line_of(text: str, loc: tuple[int | str, ...]) -> int | None:
    """The line in a TOML text where a field stands, or its table's header; None when it is not there."""
    if not text or not loc:
        return None
    table = str(loc[0])
    wanted = loc[1] if len(loc) > 1 and isinstance(loc[1], int) else 0
    key = next((str(part) for part in loc[1:] if isinstance(part, str)), None)
    seen, header = -1, None
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.split("#")[0].strip()
        if bare.startswith("["):
            if header is not None and seen == wanted:
                break
            if bare.strip("[]") == table:
                seen, header = seen + 1, number
        elif header is not None and seen == wanted and key and bare.split("=")[0].strip() == key:
            return number
        if header is None and bare.split("=")[0].strip() == table:
            return number
    return header
