"""Protection: exhibits in, a release out. The only way a count reaches a report.

What belongs here: the order of things – primary rules, one puzzle per component with all linked tables and
all earlier releases in it, days after pupils, coarser forms, withholding. The rules stand in ``lattice``,
the optimisation in ``suppress``; whether it held is judged by ``audit``, which does not trust this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evaluation.disclosure.drafts import Draft, Drafts, draft
from evaluation.disclosure.exhibits import Exhibit, Key, check_exhibits
from evaluation.disclosure.lattice import LatticeCell
from evaluation.disclosure.release import PublishedCell, Release, Space, Withheld
from evaluation.disclosure.rules import DisclosureRules
from evaluation.disclosure.suppress import Puzzle, suppress
from evaluation.disclosure.system import Component, Members, component_of, incidence, members_of, merge_spaces

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Form:
    """One number of a component: what printing it tells, whether it may be hidden, and which data it is of.

    ``version``: "" for today's data, else the release whose data it was printed from. ``is_change``: not a
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
    version: str = ""
    is_change: bool = False


def protect(
    exhibits: Iterable[Exhibit],
    rules: DisclosureRules,
    earlier: Sequence[Release] = (),
    *,
    release_id: str = "",
    is_complementary: bool = True,
) -> Release:
    """Protect all exhibits of a round together, and against every earlier release.

    ``earlier``: the ledger's releases, oldest first. A number printed there is reprinted as it was, a number
    hidden there stays hidden. ``is_complementary`` is False only in tests and benchmarks that show why
    primary suppression alone is not enough. Raises InputError (exhibits wrong or contradicting).
    """
    todo = tuple(exhibits)
    check_exhibits(todo)
    forms = {e.id: [e.shown, *e.coarser] for e in todo}
    level = {e.id: 0 for e in todo}
    withheld: dict[str, Withheld] = {}
    while True:
        kept = [e for e in todo if e.id not in withheld]
        drafts = draft(kept, rules, {e.id: forms[e.id][level[e.id]] for e in kept}, release_id)
        hidden, stuck = _hide(drafts, rules, earlier, is_complementary)
        coarser = [i for i in _too_bare(drafts, hidden, rules, stuck) if level[i] + 1 < len(forms[i])]
        if coarser:
            for exhibit_id in coarser:
                level[exhibit_id] += 1
            continue
        if not stuck:
            break
        # The last declared goes first: exhibits are declared in the order of their weight.
        victim = [e.id for e in kept if e.id in stuck][-1]
        withheld[victim] = Withheld(victim, "Tabellen kan ikke vises, uden at skjulte tal kan regnes ud.")
    return _release(release_id, rules, drafts, hidden, earlier, tuple(withheld.values()))


def _too_bare(drafts: Drafts, hidden: set[Key], rules: DisclosureRules, stuck: set[str]) -> list[str]:
    """Exhibits that nothing protects, or where more than the allowed share would be hidden."""
    out = []
    for exhibit_id in dict.fromkeys(d.cell.exhibit for d in drafts.numbers):
        flags = [
            d.truth.key in hidden
            for d in drafts.numbers
            if d.cell.exhibit == exhibit_id and not d.truth.is_structural_zero
        ]
        if exhibit_id in stuck or (flags and sum(flags) / len(flags) > rules.max_hidden_share):
            out.append(exhibit_id)
    return out


def _hide(
    drafts: Drafts, rules: DisclosureRules, earlier: Sequence[Release], is_complementary: bool
) -> tuple[set[Key], set[str]]:
    """All hidden keys, and the exhibits of components that could not be protected."""
    spaces = merge_spaces([*drafts.spaces, *(s for r in earlier for s in r.spaces)])
    new_spaces = merge_spaces(drafts.spaces)
    by_component: dict[Component, list[Draft]] = {}
    for d in drafts.numbers:
        by_component.setdefault(component_of(d.cell.key, spaces[d.cell.key.universe]), []).append(d)
    guards: dict[Component, list[LatticeCell]] = {}
    for key, truth in drafts.truths.items():
        guards.setdefault(component_of(key, spaces[key.universe]), []).append(truth)
    hidden: set[Key] = set()
    stuck: set[str] = set()
    # Pupils before days: where the pupils are hidden, days and per cent would tell them.
    for component in sorted(by_component, key=lambda c: (c.universe, c.quantity != "pupils", c.context)):
        numbers = by_component[component]
        space = new_spaces[component.universe]
        dragged = {d.truth.key for d in numbers if _pupils_key(d.truth.key, space) in hidden}
        forms = _forms(
            component, numbers, guards[component], dragged, space, spaces[component.universe], earlier
        )
        if not any(f.is_sensitive for f in forms):
            continue
        if not is_complementary:
            hidden |= {f.key for f in forms if f.is_sensitive}
            continue
        flags = suppress(_puzzle(component, forms, spaces[component.universe], rules))
        if flags is None:
            stuck |= {d.cell.exhibit for d in numbers}
            hidden |= {d.truth.key for d in numbers}
        else:
            hidden |= {f.key for f, flag in zip(forms, flags, strict=True) if flag and not f.is_change}
    return hidden, stuck


def _pupils_key(key: Key, space: Space) -> Key | None:
    if key.quantity == "pupils":
        return None
    split = {d.name for d in space.dimensions if d.role == "split"}
    return Key(key.universe, "pupils", tuple(p for p in key.cell if p[0] not in split))


def _forms(
    component: Component,
    numbers: Sequence[Draft],
    guards: Sequence[LatticeCell],
    dragged: set[Key],
    space: Space,
    whole_space: Space,
    earlier: Sequence[Release],
) -> list[Form]:
    """Today's numbers, the sensitive remainders nobody prints, and all that earlier releases said."""
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
        is_sensitive = truth_of[key].is_sensitive or key in old_hidden or key in dragged
        forms[key] = Form(
            key, members_of(key, space), low, high, d.truth.value, cost, True, False, is_sensitive
        )
    for g in guards:
        if g.is_sensitive and g.key not in forms and g.key not in old_printed:
            forms[g.key] = _guard(g.key, members_of(g.key, space), g.value)
    for key, members in old_hidden.items():
        if key not in forms:
            forms[key] = _guard(key, members, 0.0)
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
        out.append(Form(key, members, cell.low, cell.high, cell.low, 0.0, True, True, False, version))
        if key in truth_of and not _agrees(cell, truth_of[key].value):
            changes.append(replace(_guard(key, members, 0.0), version=version, is_change=True))
    return out + changes


def _guard(key: Key, members: Members, value: float) -> Form:
    return Form(key, members, 0.0, np.inf, value, 0.0, False, False, True)


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
            if component_of(key, space) == component and cell.text != "–":
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


def _puzzle(component: Component, forms: Sequence[Form], space: Space, rules: DisclosureRules) -> Puzzle:
    """Arrays for the optimiser. Data that changed since a release get columns of their own for the change."""
    now = incidence(component, space, [f.members for f in forms]).astype(float)
    blocks = [now * np.array([[0.0 if f.is_change else 1.0] for f in forms])]
    for version in sorted({f.version for f in forms if f.version}):
        belongs = np.array([[1.0 if f.version == version else 0.0] for f in forms])
        # The worst case is a reader who knows that pupils only left; where numbers rose, both ways are open.
        blocks.append(now * belongs)
        if any(f.is_change and f.version == version and f.value < 0 for f in forms):
            blocks.append(-now * belongs)
    is_days = component.quantity == "days"
    width = rules.days_width_min if is_days else float(rules.protection_width)
    return Puzzle(
        A=np.hstack(blocks),
        low=np.array([f.low for f in forms]),
        high=np.array([f.high for f in forms]),
        cost=np.array([f.cost for f in forms]),
        is_printed=np.array([f.is_printed for f in forms]),
        is_fixed=np.array([f.is_fixed for f in forms]),
        is_sensitive=np.array([f.is_sensitive for f in forms]),
        width=width,
        share=rules.days_width_share if is_days else 0.0,
        is_whole=not is_days and space.is_whole,
        cap=4 * max((f.value for f in forms), default=0.0) + 10 * width,
    )


def _release(
    release_id: str,
    rules: DisclosureRules,
    drafts: Drafts,
    hidden: set[Key],
    earlier: Sequence[Release],
    withheld: tuple[Withheld, ...],
) -> Release:
    history = {
        (c.key, c.measure, c.decimals): c for r in reversed(earlier) for c in r.cells if not c.is_suppressed
    }
    known = {c.key for r in earlier for c in r.cells if not c.is_suppressed and c.text != "–"}
    cells: list[PublishedCell] = []
    for d in drafts.numbers:
        cell = d.cell
        first = history.get((cell.key, cell.measure, cell.decimals))
        if first is not None and not d.truth.is_structural_zero:
            cells.append(
                replace(
                    cell,
                    value=first.value,
                    text=first.text,
                    low=first.low,
                    high=first.high,
                    since=first.since,
                )
            )
        elif (cell.key in hidden or cell.key in known) and not d.truth.is_structural_zero:
            cells.append(
                replace(cell, value=None, text=rules.marker, is_suppressed=True, low=None, high=None)
            )
        else:
            cells.append(cell)
    printed = {c.key for c in cells}
    spaces = merge_spaces(drafts.spaces)
    guarded = tuple(sorted(hidden - printed))
    return Release(
        release_id, rules, tuple(cells), tuple(spaces[u] for u in sorted(spaces)), guarded, withheld
    )
