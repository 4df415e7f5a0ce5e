"""A mapping for a file of interviews or of a school's forms, with the name of the reader that takes it."""

from __future__ import annotations

import json
from pathlib import Path

from evaluation.codebooks import Codebook
from evaluation.errors import InputError
from evaluation.interviews.forms import read_school_form
from evaluation.interviews.plain import codings_of_table
from evaluation.interviews.readers import NAMES, Kind, detect_kind, read_segments
from evaluation.interviews.segments import MIN_KEY_BYTES
from evaluation.interviews.side_tables import is_side_table
from evaluation.interviews.tables import read_rows
from evaluation.interviews.understanding import Understanding

_ENDINGS = {
    ".qda",
    ".qdpx",
    ".qde",
    ".qdc",
    ".sqlite3",
    ".sqlite",
    ".db",
    ".rqda",
    ".requal",
    ".csv",
    ".tsv",
    ".xlsx",
    ".pdf",
}


def propose_voices(path: Path, codebook: Codebook) -> str | None:
    """The mapping as text with a comment that names the reader; ``None`` for a file that is nothing of the kind."""
    if path.suffix.casefold() not in _ENDINGS or not path.exists():
        return None
    if is_side_table(path.name):
        return "# Læses som: sidetabel. Læg den ved siden af filen med interviews; den skal ikke have nogen mapping.\n"
    kind = _kind(path, codebook)
    if kind == "qdc":
        return f"# Læses som: {NAMES[kind]}. Den sammenlignes med komglad codebook compare og skal ikke i indbakken.\n"
    if kind is not None:
        ask = ""
        if kind not in ("qdpx", "qualcoder", "rqda", "requal"):
            ask += '\n[interviews]\n# coder = "…"     # når filen ikke selv siger, hvem der har kodet\n'
        if kind == "taguette":
            ask += '# project = "…"   # når databasen rummer flere projekter\n'
        ask += _questions(path, codebook)
        return f'# Læses som: {NAMES[kind]}\nkind = "interviews"\nfiles = ["interviews/{path.name}"]\n{ask}'
    if path.suffix.casefold() in (".xlsx", ".csv", ".pdf"):
        try:
            form = read_school_form(path, codebook=codebook)
        except InputError:
            return None
        ask = ""
        if any(p.rule == "form_school" for p in form.problems):
            ask = '\n[school_form]        # skemaet siger ikke selv, hvis det er\n# school = "…"\n# occasion = "…"\n'
        return f'# Læses som: skolens skemaer\nkind = "school_forms"\nfiles = ["skemaer/{path.name}"]\n{ask}'
    return None


def _questions(path: Path, codebook: Codebook) -> str:
    """The names in a file that nobody understands, as lines to be answered."""
    try:
        batch = read_segments(path, codebook=codebook, key=bytes(MIN_KEY_BYTES))
    except InputError:
        return ""
    names = dict.fromkeys(p.column for p in batch.problems if p.rule == "unread" and p.column)
    lines = "".join(f'# {json.dumps(name, ensure_ascii=False)} = "…"\n' for name in names)
    head = "\n[ignore]             # hvorfor det intet siger om samtykke; eller [interviews.variables], hvad det er\n"
    return head + lines if lines else ""


def _kind(path: Path, codebook: Codebook) -> Kind | None:
    """The reader that takes the file, tables only where they hold documents and codes."""
    try:
        kind = detect_kind(path)
        if kind == "plain":
            codings_of_table(read_rows(path), Understanding.of(codebook), None)
    except InputError:
        return None
    return kind
