"""How one codebook differs from another: pairing of entries and the differences, in words for analysts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from evaluation.codebooks import Code, Codebook, spaced


@dataclass(frozen=True, slots=True)
class CodebookDifference:
    """How a codebook differs from the reference, as ids of the reference (``added``: of the other)."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[tuple[str, str, str], ...] = ()
    """(id, name here, name there)"""
    moved: tuple[tuple[str, str, str], ...] = ()
    """(id, parent here, parent there); an empty string is the top level"""
    redefined: tuple[str, ...] = ()
    codable_changed: tuple[str, ...] = ()
    reguided: tuple[str, ...] = ()
    """same id or name, another GUID: links to already coded segments are lost"""
    versions: tuple[str, str] = ("", "")

    @property
    def is_same(self) -> bool:
        """True when every code is the same; the version may still differ."""
        return not any(
            (
                self.added,
                self.removed,
                self.renamed,
                self.moved,
                self.redefined,
                self.codable_changed,
                self.reguided,
            )
        )

    def lines(self) -> tuple[str, ...]:
        """Danish sentences, one per difference, for the command line and the data-quality page."""
        text = [f"+ {code}: findes kun i den anden kodebog" for code in self.added]
        text += [f"- {code}: mangler i den anden kodebog" for code in self.removed]
        text += [f"~ {code}: hedder her »{a}«, dér »{b}«" for code, a, b in self.renamed]
        text += [
            f"~ {code}: ligger her under {a or 'roden'}, dér under {b or 'roden'}"
            for code, a, b in self.moved
        ]
        text += [f"~ {code}: definitionen er ændret" for code in self.redefined]
        text += [
            f"~ {code}: kan kodes i den ene kodebog, men ikke i den anden" for code in self.codable_changed
        ]
        text += [
            f"! {code}: har fået et andet GUID; kodede udsagn kan ikke føres tilbage"
            for code in self.reguided
        ]
        return tuple(text)


def compare(reference: Codebook, other: Codebook) -> CodebookDifference:
    """Differences of ``other`` from ``reference``; see :class:`CodebookDifference`."""
    pairs = _pair(reference, other)
    theirs_to_ours = {theirs: ours for ours, theirs in pairs.items()}

    def parent_in_ours(code: Code) -> str:
        return theirs_to_ours.get(code.parent or "", code.parent or "")

    both = [(reference.by_id[ours], other.by_id[theirs]) for ours, theirs in pairs.items()]
    return CodebookDifference(
        added=tuple(code.id for code in other.codes if code.id not in theirs_to_ours),
        removed=tuple(code.id for code in reference.codes if code.id not in pairs),
        renamed=tuple((a.id, a.name, b.name) for a, b in both if a.name != b.name),
        moved=tuple(
            (a.id, a.parent or "", parent_in_ours(b))
            for a, b in both
            if (a.parent or "") != parent_in_ours(b)
        ),
        redefined=tuple(a.id for a, b in both if spaced(a.definition) != spaced(b.definition)),
        codable_changed=tuple(a.id for a, b in both if a.is_codable != b.is_codable),
        reguided=tuple(a.id for a, b in both if a.guid.casefold() != b.guid.casefold()),
        versions=(reference.version, other.version),
    )


def _pair(reference: Codebook, other: Codebook) -> dict[str, str]:
    pairs: dict[str, str] = {}
    taken: set[str] = set()
    theirs_by_guid = {code.guid.casefold(): code.id for code in other.codes if code.guid}
    names = Counter(spaced(code.name) for code in other.codes)
    theirs_by_name = {spaced(code.name): code.id for code in other.codes if names[spaced(code.name)] == 1}
    ours_names = Counter(spaced(code.name) for code in reference.codes)
    ways = (
        lambda code: theirs_by_guid.get(code.guid.casefold()),
        lambda code: code.id if code.id in other.by_id else None,
        lambda code: theirs_by_name.get(spaced(code.name)) if ours_names[spaced(code.name)] == 1 else None,
    )
    for way in ways:
        for code in reference.codes:
            match = way(code)
            if code.id not in pairs and match is not None and match not in taken:
                pairs[code.id] = match
                taken.add(match)
    return {code.id: pairs[code.id] for code in reference.codes if code.id in pairs}
