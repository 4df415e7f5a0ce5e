"""The study's codebook: typed reading and looking up.

What belongs here is the codebook itself; exchange (``qdc``), comparison (``codebook_diff``) and coded interviews are in
:mod:`evaluation.interviews`.
The codebook is the study's package data (``codebook.yaml``, Danish keys); GUIDs are stable, so that a code
keeps its identity when analysts start from the exported ``.qdc`` in NVivo, ATLAS.ti, MAXQDA or QualCoder.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from evaluation.errors import Problem, ProtocolError

FREE, UNITISINGS = "frit", ("frit", "replik", "afsnit")
"""How statements are cut: by each coder, or before coding into turns or paragraphs."""
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DOUBLE_CODING = re.compile(r"(\d+(?:[.,]\d+)?)\s*%[^.]*?mindst\s+(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of the codebook. ``is_codable`` is false for folders, which only hold other codes.

    ``definition`` is the coders'; ``for_schools`` is what a school reads about it in a form. ``unstated`` is the direction
    of a statement that states none; empty where the definition is open to both.
    """

    id: str
    name: str
    guid: str
    parent: str | None = None
    is_codable: bool = True
    kind: str = "kode"
    definition: str = ""
    source: str = ""
    use_when: str = ""
    do_not_use_when: str = ""
    keywords: tuple[str, ...] = ()
    for_schools: str = ""
    unstated: str = ""
    color: str | None = None


@dataclass(frozen=True, slots=True)
class Attribute:
    """A property of a document (informant, school …) or a qualifier of a segment, with its value set."""

    id: str
    values: tuple[str, ...] = ()
    kind: str = "valg"
    note: str = ""


@dataclass(frozen=True, slots=True)
class AgreementRule:
    """When coding counts as reliable. ``double_coded_share`` is a proportion of documents in [0, 1]."""

    measure: str = ""
    firm: float = 0.8
    tentative: float = 0.667
    double_coded_share: float = 0.2
    double_coded_minimum: int = 3
    note: str = ""


@dataclass(frozen=True, slots=True)
class SignLink:
    """A sign of the Målplan with the quantitative indicators and the codes that speak of it."""

    sign: str
    indicators: tuple[str, ...]
    codes: tuple[str, ...]
    questions: tuple[tuple[str, str], ...] = ()
    """Who is asked (elev, elevgruppe, arbejdsgruppe) and how."""


@dataclass(frozen=True, slots=True)
class CodeSet:
    """A group of codes that another tool's codebook names (ATLAS.ti's code groups, NVivo's sets); ids of its members."""

    name: str
    guid: str
    codes: tuple[str, ...]
    description: str = ""


@dataclass(frozen=True)
class Codebook:
    """All entries in order, with the rules that go with them. Equality compares every field."""

    version: str
    codes: tuple[Code, ...]
    title: str = ""
    language: str = "da"
    status: str = ""
    unit: str = ""
    unitising: str = ""
    guid_rule: str = ""
    sources: tuple[tuple[str, str], ...] = ()
    rules: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    qualifiers: tuple[Attribute, ...] = ()
    agreement: AgreementRule = AgreementRule()
    joint_display: tuple[SignLink, ...] = ()
    sets: tuple[CodeSet, ...] = ()
    origin: str = ""

    @cached_property
    def by_id(self) -> Mapping[str, Code]:
        """Code id → entry, in the codebook's order."""
        return {code.id: code for code in self.codes}

    @cached_property
    def _lookup(self) -> Mapping[str, str]:
        """Every unambiguous way of naming a code (id, GUID, name, path of names), casefolded → id."""
        names: dict[str, str] = {}
        count = Counter(code.name.casefold() for code in self.codes)
        for code in self.codes:
            if count[code.name.casefold()] == 1:
                names[spaced(code.name)] = code.id
        for code in self.codes:
            chain = [self.by_id[i].name for i in (*self.ancestors(code.id), code.id)]
            for joiner in ("/", "\\", ">", "::", "|", "_"):
                names.setdefault(spaced(joiner.join(chain)), code.id)
        for code in self.codes:
            names[code.guid.casefold()] = code.id
        names.update({code.id.casefold(): code.id for code in self.codes})
        return names

    @cached_property
    def _names(self) -> tuple[tuple[str, Code], ...]:
        """What each code may be called when a label is held against it."""
        return tuple((name, code) for code in self.codes for name in (code.id.casefold(), spaced(code.name)))

    def __contains__(self, code: object) -> bool:
        return code in self.by_id

    def get(self, code: str) -> Code:
        """The entry with exactly this id. Raises ``ProtocolError`` naming the nearest one."""
        try:
            return self.by_id[code]
        except KeyError:
            raise ProtocolError(
                f"The codebook (version {self.version}) has no code {code!r}. "
                f"Nearest: {self.nearest(code) or 'none'}. See `komglad codebook print`."
            ) from None

    def resolve(self, label: str) -> Code | None:
        """Entry meant by an id, a GUID, a name or a path of names; ``None`` when unknown or ambiguous."""
        text = spaced(label)
        for candidate in (text, text.strip("{}")):
            if candidate in self._lookup:
                return self.by_id[self._lookup[candidate]]
        if bracketed := re.search(r"\[([^\]\s]+)\]", label):
            return self.by_id.get(bracketed.group(1))
        first = label.split(maxsplit=1)[0].rstrip(":-–") if label.strip() else ""
        if "." in first and first.casefold() in self._lookup:
            return self.by_id[self._lookup[first.casefold()]]
        return None

    def nearest(self, label: str, cutoff: float = 0.6) -> str | None:
        """Id of the codable entry whose id or name is most like ``label``; ``None`` when nothing is near."""
        wanted = spaced(label)
        matcher = difflib.SequenceMatcher(autojunk=False)
        matcher.set_seq2(wanted)
        best: tuple[float, str] = (0.0, "")
        for name, code in self._names:
            # Cheap bounds first: most names cannot come near.
            least = max(cutoff, best[0])
            if 2 * min(len(name), len(wanted)) < least * (len(name) + len(wanted)):
                continue
            matcher.set_seq1(name)
            if matcher.quick_ratio() < least:
                continue
            ratio = matcher.ratio() + 1e-6 * code.is_codable  # among equals prefer one that may be used
            if ratio > best[0]:
                best = (ratio, code.id)
        return best[1] if best[0] >= cutoff else None

    def ancestors(self, code: str) -> tuple[str, ...]:
        """Ids from the root down to the parent of ``code``."""
        chain: list[str] = []
        parent = self.by_id[code].parent
        while parent is not None and parent not in chain:
            chain.append(parent)
            parent = self.by_id[parent].parent if parent in self.by_id else None
        return tuple(reversed(chain))

    def descendants(self, code: str) -> tuple[str, ...]:
        """Ids below ``code``, in the codebook's order."""
        return tuple(other.id for other in self.codes if code in self.ancestors(other.id))

    def folder_of(self, code: str) -> str:
        """Family of a code: its nearest folder, the level at which agreement is pooled."""
        if not self.by_id[code].is_codable:
            return code
        for ancestor in reversed(self.ancestors(code)):
            if not self.by_id[ancestor].is_codable:
                return ancestor
        return code

    def attribute(self, name: str) -> Attribute | None:
        """Document attribute or qualifier by id."""
        return next((a for a in (*self.attributes, *self.qualifiers) if a.id == name), None)

    def sign(self, sign: str) -> SignLink:
        """Joint-display link of a sign. Raises ``ProtocolError`` when the codebook has none."""
        for link in self.joint_display:
            if link.sign == sign:
                return link
        raise ProtocolError(
            f"The codebook (version {self.version}) links no indicators to the sign {sign!r}."
        )


def load_codebook(path: Path) -> Codebook:
    """Read ``codebook.yaml``. Raises ``ProtocolError`` with all problems of the file at once."""
    import yaml

    try:
        # The same reader as safe_load, in C where it is built in: ten times as fast.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        raw = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=loader)
    except OSError as error:
        raise ProtocolError(f"The codebook {path.name} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        problem = Problem(path.name, None if line is None else line + 1, found="not valid YAML in UTF-8")
        raise ProtocolError("The codebook cannot be read.", [problem]) from None
    return codebook_from_mapping(raw, path.name)


def codebook_from_mapping(raw: Any, file: str = "codebook.yaml") -> Codebook:
    """Codebook from the YAML's mapping (Danish keys); every rule broken is one problem."""
    if not isinstance(raw, Mapping):
        raise ProtocolError(f"{file} is not a codebook: found {type(raw).__name__}, expected a mapping.")
    problems: list[Problem] = []
    meta = _mapping(raw.get("meta"))
    entries = [_mapping(entry) for entry in _list(raw.get("koder"))]
    codes = tuple(_code(entry) for entry in entries)
    if not codes:
        problems.append(Problem(file, column="koder", found="no codes", expected="at least one entry"))
    if not str(meta.get("version") or ""):
        problems.append(Problem(file, column="meta.version", found="no version", next_step="state one"))
    qualifiers = tuple(map(_attribute, _list(raw.get("kvalifikatorer"))))
    directions = next((q.values for q in qualifiers if q.id == "retning"), ())
    problems += _code_problems(codes, file, directions)
    links = tuple(
        SignLink(
            sign=str(link.get("tegn", "")),
            indicators=_strings(link.get("kvantitativ_indikator")),
            codes=_strings(link.get("kvalitative_koder")),
            questions=tuple((str(k), str(v)) for k, v in _mapping(link.get("spoergsmaal")).items()),
        )
        for link in map(_mapping, _list(raw.get("joint_display")))
    )
    known = {code.id for code in codes}
    for link in links:
        for code in (link.sign, *link.codes):
            if code not in known:
                near = difflib.get_close_matches(code, sorted(known), n=1)
                problems.append(
                    Problem(
                        file,
                        column=f"joint_display {link.sign}",
                        found=f"unknown code {code!r}",
                        expected="a code of this codebook",
                        next_step=f"nearest: {near[0]}" if near else "add the code or remove the link",
                    )
                )
    if problems:
        raise ProtocolError(f"The codebook {file} has {len(problems)} problem(s).", problems)
    rules = _strings(raw.get("koderegler"))
    version = str(meta["version"])
    return Codebook(
        version=version,
        codes=codes,
        title=str(meta.get("titel", "")),
        language=str(meta.get("sprog", "da")),
        status=str(meta.get("status", "")),
        unit=str(meta.get("kodeenhed", "")),
        unitising=_unitising(meta.get("inddeling")),
        guid_rule=str(meta.get("guid_regel", "")),
        sources=tuple((str(k), str(v)) for k, v in _mapping(meta.get("kilder")).items()),
        rules=rules,
        attributes=tuple(map(_attribute, _list(raw.get("attributter")))),
        qualifiers=qualifiers,
        agreement=_agreement(_mapping(raw.get("enighed")), rules),
        joint_display=links,
        origin=f"kom-glad-i-skole {version}",
    )


def _code(entry: Mapping[str, Any]) -> Code:
    parent = entry.get("parent")
    kind = str(entry.get("type", "kode"))
    return Code(
        id=str(entry.get("id", "")),
        name=str(entry.get("navn", "")),
        guid=str(entry.get("guid", "")).casefold(),
        parent=None if parent is None else str(parent),
        is_codable=bool(entry.get("kodbar", kind != "mappe")),
        kind=kind,
        definition=str(entry.get("definition", "")),
        source=str(entry.get("kilde", "")),
        use_when=str(entry.get("brug_naar", "")),
        do_not_use_when=str(entry.get("brug_ikke_naar", "")),
        keywords=_strings(entry.get("stikord")),
        for_schools=str(entry.get("til_skoler", "")),
        unstated=str(entry.get("uden_retning", "")),
    )


def _code_problems(codes: tuple[Code, ...], file: str, directions: tuple[str, ...]) -> list[Problem]:
    problems: list[Problem] = []
    known = {code.id: code.parent for code in codes}
    for name, values in (("id", [c.id for c in codes]), ("guid", [c.guid for c in codes])):
        for value, times in Counter(values).items():
            if times > 1:
                problems.append(
                    Problem(
                        file, column=f"koder.{name}", found=f"{value!r} stands {times} times", expected="once"
                    )
                )
    for code in codes:
        where = f"koder {code.id or '(no id)'}"
        if not code.id or not code.name:
            problems.append(Problem(file, column=where, found="no id or no name", expected="both"))
        if not _GUID.fullmatch(code.guid):
            problems.append(
                Problem(file, column=where, found="no valid GUID", expected=" 8-4-4-4-12 hex digits")
            )
        if code.unstated not in ("", *directions):
            problems.append(
                Problem(
                    file,
                    column=f"{where} uden_retning",
                    found="no direction of the codebook",
                    expected=", ".join(directions),
                )
            )
        if code.parent is not None and code.parent not in known:
            problems.append(Problem(file, column=where, found=f"unknown parent {code.parent!r}"))
        seen, parent = {code.id}, code.parent
        while parent is not None and parent in known:
            if parent in seen:
                problems.append(Problem(file, column=where, found="is its own ancestor"))
                break
            seen.add(parent)
            parent = known[parent]
    return problems


def _unitising(value: Any) -> str:
    """How the material is cut before it is coded: ``frit`` (each coder cuts), ``replik`` or ``afsnit``."""
    word = str(value or FREE).casefold()
    if word not in UNITISINGS:
        problem = Problem(
            "codebook.yaml", column="meta.inddeling", found=word, expected=", ".join(UNITISINGS)
        )
        raise ProtocolError("The codebook does not say how the material is cut.", [problem])
    return word


def _agreement(raw: Mapping[str, Any], rules: Iterable[str]) -> AgreementRule:
    """Limits from the ``enighed`` block; the double-coded share also from the rule written in words."""
    share, minimum = 0.2, 3
    for rule in rules:
        if "to kodere" in rule and (match := _DOUBLE_CODING.search(rule)):
            share = float(match.group(1).replace(",", ".")) / 100
            minimum = int(match.group(2))
    return AgreementRule(
        measure=str(raw.get("maal", "")),
        firm=float(raw.get("graense_fast", 0.8)),
        tentative=float(raw.get("graense_foreloebig", 0.667)),
        double_coded_share=float(raw.get("dobbeltkodet_andel", share)),
        double_coded_minimum=int(raw.get("dobbeltkodet_mindst", minimum)),
        note=str(raw.get("note", "")),
    )


def _attribute(raw: Any) -> Attribute:
    entry = _mapping(raw)
    return Attribute(
        id=str(entry.get("id", "")),
        values=tuple(_word(value) for value in _list(entry.get("vaerdier"))),
        kind=str(entry.get("type", "valg")),
        note=str(entry.get("note", "")),
    )


def _word(value: Any) -> str:
    """A YAML value as the word that was written: YAML 1.1 reads a bare ``ja``/``nej`` as text, yes/no as bool."""
    if isinstance(value, bool):
        return "ja" if value else "nej"
    return str(value)


def spaced(text: str) -> str:
    """A label as it is compared: blanks collapsed, none around path separators, casefolded."""
    return re.sub(r"\s*([/\\>|]|::)\s*", r"\1", " ".join(text.split())).casefold()


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(str(item) for item in _list(value))
