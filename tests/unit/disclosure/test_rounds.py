"""Several rounds together: frozen baselines, November against June, one pupil withdrawn in between, the ledger."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from evaluation.disclosure import Dimension, Exhibit, Release, protect
from evaluation.disclosure.audit import audit
from evaluation.errors import GateRefused, InputError
from tests.rules import rules as rules_with

pytestmark = pytest.mark.slow

RULES = rules_with()


def period_table(november: list[int], since: list[int] | None = None) -> Exhibit:
    """Indsatselever per school: begun until November, and begun since; June prints the sum of both."""
    schools = Dimension("skole", tuple("ABCD"))
    leaves = ("nov",) if since is None else ("nov", "siden")
    period = Dimension("periode", leaves, total="hele året")
    rows = [("nov", s, n) for s, n in zip(schools.leaves, november, strict=True)]
    rows += [("siden", s, n) for s, n in zip(schools.leaves, since or [], strict=False)]
    frame = pd.DataFrame(rows, columns=["periode", "skole", "pupils"])
    return Exhibit(
        "indsats",
        "indsatselever",
        (period, schools),
        frame,
        shown={"periode": ("nov",) if since is None else ("hele året",)},
    )


def test_a_number_once_printed_is_reprinted_not_recomputed(table):
    november = protect([table([[30, 41], [52, 63]])], RULES, release_id="nov")
    june = protect([table([[29, 41], [52, 63]])], RULES, (november,), release_id="jun")
    assert june.table("t")["pupils_text"].tolist() == november.table("t")["pupils_text"].tolist()
    assert {c.since for c in june.cells} == {"nov"}
    assert audit(june, (november,)).is_passed


def test_a_number_once_hidden_stays_hidden(table):
    november = protect([table([[3, 41, 50], [52, 63, 70], [40, 45, 46]])], RULES, release_id="nov")
    june = protect([table([[30, 41, 50], [52, 63, 70], [40, 45, 46]])], RULES, (november,), release_id="jun")
    assert {c.key for c in june.cells if c.is_suppressed} >= set(november.hidden)
    assert audit(june, (november,)).is_passed


@pytest.mark.parametrize(("new_in_a", "is_hidden"), [(4, True), (5, False), (0, True)])
def test_june_minus_november(new_in_a, is_hidden):
    """Nine until November, printed; June's total less November is what is new, and below 5 it may not be printed."""
    november = protect([period_table([9, 12, 11, 10])], RULES, release_id="nov")
    assert not november.hidden
    june = protect([period_table([9, 12, 11, 10], [new_in_a, 8, 9, 7])], RULES, (november,), release_id="jun")
    shown = june.table("indsats").set_index("skole")
    assert shown.loc["A", "is_suppressed"] == is_hidden
    assert audit(june, (november,)).is_passed
    careless = protect(
        [period_table([9, 12, 11, 10], [new_in_a, 8, 9, 7])], RULES, release_id="jun", is_complementary=False
    )
    assert audit(careless, (november,)).is_passed != is_hidden


def test_one_pupil_withdrawn_between_rounds_is_found(table):
    """November prints the total 12 + 11; June prints parts that add to one less: the difference is one pupil."""
    november = protect(
        [table([[12, 11], [14, 9]], shown={"skole": ("i alt",), "klassetrin": ("i alt",)})],
        RULES,
        release_id="nov",
    )
    parts = {"skole": ("A", "B"), "klassetrin": ("0", "1")}
    june = protect([table([[11, 11], [14, 9]], shown=parts)], RULES, release_id="jun")
    report = audit(june, (november,))
    (change,) = [i for i in report.failures if i.target.kind == "change"]
    assert (change.low, change.high) == (1, 1)
    with pytest.raises(GateRefused):
        report.refuse()


@pytest.mark.parametrize(("left", "is_refused"), [(4, True), (5, False)])
def test_both_sides_of_a_change(table, left, is_refused):
    november = protect(
        [table([[30, 11], [14, 9]], shown={"skole": ("i alt",), "klassetrin": ("i alt",)})],
        RULES,
        release_id="nov",
    )
    parts = {"skole": ("A", "B"), "klassetrin": ("0", "1")}
    june = protect([table([[30 - left, 11], [14, 9]], shown=parts)], RULES, release_id="jun")
    assert audit(june, (november,)).is_passed != is_refused


def test_protection_against_november_hides_the_withdrawn_pupil(table):
    november = protect(
        [table([[12, 11], [14, 9]], shown={"skole": ("i alt",), "klassetrin": ("i alt",)})],
        RULES,
        release_id="nov",
    )
    parts = {"skole": ("A", "B"), "klassetrin": ("0", "1")}
    june = protect([table([[11, 11], [14, 9]], shown=parts)], RULES, (november,), release_id="jun")
    assert june.hidden
    assert audit(june, (november,)).is_passed


def test_total_minus_school_pages(table):
    """A total and three school pages of four leave a remainder that no exhibit prints: it is guarded."""
    counts = [[30, 40], [31, 41], [32, 42], [3, 43]]
    total = table(counts, exhibit="samlet", shown={"skole": ("i alt",)})
    pages = [
        table(counts, exhibit=f"side-{s}", shown={"skole": (s,), "klassetrin": ("0", "1")}) for s in "ABC"
    ]
    release = protect([total, *pages], RULES)
    assert any(dict(k.cell) == {"skole": "D", "klassetrin": "0"} for k in release.guarded)
    assert any(c.is_suppressed for c in release.cells)
    assert audit(release).is_passed
    careless = protect([total, *pages], RULES, is_complementary=False)
    assert not any(c.is_suppressed for c in careless.cells)
    assert not audit(careless).is_passed


def test_leaks_of_earlier_rounds_are_named_but_do_not_stop_what_adds_nothing(table):
    leaky = protect([table([[3, 41], [52, 63]])], RULES, release_id="nov", is_complementary=False)
    june = protect(
        [table([[70, 71], [72, 73]], exhibit="andet", universe="andre")], RULES, (leaky,), release_id="jun"
    )
    report = audit(june, (leaky,))
    assert report.old_leaks
    assert report.is_passed
    assert not audit(leaky).is_passed


def test_everything_hidden_where_a_table_is_too_small(table):
    release = protect([table([[3, 0], [0, 0]])], RULES)
    assert all(c.is_suppressed for c in release.cells)
    assert audit(release).is_passed


def test_withheld_with_a_reason_where_nothing_helps(table):
    """What a careless November printed leaves three pupils of school C bare: no table of theirs is printed again."""
    shown = {"skole": ("A", "B", "i alt"), "klassetrin": ("i alt",)}
    counts = [[30, 40], [31, 41], [1, 2]]
    careless = protect([table(counts, shown=shown)], RULES, release_id="nov", is_complementary=False)
    assert not audit(careless).is_passed
    other = table([[50, 60], [51, 61]], exhibit="andet", universe="andre")
    june = protect([other, table(counts, shown=shown)], RULES, (careless,), release_id="jun")
    assert [w.exhibit for w in june.withheld] == ["t"]
    assert "skjulte tal kan regnes ud" in june.withheld[0].reason
    assert june.exhibit_ids() == ("andet",)
    assert audit(june, (careless,)).is_passed


def test_too_much_to_attack_is_refused_not_tried(table):
    names = tuple(f"s{i}" for i in range(90))
    dimensions = tuple(Dimension(d, names) for d in ("a", "b"))
    frame = pd.DataFrame([(a, b, 3) for a in names for b in names], columns=["a", "b", "pupils"])
    with pytest.raises(InputError, match="more than can be attacked together"):
        protect([Exhibit("x", "u", dimensions, frame)], RULES)


def test_json_round_trip(table, share, days):
    release = protect(
        [
            table([[3, 41, 50], [52, 63, 70], [40, 45, 46]]),
            share({"6": (3, 60), "7": (20, 45)}, universe="b"),
            replace(days([("6", 20, 100.0, 1200.0, 20.0)]), universe="c"),
        ],
        RULES,
        release_id="nov",
    )
    assert Release.from_dict(json.loads(json.dumps(release.to_dict()))) == release
    assert "</" not in release.structure()


def test_same_exhibits_same_bytes(table):
    counts = [[3, 41, 50], [52, 2, 70], [40, 45, 46]]
    one, other = (json.dumps(protect([table(counts)], RULES).to_dict()) for _ in range(2))
    assert one == other
    frame = table(counts).frame.sample(frac=1, random_state=1)
    assert json.dumps(protect([replace(table(counts), frame=frame)], RULES).to_dict()) == one


@pytest.mark.parametrize("seed", range(12))
def test_three_random_rounds_stay_safe_together(table, seed):
    """November's totals or all of it, June with a few pupils gone or come, and a third round: each passes."""
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(2, 4)), int(rng.integers(2, 5)))
    first = np.where(rng.random(shape) < 0.4, rng.integers(0, 7, shape), rng.integers(5, 80, shape))
    second = np.maximum(0, first - rng.integers(0, 2 + seed % 3, shape) * (rng.random(shape) < 0.3))
    third = second + (rng.random(shape) < 0.2)
    shown = {"skole": ("i alt",)} if seed % 2 else {}
    chain: list[Release] = []
    for name, counts in (("nov", first), ("jun", second), ("dec", third)):
        exhibit = table(counts.tolist(), shown=shown if name == "nov" else {})
        chain.append(protect([exhibit], RULES, chain, release_id=name))
        report = audit(chain[-1], chain[:-1])
        assert report.is_passed
        assert not report.old_leaks


@pytest.mark.parametrize("seed", range(12))
def test_what_is_kept_between_calls_changes_nothing(table, seed):
    """Protection and attack with the memory of other tables' turns are those without any."""
    draw = np.random.default_rng(seed)
    solved, found = {}, {}
    november = None
    for turn in range(3):
        counts = draw.poisson(7, (3, 4)).tolist()
        if turn == 2:
            counts[0][0] += 1  # nearly the same once more
        earlier = () if november is None else (november,)
        exhibits = [table(counts), table(counts[:2], exhibit="u", universe="andre")]
        kept = protect(exhibits, RULES, earlier, release_id=f"r{turn}", solved=solved)
        anew = protect(exhibits, RULES, earlier, release_id=f"r{turn}")
        assert kept.to_dict() == anew.to_dict()
        # The careless form gives the attack something to find.
        careless = protect(exhibits, RULES, earlier, release_id=f"r{turn}", is_complementary=False)
        for release in (kept, careless, kept):
            assert audit(release, earlier, found) == audit(release, earlier)
        november = november or kept
    assert solved
    assert found
