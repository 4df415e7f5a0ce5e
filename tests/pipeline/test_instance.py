"""The data folder's Dagster home: its settings, and that its store stays small."""

from __future__ import annotations

import dagster as dg
import yaml

from pipelines import instance as home
from pipelines.instance import open_instance, prune_runs
from tests.conftest import settings_for


@dg.asset
def answer() -> int:
    return 42


def test_the_home_of_a_folder_sends_nothing_and_runs_one_round_at_a_time(tmp_path):
    settings = settings_for(tmp_path / 'æøå "mappe"')
    with open_instance(settings) as instance:
        assert instance.telemetry_enabled is False
    config = yaml.safe_load((settings.dagster / "dagster.yaml").read_text(encoding="utf-8"))
    assert config["telemetry"] == {"enabled": False}
    assert config["concurrency"]["runs"]["max_concurrent_runs"] == 1
    assert config["storage"]["sqlite"]["base_dir"] == str(settings.dagster)
    with dg.DagsterInstance.from_config(str(settings.dagster)) as as_dagster_sees_it:
        assert as_dagster_sees_it.telemetry_enabled is False


def test_the_oldest_runs_are_forgotten_with_their_files_and_the_newest_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(home, "KEPT_RUNS", 2)
    settings = settings_for(tmp_path)
    with open_instance(settings) as instance:
        ids = [dg.materialize([answer], instance=instance).run_id for _ in range(4)]
        assert prune_runs(instance, settings) == 2
        assert [run.run_id for run in instance.get_runs()] == [ids[3], ids[2]]
        assert instance.get_latest_materialization_event(answer.key).run_id == ids[3]
        assert prune_runs(instance, settings) == 0
    left = {p.stem for p in settings.dagster.rglob("*.db")}
    assert set(ids) & left == {ids[2], ids[3]}
