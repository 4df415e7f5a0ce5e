"""The gate: a release is attacked together with all earlier ones, and refused where a hidden number shows.

What belongs here: turning releases into statements for ``attack`` and the verdict into a report or a
refusal. Printed texts are read back, not the numbers behind them, so a slip between rounding and printing
is found too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evaluation.disclosure.attack import Found, Interval, Statement, Target, attack
from evaluation.disclosure.exhibits import quantity_of
from evaluation.disclosure.release import PublishedCell, Release, Space, read_danish_number
from evaluation.disclosure.rules import STRUCTURAL_ZERO_TEXT
from evaluation.disclosure.system import component_of, members_of, merge_releases, merge_spaces, pupils_key
from evaluation.errors import GateRefused, Problem
from evaluation.words.texts import texts

TEXT = texts("running")


@dataclass(frozen=True)
class AuditReport:
    """The attack's result. ``intervals``: every hidden number; ``misprints``: texts that deny their number.

    ``old_leaks``: numbers that earlier releases alone give away, which no care today can undo.
    """

    release: str
    earlier: tuple[str, ...]
    intervals: tuple[Interval, ...]
    misprints: tuple[str, ...]
    old_leaks: tuple[Interval, ...]

    @property
    def failures(self) -> tuple[Interval, ...]:
        """Numbers that this release gives away."""
        old = {(i.target.key, i.target.kind) for i in self.old_leaks}
        return tuple(i for i in self.intervals if not i.is_safe and (i.target.key, i.target.kind) not in old)

    @property
    def is_passed(self) -> bool:
        """True when nothing is given away."""
        return not self.failures and not self.misprints

    @property
    def narrowest(self) -> float | None:
        """The smallest width of a hidden number of pupils; None where none is hidden."""
        widths = [
            i.high - i.low
            for i in self.intervals
            if i.target.kind == "hidden" and i.target.component.quantity == "pupils"
        ]
        return min(widths, default=None)

    def refuse(self) -> None:
        """Raise GateRefused (exit code 3) unless passed. Names cells and widths, never a bound or a count."""
        if self.is_passed:
            return
        problems = [
            Problem(
                "",
                column=i.target.key.text,
                found=TEXT(f"audit_found_{i.target.kind}"),
                expected=TEXT("audit_expected", required=f"{i.required:g}"),
                next_step=TEXT("audit_coarsen"),
            )
            for i in self.failures
        ]
        problems += [
            Problem(
                "",
                column=m,
                found=TEXT("audit_misprint"),
                next_step=TEXT("audit_report_it"),
            )
            for m in self.misprints
        ]
        raise GateRefused(TEXT("audit_refused", release=self.release), problems)


def audit(release: Release, earlier: Sequence[Release] = (), found: Found | None = None) -> AuditReport:
    """Attack ``release`` with everything in ``earlier`` (oldest first) at hand. Never raises on a leak.

    ``found`` keeps what attacks found between audits of a release that changes little: see :func:`attack`.
    """
    chain = [*earlier, release]
    spaces = merge_releases(r.spaces for r in chain)
    order = [r.id for r in chain]
    statements = [s for r in chain for s in release_statements(r, spaces)]
    targets = list(_targets(chain, spaces))
    intervals = attack(statements, targets, spaces, release.rules, order, found)
    leaks = [i for i in intervals if not i.is_safe]
    old: tuple[Interval, ...] = ()
    if leaks and earlier:
        said = [s for r in earlier for s in release_statements(r, spaces)]
        asked = [i.target for i in leaks if i.target.kind != "change"]
        again = attack(said, asked, spaces, release.rules, order[:-1], found)
        old = tuple(i for i in again if not i.is_safe)
    return AuditReport(release.id, tuple(order[:-1]), intervals, tuple(_misprints(release)), old)


def release_statements(release: Release, spaces: dict[str, Space]) -> Iterable[Statement]:
    """What each printed number of a release says. A reprinted number speaks of the data it was first printed from."""
    own = merge_spaces(release.spaces)
    for cell in release.cells:
        if cell.is_suppressed or cell.low is None or cell.high is None:
            continue
        component = component_of(cell.key, spaces[cell.key.universe])
        members = members_of(cell.key, own[cell.key.universe])
        yield Statement(component, members, cell.low, cell.high, since=cell.since or release.id)


def _targets(chain: Sequence[Release], spaces: dict[str, Space]) -> Iterable[Target]:
    """Every hidden number, unless a release before the one that hides it had already printed it."""
    bare = {key for release in chain for key in release.hidden if key.quantity == "pupils"}
    rules = chain[-1].rules
    printed: set[object] = set()
    seen: set[object] = set()
    for release in chain:
        own = merge_spaces(release.spaces)
        for key in release.hidden:
            if key in printed or (key, release.id) in seen:
                continue
            seen.add((key, release.id))
            component = component_of(key, spaces[key.universe])
            share = 0.0
            if key.quantity == "days":
                is_bare = pupils_key(key, spaces[key.universe]) in bare
                share = rules.days_width_share if is_bare else rules.dominance_width_share
            yield Target(key, component, members_of(key, own[key.universe]), "hidden", release.id, share)
        printed |= {c.key for c in release.cells if not c.is_suppressed}


def _misprints(release: Release) -> Iterable[str]:
    for cell in release.cells:
        if cell.is_suppressed:
            is_wrong = cell.text != release.rules.marker or cell.value is not None or cell.low is not None
        elif cell.text == STRUCTURAL_ZERO_TEXT:
            is_wrong = cell.value != 0
        else:
            is_wrong = read_danish_number(cell.text) != cell.value or _is_off(cell)
        if is_wrong:
            yield f"{cell.exhibit}: {cell.measure} {cell.key.text}"


def _is_off(cell: PublishedCell) -> bool:
    """A printed count must be what the attack was told."""
    if quantity_of(cell.measure) != "pupils" or cell.measure == "share" or cell.low != cell.high:
        return False
    return cell.value != cell.low
