"""The attacker: everything that is printed, put together, and the tightest bounds on what is not.

What belongs here: the attack itself, on statements from any source – a release, the ledger, rendered files.
It never sees a true number and shares nothing with the optimiser but the meaning of a cell (``system``).
The attacker is given more than a reader has: all denominators, the rules, and the whole ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, hstack, vstack

from evaluation.disclosure.bounds import Polytope
from evaluation.disclosure.exhibits import Key
from evaluation.disclosure.release import Space
from evaluation.disclosure.rules import DisclosureRules
from evaluation.disclosure.system import Component, Members, incidence, refuse_endless
from evaluation.errors import InputError

FloatArray = npt.NDArray[np.float64]
TOLERANCE = 1e-6
MANY, MANY_ATOMS = 20, 300
"""From so many targets, of days or over so many atoms, common witnesses are sought before each one's own programmes."""
Kind = Literal["hidden", "implied", "change"]


@dataclass(frozen=True, slots=True)
class Statement:
    """``low`` ≤ Σ members ≤ ``high``; with ``base``, both are fractions of the sum over ``base``.

    ``since``: the release whose data the number was computed from.
    """

    component: Component
    members: Members
    low: float
    high: float
    base: Members | None = None
    since: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A number the attacker wants. *hidden*: printed as the marker or guarded. *implied*: never printed.

    ``share``: of its upper bound, by which a number of days must stay uncertain.
    """

    key: Key
    component: Component
    members: Members
    kind: Kind = "hidden"
    since: str = ""
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Interval:
    """What the attacker learns about one target: ``low`` to ``high``, and whether that is wide enough.

    Where ``is_exact`` is False the true interval is at least this wide: two tables that agree with everything
    printed and lie this far apart were enough to prove the number safe. For *change* the bounds are on the
    difference between the data of two releases.
    """

    target: Target
    low: float
    high: float
    required: float
    is_safe: bool
    is_exact: bool = True


Asked = tuple[Component, tuple[Statement, ...], tuple[Target, ...], Space, DisclosureRules, tuple[str, ...]]
Found = dict[Asked, tuple[Interval, ...]]
"""What an attack on a component found, by all that was said and asked of it."""


def attack(
    statements: Iterable[Statement],
    targets: Iterable[Target],
    spaces: Mapping[str, Space],
    rules: DisclosureRules,
    order: Sequence[str] = (),
    found: Found | None = None,
) -> tuple[Interval, ...]:
    """Bound every target by all statements about its component, over whole pupils where pupils are whole.

    ``spaces``: public knowledge per universe, merged over releases. ``order``: release ids, oldest first.
    An attacker first assumes that the data did not change between releases. Where that contradicts what is
    printed, she takes every release for data of its own and asks what the *difference* was: one pupil
    withdrawn is then a target like any other. ``found``: what earlier attacks of the same release found, to be kept
    between them: a component of which the same is said and asked is not attacked again. Raises InputError when one
    release contradicts itself.
    """
    found = {} if found is None else found
    by_component: dict[Component, tuple[list[Statement], list[Target]]] = {}
    for statement in statements:
        by_component.setdefault(statement.component, ([], []))[0].append(statement)
    for target in targets:
        by_component.setdefault(target.component, ([], []))[1].append(target)
    out: list[Interval] = []
    for component in sorted(by_component):
        said, wanted = by_component[component]
        versions = [v for v in order[:-1] if any(s.since == v for s in said)]
        if wanted or versions:
            space = spaces[component.universe]
            asked = (component, tuple(said), tuple(wanted), space, rules, tuple(versions))
            if asked not in found:
                found[asked] = tuple(_attack_component(component, said, wanted, space, rules, versions))
            out.extend(found[asked])
    return tuple(out)


def _attack_component(
    component: Component,
    said: Sequence[Statement],
    wanted: Sequence[Target],
    space: Space,
    rules: DisclosureRules,
    versions: Sequence[str],
) -> list[Interval]:
    whole = component.quantity == "pupils" and space.is_whole
    bases = [s.base if s.base is not None else s.members for s in said]
    members = [*(s.members for s in said), *bases, *(t.members for t in wanted)]
    A = incidence(component, space, members)
    m = len(said)
    rows, base_rows, target_rows = A[:m], A[m : 2 * m], A[2 * m :]
    # A sum of structural zeros is public knowledge: there is nothing to find out.
    is_secret = np.flatnonzero(target_rows.sum(axis=1))
    wanted = [wanted[int(i)] for i in is_secret]
    target_rows = target_rows[is_secret]
    low, high, rows = _flatten(said, rows, base_rows)
    since = [s.since for s in said] + [s.since for s in said if s.base is not None]
    polytope = Polytope(rows, low, high, None)
    found: list[Interval] = []
    if versions and not (polytope.drawn_in if whole else polytope).is_possible:
        polytope, signs = _with_changes(rows, low, high, since, versions, whole)
        for i, statement in enumerate(said):
            if statement.since in versions and statement.base is None:
                key = Key(component.universe, component.quantity, component.context)
                target = Target(key, component, statement.members, "change", statement.since)
                row = _spread(A[[i]], [statement.since], versions, signs).toarray()[0]
                row[: A.shape[1]] = 0.0
                found.append(_judge(target, polytope, row, rules, space, whole))
        target_rows = _spread(target_rows, [t.since for t in wanted], versions, signs)
    quick = []
    if (seen := _common_witnesses(polytope, target_rows, whole)) is not None:
        ends = zip(wanted, *seen, strict=True)
        quick = [_verdict(t, float(low), float(high), rules, space, is_exact=False) for t, low, high in ends]
    is_proven = [q.is_safe for q in quick] or [False] * len(wanted)
    refuse_endless(len(wanted) - sum(is_proven), target_rows.shape[1])
    points: list[FloatArray] = []
    for i, target in enumerate(wanted):
        row = target_rows[[i]].toarray()[0]
        if target.kind == "implied" and any(float(row @ p) >= space.minimum for p in points):
            continue
        if is_proven[i]:
            found.append(quick[i])
            continue
        found.append(_judge(target, polytope, row, rules, space, whole))
        if target.kind == "implied":
            points.append(polytope.linear(row, 1).atoms)
    return found


def _common_witnesses(
    polytope: Polytope, targets: csr_array, whole: bool
) -> tuple[FloatArray, FloatArray] | None:
    """Inner bounds on many targets from few programmes; None where each may have its own."""
    if targets.shape[0] <= MANY or (whole and targets.shape[1] <= MANY_ATOMS):
        return None
    cap = 1000.0 + 4 * float(np.max(polytope.high[np.isfinite(polytope.high)], initial=0.0))
    points = (polytope.drawn_in if whole else polytope).far_points(targets, cap)
    if whole:
        points = [np.round(p) for p in points if bool((np.abs(p - np.round(p)) < TOLERANCE).all())]
    if not points:
        return None
    values = np.array([targets @ p for p in points])
    return values.min(axis=0), values.max(axis=0)


def _flatten(
    said: Sequence[Statement], rows: csr_array, base_rows: csr_array
) -> tuple[FloatArray, FloatArray, csr_array]:
    """Plain bounds as they are; a fraction of an unknown group becomes two linear rows bounded by zero."""
    plain_low = np.array([s.low if s.base is None else -np.inf for s in said])
    plain_high = np.array([s.high if s.base is None else 0.0 for s in said])
    shares = np.flatnonzero([s.base is not None for s in said])
    main = rows - _scaled(base_rows, [0.0 if s.base is None else s.high for s in said])
    more = (_scaled(base_rows, [s.low if s.base is not None else 0.0 for s in said]) - rows)[shares]
    low = np.concatenate([plain_low, np.full(len(shares), -np.inf)])
    high = np.concatenate([plain_high, np.zeros(len(shares))])
    return low, high, csr_array(vstack([main, more]))


def _scaled(rows: csr_array, by: Sequence[float] | FloatArray) -> csr_array:
    return csr_array(rows.multiply(np.asarray(by, dtype=float)[:, None]))


def _spread(
    rows: csr_array, since: Sequence[str], versions: Sequence[str], signs: Sequence[int]
) -> csr_array:
    """Sums over the data of releases ``since``: today's atoms, plus what has changed since then."""
    of = {v: [float(v == s) for s in since] for v in versions}
    return csr_array(hstack([rows, *(sign * _scaled(rows, of[v]) for v in versions for sign in signs)]))


def _with_changes(
    rows: csr_array,
    low: FloatArray,
    high: FloatArray,
    since: Sequence[str],
    versions: Sequence[str],
    whole: bool,
) -> tuple[Polytope, tuple[int, ...]]:
    """Columns for what changed since each release: only leavers first (the sharper attack), else both ways."""
    for signs in ((1,), (1, -1)):
        polytope = Polytope(_spread(rows, since, versions, signs), low, high, None)
        if (polytope.drawn_in if whole else polytope).is_possible:
            return polytope, signs
    raise InputError("The numbers of one release contradict each other: no pupils could give them all.")


def _judge(
    target: Target, polytope: Polytope, row: FloatArray, rules: DisclosureRules, space: Space, whole: bool
) -> Interval:
    if whole:
        low, high = polytope.whole(row, -1), polytope.whole(row, 1)
    else:
        low, high = polytope.linear(row, -1).value, polytope.linear(row, 1).value
    return _verdict(target, low + 0.0, high + 0.0, rules, space)


def _verdict(
    target: Target, low: float, high: float, rules: DisclosureRules, space: Space, is_exact: bool = True
) -> Interval:
    width = high - low
    if target.component.quantity == "days":
        required = max(rules.days_width_min, target.share * high) if np.isfinite(high) else np.inf
        limit = rules.days_width_min
    else:
        required = rules.width_for(space.minimum)
        limit = float(space.minimum)
    is_wide = width == np.inf or width >= required - TOLERANCE
    if target.kind == "implied":
        is_wide = is_wide or high >= limit - TOLERANCE
    elif target.kind == "change":
        # No change at all tells of nobody. Pupils: a change that may be large tells of no one in particular.
        nothing = low <= TOLERANCE and high >= -TOLERANCE
        is_large = high >= limit - TOLERANCE or low <= -limit + TOLERANCE
        if target.component.quantity == "days":
            # However many days, they may be one pupil's.
            required = max(required, rules.dominance_width_share * max(abs(low), abs(high)))
            is_wide, is_large = width >= required - TOLERANCE, False
        is_wide = is_wide or nothing or is_large
    return Interval(target, low, high, required, bool(is_wide), is_exact)
