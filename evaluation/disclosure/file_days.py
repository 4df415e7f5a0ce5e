"""Per cent of absence in files as days: what a reader makes of a per cent beside the pupils of the same group.

What belongs here: the denominators a reader has. Files print pupils and per cent; the school days are in any calendar,
so days absent are per cent × pupils × school days, but for pupils who came or left. The attacker first takes the
product as exact and gives it the little play it needs to agree with itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from evaluation.disclosure.attack import Interval, Statement, Target, attack
from evaluation.disclosure.exhibits import Key
from evaluation.disclosure.release import Space, behind
from evaluation.disclosure.rules import DisclosureRules
from evaluation.disclosure.system import component_of, members_of, pupils_key
from evaluation.errors import InputError

PLAY = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2)
"""Shares by which pupils × school days may be wrong, tried in turn."""


@dataclass(frozen=True, slots=True)
class FilePercent:
    """A per cent of absence in a file; ``value`` None where it is hidden."""

    release: str
    key: Key
    value: float | None
    decimals: int


def attack_days(
    percents: Iterable[FilePercent],
    pupils: Mapping[Key, float],
    school_days: Mapping[str, float],
    spaces: Mapping[str, Space],
    spaces_of: Mapping[str, Mapping[str, Space]],
    rules: DisclosureRules,
    order: tuple[str, ...],
) -> tuple[Interval, ...]:
    """Bounds on the days behind hidden per cents. ``pupils``: the printed ones. ``school_days``: up to each release.

    A per cent whose pupils no file prints says nothing here. Raises InputError when no play explains the files.
    """
    known = [p for p in percents if p.release in school_days]
    targets = [
        Target(
            p.key,
            component_of(p.key, spaces[p.key.universe]),
            members_of(p.key, spaces_of[p.release][p.key.universe]),
            since=p.release,
            share=(
                rules.dominance_width_share
                if pupils_key(p.key, spaces[p.key.universe]) in pupils
                else rules.days_width_share
            ),
        )
        for p in known
        if p.value is None
    ]
    for play in PLAY:
        statements = [
            s for p in known for s in _said(p, pupils, school_days[p.release], spaces, spaces_of, play)
        ]
        # Where no per cent is a number of days, a hidden one may be any.
        said = {s.component for s in statements}
        try:
            return attack(statements, [t for t in targets if t.component in said], spaces, rules, order)
        except InputError:
            if play == PLAY[-1]:
                raise
    return ()


def _said(
    p: FilePercent,
    pupils: Mapping[Key, float],
    days: float,
    spaces: Mapping[str, Space],
    spaces_of: Mapping[str, Mapping[str, Space]],
    play: float,
) -> Iterable[Statement]:
    space = spaces[p.key.universe]
    n = pupils.get(pupils_key(p.key, space))
    if p.value is None or n is None:
        return
    low, high = behind(p.value, p.decimals)
    # Printed pupils are rounded averages.
    least, most = (n - 0.5) * (1 - play) * days / 100, (n + 0.5) * (1 + play) * days / 100
    members = members_of(p.key, spaces_of[p.release][p.key.universe])
    yield Statement(component_of(p.key, space), members, low * least, high * most, since=p.release)
