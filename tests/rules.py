"""Limits of disclosure control for tests: strict ones, so that small tables show what each of them does."""

from __future__ import annotations

from evaluation.disclosure.rules import MARKER, DisclosureRules

STRICT = {
    "minimum_pupils": 5,
    "protection_width": 5,
    "dominance_share": 0.5,
    "days_width_share": 0.5,
    "dominance_width_share": 0.2,
    "days_width_min": 5.0,
    "quote_minimum_sources": 5,
    "max_hidden_share": 0.6,
    "hide_zero": True,
    "coverage_step_pct": 10,
    "pupils_step": 5,
    "marker": MARKER,
}


def rules(**changes: object) -> DisclosureRules:
    """Strict limits, with these changed."""
    return DisclosureRules(**{**STRICT, **changes})
