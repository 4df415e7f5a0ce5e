"""``komglad trace``: a number is followed to the bytes that made it, and a link that does not hold is said."""

from __future__ import annotations

import pandas as pd
import pytest

from pipelines.resources import warehouse_of
from pipelines.tracing import trace
from tests.acceptance.test_commands import ROUND, Terminal, environment, finished, refusal
from tests.conftest import settings_for

pytestmark = pytest.mark.slow
__all__ = ["environment", "finished"]


@pytest.mark.parametrize("exhibit", ["out_effects", "description_year_to_date", "themes", "targeted"])
def test_a_number_is_followed_to_the_files_it_came_from(finished: Terminal, exhibit: str) -> None:
    done = finished("trace", ROUND, exhibit)
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    warehouse = warehouse_of(settings_for(finished.data))
    table = {"themes": "raw_interviews", "targeted": "out_targeted"}.get(exhibit, "core_cells")
    assert f"{table}  {warehouse.digest(ROUND, table)[:16]}" in done.output
    for row in warehouse.read(ROUND, "raw_ledger").itertuples():
        assert f"{row.sha256[:16]}  {row.source_file}" in done.output
    assert "!!" not in done.output


def test_a_table_made_anew_since_shows_where_the_chain_is_broken(finished: Terminal) -> None:
    warehouse = warehouse_of(settings_for(finished.data))
    frame = pd.read_parquet(warehouse.path(ROUND, "core_cells"))
    frame.assign(absent_days=0.0).to_parquet(warehouse.path(ROUND, "core_cells"))
    warehouse.vouch(ROUND, "core_cells")
    code, said = refusal(finished("trace", ROUND, "out_effects"))
    assert code == 3
    assert "core_cells.parquet: en anden end den, der blev brugt" in said
    broken = [link.table for link in trace(warehouse, ROUND, "out_effects").links if link.state]
    assert broken == ["core_cells"]


def test_an_unknown_exhibit_is_answered_with_the_known_ones(finished: Terminal) -> None:
    code, said = refusal(finished("trace", ROUND, "out_everything"))
    assert code == 2
    assert "out_effects" in said
    assert "themes" in said


@pytest.mark.parametrize("harm", ["tables", "numbers", "missing"])
def test_a_release_that_is_not_the_one_that_went_out_is_not_traced(finished: Terminal, harm: str) -> None:
    """One from before, sealed with the right key, as a restore puts it back."""
    warehouse = warehouse_of(settings_for(finished.data))
    stored = warehouse.read_json(ROUND, "release")
    assert stored is not None
    if harm == "tables":
        tables = {**stored["tables"], "released_out_effects": "0" * 64}
        warehouse.write_json(ROUND, "release", {**stored, "tables": tables})
    elif harm == "numbers":
        release = {**stored["release"], "cells": stored["release"]["cells"][1:]}
        warehouse.write_json(ROUND, "release", {**stored, "release": release})
    else:
        (finished.data / "warehouse" / ROUND / "release.json").unlink()
    code, said = refusal(finished("trace", ROUND, "out_effects"))
    assert code == (3 if harm == "tables" else 2)
    assert (f"{ROUND}/released_out_effects" if harm == "tables" else f"{ROUND}/release.json") in said
    assert f"komglad run {ROUND}" in said
