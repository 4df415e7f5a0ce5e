"""Disclosure control: the only way a count reaches a report.

What belongs here: declaring what may be published (``exhibits``), hiding what must be hidden (``protect``),
attacking the result (``audit``, ``attack_files``), the ledger of earlier releases, and the scan of texts.
Not here: rendering (``evaluation.reports``) and reading rosters (``evaluation.door``).

A report builder declares :class:`Exhibit` tables, calls :func:`protect`, calls :func:`audit` and lets it
refuse, and renders from :meth:`Release.table` only. Every printed number carries the attributes of
:func:`html_attributes`, as agreed at the top of ``docs/disclosure.md``.
"""

from evaluation.disclosure.exhibits import Dimension, Exhibit, Key, cell_text, parse_cell
from evaluation.disclosure.protect import protect
from evaluation.disclosure.release import PublishedCell, Release, Withheld, html_attributes
from evaluation.disclosure.rules import MARKER, DisclosureRules

__all__ = [
    "MARKER",
    "Dimension",
    "DisclosureRules",
    "Exhibit",
    "Key",
    "PublishedCell",
    "Release",
    "Withheld",
    "cell_text",
    "html_attributes",
    "parse_cell",
    "protect",
]
