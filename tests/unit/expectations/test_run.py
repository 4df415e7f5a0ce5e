"""Running suites: a crash is not wrong data, numbers are row numbers, speed, and the quality table."""

from __future__ import annotations

import datetime as dt
import socket

import pandas as pd
import pytest

from evaluation.errors import EnvironmentProblem
from evaluation.expectations import Check, CheckResult, raise_if_crashed, run_suite, suite_for
from evaluation.expectations.checks import Sound, Subject
from evaluation.expectations.coverage import school_weeks
from evaluation.expectations.run import judge
from evaluation.questions import quality
from evaluation.study import load_study
from evaluation.synthetic import Scenario, cells, make_municipality
from evaluation.tables import table
from evaluation.words import ANALYST, Count, Name, Persons, Public, render, say, taken
from evaluation.words.catalogue.checks import Structure

STUDY = load_study("demo_kommune")
P = STUDY.protocol
LEDGER = {
    "source_file": "a.csv",
    "source_kind": "absence",
    "school_id": "990001",
    "exported_on": pd.Timestamp(2026, 11, 20),
    "sha256": "ab",
    "rows_in": 10,
    "rows_kept": 10,
    "rows_quarantined": 0,
    "rows_duplicate": 0,
    "rows_superseded": 0,
    "rows_out_of_round": 0,
    "rows_skipped": 0,
    "sheets_unread": None,
    "only_older": 0,
    "only_older_lines": None,
    "deleted": 0,
    "deleted_lines": None,
    "sums": 0,
    "sums_off": 0,
    "sums_off_lines": None,
    "key_id": "k",
}


def ledger(*changes: dict) -> pd.DataFrame:
    return table("raw_ledger").conform(pd.DataFrame([LEDGER | c for c in changes]))


def days(m, *, through=None) -> pd.DataFrame:
    """core_school_days of a municipality, as far as the checks read it."""
    frame = m.school_days
    monday = frame["day_on"] - pd.to_timedelta(frame["day_on"].dt.day_of_week, unit="D")
    out = frame.assign(week_from=monday)
    return out if through is None else out[out["day_on"] <= pd.Timestamp(through)]


@pytest.mark.slow
def test_a_rule_that_raises_is_a_crash_and_never_wrong_data():
    def explode(_: Subject) -> Sound:
        raise ZeroDivisionError("0101154321")

    checks = [
        Check("explodes", "raw_ledger", "blocking", "Noget", rows=explode),
        Check(
            "wrong",
            "raw_ledger",
            "blocking",
            "Filen hedder b",
            rows=lambda _: Sound("source_file = 'b.csv'"),
        ),
    ]
    crashed, wrong = judge(checks, Subject(ledger({}), P))
    assert (crashed.is_crashed, crashed.is_passed) == (True, False)
    assert (wrong.is_crashed, wrong.is_passed, wrong.count) == (False, False, Persons(1))
    assert "0101154321" not in crashed.text(ANALYST)
    with pytest.raises(EnvironmentProblem) as stopped:
        raise_if_crashed([crashed, wrong])
    assert stopped.value.exit_code == 5
    assert "0101154321" not in str(stopped.value)
    raise_if_crashed([wrong])


@pytest.mark.slow
def test_a_crash_inside_great_expectations_is_told_apart(monkeypatch):
    from great_expectations.expectations import registry

    def explode(*args: object, **kwargs: object) -> None:
        raise ValueError("out of order")

    stored = registry._registered_metrics["column.sum"]["providers"]
    broken = {k: (cls, explode) for k, (cls, _) in stored.items()}
    assert broken
    monkeypatch.setitem(registry._registered_metrics["column.sum"], "providers", broken)
    (result,) = judge(
        [Check("plain", "raw_ledger", "blocking", "Alt", rows=lambda _: Sound("rows_in > 0"))],
        Subject(ledger({}), P),
    )
    assert result.is_crashed
    assert not result.is_passed


def test_results_come_back_in_the_order_of_the_suite():
    results = run_suite("raw_ledger", ledger({"sums": 3}), P)  # a file without sums has none to judge
    assert [r.check_name for r in results] == ["columns", *(c.name for c in suite_for("raw_ledger", P))]


def test_row_numbers_are_lines_of_the_source_file_and_only_the_first_few():
    rows = [
        {
            "source_file": "a.csv",
            "source_row": 100 + n,
            "exported_on": pd.Timestamp(2026, 11, 20),
            "pupil_key": f"k{n}",
            "purpose": "evaluering",
            "holder": "1",
            "answer": "perhaps",
            "given_on": pd.Timestamp(2026, 9, 1),
            "withdrawn_on": pd.NaT,
        }
        for n in range(30)
    ]
    frame = table("raw_consents").conform(pd.DataFrame(rows))
    answer = next(r for r in run_suite("raw_consents", frame, P) if r.check_name == "known_answer")
    assert answer.count == answer.of_total == Persons(30)
    assert answer.row_numbers == tuple(range(100, 110))


def test_a_missing_column_is_said_and_nothing_else_is_asked():
    results = run_suite("raw_ledger", ledger({}).drop(columns="rows_in"), P)
    assert [(r.check_name, r.group_id, r.is_blocking) for r in results] == [("columns", "rows_in", True)]


def test_another_type_is_said():
    results = run_suite("raw_ledger", ledger({}).astype({"rows_in": "str"}), P)
    assert [(r.check_name, r.group_id) for r in results] == [("columns", "rows_in")]


def test_the_frame_is_not_changed():
    frame = ledger({}, {"source_file": "b.csv", "rows_kept": 9})
    before = frame.copy(deep=True)
    run_suite("raw_ledger", frame, P)
    pd.testing.assert_frame_equal(frame, before)


def test_a_table_without_rows_passes_its_row_checks():
    results = run_suite("raw_absence", table("raw_absence").empty(), P)
    assert all(r.is_passed for r in results)
    assert {r.of_total for r in results if r.check_name != "columns"} == {Persons(0)}


def test_no_connection_is_tried(monkeypatch):
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert run_suite("raw_ledger", ledger({}), P)


def test_an_out_table_has_no_suite():
    with pytest.raises(KeyError, match="no checks are declared"):
        suite_for("out_effects", P)


def test_findings_are_kept_as_statements_and_a_crash_blocks():
    nobody, fine = Persons(0), say(Structure.COLUMNS, columns=Count(3), table=Name("raw_ledger"))
    results = [
        CheckResult("a", "raw_ledger", "info", True, nobody, Persons(3), fine),
        CheckResult("b", "raw_ledger", "warning", False, nobody, nobody, fine, is_crashed=True),
    ]
    frame = quality.answer([r.record() for r in results], table("raw_ledger").empty(), P, "november_2026")
    assert list(frame.columns) == list(table("out_quality").columns)
    assert frame["severity"].tolist() == ["info", "blocking"]
    assert frame["round"].unique().tolist() == ["november_2026"]
    assert [taken(t) for t in frame["statement"]] == [fine, fine]
    assert quality.answer([], table("raw_ledger").empty(), P, "november_2026").empty


def test_a_received_file_is_named_by_what_it_holds_and_told_without_its_rows():
    row = ledger({"source_file": "Karla Jensen.csv", "rows_in": 100, "rows_quarantined": 9, "rows_kept": 91})
    frame = quality.answer([], row, P, "november_2026")
    (said,) = [taken(t) for t in frame["statement"]]
    assert "Karla" not in frame.to_csv()
    assert not frame["is_passed"].any()
    assert render(said, ANALYST).startswith("100 rækker ind: 91 brugt, 9 i karantæne")
    assert render(said, Public(minimum=5, marker="•")) == "Mere end 5 % af filens rækker er lagt til side."


@pytest.fixture(scope="module")
def municipality():
    return make_municipality(STUDY, seed=5)


@pytest.mark.slow
def test_an_undisturbed_municipality_raises_no_alarm(municipality):
    for r in P.rounds:
        frame = cells(municipality, through=r.cutoff)
        others = {"core_school_days": days(municipality, through=r.cutoff)}
        results = run_suite(
            "core_cells", table("core_cells").conform(frame), P, others=others, cutoff=r.cutoff
        )
        assert [x.text(ANALYST) for x in results if not x.is_passed and x.severity != "info"] == []


@pytest.mark.slow
def test_a_missing_week_is_named_with_about_what_was_expected(municipality):
    cutoff = dt.date(2026, 11, 13)
    frame = cells(municipality, through=cutoff)
    gone = (frame["school_id"] == "990002") & (frame["period_from"] == pd.Timestamp(2026, 11, 2))
    truth = frame.loc[gone, "absent_days"].sum()
    for delivered in (
        frame[~gone],
        frame.assign(
            **{c: frame[c].where(~gone, 0.0) for c in frame if c.endswith("days") and c != "possible_days"}
        ),
    ):
        results = run_suite(
            "core_cells",
            table("core_cells").conform(delivered),
            P,
            others={"core_school_days": days(municipality, through=cutoff)},
            cutoff=cutoff,
        )
        (found,) = [x for x in results if x.check_name == "missing_weeks" and not x.is_passed]
        assert found.group_id == "990002 2026/27"
        assert "uge 45 (2026)" in found.text(ANALYST)
        weeks = school_weeks(
            Subject(delivered, P, {"core_school_days": days(municipality, through=cutoff)}, cutoff)
        )
        mine = weeks[(weeks["school_id"] == "990002") & (weeks["period_from"] == pd.Timestamp(2026, 11, 2))]
        # Neighbouring weeks tell the level; season and luck move a week's illness by up to a third.
        assert mine["expected_days"].iloc[0] == pytest.approx(truth, rel=0.35)


def test_an_unregistered_class_is_seen_and_not_named(municipality):
    weeks = municipality.pupil_days.merge(
        municipality.absences[["pupil", "day_on", "day_fraction"]], on=["pupil", "day_on"], how="left"
    ).fillna({"day_fraction": 0.0})
    weeks["week_from"] = weeks["day_on"] - pd.to_timedelta(weeks["day_on"].dt.day_of_week, unit="D")
    keys = ["pupil", "school_year", "school_id", "grade", "letter", "week_from", "month"]
    frame = weeks.groupby(keys, as_index=False).agg(
        possible_days=("day_on", "size"), absent_days=("day_fraction", "sum")
    )
    silent = (
        (frame["school_id"] == "990002")
        & (frame["grade"] == "4")
        & (frame["letter"] == 0)
        & frame["week_from"].between(pd.Timestamp(2026, 10, 5), pd.Timestamp(2026, 11, 2))
    )
    frame["pupil_key"] = frame["pupil"].astype(str)
    classes = frame.assign(class_label=frame["letter"].map(lambda n: f"class {n}"))
    others = {
        "core_pupils": classes[
            ["pupil_key", "school_year", "school_id", "grade", "class_label"]
        ].drop_duplicates()
    }
    check = [c for c in suite_for("core_pupil_weeks", P) if c.name == "silent_classes"]
    (sound,) = judge(check, Subject(frame, P, others))
    assert sound.is_passed
    broken = frame.assign(absent_days=frame["absent_days"].where(~silent, 0.0))
    (found,) = judge(check, Subject(broken, P, others))
    assert (found.is_passed, found.count, found.group_id) == (False, Persons(1), "990002 4 2026/27")
    assert "class" not in found.text(ANALYST)
    assert "4. årgang (2026/27): 1 klasse" in found.text(ANALYST)


@pytest.mark.slow
def test_a_change_of_registration_is_warned_of():
    m = make_municipality(STUDY, seed=5, scenario=Scenario(kind="registration_change"))
    frame = table("core_cells").conform(cells(m))
    treated = frame[frame["grade"].isin(["1", "6", "8"])]
    check = [c for c in suite_for("core_cells", P) if c.name == "type_shares"]
    results = judge(check, Subject(treated, P))
    alarms = [r for r in results if not r.is_passed]
    assert any("ulovligt fravær" in r.text(ANALYST) for r in alarms)
    assert all("ændret registrering" in r.text(ANALYST) for r in alarms)


def test_a_rule_that_cannot_be_asked_does_not_spoil_the_others():
    checks = [
        Check("typo", "raw_ledger", "blocking", "Noget", rows=lambda _: Sound("no_such_column > 0")),
        Check(
            "grouped_typo",
            "raw_ledger",
            "blocking",
            "Noget",
            rows=lambda _: Sound("SUM(nothing) > 0", by=("sha256",)),
        ),
        Check("right", "raw_ledger", "blocking", "Antal", rows=lambda _: Sound("rows_in > 5")),
        Check("missing", "raw_ledger", "blocking", "Antal", rows=lambda _: Sound("NULLIF(rows_in, 10) > 5")),
    ]
    typo, grouped, right, missing = judge(
        checks, Subject(ledger({}, {"source_file": "b.csv", "rows_in": 3}), P)
    )
    assert typo.is_crashed
    assert grouped.is_crashed
    assert (right.is_crashed, right.count, right.row_numbers) == (False, Persons(1), (2,))
    # What cannot be said of a row does not hold for it.
    assert missing.count == Persons(2)


@pytest.mark.parametrize(
    ("aside", "rows", "is_allowed"),
    [
        (0, 0, True),
        (2, 8, True),
        (1, 3, True),
        (3, 8, False),
        (2, 4, False),
        (1, 1, False),
        (5, 100, True),
        (6, 100, False),
    ],
)
def test_few_bad_rows_of_a_short_list_stop_nothing_and_half_a_file_does(aside, rows, is_allowed):
    quality = load_study("demo_kommune").protocol.quality
    assert quality.allows_aside(aside, rows) is is_allowed
    assert not quality.model_copy(update={"tolerated_quarantine_rows": 0}).allows_aside(2, 8)
