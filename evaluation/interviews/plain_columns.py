"""The columns of plain coded interviews (CSV or XLSX): names and rules belong here, reading does not.

Three files an analyst can keep by hand or a program can write:

* **Coded segments**, ``;``-separated UTF-8. One row per document × segment × code × coder.
* **The same, wide**: one row per document × segment × coder and one column per code, headed by the code's id
  (``MP.TEGN.FALD``); a cell is empty (not coded), ``x``/``1``/``ja`` (coded) or a direction (``positiv`` …).
* **The side table** of documents, for tools that do not know the attributes (Taguette, bare ``.qdpx``).

A document's own name is used only to join the tables; what leaves the reader is its pseudonym.
"""

from __future__ import annotations

DELIMITER = ";"
ENCODING = "utf-8"

# --- coded segments ---------------------------------------------------------------------------------------

SEGMENT_COLUMNS: tuple[str, ...] = (
    "dokument",  # required · free text that names the interview, e.g. "interview_07"; becomes a pseudonym
    "segment",  # optional · the statement's number within the document; if missing start–slut, else the text
    "start",  # optional · first character, counted in Unicode code points from 0
    "slut",  # optional · first character after the segment
    "kode",  # required · a code's id ("MP.TEGN.FALD") or its unambiguous name; several joined by "|"
    "retning",  # optional · positiv | negativ | blandet | neutral
    "koder",  # optional · who coded the row, initials; becomes a pseudonym
    "tekst",  # optional · the statement itself, names already removed
    "citat_godkendt",  # optional · ja | nej: the text may or may not be printed; empty where nobody has decided
    "informant",  # optional here or in the side table · the codebook's values, e.g. "elev"
    "skole",  # … · the school's id as in the study's protocol
    "aargang",  # … · "1", "6", "8", "flere", "ikke_relevant"
    "nedslag",  # … · "baseline", "delevaluering_nov_2026", "slutevaluering_2027", "loebende"
    "form",  # … · "enkeltinterview", "gruppeinterview", "refleksiv_samtale", "referat", …
    "samtykke",  # … · "gyldigt" | "mangler" | "trukket_tilbage"; missing means that it is not known
)
"""Canonical headings of coded segments, in the order templates and the synthetic municipality write them."""


# --- side table -------------------------------------------------------------------------------------------

DOCUMENT_COLUMNS: tuple[str, ...] = (
    "document",  # required · as the document is called in the coded file (with or without its extension)
    "informant",
    "skole",
    "aargang",
    "nedslag",
    "form",
    "samtykke",
    "kodere",  # optional · who coded it, joined by "|"; the only coder when a file has none on its rows
    "elev",  # optional · CPR numbers of the pupils who take part, joined by "|": ties the interview to the register
)
"""Canonical headings of the side table; one row per document."""

# --- headings that mean the same --------------------------------------------------------------------------

ALIASES: dict[str, tuple[str, ...]] = {
    "dokument": ("document", "kilde", "interview", "source", "fil", "dokumentnavn", "document name"),
    "segment": ("segment_id", "segmentnr", "udsagn", "id", "nr"),
    "start": ("start_position", "fra", "begin", "startposition"),
    "slut": ("end", "til", "end_position", "endposition"),
    "kode": ("code", "tag", "kodeid", "kode_id", "tags", "koder_id", "code name"),
    "retning": ("polaritet", "polarity", "direction"),
    "koder": ("coder", "kodet_af", "kodere", "koder_navn", "owner", "created by", "author", "forfatter"),
    "tekst": ("text", "content", "citat", "quote", "segmenttekst", "coded text"),
    "citat_godkendt": ("godkendt_citat", "approved_quote", "quote_approved", "godkendt"),
    "informant": ("informanttype", "informant_type", "aktør", "aktoer"),
    "skole": ("school", "school_id", "skole_id"),
    "aargang": ("årgang", "grade", "klassetrin"),
    "nedslag": ("occasion", "tidspunkt", "runde"),
    "form": ("interviewform", "type"),
    "samtykke": ("consent",),
    "elev": ("elever", "cpr", "cpr-nr", "cpr-nummer", "deltager", "deltagere", "pupil", "pupils"),
}
"""Accepted spellings per canonical heading; compared without case and surrounding blanks."""

TOOL_EXPORTS: tuple[dict[str, str], ...] = (
    # MAXQDA, "Coded segments": Beginning and End are paragraphs, not characters, and Segment is the text.
    {"dokument": "document name", "kode": "code", "tekst": "segment", "koder": "created by"},
    {"dokument": "document name", "kode": "code", "tekst": "segment", "koder": "author"},
    {"dokument": "dokumentname", "kode": "code", "tekst": "segment", "koder": "erstellt von"},
    {"dokument": "dokumentname", "kode": "code", "tekst": "segment", "koder": "autor"},
    # ATLAS.ti, "Quotations": Codes holds one code per line.
    {"dokument": "document", "kode": "codes", "tekst": "text content", "koder": "created by"},
    {"dokument": "document", "kode": "codes", "tekst": "quotation content", "koder": "created by"},
    # Dedoose, "Excerpts".
    {
        "dokument": "media title",
        "kode": "codes applied combined",
        "tekst": "excerpt copy",
        "koder": "excerpt creator",
    },
)
"""Spreadsheets of QDA tools by their own headings; one is used when its document, code and text are all there."""

YES: frozenset[str] = frozenset({"ja", "1", "true", "x", "yes", "j", "sand"})
NO: frozenset[str] = frozenset({"", "nej", "0", "false", "no", "n", "falsk"})
