"""What Dagster shows: every declared table is an asset with its grain, by round, checked and scheduled."""

from __future__ import annotations

import ast
import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from evaluation.expectations import CHECKED_TABLES
from evaluation.study import load_study
from evaluation.tables import TABLES
from pipelines.build import build_defs
from pipelines.sensors import inbox_state, next_round
from tests.conftest import settings_for


@pytest.fixture(scope="module")
def definitions(tmp_path_factory):
    return build_defs(settings_for(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="module")
def graph(definitions):
    return definitions.resolve_asset_graph()


def test_definitions_can_be_loaded(definitions):
    dg.Definitions.validate_loadable(definitions)


def test_every_declared_table_is_an_asset_that_states_its_grain(graph):
    names = {key.path[-1] for key in graph.get_all_asset_keys()}
    assert set(TABLES) <= names
    for name, declared in TABLES.items():
        assert graph.get(dg.AssetKey(name)).description == declared.grain


def test_every_asset_says_who_answers_for_it_what_it_is_about_and_which_code_made_it(graph):
    for name, declared in TABLES.items():
        node = graph.get(dg.AssetKey(name))
        assert node.owners == ["team:evaluering"]
        assert node.code_version.startswith("0.")
        about = "pupils" if "pupil_key" in declared.columns else "groups"
        assert node.tags.items() >= {"layer": declared.layer, "rows_about": about}.items()
        columns = {c.name: c for c in node.metadata["dagster/column_schema"].columns}
        assert list(columns) == list(declared.columns)
    cells = graph.get(dg.AssetKey("out_description")).metadata["dagster/column_schema"].columns
    assert {c.name: c.description for c in cells}["absence_pct"] == "procent"


def test_few_names_of_dagster_are_not_public_and_each_is_known():
    """Where Dagster has a public name it is used; these have none, so its version is bounded in pyproject.toml."""
    root = Path(__file__).parents[2]
    found = {}
    for path in sorted((*root.glob("pipelines/**/*.py"), *root.glob("assets/**/*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dagster._"):
                found.setdefault(path.name, set()).update(alias.name for alias in node.names)
    assert found.keys() == {"page.py", "event_storage.py"}
    assert found["page.py"] == {"WorkspaceProcessContext", "WorkspaceFileTarget"}


def test_layers_only_look_back(graph):
    rank = {"raw": 0, "core": 1, "out": 2, "report": 3, "release": 3}
    for key in graph.get_all_asset_keys():
        for parent in graph.get(key).parent_keys:
            assert rank[parent.path[-1].split("_")[0]] <= rank[key.path[-1].split("_")[0]], (parent, key)


def test_every_asset_is_partitioned_by_the_protocols_rounds(graph):
    rounds = [r.id for r in load_study("demo_kommune").protocol.rounds]
    for key in graph.get_all_asset_keys():
        assert graph.get(key).partitions_def.get_partition_keys() == rounds


def test_every_raw_and_core_table_has_a_blocking_check(graph):
    checked = {key.asset_key.path[-1] for key in graph.asset_check_keys}
    assert checked == set(CHECKED_TABLES) == {t for t in TABLES if not t.startswith("out_")}


def test_a_schedule_stands_on_each_report_date(definitions):
    repository = definitions.get_repository_def()

    def tick(schedule, day):
        at = dt.datetime(day.year, day.month, day.day, 6, tzinfo=dt.UTC)
        context = dg.build_schedule_context(scheduled_execution_time=at, repository_def=repository)
        return schedule.evaluate_tick(context)

    for the_round in load_study("demo_kommune").protocol.rounds:
        schedule = repository.get_schedule_def(f"report_{the_round.id}")
        day = the_round.report_date
        assert schedule.cron_schedule == f"0 6 {day.day} {day.month} *"
        assert [r.partition_key for r in tick(schedule, day).run_requests] == [the_round.id]
        assert not tick(schedule, day.replace(year=day.year + 1)).run_requests


def test_the_sensor_asks_for_the_open_round_once_per_state_of_the_inbox(tmp_path):
    settings = settings_for(tmp_path)
    repository = build_defs(settings).get_repository_def()
    sensor = repository.get_sensor_def("incoming_files")
    with dg.DagsterInstance.ephemeral() as instance:
        empty = sensor.evaluate_tick(dg.build_sensor_context(instance, repository_def=repository))
        assert "empty" in empty.skip_message
        settings.incoming.mkdir(parents=True)
        (settings.incoming / "a.csv").write_text("x")
        arriving = sensor.evaluate_tick(dg.build_sensor_context(instance, repository_def=repository))
        assert "still arriving" in arriving.skip_message
        old = dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp()
        import os

        os.utime(settings.incoming / "a.csv", (old, old))
        settled = sensor.evaluate_tick(dg.build_sensor_context(instance, repository_def=repository))
        assert len(settled.run_requests) == 1
        again = sensor.evaluate_tick(
            dg.build_sensor_context(
                instance, repository_def=repository, cursor=inbox_state(settings.incoming)[0]
            )
        )
        assert "nothing has changed" in again.skip_message


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (dt.date(2026, 9, 1), "november_2026"),
        (dt.date(2026, 11, 27), "november_2026"),
        (dt.date(2026, 11, 28), "end_of_year_2027"),
        (dt.date(2027, 7, 3), None),
    ],
)
def test_the_open_round_is_the_first_whose_report_date_has_not_passed(today, expected):
    found = next_round(load_study("demo_kommune").protocol, today)
    assert (found.id if found else None) == expected
