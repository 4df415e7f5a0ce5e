"""One release per round: exhibits protected together, attacked with everything released before, and only then handed on.

What belongs here: the order of things. The tables that reach the reports are made in ``released``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from evaluation.disclosure.attack import Found
from evaluation.disclosure.audit import AuditReport, audit
from evaluation.disclosure.ledger import Ledger
from evaluation.disclosure.protect import Solved, protect
from evaluation.disclosure.release import Release
from evaluation.disclosure.rules import DisclosureRules
from evaluation.disclosure.system import component_of, merge_spaces
from evaluation.protocol import Protocol, Round
from evaluation.publication.changes import (
    PERIODS,
    first_pupils,
    is_new_band,
    reprinted,
    without,
    without_exhibit,
)
from evaluation.publication.coverage import with_coverage
from evaluation.publication.exhibits import TYPES, exhibits_of
from evaluation.publication.released import released_tables
from evaluation.publication.small_changes import small_changes, with_sensitive
from evaluation.tables.relations import Relation

PUBLISHED_TABLES = (
    "out_description",
    "out_effects",
    "out_verdicts",
    "out_power",
    "out_targeted",
    "out_patterns",
    "out_registration",
    "out_honest",
    "out_pretrend",
    "out_implementation",
    "out_themes",
    "out_theme_changes",
    "out_agreement",
    "out_school_forms",
    "out_joint_display",
    "out_quality",
)
"""What a report may be made from."""

SUPPORT_TABLES = ("core_cells", "core_talks")
"""Read for the counts behind the exhibits; never handed on."""


@dataclass(frozen=True)
class Publication:
    """What may leave: ``frames`` by table name, the ``release`` they print, its ``audit``, and counts for metadata."""

    frames: dict[str, pd.DataFrame]
    release: Release
    audit: AuditReport
    counts: dict[str, int]


def rules_of(protocol: Protocol) -> DisclosureRules:
    """The protocol's limits as the gate takes them."""
    limits = protocol.disclosure
    return DisclosureRules(
        minimum_pupils=limits.minimum_pupils,
        protection_width=limits.protection_width,
        dominance_share=limits.dominance_share,
        quote_min_sources=limits.quote_minimum_sources,
        marker=limits.marker,
    )


def publish(
    tables: Mapping[str, pd.DataFrame],
    pupil_weeks: Relation,
    protocol: Protocol,
    the_round: Round,
    ledger: Ledger,
) -> Publication:
    """Protect, attack, and hand on. ``pupil_weeks``: ``core_pupil_weeks``, asked for counts and never handed on.

    Raises:
        GateRefused: a hidden number can be worked out from what would be published; nothing is handed on.
    """
    rules = rules_of(protocol)
    earlier = ledger.earlier_than(the_round.id)
    cutoffs = {r.id: r.cutoff for r in protocol.rounds}
    before = [cutoffs[r.id] for r in earlier if r.id in cutoffs]
    solved: Solved = {}
    found: Found = {}
    exhibits = exhibits_of(tables, pupil_weeks, protocol, the_round.cutoff, before, first_pupils(earlier))
    release = protect(exhibits, rules, earlier, release_id=the_round.id, solved=solved)
    if any(c.exhibit == TYPES and c.is_suppressed for c in release.cells):
        exhibits = [e for e in exhibits if e.id != TYPES]
        release = protect(exhibits, rules, earlier, release_id=the_round.id, solved=solved)
    while small := small_changes(release, earlier, rules.minimum_pupils):
        # Every turn hides at least one cell more for good, so this ends.
        exhibits = with_sensitive(exhibits, small)
        release = protect(exhibits, rules, earlier, release_id=the_round.id, solved=solved)
    release = with_coverage(reprinted(release, earlier, cutoffs), tables["out_implementation"])
    attacked = audit(release, earlier, found)
    if not attacked.is_passed:
        opened = {i.target.component for i in attacked.failures}
        spaces = merge_spaces(release.spaces)
        bands = [
            c
            for c in release.cells
            if is_new_band(c)
            and not c.is_suppressed
            and c.since == release.id
            and component_of(c.key, spaces[c.key.universe]) in opened
        ]
        release = without(release, bands)
        attacked = audit(release, earlier, found)
    while not attacked.is_passed and (whole := _last_opened(release, attacked)) is not None:
        release = without_exhibit(release, whole)
        attacked = audit(release, earlier, found)
    attacked.refuse()
    frames = released_tables({name: tables[name] for name in PUBLISHED_TABLES}, release, protocol)
    hidden = sum(c.is_suppressed for c in release.cells)
    counts = {
        "exhibits": len(release.exhibit_ids()),
        "numbers": len(release.cells),
        "hidden": hidden,
        "withheld": len(release.withheld),
    }
    return Publication(frames, release, attacked, counts)


def _last_opened(release: Release, attacked: AuditReport) -> str | None:
    """The last table of months or weeks the attack got through, whose reprinted numbers the optimiser did not choose."""
    opened = {i.target.component for i in attacked.failures}
    spaces = merge_spaces(release.spaces)
    found = [
        c.exhibit
        for c in release.cells
        if c.exhibit in PERIODS and component_of(c.key, spaces[c.key.universe]) in opened
    ]
    return found[-1] if found else None
