"""What a data folder keeps cannot be lost, mixed or altered without a word: each store of a finished demonstration."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from evaluation.disclosure.ledger import Ledger, read_ledger, write_ledger
from evaluation.door.pseudonyms import PseudonymKey
from evaluation.errors import GateRefused, InputError
from evaluation.tables import TABLES
from pipelines.origins import origin_of
from pipelines.resources import resources_from, warehouse_of
from pipelines.runner import run_round
from pipelines.storage import connect
from tests.acceptance.test_commands import LATER, ROUND, Terminal, contents, environment, finished, refusal
from tests.conftest import KEY, settings_for

pytestmark = pytest.mark.slow
SEAL = PseudonymKey.parse(KEY).for_seals

__all__ = ["environment", "finished"]


def ledger_of(data: Path) -> Path:
    return data / "reports" / "ledger.json"


def test_a_figure_planted_in_a_released_table_is_never_rendered(finished: Terminal) -> None:
    path = finished.data / "warehouse" / ROUND / "released_out_effects.parquet"
    effects = pd.read_parquet(path)
    effects.assign(estimate_pp=77.7).to_parquet(path)
    before = contents(finished.data / "reports")
    for tokens in (("report", ROUND), ("report", ROUND, "--pdf"), ("report", LATER)):
        code, said = refusal(finished(*tokens))
        assert code == 3
        assert f"{ROUND}/released_out_effects.parquet" in said
        assert f"komglad run {ROUND}" in said
        assert contents(finished.data / "reports") == before
    assert any(name.endswith(".pdf") for name in before)


def test_a_released_table_swapped_for_an_older_sealed_one_is_not_rendered(finished: Terminal) -> None:
    """Its own record fits; the release was made with another."""
    warehouse = warehouse_of(settings_for(finished.data))
    table = "released_out_verdicts"
    frame = warehouse.read(ROUND, table).assign(verdict="opnået")
    warehouse.write(ROUND, table, frame, inputs=origin_of(warehouse, ROUND, table).inputs)
    before = contents(finished.data / "reports")
    code, said = refusal(finished("report", ROUND))
    assert code == 3
    assert "ikke dem, der blev udgivet" in said
    assert contents(finished.data / "reports") == before


def test_new_core_tables_followed_by_the_release_alone_send_nothing_out(finished: Terminal) -> None:
    settings = settings_for(finished.data)
    warehouse = warehouse_of(settings)
    cells = warehouse.read(ROUND, "core_cells")
    inputs = origin_of(warehouse, ROUND, "core_cells").inputs
    warehouse.write(ROUND, "core_cells", cells.assign(absent_days=cells["absent_days"] / 2), inputs=inputs)
    warehouse.store_verdict(ROUND, "core_cells", passed=True, failed=[], results=[])
    before = contents(finished.data / "reports")
    with pytest.raises(GateRefused) as refused:
        run_round(settings, ROUND, assets=["release"])
    assert f"{ROUND}/core_monthly.parquet: lavet af en anden core_cells" in str(refused.value)
    assert contents(finished.data / "reports") == before


@pytest.mark.parametrize("harm", ["missing", "begun anew", "edited", "older", "another key"])
def test_a_ledger_that_does_not_know_what_was_released_stops_the_next_release(
    finished: Terminal, harm: str
) -> None:
    path = ledger_of(finished.data)
    if harm == "missing":
        path.unlink()
    elif harm == "begun anew":
        write_ledger(path, Ledger(), SEAL)
    elif harm == "edited":
        path.write_text(path.read_text("utf-8").replace("•", "3", 1), "utf-8")
    elif harm == "older":
        write_ledger(path, Ledger(read_ledger(path, SEAL).entries[1:]), SEAL)
    else:
        write_ledger(path, read_ledger(path, SEAL), PseudonymKey.parse("ab" * 8 + KEY).for_seals)
    before = contents(finished.data / "warehouse") | contents(finished.data / "reports")
    with pytest.raises(InputError) as refused:
        run_round(settings_for(finished.data), LATER, assets=["release"])
    assert refused.value.exit_code == 2
    assert "ledger.json" in str(refused.value)
    assert ("sikkerhedskopien" in str(refused.value)) != (harm == "another key")
    assert contents(finished.data / "warehouse") | contents(finished.data / "reports") == before


@pytest.mark.parametrize("harm", ["missing", "cut short", "older"])
@pytest.mark.parametrize("tokens", [("attack",), ("compare", ROUND, LATER)])
def test_nothing_is_said_of_releases_without_their_ledger(
    finished: Terminal, harm: str, tokens: tuple[str, ...]
) -> None:
    path = ledger_of(finished.data)
    if harm == "missing":
        path.unlink()
    elif harm == "older":
        write_ledger(path, Ledger(read_ledger(path, SEAL).entries[1:]), SEAL)
    else:
        path.write_bytes(path.read_bytes()[:-40])
    code, said = refusal(finished(*tokens))
    assert code == 2
    assert "ledger.json" in said
    assert path.exists() == (harm != "missing")


@pytest.mark.parametrize("harm", ["missing", "edited"])
def test_a_manifest_that_is_gone_or_edited_is_not_approved(finished: Terminal, harm: str) -> None:
    path = finished.data / "reports" / ROUND / "manifest.json"
    whole = path.read_text("utf-8")
    path.unlink()
    if harm == "edited":
        path.write_text(whole.replace('"seed": ', '"seed": 1'), "utf-8")
    code, said = refusal(finished("approve", ROUND, "--by", "Anna Holm"))
    assert code == 3
    assert path.name in said
    assert f"komglad run {ROUND}" in said
    assert not (finished.data / "releases").exists()
    assert finished("report", ROUND).exit_code == 0
    assert path.read_text("utf-8") == whole


def test_the_approved_copy_says_where_its_numbers_come_from(finished: Terminal) -> None:
    for name in ("Anna Holm", "Bo Lund"):
        assert finished("approve", ROUND, "--by", name).exit_code == 0
    copy, original = (finished.data / at / ROUND / "manifest.json" for at in ("releases", "reports"))
    assert copy.read_bytes() == original.read_bytes()


@pytest.mark.parametrize("table", ["raw_ledger", "out_verdicts"])
def test_a_report_whose_ending_cannot_be_told_writes_nothing(finished: Terminal, table: str) -> None:
    (finished.data / "warehouse" / ROUND / f"{table}.parquet").write_bytes(b"junk")
    (finished.data / "reports" / ROUND / "styregruppe.html").unlink()
    before = contents(finished.data)
    code, said = refusal(finished("report", ROUND))
    assert code == 3
    assert table in said
    assert contents(finished.data) == before


def test_a_ledger_older_than_an_approval_is_noticed(finished: Terminal) -> None:
    before = ledger_of(finished.data).read_bytes()
    for name in ("Anna Holm", "Bo Lund"):
        done = finished("approve", ROUND, "--by", name)
        assert done.exit_code == 0, done.output
    ledger_of(finished.data).write_bytes(before)
    with pytest.raises(InputError, match="ældre end rapporterne"):
        run_round(settings_for(finished.data), LATER, assets=["release"])


def test_list_and_receipts_put_back_from_before_a_removal_are_noticed_by_the_ledger(
    finished: Terminal,
) -> None:
    pages = sorted((finished.data / "incoming").rglob("elever_*.txt"))
    number = next(n for p in pages for n in re.findall(r"\b\d{6}-?\d{4}\b", p.read_text("cp1252")))
    assert finished("forget", "--yes", given=f"{number}\n").exit_code == 0
    entry = read_ledger(ledger_of(finished.data), SEAL).entries[-1]
    places = resources_from(settings_for(finished.data))["places"]
    places.record_release(entry.release, entry.on, dict(entry.hashes))  # as the next run does
    (receipt,) = (finished.data / "receipts").glob("forget-*.json")
    shutil.rmtree(receipt.parent)
    (finished.data / "forgotten.json").unlink()
    before = contents(finished.data / "warehouse") | contents(finished.data / "reports")
    for command in ("check", "run"):
        code, said = refusal(finished(command, LATER))
        assert code == 2
        assert receipt.name in said
        assert "--again" in said
    assert contents(finished.data / "warehouse") | contents(finished.data / "reports") == before


def test_a_protocol_edited_after_the_release_does_not_give_its_report_other_words(
    finished: Terminal, tmp_path: Path
) -> None:
    from evaluation.study import load_study

    study = tmp_path / "study"
    shutil.copytree(load_study("demo_kommune").folders[0], study)
    protocol = study / "protocol.toml"
    protocol.write_text(protocol.read_text("utf-8") + "\n[milestone]\nrelevant_change_pp = 0.1\n", "utf-8")
    before = contents(finished.data / "reports")
    code, said = refusal(Terminal(finished.data, str(study))("report", ROUND))
    assert code == 3
    assert "protokollen er ændret" in said
    assert contents(finished.data / "reports") == before


def test_rounds_are_not_compared_over_tables_that_were_altered_or_are_gone(finished: Terminal) -> None:
    assert finished("compare", ROUND, LATER).exit_code == 0
    cells = finished.data / "warehouse" / ROUND / "core_cells.parquet"
    whole = cells.read_bytes()
    for content, says in ((b"junk", "ændret, efter at komglad skrev den"), (None, "tabellen er væk")):
        cells.unlink()
        if content is not None:
            cells.write_bytes(content)
        code, said = refusal(finished("compare", ROUND, LATER))
        assert code == 3
        assert f"{ROUND}/core_cells.parquet" in said
        assert says in said
        cells.write_bytes(whole)


def test_an_analyst_is_told_of_a_table_that_is_gone(finished: Terminal) -> None:
    """Also of one that no other table is made from."""
    settings = settings_for(finished.data)
    made_from = {
        used
        for table in TABLES
        if (o := origin_of(warehouse_of(settings), ROUND, table))
        for used in o.inputs
    }
    lonely = sorted({p.stem for p in (settings.warehouse / ROUND).glob("*.parquet")} - made_from)
    assert lonely
    (settings.warehouse / ROUND / f"{lonely[0]}.parquet").unlink()
    with pytest.raises(GateRefused, match="tabellen er væk"):
        connect(ROUND, warehouse_of(settings))


def test_no_hash_that_leaves_can_be_tried_without_the_key(demonstration) -> None:
    warehouse = warehouse_of(demonstration.settings)
    ledger = warehouse.read(ROUND, "raw_ledger")
    plain = {*warehouse.digests(ROUND).values(), *ledger["sha256"]}
    manifest = json.loads((demonstration.settings.reports / ROUND / "manifest.json").read_text("utf-8"))
    assert set(manifest["table_hashes"]) >= {"out_effects", "core_cells"}
    assert not plain & {*manifest["table_hashes"].values(), *manifest["input_hashes"].values()}
    for path in (demonstration.settings.reports / ROUND).rglob("*"):
        if path.suffix in {".html", ".json", ".csv", ".txt"}:
            text = path.read_text("utf-8")
            assert not [digest for digest in plain if digest in text], path.name
