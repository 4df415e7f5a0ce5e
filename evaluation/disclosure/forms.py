"""Everything said about one component, today and before, in the form the optimiser works on.

What belongs here: joining today's drafts with what earlier releases printed and hid, and the views an
attacker may take of data that changed between releases. Nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, hstack

from evaluation.disclosure.drafts import Draft
from evaluation.disclosure.exhibits import Key
from evaluation.disclosure.lattice import LatticeCell
from evaluation.disclosure.release import PublishedCell, Release, Space
from evaluation.disclosure.rules import STRUCTURAL_ZERO_TEXT, DisclosureRules
from evaluation.disclosure.suppress import Puzzle
from evaluation.disclosure.system import (
    Component,
    Members,
    component_of,
    incidence,
    members_of,
    merge_spaces,
    pupils_key,
)

TOLERANCE = 1e-6
MANY_BLOCKS = 12
"""From so many schools on, each is protected by itself first, and their shared margins afterwards."""


@dataclass(frozen=True)
class Form:
    """One number of a component: what printing it tells, whether it may be hidden, and which data it is of.

    ``is_fixed``: printed by an earlier release, or known from elsewhere.
    ``version``: "" for today's data, else the release whose data it was printed from. ``share``: of its upper
    bound, by which it must stay uncertain when hidden. ``is_change``: not a
    number but the difference between that release's data and today's.
    """

    key: Key
    members: Members
    low: float
    high: float
    value: float
    cost: float
    is_printed: bool
    is_fixed: bool
    is_sensitive: bool
    share: float = 0.0
    version: str = ""
    is_change: bool = False


def forms_of(
    component: Component,
    numbers: Sequence[Draft],
    guards: Sequence[LatticeCell],
    bare: set[Key],
    space: Space,
    whole_space: Space,
    earlier: Sequence[Release],
    rules: DisclosureRules,
) -> list[Form]:
    """Today's numbers, the sensitive remainders nobody prints, and all that earlier releases said.

    ``bare``: hidden numbers of pupils, whose days must be hidden too. ``space``: today's; ``whole_space``: with
    the earlier releases'.
    """
    is_days = component.quantity == "days"
    limit = rules.days_width_min if is_days else float(space.minimum)

    def share(key: Key) -> float:
        if not is_days:
            return 0.0
        is_bare = pupils_key(key, whole_space) in bare
        return rules.days_width_share if is_bare else rules.dominance_width_share

    old_printed, old_hidden = _history(component, whole_space, earlier)
    truth_of = {g.key: g for g in guards}
    forms: dict[Key, Form] = {}
    for d in numbers:
        key, cell = d.truth.key, d.cell
        if d.truth.is_structural_zero or key in old_printed:
            continue
        assert cell.low is not None
        assert cell.high is not None
        have = forms.get(key)
        low = cell.low if have is None else max(have.low, cell.low)
        high = cell.high if have is None else min(have.high, cell.high)
        cost = float(np.sqrt(1 + d.truth.value)) + (have.cost if have else 0.0)
        is_sensitive = truth_of[key].is_sensitive or key in old_hidden
        is_sensitive = is_sensitive or (is_days and pupils_key(key, space) in bare)
        forms[key] = Form(
            key,
            members_of(key, space),
            low,
            high,
            d.truth.value,
            cost,
            is_printed=True,
            is_fixed=d.is_known and not is_sensitive,
            is_sensitive=is_sensitive,
            share=share(key),
        )
    for g in guards:
        if g.is_sensitive and g.key not in forms and g.key not in old_printed:
            forms[g.key] = _guard(g.key, members_of(g.key, space), g.value, share(g.key))
    for key, members in old_hidden.items():
        if key not in forms:
            forms[key] = _guard(key, members, 0.0, share(key))
    out = list(forms.values())
    changes: list[Form] = []
    changed_versions = {
        cell.since
        for key, (_, cell) in old_printed.items()
        if key in truth_of and not _agrees(cell, truth_of[key].value)
    }
    for key, (members, cell) in old_printed.items():
        version = cell.since if cell.since in changed_versions else ""
        assert cell.low is not None
        assert cell.high is not None
        out.append(Form(key, members, cell.low, cell.high, cell.low, 0.0, True, True, False, version=version))
        if not version or key not in truth_of or _agrees(cell, truth_of[key].value):
            continue
        change = cell.low - truth_of[key].value
        # Pupils who left or came are counted; the days that changed may all be one pupil's, however many they are.
        if is_days or abs(change) < limit:
            guard = _guard(key, members, change, rules.dominance_width_share if is_days else 0.0)
            changes.append(replace(guard, version=version, is_change=True))
    return out + changes + _absent(component, numbers, space, earlier, changed_versions)


def _absent(
    component: Component,
    numbers: Sequence[Draft],
    space: Space,
    earlier: Sequence[Release],
    changed: set[str],
) -> list[Form]:
    """Cells that one round prints as nobody's: they are empty in that round's data, whatever later rounds hold."""
    if not earlier:
        return []
    found = [(d.truth.key, members_of(d.truth.key, space), "") for d in numbers if d.truth.is_structural_zero]
    for release in earlier:
        own = merge_spaces(release.spaces)
        found += [
            (c.key, members_of(c.key, own[c.key.universe]), release.id if release.id in changed else "")
            for c in release.cells
            if c.text == STRUCTURAL_ZERO_TEXT
            and (c.key.universe, c.key.quantity) == (component.universe, component.quantity)
            and component_of(c.key, own[c.key.universe]) == component
        ]
    return [
        Form(key, members, 0.0, 0.0, 0.0, 0.0, True, True, False, version=version)
        for key, members, version in dict.fromkeys(found)
    ]


def _guard(key: Key, members: Members, value: float, share: float = 0.0) -> Form:
    return Form(key, members, 0.0, np.inf, value, 0.0, False, False, True, share)


def _agrees(cell: PublishedCell, truth: float) -> bool:
    return (
        cell.low is not None
        and cell.high is not None
        and cell.low - TOLERANCE <= truth <= cell.high + TOLERANCE
    )


def _history(
    component: Component, space: Space, earlier: Sequence[Release]
) -> tuple[dict[Key, tuple[Members, PublishedCell]], dict[Key, Members]]:
    """What earlier releases printed in this component (tightest first print wins) and what they hid."""
    printed: dict[Key, tuple[Members, PublishedCell]] = {}
    hidden: dict[Key, Members] = {}
    for release in earlier:
        own = merge_spaces(release.spaces)
        if component.universe not in own:
            continue
        for cell in release.cells:
            key = cell.key
            if cell.is_suppressed or (key.universe, key.quantity) != (component.universe, component.quantity):
                continue
            if component_of(key, space) == component and cell.text != STRUCTURAL_ZERO_TEXT:
                members, have = printed.setdefault(key, (members_of(key, own[key.universe]), cell))
                if have.since == cell.since and have.low is not None and have.high is not None:
                    low, high = max(have.low, cell.low or 0.0), min(have.high, cell.high or 0.0)
                    printed[key] = (members, replace(have, low=low, high=high))
        for key in release.hidden:
            if (key.universe, key.quantity) == (component.universe, component.quantity) and (
                component_of(key, space) == component
            ):
                hidden[key] = members_of(key, own[key.universe])
    return printed, {k: m for k, m in hidden.items() if k not in printed}


def views_of(
    component: Component, forms: Sequence[Form], space: Space, rules: DisclosureRules
) -> list[Puzzle]:
    """The forms as the attacker may understand them.

    Where data changed since a release, she may not know it (one set of atoms), or know it: then that
    release's numbers get columns of their own for the change, and the change itself is a form to protect.
    """
    now = incidence(component, space, [f.members for f in forms])
    is_change = np.array([f.is_change for f in forms])
    is_days = component.quantity == "days"
    width = rules.days_width_min if is_days else rules.width_for(space.minimum)
    unchanged = Puzzle(
        A=_scaled(now, ~is_change),
        low=np.array([f.low for f in forms]),
        high=np.array([f.high for f in forms]),
        cost=np.array([f.cost for f in forms]),
        is_printed=np.array([f.is_printed for f in forms]),
        is_fixed=np.array([f.is_fixed for f in forms]),
        is_sensitive=np.array([f.is_sensitive for f in forms]),
        width=width,
        share=np.array([f.share for f in forms]),
        is_whole=not is_days and space.is_whole,
        cap=4 * max((f.value for f in forms), default=0.0) + 10 * width,
        is_examined=~is_change,
        block=_blocks(forms),
        may_contradict=any(f.version for f in forms),
    )
    versions = sorted({f.version for f in forms if f.version})
    if not versions:
        return [unchanged]
    views = [unchanged]
    # A reader may know that pupils only left, the sharpest case; where numbers rose too, that view contradicts.
    for signs in ((1.0,), (1.0, -1.0)):
        blocks = [unchanged.A]
        for version in versions:
            belongs = np.array([f.version == version for f in forms])
            blocks += [sign * _scaled(now, belongs) for sign in signs]
        everything = np.ones(len(forms), dtype=bool)
        # A growth is measured upwards too, so that it must be as uncertain as a fall of the same size.
        A = _scaled(csr_array(hstack(blocks)), np.where([f.is_change and f.value < 0 for f in forms], -1, 1))
        views.append(replace(unchanged, A=A, is_examined=everything, may_contradict=len(signs) == 1))
    return views


def _scaled(rows: csr_array, by: npt.NDArray[np.generic]) -> csr_array:
    return csr_array(rows.multiply(by.astype(float)[:, None]))


def _blocks(forms: Sequence[Form]) -> npt.NDArray[np.int64]:
    """The part of the finest division (a school) that a form lies in, −1 where it lies in several, shape (m,).

    All −1 where no division has enough parts for taking them one by one to pay.
    """
    leaves: dict[str, set[str]] = {}
    for form in forms:
        for name, of in form.members:
            leaves.setdefault(name, set()).update(of)
    name = max(leaves, key=lambda n: len(leaves[n]), default="")
    if len(leaves.get(name, ())) < MANY_BLOCKS:
        return np.full(len(forms), -1)
    index = {leaf: i for i, leaf in enumerate(sorted(leaves[name]))}
    mine = [dict(f.members)[name] for f in forms]
    return np.array([index[next(iter(s))] if len(s) == 1 else -1 for s in mine])
