"""Notes that people write in a QDA tool: memos, comments, journals, links and remarks in brackets in a name.

Nobody can teach a program all prose. One that speaks of consent, deletion or withdrawal takes its interview out; all others
are counted, and a person who has read them says so once in the mapping. A note is never a coding.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from evaluation.errors import Problem
from evaluation.interviews.attributes import MEMO, DocumentAttributes, normal_name, note_mark
from evaluation.interviews.qdc_text import description, plain_description
from evaluation.interviews.understanding import IN_BRACKETS, Understanding

_WRITTEN = re.compile(r"\w")


@dataclass
class Notes:
    """The notes of one file as a reader meets them. ``unread``: those that are not heard as speaking of consent;
    ``loose``: those among them that are, and that belong to no interview.
    """

    known: Understanding
    unread: list[str] = field(default_factory=list, repr=False)
    loose: list[str] = field(default_factory=list, repr=False)

    def about(self, text: str) -> list[tuple[str, str]]:
        """What a note on an interview, or on a part of it, says of the whole: pairs of an attribute and a word."""
        if self._is_nothing(text):
            return []
        said = self.known.of_memo(text)
        self.unread += [] if said else [text]
        return said

    def of_nobody(self, text: str) -> None:
        """A note on the project, a code or nothing at all."""
        if self._is_nothing(text):
            return
        self.unread.append(text)
        if self.known.of_memo(text):
            self.loose.append(text)

    def of_code(self, text: str) -> None:
        """What stands by a code, or what a project is called: asked about only where it speaks of consent, for every code
        is described. The codebook's own words are no note."""
        lines = [line for line in text.splitlines() if not self._is_of_codebook(line)]
        if any(self.known.of_memo(line) for line in lines):
            self.of_nobody("\n".join(lines))

    def _is_of_codebook(self, line: str) -> bool:
        return _flat(line) in self._codebook_lines

    @cached_property
    def _codebook_lines(self) -> frozenset[str]:
        """Whole lines of what the codebook says of its codes, as tools show it: a part of one may be anybody's words."""
        codes = self.known.codebook.codes
        said = [t for c in codes for t in (c.definition, description(c), plain_description(c))]
        return frozenset(_flat(line) for text in said for line in (text, *text.splitlines(), ""))

    def _is_nothing(self, text: str) -> bool:
        return not _WRITTEN.search(text) or self.known.only_describes(text) or self.known.is_ignored(MEMO)

    def remarks(self, names: Iterable[str]) -> None:
        """Remarks in brackets in the interviews' names, unless all their words only describe."""
        for name in set(names):
            for remark in IN_BRACKETS.findall(name):
                # One that speaks of consent is heard in the name itself.
                if not self.known.only_describes(remark) and not self.known.of_name(remark):
                    self.unread += [] if self.known.is_ignored(MEMO) else [remark]

    def named(self, documents: Mapping[str, DocumentAttributes]) -> dict[str, DocumentAttributes]:
        """``documents`` (by normal name) with what the loose notes say of those they name."""
        found = dict(documents)
        for text in tuple(self.loose):
            words = f" {normal_name(text)} "
            met = [name for name in found if name and f" {name} " in words]
            for name in met:
                found[name] = found[name].joined(DocumentAttributes.of(self.known.of_memo(text)))
            if met:
                self.loose.remove(text)
                self.unread.remove(text)
        return found

    def problems(self, file: str, read: Collection[str]) -> list[Problem]:
        """One question for all notes, and one for those of them that may be somebody's no; none when these are read."""
        mark = note_mark(self.unread)
        if not self.unread or mark in read:
            return []
        answer = f'[interviews] notes_read = ["{mark}"]'
        found = [
            Problem(file, column=MEMO, found=f"{len(self.unread)} note(s) that are not read", rule="unread_notes",
                    expected=answer,
                    next_step=f"read them; where none says no, write in the mapping: {answer}")
        ]  # fmt: skip
        if self.loose:
            found.append(
                Problem(file, column=MEMO, rule="note_of_nobody", expected=answer,
                        found=f"{len(self.loose)} note(s) on consent, deletion or withdrawal that belong to no interview",
                        next_step=f"write a no in the side table; where none says no, in the mapping: {answer}")
            )  # fmt: skip
        return found


def _flat(line: str) -> str:
    return " ".join(line.split()).casefold()
