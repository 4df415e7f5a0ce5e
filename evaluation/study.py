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
from evaluation.protocol_rules import broken
from evaluation.protocol_values import wrong_value
from evaluation.words.design import CORRECT, HOW_MANY, NO_TOML
from evaluation.words.texts import texts

TEXT = texts("study")

GONE = {
    ("study", "language"): "da",
    ("talks", "transition"): "talk_months",
    ("estimand", "unit"): "cell",
    ("estimand", "time"): "month",
    ("milestone", "direction"): "fall",
    ("inference", "p_value"): "permutation",
    ("verdict", "lower_level"): 0.8,
    ("verdict", "looks"): "holm",
    ("inference", "cluster"): ["school_id", "grade"],
    ("inference", "permutation_assign"): "grade",
}
"""Keys that no code reads, with the only value each could mean. Two belonged to a rule of the verdict that is no more: 80
per cent intervals decide nothing, and the pooled look comes first (docs/methods/doubt.md). The last two follow from the
comparison now (:mod:`evaluation.design`)."""
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


def migrated(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A protocol of schema 1 as one of schema 2: what no code ever read goes, and what was guessed is said.

    A key that goes could hold one value only, so nothing that was decided changes; one that holds another stays, and is
    refused as unknown. The words were read out of the grades' label before.
    """
    new = {k: dict(v) if isinstance(v, Mapping) else v for k, v in raw.items()}
    for (block, key), value in GONE.items():
        # Also in a newer protocol, which may take the rest from an older one.
        if isinstance(new.get(block), dict) and new[block].get(key) == value:
            del new[block][key]
    if "schema_version" in new:
        return new
    label = str((new.get("grades") or {}).get("label", TEXT("grade_label"))).lower()
    if "words" not in new and TEXT("unit") not in label:
        is_class = "klasse" in label
        new["words"] = (
            {"unit": "klassetrin", "units": "klassetrin"}
            if is_class
            else {"unit": "gruppe", "units": "grupper", "on": "i"}
        )
    new["schema_version"] = 2
    return new


def parse_protocol(raw: Mapping[str, Any], source: Path | None = None) -> Protocol:
    """Validate a protocol's raw tables; every problem at once, with its line where the file is known."""
    text = source.read_text(encoding="utf-8") if source else ""
    try:
        protocol = Protocol.model_validate(migrated(raw))
    except ValidationError as error:
        found = [(tuple(e["loc"]), wrong_value(e)) for e in error.errors()]
    else:
        found = [(b.place, b.words) for b in broken(protocol)]
        if not found:
            return protocol
    problems = [
        Problem(
            "protocol.toml",
            line=_line_of(text, place),
            column=".".join(map(str, place)) or None,
            found=said,
            expected=expected,
            next_step=next_step,
        )
        for place, (said, expected, next_step) in found
    ]
    raise ProtocolError(HOW_MANY.format(n=len(problems)), problems)


def _read_extended(folder: Path) -> tuple[dict[str, Any], tuple[Path, ...]]:
    path = folder / "protocol.toml"
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProtocolError(
            NO_TOML, [Problem("protocol.toml", found=str(error), rule="TOML 1.0, UTF-8", next_step=CORRECT)]
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
