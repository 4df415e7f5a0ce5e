"""The attack against the only method that cannot be wrong: listing every table that agrees with what is printed."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from evaluation.disclosure import Exhibit, protect
from evaluation.disclosure import attack as attack_module
from evaluation.disclosure.attack import Statement, Target, attack
from evaluation.disclosure.audit import audit
from evaluation.disclosure.exhibits import Dimension, Key
from evaluation.disclosure.lattice import lattice
from evaluation.disclosure.release import Space
from evaluation.disclosure.system import Component, members_of
from evaluation.errors import GateRefused, InputError
from tests.rules import rules as rules_with

RULES = rules_with()
QUIET = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    derandomize=True,
    database=None,
)


def compositions(total: int, parts: int):
    """Every way to divide ``total`` pupils over ``parts`` atoms."""
    for bars in itertools.combinations(range(total + parts - 1), parts - 1):
        edges = (-1, *bars, total + parts - 1)
        yield tuple(b - a - 1 for a, b in itertools.pairwise(edges))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (2, 2, 2)])
def test_bounds_equal_enumeration(shape, seed):
    """Random cells hidden (safely or not), some printed as rounded shares: the attack finds exactly the range."""
    rng = np.random.default_rng([seed, *shape])
    total = 9 if len(shape) == 2 else 7
    dimensions = tuple(Dimension(f"d{k}", tuple(f"c{i}" for i in range(n))) for k, n in enumerate(shape))
    space = Space("u", dimensions, (), 5, True)
    component = Component("u", "pupils", ())
    atoms = list(itertools.product(*(d.leaves for d in dimensions)))
    truth = rng.multinomial(total, rng.dirichlet(np.ones(len(atoms))))

    cells = []
    for combination in itertools.product(*(d.categories for d in dimensions)):
        pairs = [(d.name, c) for d, c in zip(dimensions, combination, strict=True) if c != d.total]
        key = Key("u", "pupils", tuple(pairs))
        members = members_of(key, space)
        mask = np.array(
            [
                all(leaf in dict(members)[d.name] for leaf, d in zip(atom, dimensions, strict=True))
                for atom in atoms
            ]
        )
        cells.append((key, members, mask))
    grand = next(c for c in cells if not c[0].cell)
    statements, bounds, targets = [Statement(component, grand[1], total, total)], [], []
    for key, members, mask in cells:
        how = rng.choice(["count", "share", "hidden"], p=[0.35, 0.2, 0.45])
        value = int(truth[mask].sum())
        if not key.cell:
            continue
        if how == "count":
            statements.append(Statement(component, members, value, value))
            bounds.append((mask, value, value))
        elif how == "share":
            # Ten-per-cent rounding of a share of the whole: low·n ≤ k ≤ high·n.
            low, high = np.round(value / total, 1) - 0.05, np.round(value / total, 1) + 0.05
            statements.append(Statement(component, members, low, high, base=grand[1]))
            bounds.append((mask, low * total - 1e-9, high * total + 1e-9))
        else:
            targets.append((key, members, mask))
    tables = np.array(list(compositions(total, len(atoms))))
    for mask, low, high in bounds:
        sums = tables[:, mask].sum(axis=1)
        tables = tables[(sums >= low) & (sums <= high)]
    found = attack(statements, [Target(k, component, m) for k, m, _ in targets], {"u": space}, RULES)
    assert len(found) == len(targets)
    for interval, (_, _, mask) in zip(found, targets, strict=True):
        sums = tables[:, mask].sum(axis=1)
        assert (interval.low, interval.high) == pytest.approx((sums.min(), sums.max()), abs=1e-6)
        assert interval.is_safe == (sums.max() - sums.min() >= RULES.protection_width)


def test_common_witnesses_agree_with_each_numbers_own_bounds(table, monkeypatch):
    """The short cut for many targets over many atoms never says more than the long way."""
    rng = np.random.default_rng(3)
    counts = rng.negative_binomial(3, 3 / 12, size=(8, 7)).tolist()
    for is_complementary in (True, False):
        release = protect([table(counts)], RULES, is_complementary=is_complementary)
        exact = audit(release).intervals
        with monkeypatch.context() as small:
            small.setattr(attack_module, "MANY", 2)
            small.setattr(attack_module, "MANY_ATOMS", 2)
            quick = audit(release).intervals
        assert [i.is_safe for i in quick] == [i.is_safe for i in exact]
        assert any(not i.is_exact for i in quick) == is_complementary
        for inner, outer in zip(quick, exact, strict=True):
            assert outer.low - 1e-6 <= inner.low <= inner.high <= outer.high + 1e-6


BANDS = Dimension("d", ("a", "b", "c"), "alle", (("ab", ("a", "b")), ("bc", ("b", "c")), ("ac", ("a", "c"))))


def about(band: str, space: Space) -> tuple[Key, object]:
    key = Key("u", "pupils", (("d", band),))
    return key, members_of(key, space)


@pytest.mark.parametrize(
    ("sums", "expected"), [((4, 4, 4), (2, 2)), ((5, 5, 4), (2, 2)), ((5, 4, 5), (3, 3))]
)
def test_overlapping_bands_give_everything_away(sums, expected):
    """a = (ab + ac − bc) / 2."""
    space, component = Space("u", (BANDS,)), Component("u", "pupils", ())
    said = [
        Statement(component, about(b, space)[1], n, n) for b, n in zip(("ab", "bc", "ac"), sums, strict=True)
    ]
    (found,) = attack(
        said, [Target(about("a", space)[0], component, about("a", space)[1])], {"u": space}, RULES
    )
    a = (sums[0] + sums[2] - sums[1]) / 2
    assert (found.low, found.high) == (a, a) == expected
    assert not found.is_safe


def test_whole_pupils_are_tighter_than_fractions():
    """Pairwise sums of at most 5: fractions reach 7.5 pupils in all, whole pupils only 7."""
    space, component = Space("u", (BANDS,)), Component("u", "pupils", ())
    said = [Statement(component, about(b, space)[1], 0, 5) for b in ("ab", "bc", "ac")]
    target = Target(*((k := Key("u", "pupils", ())), component, members_of(k, space)))
    (whole,) = attack(said, [target], {"u": space}, RULES)
    (average,) = attack(said, [target], {"u": Space("u", (BANDS,), is_whole=False)}, RULES)
    assert (whole.high, average.high) == (7, 7.5)
    impossible = [Statement(component, about(b, space)[1], 5, 5) for b in ("ab", "bc", "ac")]
    with pytest.raises(InputError, match="contradict"):
        attack(impossible, [target], {"u": space}, RULES)


def test_a_structural_zero_opens_a_square():
    """[[3, 9], [9, 3]] with its margins leaves 0–12; knowing that one cell cannot exist leaves nothing."""
    dimensions = (Dimension("r", ("1", "2")), Dimension("s", ("1", "2")))
    component = Component("u", "pupils", ())
    key = Key("u", "pupils", (("r", "1"), ("s", "1")))
    margins = [Key("u", "pupils", ((d, leaf),)) for d in "rs" for leaf in "12"]
    for zeros, expected in (((), (0, 12)), (((("r", "1"), ("s", "2")),), (12, 12))):
        space = Space("u", dimensions, zeros)
        said = [Statement(component, members_of(m, space), 12, 12) for m in margins]
        (found,) = attack(said, [Target(key, component, members_of(key, space))], {"u": space}, RULES)
        assert (found.low, found.high) == expected


cells = st.one_of(st.integers(0, 6), st.integers(0, 80))
counts_2d = st.integers(2, 4).flatmap(
    lambda rows: st.integers(2, 5).flatmap(
        lambda columns: st.lists(
            st.lists(cells, min_size=columns, max_size=columns), min_size=rows, max_size=rows
        )
    )
)


def assert_safe(exhibits):
    """Passed by the audit; every hidden number really lies in what the attacker finds; printed numbers are true."""
    release = protect(exhibits, RULES)
    report = audit(release)
    report.refuse()
    truths = {found.key: found.value for e in exhibits for found in lattice(e, RULES).values()}
    small = {found.key for e in exhibits for found in lattice(e, RULES).values() if found.is_sensitive}
    for interval in report.intervals:
        assert interval.low - 1e-6 <= truths[interval.target.key] <= interval.high + 1e-6
        assert interval.high - interval.low >= RULES.protection_width
        assert interval.high >= RULES.minimum_pupils
    assert small <= set(release.hidden)
    for cell in release.cells:
        if not cell.is_suppressed and cell.measure == "pupils":
            assert cell.value == truths[cell.key]


@pytest.mark.slow
@settings(QUIET, max_examples=25)
@given(counts_2d)
def test_no_random_table_can_be_opened(table, counts):
    assert_safe([table(counts)])


@pytest.mark.slow
@settings(QUIET, max_examples=20)
@given(st.lists(st.tuples(cells, cells, cells, cells), min_size=2, max_size=4))
def test_no_linked_tables_can_be_opened(table, share, rows):
    """Schools × grades, shares per grade, and a page for one school, over the same pupils."""
    counts = [[a + b, c + d] for a, b, c, d in rows]
    grades = {
        "0": (sum(a for a, *_ in rows), sum(b for _, b, *_ in rows)),
        "1": (sum(r[2] for r in rows), sum(r[3] for r in rows)),
    }
    page = table(counts, exhibit="side", shown={"skole": ("A",), "klassetrin": ("0", "1")})
    assert_safe([table(counts), share(grades), page])


@pytest.mark.slow
@settings(QUIET, max_examples=6)
@given(st.lists(cells, min_size=12, max_size=12))
def test_no_three_way_table_can_be_opened(numbers):
    dimensions = (
        Dimension("skole", ("A", "B")),
        Dimension("klassetrin", ("6", "7", "8"), bands=(("6-7", ("6", "7")),)),
        Dimension("indsats", ("ja", "nej"), role="attribute"),
    )
    frame = pd.DataFrame(
        [
            (*atom, n)
            for atom, n in zip(itertools.product(*(d.leaves for d in dimensions)), numbers, strict=True)
        ],
        columns=["skole", "klassetrin", "indsats", "pupils"],
    )
    assert_safe([Exhibit("e", "elever", dimensions, frame)])


def test_primary_suppression_alone_is_opened_at_once(table):
    """The property above is able to fail: without complementary cells a counterexample is found."""

    def is_opened(counts):
        release = protect([table(counts)], RULES, is_complementary=False)
        return not audit(release).is_passed

    opened = find(counts_2d, is_opened, settings=settings(QUIET, max_examples=10, phases=[Phase.generate]))
    release = protect([table(opened)], RULES, is_complementary=False)
    with pytest.raises(GateRefused) as refused:
        audit(release).refuse()
    assert refused.value.exit_code == 3
    assert audit(protect([table(opened)], RULES)).is_passed


def test_the_refusal_names_cells_but_no_numbers(table):
    release = protect([table([[3, 97], [98, 96]])], RULES, is_complementary=False)
    with pytest.raises(GateRefused) as refused:
        audit(release).refuse()
    text = str(refused.value)
    assert "skole=A" in text
    assert not {"97", "98", "96", "100"} & set(text.replace(".", " ").split())


def test_a_slip_in_printing_is_refused(table):
    release = protect([table([[30, 97], [98, 96]])], RULES)
    wrong = replace(release.cells[0], text="31")
    report = audit(replace(release, cells=(wrong, *release.cells[1:])))
    assert report.misprints
    assert not report.is_passed


def test_days_hidden_with_their_pupils_stay_uncertain(days):
    rows = [("6", 4, 40.0, 240.0, 15.0), ("7", 60, 301.0, 3600.0, 20.0), ("8", 62, 322.0, 3700.0, 21.0)]
    release = protect([days(rows)], RULES)
    shown = release.table("fravaer").set_index("klassetrin")
    assert shown.loc["6", "pct_is_suppressed"]
    report = audit(release)
    assert report.is_passed
    found = [i for i in report.intervals if i.target.key.quantity == "days"]
    assert found
    assert all(
        i.high - i.low >= max(RULES.days_width_min, RULES.days_width_share * i.high) - 1e-6 for i in found
    )
    assert not audit(protect([days(rows)], RULES, is_complementary=False)).is_passed
