"""Transcripts as documents: the text of ``.txt``, ``.vtt`` and ``.docx`` by paragraphs, and the same with other words.

A Word document is made anew of its words (:mod:`evaluation.interviews.word_documents`). What a word means belongs to
:mod:`evaluation.interviews.pseudonymise`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from evaluation.errors import InputError, Problem
from evaluation.interviews.tables import decode_text
from evaluation.interviews.word_documents import Table, read_word, visible, written_word

ENDINGS = (".txt", ".vtt", ".srt", ".md", ".docx")
_TIMED = (".vtt", ".srt")
_TIMES = re.compile(r"\A(?:WEBVTT|\d{1,5}|[\d:.,]+ --> [\d:.,]+(?:\s+[a-z]+:[\d%,.a-z-]+)*)\s*\Z")
"""Lines of subtitles that are nobody's words; a longer number may be somebody's."""


def texts_of(path: Path) -> list[str]:
    """The paragraphs (lines) of a transcript. Raises ``InputError`` for a file of another kind or a damaged one."""
    found: list[str] = []

    def look(text: str) -> str:
        found.append(text)
        return text

    rewritten(path, look)
    return found


def rewritten(path: Path, change: Callable[[str], str]) -> bytes:
    """The document's bytes with every paragraph's text changed; times of subtitles stay."""
    suffix = path.suffix.casefold()
    if suffix not in ENDINGS:
        problem = Problem(path.name, found=f"the ending {suffix or '(none)'}", expected=", ".join(ENDINGS),
                          next_step="save the transcript as .docx or .txt")  # fmt: skip
        raise InputError(f"{path.name} is not a transcript.", [problem])
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror}.") from None
    if suffix == ".docx":
        return _docx(data, path.name, change)
    lines = decode_text(data, path.name).split("\n")
    is_timed = suffix in _TIMED
    kept = (line if is_timed and _TIMES.match(line) else change(visible(line)) for line in lines)
    return "\n".join(kept).encode("utf-8")


def left_out(path: Path) -> tuple[str, ...]:
    """Kinds of parts of a document that are no text and do not come along."""
    is_word = path.suffix.casefold() == ".docx"
    return read_word(path.read_bytes(), path.name).left_out if is_word else ()


def _docx(data: bytes, name: str, change: Callable[[str], str]) -> bytes:
    def changed(text: str) -> str:
        return change(text) if text.strip() else text

    new: list[str | Table] = []
    for block in read_word(data, name).blocks:
        if isinstance(block, str):
            new.append(changed(block))
        else:
            new.append(tuple(tuple(tuple(map(changed, cell)) for cell in row) for row in block))
    return written_word(new)
