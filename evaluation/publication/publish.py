"""One release per round: exhibits protected together, attacked with everything released before, and only then handed on.

What belongs here: the order of things. The tables that reach the reports are made in ``released``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from evaluation.disclosure.attack import Found
from evaluation.disclosure.audit import AuditReport, audit
from evaluation.disclosure.exhibits import Exhibit
from evaluation.disclosure.ledger import Ledger
from evaluation.disclosure.protect import Solved, protect
from evaluation.disclosure.registry import REGISTRY, require_declared
from evaluation.disclosure.release import PublishedCell, Release
from evaluation.disclosure.rules import DisclosureRules
from evaluation.disclosure.system import component_of, merge_spaces
from evaluation.protocol import Protocol, Round
from evaluation.publication.changes import (
    PERIODS,
    first_pupils,
    is_new_band,
    reprinted,
    summed,
    without,
    without_periods,
)
from evaluation.publication.coverage import with_coverage
from evaluation.publication.exhibits import TYPES, exhibits_of
from evaluation.publication.released import released_tables
from evaluation.publication.small_changes import small_changes, with_sensitive
from evaluation.tables.relations import Relation

PUBLISHED_TABLES = tuple(REGISTRY)
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
    return DisclosureRules(**protocol.disclosure.model_dump())


DESCRIPTIVE = (
    "out_description",
    "out_patterns",
    "out_implementation",
    "out_school_forms",
    "out_context",
    "out_costs",
    "out_quality",
)
"""What a status round hands on; every estimate, verdict and reading of interviews waits for the round it belongs to."""


def descriptive(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables with all that is no description emptied, so that a status round cannot say it."""
    left_out = [name for name in PUBLISHED_TABLES if name not in DESCRIPTIVE]
    return {name: t.iloc[:0] if name in left_out else t for name, t in tables.items()}


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
    if the_round.kind == "status":
        tables = descriptive(tables)
    rules = rules_of(protocol)
    earlier = ledger.earlier_than(the_round.id)
    cutoffs = {r.id: r.cutoff for r in protocol.rounds}
    before = [cutoffs[r.id] for r in earlier if r.id in cutoffs]
    solved: Solved = {}
    found: Found = {}
    exhibits = exhibits_of(tables, pupil_weeks, protocol, the_round.cutoff, before, first_pupils(earlier))
    release = protect(exhibits, rules, earlier, release_id=the_round.id, solved=solved)
    while any(c.exhibit == TYPES and c.is_suppressed for c in release.cells):
        # Printed whole or not at all: so of fewer groups, and at last of none.
        exhibits = [fewer for e in exhibits for fewer in (_of_fewer_groups(e) if e.id == TYPES else (e,))]
        release = protect(exhibits, rules, earlier, release_id=the_round.id, solved=solved)
    while small := small_changes(release, earlier, rules.minimum_pupils):
        # Every turn hides at least one cell more for good, so this ends.
        exhibits = with_sensitive(exhibits, small)
        release = protect(exhibits, rules, earlier, release_id=the_round.id, solved=solved)
    release = summed(reprinted(release, earlier, cutoffs), earlier)
    release = with_coverage(release, tables["out_implementation"])
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
    while not attacked.is_passed and (opened_periods := _opened(release, attacked)):
        release = without_periods(release, opened_periods)
        attacked = audit(release, earlier, found)
    attacked.refuse()
    mine = {name: tables[name] for name in PUBLISHED_TABLES}
    frames = released_tables(mine, release, protocol, is_first=not any(r.id != the_round.id for r in earlier))
    require_declared(frames, release)
    hidden = sum(c.is_suppressed for c in release.cells)
    counts = {
        "exhibits": len(release.exhibit_ids()),
        "numbers": len(release.cells),
        "hidden": hidden,
        "withheld": len(release.withheld),
    }
    return Publication(frames, release, attacked, counts)


def _of_fewer_groups(exhibit: Exhibit) -> tuple[Exhibit, ...]:
    forms = exhibit.coarser
    return (replace(exhibit, shown=forms[0], coarser=forms[1:]),) if forms else ()


def _opened(release: Release, attacked: AuditReport) -> frozenset[PublishedCell]:
    """The months and weeks the attack got through, whose reprinted numbers the optimiser did not choose."""
    opened = {i.target.component for i in attacked.failures}
    spaces = merge_spaces(release.spaces)
    return frozenset(
        c
        for c in release.cells
        if c.exhibit in PERIODS and component_of(c.key, spaces[c.key.universe]) in opened
    )
