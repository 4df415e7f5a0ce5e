"""Protection: exhibits in, a release out. The only way a count reaches a report.

What belongs here: the order of things – primary rules, one puzzle per component with all linked tables and
all earlier releases in it, days after pupils, coarser forms, withholding. The rules stand in ``lattice``,
the optimisation in ``suppress``; whether it held is judged by ``audit``, which does not trust this module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from evaluation.disclosure.drafts import Draft, Drafts, draft
from evaluation.disclosure.exhibits import Cell, Exhibit, Key, check_exhibits
from evaluation.disclosure.forms import Form, forms_of, views_of
from evaluation.disclosure.lattice import LatticeCell
from evaluation.disclosure.release import PublishedCell, Release, Space, Withheld
from evaluation.disclosure.rules import STRUCTURAL_ZERO_TEXT, DisclosureRules
from evaluation.disclosure.suppress import suppress
from evaluation.disclosure.system import Component, component_of, merge_releases, merge_spaces, pupils_key
from evaluation.words.texts import texts

TEXT = texts("running")


Solved = dict[tuple[Component, tuple[Form, ...], Space, DisclosureRules], "npt.NDArray[np.bool_] | None"]
"""What was hidden in a component, by all that decides it; None where nothing protects it."""

UNPROTECTED = TEXT("protect_withheld")
"""The reason for a table that is not printed, as its reader is told."""
Place = tuple[str, Cell]
"""An exhibit in one context: a table's year."""


def protect(
    exhibits: Iterable[Exhibit],
    rules: DisclosureRules,
    earlier: Sequence[Release] = (),
    *,
    release_id: str = "",
    is_complementary: bool = True,
    solved: Solved | None = None,
) -> Release:
    """Protect all exhibits of a round together, and against every earlier release.

    ``earlier``: the ledger's releases, oldest first. A number printed there is reprinted as it was, a number
    hidden there stays hidden. ``is_complementary`` is False only in tests and benchmarks that show why
    primary suppression alone is not enough. ``solved``: components that were protected before, to be kept between
    calls that change a few exhibits; a component that says the same is not worked out again. Raises InputError
    (exhibits wrong or contradicting).
    """
    solved = {} if solved is None else solved
    todo = tuple(exhibits)
    check_exhibits(todo)
    level: dict[Place, int] = {}
    gone: set[Place] = set()

    def shown(exhibit: Exhibit, context: Cell) -> Mapping[str, tuple[str, ...]] | None:
        place = (exhibit.id, context)
        return None if place in gone else (exhibit.shown, *exhibit.coarser)[level.get(place, 0)]

    coarsest = {e.id: len(e.coarser) for e in todo}
    while True:
        drafts = draft(todo, rules, shown, release_id)
        hidden, stuck = _hide(drafts, rules, earlier, is_complementary, solved)
        bare = _too_bare(drafts, hidden, rules, stuck)
        coarser = [place for place in bare if level.get(place, 0) < coarsest[place[0]]]
        if coarser:
            # Year by year and week by week: what one of them cannot show, the others may.
            level.update((place, level.get(place, 0) + 1) for place in coarser)
            continue
        if not stuck:
            break
        # The last declared goes first: exhibits are declared in the order of their weight.
        order = [e.id for e in todo]
        last = max((order.index(name) for name, _ in stuck), default=0)
        gone |= {place for place in stuck if place[0] == order[last]}
    printed = {d.cell.exhibit for d in drafts.numbers}
    withheld = tuple(Withheld(e.id, UNPROTECTED) for e in todo if not e.is_guard and e.id not in printed)
    return _release(release_id, rules, drafts, hidden, earlier, withheld)


def _too_bare(drafts: Drafts, hidden: set[Key], rules: DisclosureRules, stuck: set[Place]) -> list[Place]:
    """Parts of exhibits that nothing protects, or where more than the allowed share would be hidden."""
    flags: dict[Place, list[bool]] = {}
    for d in drafts.numbers:
        if not d.truth.is_structural_zero:
            flags.setdefault((d.cell.exhibit, d.context), []).append(d.truth.key in hidden)
    return [
        place
        for place, some in flags.items()
        if place in stuck or sum(some) / len(some) > rules.max_hidden_share
    ]


def _hide(
    drafts: Drafts,
    rules: DisclosureRules,
    earlier: Sequence[Release],
    is_complementary: bool,
    solved: Solved,
) -> tuple[set[Key], set[Place]]:
    """All hidden keys, and the parts of exhibits that could not be protected."""
    spaces = merge_releases([*(r.spaces for r in earlier), drafts.spaces])
    new_spaces = merge_spaces(drafts.spaces)
    by_component: dict[Component, list[Draft]] = {}
    for d in drafts.numbers:
        by_component.setdefault(component_of(d.cell.key, spaces[d.cell.key.universe]), []).append(d)
    guards: dict[Component, list[LatticeCell]] = {}
    for key, truth in drafts.truths.items():
        guards.setdefault(component_of(key, spaces[key.universe]), []).append(truth)
    hidden: set[Key] = set()
    stuck: set[Place] = set()
    known = {c.key for release in earlier for c in release.cells if not c.is_suppressed}
    before = {key for release in earlier for key in release.hidden}
    counted = {d.truth.key for d in drafts.numbers if d.truth.key.quantity == "pupils"}
    # Pupils before days: where the pupils are hidden, days and per cent would tell them.
    for component in sorted(by_component, key=lambda c: (c.universe, c.quantity != "pupils", c.context)):
        numbers = by_component[component]
        space = new_spaces[component.universe]
        if component.quantity == "days":
            # Known to be hidden even where no exhibit prints pupils: the audit asks more of their days.
            # A group that cannot exist is no secret, so it is not among them.
            few = {
                pupils_key(g.key, space)
                for g in guards[component]
                if g.contributors < space.minimum and not g.is_structural_zero
            }
            # Pupils that an earlier release printed are no secret, however few they have become.
            hidden |= few - counted - known
        bare = hidden | before
        forms = forms_of(
            component, numbers, guards[component], bare, space, spaces[component.universe], earlier, rules
        )
        if not any(f.is_sensitive for f in forms):
            continue
        if not is_complementary:
            hidden |= {f.key for f in forms if f.is_sensitive}
            continue
        puzzle = (component, tuple(forms), spaces[component.universe], rules)
        if puzzle not in solved:
            solved[puzzle] = suppress(*views_of(component, forms, spaces[component.universe], rules))
        flags = solved[puzzle]
        if flags is None:
            stuck |= {(d.cell.exhibit, d.context) for d in numbers}
            hidden |= {d.truth.key for d in numbers}
        else:
            hidden |= {f.key for f, flag in zip(forms, flags, strict=True) if flag and not f.is_change}
    return hidden, stuck


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
    known = {
        c.key for r in earlier for c in r.cells if not c.is_suppressed and c.text != STRUCTURAL_ZERO_TEXT
    }
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
