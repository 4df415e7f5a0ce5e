"""Every table knows what it was made from: what was altered, or made from other tables, is not handed on."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from evaluation.errors import GateRefused, InputError
from pipelines.origins import INCOMING, origin_of, outdated
from pipelines.storage import Warehouse, connect
from tests.conftest import sealing

R = "november_2026"


@pytest.fixture
def warehouse(tmp_path) -> Warehouse:
    """raw_a and raw_b from one inbox, core from both, out from core."""
    made = Warehouse(tmp_path, sealing())
    for name in ("raw_a", "raw_b"):
        made.write(R, name, pd.DataFrame({"x": [1, 2]}), inputs={INCOMING: "inbox 1"})
    write(made, "core", ("raw_a", "raw_b"))
    write(made, "out", ("core",))
    return made


def write(warehouse: Warehouse, name: str, inputs: tuple[str, ...], x: int = 1) -> None:
    warehouse.write(R, name, pd.DataFrame({"x": [x]}), inputs=warehouse.present(R, inputs))


def refused(warehouse: Warehouse) -> str:
    with pytest.raises(GateRefused) as raised:
        warehouse.require_fit(R, ["out"])
    assert raised.value.exit_code == 3
    assert f"komglad run {R}" in str(raised.value)
    return str(raised.value)


def test_tables_made_from_each_other_fit(warehouse):
    warehouse.require_fit(R, ["out"])
    assert outdated(warehouse, R) == {}
    assert set(origin_of(warehouse, R, "core").inputs) == {"raw_a", "raw_b"}


def test_old_estimates_do_not_go_out_under_new_inputs(warehouse):
    write(warehouse, "core", ("raw_a", "raw_b"), x=5)
    assert f"{R}/out.parquet: lavet af en anden core" in refused(warehouse)
    write(warehouse, "out", ("core",))
    warehouse.require_fit(R, ["out"])
    warehouse.write(R, "raw_b", pd.DataFrame({"x": [7]}), inputs={INCOMING: "inbox 1"})
    assert "core.parquet: lavet af en anden raw_b" in refused(warehouse)


def test_raw_tables_of_two_readings_of_the_inbox_do_not_fit(warehouse):
    warehouse.write(R, "raw_b", pd.DataFrame({"x": [1, 2]}), inputs={INCOMING: "inbox 2"})
    assert "to forskellige læsninger" in refused(warehouse)


@pytest.mark.parametrize(
    ("protocol", "code", "says"), [("q", "1", "anden protokol"), ("p", "2", "anden version")]
)
def test_another_protocol_or_version_does_not_fit(warehouse, protocol, code, says):
    now = Warehouse(warehouse.root, sealing(protocol, code))
    assert says in refused(now)
    now.read(R, "out")  # still the table that was written


@pytest.mark.parametrize(
    "harm", ["edited", "empty", "truncated", "swapped", "no record", "record of another"]
)
def test_a_table_that_komglad_did_not_write_is_read_by_nobody(warehouse, harm):
    path, record = warehouse.path(R, "out"), warehouse.root / R / "made" / "out.json"
    if harm == "edited":
        pd.DataFrame({"x": [77.7]}).to_parquet(path)
    elif harm == "empty":
        path.write_bytes(b"")
    elif harm == "truncated":
        path.write_bytes(path.read_bytes()[:-9])
    elif harm == "swapped":
        path.write_bytes(warehouse.path(R, "raw_a").read_bytes())
    elif harm == "no record":
        record.unlink()
    else:
        content = json.loads(record.read_text())
        record.write_text(json.dumps({**content, "sha256": warehouse.digest(R, "raw_a")}))
    for use in (
        lambda: warehouse.read(R, "out"),
        lambda: warehouse.stored(R, "out"),
        lambda: connect(R, warehouse),
        lambda: warehouse.require_fit(R, ["out"]),
    ):
        with pytest.raises((GateRefused, InputError)) as raised:
            use()
        assert f"{R}/" in str(raised.value)
        assert f"komglad run {R}" in str(raised.value)


def test_a_table_of_another_key_is_told_apart_from_an_altered_one(warehouse):
    other = Warehouse(warehouse.root, sealing(key="ff" + "0123456789abcdef" * 3 + "00112233445566"))
    with pytest.raises(InputError, match="en anden nøgle end den, der bruges nu"):
        other.read(R, "out")


def test_an_analyst_is_told_which_tables_are_old(warehouse):
    write(warehouse, "core", ("raw_a", "raw_b"), x=5)
    with pytest.warns(UserWarning, match="1 af 4 tabeller"), connect(R, warehouse) as connection:
        ((name, why),) = connection.execute("SELECT * FROM komglad_forældet").fetchall()
    assert name == "out"
    assert "en anden core" in why


def test_a_verdict_that_was_edited_lets_nothing_through(warehouse):
    warehouse.store_verdict(R, "out", passed=False, failed=["to elever står to gange"], results=[])
    path = warehouse.root / R / "checks" / "out.json"
    path.write_text(path.read_text().replace('"passed": false', '"passed": true'))
    with pytest.raises(InputError, match=f"{R}/checks/out.json kan ikke bruges: filen er ændret"):
        warehouse.verdict(R, "out")
