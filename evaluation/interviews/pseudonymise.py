"""Names out of a transcript before it is coded: what may point to somebody, what stands in its place, and the way back.

Proposals for a person to judge, never a guarantee. Known names (roster, staff, schools) are found in any case, in the
genitive, as nicknames and misspelt; any other capitalised word inside a sentence is proposed too, because Danish writes
ordinary words small. Opening and writing documents is :mod:`evaluation.interviews.transcripts`' matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evaluation.disclosure.names import ORDINARY_WORDS, PARTICLES, WORD, normalise_token
from evaluation.interviews.quotes import PATTERNS

PERSON, SCHOOL, CLASS, OTHER, NUMBER = "person", "skole", "klasse", "navn", "oplysning"
CONTEXT = 32
_CLASS = re.compile(
    r"(?<![\d.,])(?:1[0-9]|[0-9])\s?\.?\s?(?:[A-ZÆØÅ]\b|(?:kl\.?|klasse)\s?[A-ZÆØÅa-zæøå]\b|[a-zæøå]\b(?!\.\w))"
    r"(?:'?s\b)?|\b[A-ZÆØÅ]-klassen\b"
)
_SCHOOL = re.compile(
    r"\b[A-ZÆØÅ][\wæøå-]*(?:skolen|skole|kolen)s?\b|\b[A-ZÆØÅ][\wæøå-]+ (?:[Ss]kole|[Ff]riskole|Privatskole)s?\b"
)
_NEW_SENTENCE = re.compile(r"(?:\A|[.!?:…»\"“”\n\r>]|^\s*[-–•])\s*(?:[»\"“”'(\[-]\s*)*\Z", re.MULTILINE)
_NO_NAMES_TEXT = (
    "jeg du han hun den det vi i de dem man og men så ja nej interviewer elev lærer pædagog sundhedsplejerske mor far "
    "danmark dansk corona covid aula meebook facebook instagram snapchat tiktok youtube google teams gud jul påske gym"
)
_NO_NAMES = frozenset(_NO_NAMES_TEXT.split())
"""Capitalised or not, they point to nobody."""
NICKNAMES: Mapping[str, tuple[str, ...]] = {
    "alexander": ("alex", "sander", "lex"),
    "anders": ("ante", "andy"),
    "andreas": ("dreas", "drea"),
    "anna": ("anni", "anja"),
    "benjamin": ("ben", "benji"),
    "caroline": ("line", "caro"),
    "cecilie": ("cille", "cilie", "sille"),
    "charlotte": ("lotte", "lotta"),
    "christian": ("kris", "chris"),
    "christoffer": ("toffer", "stoffer"),
    "elisabeth": ("lisbeth", "lise", "beth", "liza"),
    "emilie": ("mille", "emmi"),
    "frederik": ("frede", "freddy", "rik"),
    "frederikke": ("rikke", "frede"),
    "isabella": ("bella", "isa"),
    "jakob": ("jeppe", "kob"),
    "johannes": ("hannes", "johs"),
    "josefine": ("fine", "josse", "sofie"),
    "karoline": ("line", "karo"),
    "katrine": ("trine", "kat"),
    "kristian": ("kris", "stian"),
    "magnus": ("mags", "manse"),
    "margrethe": ("grethe", "daisy", "mette"),
    "mathias": ("matti", "thias"),
    "mathilde": ("tilde", "thilde", "tille"),
    "mikkel": ("mik", "mikke"),
    "mohammed": ("mo", "moha", "hamude"),
    "nikolaj": ("niko", "nik", "kolaj"),
    "rasmus": ("ras", "rasse"),
    "sebastian": ("bastian", "seb", "basse"),
    "sofie": ("fie", "sof"),
    "theodor": ("theo", "teo"),
    "tobias": ("tobi", "tob"),
    "valdemar": ("valde", "valle"),
    "victoria": ("vicki", "vic"),
    "viktor": ("vik",),
    "william": ("will", "ville", "willy"),
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something in a text, at ``start``–``end``, that may point to somebody; ``key`` is whom or what, made comparable."""

    start: int
    end: int
    kind: str
    key: str


@dataclass(frozen=True)
class Known:
    """Words to look for. ``people``: whole names; ``schools``: names of schools and places the study knows."""

    people: tuple[str, ...] = ()
    schools: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()


class Finder:
    """Finds what may point to somebody in any text of one transcript."""

    def __init__(self, known: Known) -> None:
        self._whole: dict[str, str] = {}
        for name in known.people:
            tokens = _tokens(name)
            for token in (*tokens, *_joined_tokens(name)):
                self._whole.setdefault(token, tokens[0] if tokens else token)
        self._sounds = {name: _sound(name) for name in self._whole}
        self._nick = {
            nick: self._whole[name]
            for name, nicks in NICKNAMES.items()
            if name in self._whole
            for nick in (normalise_token(n) for n in nicks)
        }
        self._schools = {normalise_token(w): normalise_token(name) for name in known.schools for w in [name]}
        self._also = {normalise_token(w) for w in known.also}
        self._keep = {normalise_token(w) for w in known.keep} | _NO_NAMES
        self._cache: dict[tuple[str, bool], str | None] = {}

    def proposals(self, text: str) -> tuple[Proposal, ...]:
        """Everything to be judged in a text, in order; what touches is one."""
        found: list[Proposal] = []
        for kind, pattern in ((SCHOOL, _SCHOOL), (CLASS, _CLASS), *((NUMBER, p) for p in PATTERNS.values())):
            found += [
                Proposal(*hit.span(), kind, normalise_token(hit.group())) for hit in pattern.finditer(text)
            ]
        for name, key in self._schools.items():
            found += [Proposal(*hit.span(), SCHOOL, key) for hit in _literal(name, text)]
        found = [f for f in found if f.key not in self._keep]
        taken = {p for f in found for p in range(f.start, f.end)}
        words = [w for w in WORD.finditer(text) if w.start() not in taken]
        hits = [p for w in words if (p := self._word(w.start(), w.end(), w.group(), text)) is not None]
        return tuple(_joined(sorted([*found, *hits], key=lambda p: (p.start, -p.end)), text))

    def _word(self, start: int, end: int, word: str, text: str) -> Proposal | None:
        is_capital = word[:1].isupper()
        token = normalise_token(word)
        if token in self._also or any(base in self._also for base in _bases(token)):
            return Proposal(start, end, OTHER, token)
        if token in self._keep or token in PARTICLES:
            return None
        person = self._person(token, is_capital)
        if person is not None:
            return Proposal(start, end, PERSON, person)
        is_first = _NEW_SENTENCE.search(text[max(0, start - 40) : start]) is not None
        is_short = word.isupper() and len(word) <= 5
        if is_capital and not is_first and not is_short and len(token) > 1:
            return Proposal(start, end, OTHER, _bases(token)[-1])
        return None

    def _person(self, token: str, is_capital: bool) -> str | None:
        """The known person a word means: exactly, in the genitive, as a nickname, shortened or misspelt, or a part of it."""
        place = (token, is_capital)
        if place not in self._cache:
            parts = [p for p in re.split(r"['’`´-]+", token) if len(p) > 1]
            known = (self._exact(p, is_capital) for p in ("".join(parts), *parts))
            self._cache[place] = next(filter(None, known), None) or self._search(token, is_capital)
        return self._cache[place]

    def _exact(self, token: str, is_capital: bool) -> str | None:
        """The known person so called, in the genitive perhaps or by a nickname."""
        bases = _bases(token)
        if not is_capital and any(base in ORDINARY for base in bases):
            return None
        called = (self._whole.get(base) or self._nick.get(base) for base in bases if len(base) > 1)
        return next(filter(None, called), None)

    def _search(self, token: str, is_capital: bool) -> str | None:
        """A known name shortened or misspelt."""
        bases = _bases(token)
        if not is_capital:
            near = [
                n
                for n in self._whole
                if len(n) > 5 and len(token) > 5 and any(_is_near(b, n, 1) for b in bases)
            ]
            return self._whole[near[0]] if len({self._whole[n] for n in near}) == 1 else None
        for base in bases:
            stem = _sound(re.sub(r"(?:sen|ser|se|ie|y|i|er|e)\Z", "", base))
            short = [
                n
                for n, sound in self._sounds.items()
                if len(stem) >= 3 and sound.startswith(stem) and len(base) <= len(n) + 2
            ]
            near = [n for n in self._whole if len(n) > 3 and _is_near(base, n, 1 if len(n) < 7 else 2)]
            if near or short:
                return self._whole[(near or short)[0]]
        return None


@dataclass(frozen=True)
class Replacer:
    """Words in place of what was found, the same for the same person throughout; ``key`` is the way back."""

    words: Mapping[tuple[str, str], str]
    originals: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, texts: Sequence[str], finder: Finder) -> Replacer:
        """Number persons, schools, classes and other names in the order they are met."""
        words: dict[tuple[str, str], str] = {}
        originals: dict[str, dict[str, None]] = {}
        for text in texts:
            for p in finder.proposals(text):
                label = words.setdefault(
                    (p.kind, p.key), f"[{p.kind} {1 + sum(k == p.kind for k, _ in words)}]"
                )
                originals.setdefault(label, {})[text[p.start : p.end]] = None
        return cls(words, {label: tuple(found) for label, found in originals.items()})

    def replaced(self, text: str, finder: Finder) -> str:
        """The text with every proposal replaced."""
        out, last = [], 0
        for p in finder.proposals(text):
            out += [text[last : p.start], self.words[p.kind, p.key]]
            last = p.end
        return "".join([*out, text[last:]])


def context_of(text: str, proposal: Proposal) -> str:
    """The words around a proposal, with it between marks."""
    before = text[max(0, proposal.start - CONTEXT) : proposal.start]
    after = text[proposal.end : proposal.end + CONTEXT]
    return " ".join(f"…{before}»{text[proposal.start : proposal.end]}«{after}…".split())


def restored(text: str, originals: Mapping[str, Iterable[str]]) -> str:
    """The text with the first original of each label again: enough to find a statement, not its spelling."""
    return re.sub(r"\[\w+ \d+\]", lambda hit: next(iter(originals.get(hit.group(), ())), hit.group()), text)


ORDINARY = frozenset(normalise_token(w) for w in ORDINARY_WORDS)


def _tokens(name: str) -> list[str]:
    parts = [normalise_token(p) for p in re.split(r"[\s'’`´-]+", name) if p]
    return [p for p in parts if len(p) > 1 and p not in PARTICLES]


def _joined_tokens(name: str) -> list[str]:
    """The parts of each hyphenated word written as one, a particle's included: *Al-Hashimi* as *alhashimi*."""
    words = [[normalise_token(p) for p in re.split(r"['’`´-]+", word) if p] for word in name.split()]
    return ["".join(parts) for parts in words if len(parts) > 1]


_SOUNDS = (("ck", "k"), ("c", "k"), ("ph", "f"), ("th", "t"), ("w", "v"), ("x", "ks"), ("z", "s"), ("q", "k"))


def _sound(token: str) -> str:
    """A name as it sounds, however it is spelt: one letter for those that sound alike, and none doubled."""
    for spelt, heard in _SOUNDS:
        token = token.replace(spelt, heard)
    return re.sub(r"([^\W\d_])\1+", r"\1", token)


def _bases(token: str) -> list[str]:
    """A word as it stands, and without what a genitive adds."""
    plain = re.sub(r"['’`´]s?\Z", "", token)
    bases = [plain]
    if plain.endswith("s") and len(plain) > 2:
        bases.append(plain[:-1])
    return bases


def _literal(name: str, text: str) -> Iterable[re.Match[str]]:
    """A name of several words, as it may be spelt: normalised letters are looked for in every spelling."""
    spelt = "".join({"aa": "(?:å|aa)", "ae": "(?:æ|ae)", "oe": "(?:ø|oe)"}.get(c, c) for c in _letters(name))
    return re.finditer(rf"\b{spelt}s?\b", text, re.IGNORECASE)


def _letters(name: str) -> list[str]:
    return re.findall(r"aa|ae|oe|\\?.", re.escape(name))


def _joined(found: list[Proposal], text: str) -> Iterable[Proposal]:
    """Proposals without overlap; a first and a last name beside each other are one person."""
    last: Proposal | None = None
    for p in found:
        if last is not None and p.start < last.end:
            continue
        is_person = last is not None and last.kind in (PERSON, OTHER) and p.kind in (PERSON, OTHER)
        if last is not None and is_person and text[last.end : p.start] == " " and text[p.start].isupper():
            kind = PERSON if PERSON in (last.kind, p.kind) else OTHER
            last = Proposal(
                last.start,
                p.end,
                kind,
                last.key if last.kind == PERSON else p.key if p.kind == PERSON else last.key,
            )
            continue
        if last is not None:
            yield last
        last = p
    if last is not None:
        yield last


def _is_near(one: str, other: str, most: int) -> bool:
    """At most so many letters added, left out, changed or swapped with their neighbour."""
    if abs(len(one) - len(other)) > most:
        return False
    rows = [list(range(len(other) + 1))]
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1] <= most
