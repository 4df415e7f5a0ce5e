"""raw_: what came through the door. The only asset that reads the outside."""

from collections.abc import Iterator

import dagster as dg
import pyarrow as pa

from assets.needs import Key, Places
from assets.rounds import out_spec, round_of
from evaluation.intake import RAW_TABLES, read_round, reading_of
from evaluation.study import Study
from evaluation.tables.relations import INBOX, KEY_ID
from evaluation.words.texts import texts

TEXT = texts("running")


@dg.multi_asset(
    name="incoming_files",
    outs={name: out_spec(name) for name in RAW_TABLES},
    description=TEXT("raw_about"),
)
def incoming_files(
    context: dg.AssetExecutionContext,
    study: dg.ResourceParam[Study],
    places: dg.ResourceParam[Places],
    key: dg.ResourceParam[Key],
) -> Iterator[dg.Output[pa.RecordBatchReader]]:
    secret = key.load()
    intake = read_round(
        places.incoming,
        study,
        round_id=round_of(context, study).id,
        key=secret,
        sql_addresses=places.sql_addresses,
        forgotten=places.read_forgotten(secret),
        scratch=places.fresh_scratch(),
    )
    intake.raise_for_problems()
    ledger = intake.tables["raw_ledger"]
    balance = {column: int(ledger[column].sum()) for column in ledger.columns if column.startswith("rows_")}
    inbox = reading_of(ledger)
    for name in RAW_TABLES:
        metadata = balance if name == "raw_ledger" else None
        rows = intake.tables.reader(name)
        schema = rows.schema.with_metadata({KEY_ID: secret.key_id, INBOX: inbox})
        keyed = pa.RecordBatchReader.from_batches(schema, rows)
        yield dg.Output(keyed, output_name=name, metadata=metadata)


ASSETS: list[dg.AssetsDefinition] = [incoming_files]
