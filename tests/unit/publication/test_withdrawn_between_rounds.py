"""November is published, one interview is withdrawn, June is published: nobody can find it in the sources of any group.

The attacker here is not the product's: a linear programme over the smallest groups, with what each round prints.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from evaluation.disclosure import Exhibit, Release, protect
from evaluation.disclosure.audit import audit
from evaluation.interviews.themes import CHANGES_BASELINE, EVERY_SOURCE, STANCES
from evaluation.publication.publish import rules_of
from evaluation.publication.small_changes import small_changes, with_sensitive
from evaluation.publication.tallies import signs, themes
from evaluation.questions import voices
from evaluation.study import load_study

STUDY = load_study("demo_kommune")
RULES = rules_of(STUDY.protocol)
NOVEMBER, END = "delevaluering_nov_2026", "slutevaluering_2027"
BEFORE, RUNNING = "baseline", "loebende"
CODES = ("MP.TEGN.FALD", "MP.VIDERE", "MP.MAAL")
WHO = {"pupils": "elev", "adults": "skoleledelse"}
DIRECTIONS = {"for": "positiv", "imod": "negativ", "begge": "blandet", "ingen": None}
Source = tuple[str, str, tuple[tuple[str, str], ...]]
"""An interview: occasion, who speaks, and each code with its stance."""


def sources(draw: random.Random, occasion: str, n: int) -> list[Source]:
    return [
        (occasion, draw.choice(list(WHO)), tuple((c, draw.choice(STANCES)) for c in CODES if draw.random() < 0.7))
        for _ in range(n)
    ]  # fmt: skip


def exhibits(material: Sequence[Source], day: str) -> list[Exhibit]:
    documents = pd.DataFrame(
        [(f"d{n}", o, WHO[who], "gyldigt") for n, (o, who, _) in enumerate(material)],
        columns=["document_id", "occasion", "informant", "consent"],
    ).assign(school_id="990001", grade="6", form="enkeltinterview")
    coded = pd.DataFrame(
        [
            (f"d{n}", f"s{n}{code}", code, DIRECTIONS[stance])
            for n, (_, _, said) in enumerate(material)
            for code, stance in said
        ],
        columns=["document_id", "segment_id", "code", "polarity"],
    ).merge(documents, on="document_id")
    texts = pd.DataFrame(columns=["segment_id", "text"])
    rows = voices.themes(coded.assign(approved_sha256=None), documents, documents, texts, STUDY, day)
    changes = voices.changes(coded, documents, STUDY, day)
    since = coded[coded["occasion"] != BEFORE]
    own = since[since["code"] == CODES[0]]["document_id"].nunique()
    joined = pd.DataFrame({"sign_id": [CODES[0]], "sources": [own]})
    found = [*themes(rows, changes, STUDY.protocol), *signs(joined, STUDY.protocol)]
    return [_until(e, day) for e in found]


def _until(exhibit: Exhibit, day: str) -> Exhibit:
    return replace(exhibit, universe=f"{exhibit.universe} til {day}")


def published(material: Sequence[Source], day: str, earlier: Sequence[Release] = ()) -> Release:
    """As the gate does it."""
    made = exhibits(material, day)
    release = protect(made, RULES, earlier, release_id=day)
    while found := small_changes(release, earlier, RULES.minimum_pupils):
        made = with_sensitive(made, found)
        release = protect(made, RULES, earlier, release_id=day)
    assert audit(release, earlier).is_passed
    return release


Atom = tuple[str, str, str]
"""Occasion, who, stance."""


def statements(release: Release, code: str, occasions: Sequence[str]) -> Iterator[tuple[set[Atom], float]]:
    """What a round prints of a code, as the smallest groups it adds up, read from cells and captions alone."""
    for c in release.cells:
        cell = dict(c.cell)
        if c.value is None or cell.get("kode", cell.get("tegn")) != code or c.measure != "pupils":
            continue
        every = [BEFORE] if c.exhibit == CHANGES_BASELINE else list(occasions)
        when = every if cell.get("nedslag", "i alt") == "i alt" else [cell["nedslag"]]
        who = list(WHO) if cell.get("hvem", "i alt") == "i alt" else [cell["hvem"]]
        how = list(STANCES) if cell.get("holdning", "i alt") == "i alt" else [cell["holdning"]]
        yield set(itertools.product(when, who, how)), c.value


def bounds(
    told: Sequence[tuple[set[Atom], float]], group: set[Atom], atoms: Sequence[Atom]
) -> tuple[float, float]:
    if not told:
        return 0.0, np.inf
    left = np.array([[atom in of for atom in atoms] for of, _ in told], dtype=float)
    right = [value for _, value in told]
    goal = np.array([atom in group for atom in atoms], dtype=float)
    ends = []
    for sign in (1, -1):
        solved = linprog(sign * goal, A_eq=left, b_eq=right, bounds=(0, None))
        ends.append(np.inf if solved.status == 3 else sign * solved.fun)
    return ends[0], ends[1]


def found_by_attack(
    first: Release, second: Release, of_november: Sequence[str], of_june: Sequence[str]
) -> list[str]:
    """Groups whose number of sources surely changed by few between the rounds."""
    found = []
    atoms = list(itertools.product([BEFORE, *of_june], WHO, STANCES))
    for code in (*CODES, EVERY_SOURCE):
        then, now = (list(statements(r, code, o)) for r, o in ((first, of_november), (second, of_june)))
        subsets = [s for n in (1, 2) for s in itertools.combinations(of_november, n)] + [(BEFORE,)]
        parts = [list(WHO), *([w] for w in WHO)]
        stances = [list(STANCES), *([s] for s in STANCES)]
        for when, who, how in itertools.product(subsets, parts, stances):
            group = set(itertools.product(when, who, how))
            low, high = bounds(then, group, atoms)
            least, most = bounds(now, group, atoms)
            ends = (least - high, most - low)
            is_sure = ends[0] > 1e-6 or ends[1] < -1e-6
            if is_sure and max(map(abs, ends)) < RULES.minimum_pupils - 1e-6:
                found.append(f"{code} {when} {who} {how}: {ends}")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("is_running", [False, True])
def test_nobody_finds_the_withdrawn_interview(seed: int, is_running: bool) -> None:
    draw = random.Random(seed)
    november = [*sources(draw, BEFORE, draw.choice([0, 9])), *sources(draw, NOVEMBER, draw.randint(14, 30))]
    november += sources(draw, RUNNING, 7) if is_running else []
    first = published(november, "november")
    gone = draw.randrange(len(november))
    june = [s for n, s in enumerate(november) if n != gone] + sources(draw, END, draw.randint(14, 30))
    second = published(june, "june", [first])
    occasions = [NOVEMBER, *([RUNNING] if is_running else [])]
    assert found_by_attack(first, second, occasions, [*occasions, END]) == []


@pytest.mark.slow
def test_the_attack_finds_it_where_only_tables_of_one_name_are_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("evaluation.publication.small_changes.source_counts", lambda _: {})
    draw = random.Random(1)
    november = sources(draw, NOVEMBER, 24)
    first = published(november, "november")
    second = published([*november[1:], *sources(draw, END, 24)], "june", [first])
    assert found_by_attack(first, second, [NOVEMBER], [NOVEMBER, END])


@pytest.mark.slow
def test_nothing_is_hidden_for_a_withdrawal_that_did_not_happen() -> None:
    draw = random.Random(2)
    november = sources(draw, NOVEMBER, 30)
    first = published(november, "november")
    june = [*november, *sources(draw, END, 30)]
    made = protect(exhibits(june, "june"), RULES, [first], release_id="june")
    unchanged = [c for c in made.cells if dict(c.cell).get("nedslag") == NOVEMBER]
    kept = {c.cell for c in published(june, "june", [first]).cells if not c.is_suppressed}
    assert {c.cell for c in unchanged if not c.is_suppressed} <= kept
