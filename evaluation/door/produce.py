"""From the stage to the raw_ tables: overlap decided, source rows counted, numbers back to texts, piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from evaluation.door.desk import Desk
from evaluation.door.kinds import NOT_AN_ABSENCE
from evaluation.door.landed import Landed
from evaluation.door.ledger import Ledger
from evaluation.door.left_out import KIND as LEFT_OUT
from evaluation.door.left_out import left_out_sql
from evaluation.door.overlap import (
    beyond_its_rows,
    decide_absence,
    decide_keyed,
    deleted_since,
    hardly_spoken_of,
    only_in_older,
    settle,
)
from evaluation.door.overlap_logs import other_logs, replace_older_logs
from evaluation.door.overlap_totals import decide_totals, replaced_grades, stated_sums, two_periods
from evaluation.door.overlap_undated import undated
from evaluation.door.quarantine import KIND as QUARANTINE
from evaluation.door.quarantine import add_refused, quarantine_sql, rules_frame
from evaluation.door.stage import Stage
from evaluation.tables import table

_SOURCE = "k.file AS source_file, k.row AS source_row, DATE '1970-01-01' + k.exported AS exported_on"
_ORDER = "JOIN files f ON f.file = k.file ORDER BY f.place, k.row"

_SELECT = {
    "raw_absence": f"""
        SELECT {_SOURCE}, k.school AS school_id, k.pupil AS pupil_key, k.grade, k.label AS class_label,
               DATE '1970-01-01' + coalesce(p.first, k.first) AS from_on,
               DATE '1970-01-01' + coalesce(p.last, k.last) AS to_on,
               k.fraction AS day_fraction, k.type AS absence_type
        FROM (SELECT * FROM absence ANTI JOIN absence_out USING (id) WHERE type <> {NOT_AN_ABSENCE}) k
        LEFT JOIN absence_pieces p ON p.id = k.id {_ORDER}, from_on""",
    "raw_pupils": f"""
        SELECT {_SOURCE}, k.pupil AS pupil_key, k.school AS school_id, k.year AS school_year, k.grade,
               k.label AS class_label, DATE '1970-01-01' + k.first AS enrolled_from,
               DATE '1970-01-01' + k.last AS enrolled_to
        FROM (SELECT * FROM pupils ANTI JOIN pupils_out USING (id)) k {_ORDER}""",
    "raw_talks": f"""
        SELECT {_SOURCE}, k.school AS school_id, k.grade, k.pupil AS pupil_key, k.kind, k.status,
               DATE '1970-01-01' + k.first AS held_on
        FROM (SELECT * FROM talks ANTI JOIN talks_out USING (id)) k {_ORDER}""",
    "raw_consents": f"""
        SELECT {_SOURCE}, k.pupil AS pupil_key, k.purpose, k.holder, k.answer,
               DATE '1970-01-01' + k.first AS given_on, DATE '1970-01-01' + k.withdrawn AS withdrawn_on
        FROM (SELECT * FROM consents ANTI JOIN consents_out USING (id)) k {_ORDER}""",
}
_KEYED = {
    "pupils": ("school, pupil, year", "grade, label, first, last"),
    "talks": ("school, pupil, kind, first", "grade, status"),
    "consents": ("pupil, purpose, holder, first", "answer, withdrawn"),
}


def raw_tables(stage: Stage, desk: Desk, ledger: Ledger) -> Landed:
    """raw_absence, raw_totals, raw_pupils, raw_talks, raw_consents, and the rows that are in none of them with their
    reasons, raw_quarantine and raw_left_out; the ledger is completed.
    """
    types: list[str] = [t.id for t in desk.protocol.absence_types]
    # Rosters first: where a pupil is enrolled decides about the pupil's other rows.
    kinds = {"raw_pupils": "pupils", "raw_absence": "absence", "raw_totals": "totals", "raw_talks": "talks",
             "raw_consents": "consents"}  # fmt: skip
    came = {name: kind for name, kind in kinds.items() if stage.has(kind)}
    stage.make("exports", ledger.exports())
    for kind in came.values():
        _decide(stage, desk, ledger, kind)
        ledger.add_decided(settle(stage, kind))
        add_refused(stage, kind, f"{kind}_out")
    names = [p.source.name for p in ledger.pages]
    places = {n: i for i, n in enumerate(sorted(names))}
    stage.make(
        "files",
        pd.DataFrame({"file": range(len(names)), "name": names, "place": [places[n] for n in names]}),
    )
    lookups = {
        "source_file": pa.array(names, pa.large_string()),
        "school_id": pa.array([s.id for s in desk.protocol.schools], pa.large_string()),
        "absence_type": pa.array(types, pa.large_string()),
    }
    texts = pa.array(list(stage.texts.numbers), pa.large_string())
    streams: dict[str, Callable[[], Iterator[pa.RecordBatch]]] = {
        name: partial(
            _texts_back, stage, _SELECT[name] if name in _SELECT else _totals(types), name, lookups, texts
        )
        for name in came
    }
    proofs = {"raw_quarantine": (QUARANTINE, quarantine_sql()), "raw_left_out": (LEFT_OUT, left_out_sql())}
    if any(stage.has(kind) for kind, _ in proofs.values()):
        stage.make("rules", rules_frame())
        stage.make("words", pd.DataFrame({"code": range(len(texts)), "text": texts.to_pandas()}))
        streams |= {
            name: partial(stage.batches, sql) for name, (kind, sql) in proofs.items() if stage.has(kind)
        }
    empty = {n: table(n).empty() for n in (*kinds, *proofs) if n not in streams}
    return Landed(empty, streams)


def _decide(stage: Stage, desk: Desk, ledger: Ledger, kind: str) -> None:
    types = tuple(f"type_{t.id}" for t in desk.protocol.absence_types)
    if kind == "absence":
        decide_absence(stage, desk.calendar, ledger.deliveries(stage.texts.numbers))
        ledger.add_only_older(only_in_older(stage))
        ledger.add_deleted(deleted_since(stage))
        ledger.add_beyond(beyond_its_rows(stage))
        ledger.add_hardly(hardly_spoken_of(stage), stage.texts)
    elif kind == "totals":
        decide_totals(stage, desk.calendar, types, ledger.without_sums())
        ledger.add_replaced(replaced_grades(stage))
        ledger.add_stated(stated_sums(stage), stage.texts)
        ledger.add_two_periods(two_periods(stage))
    else:
        key, values = _KEYED[kind]
        decide_keyed(
            stage, kind, key, values, conflicts=False, need="pupil >= 0" if kind == "talks" else "TRUE"
        )
        if kind == "talks":
            replace_older_logs(stage)
            ledger.add_other_logs(other_logs(stage))
    ledger.add_undated(undated(stage, kind, types))


def _totals(types: list[str]) -> str:
    """One row per staged row and type that it says something of; types in order of their names, as the key sorts."""
    each = " UNION ALL ".join(
        f"""SELECT k.*, {types.index(t)} AS type, {n} AS nth, type_{t} AS days
            FROM totals k ANTI JOIN totals_out USING (id) WHERE type_{t} IS NOT NULL AND NOT isnan(type_{t})"""
        for n, t in enumerate(sorted(types))
    )
    return f"""
        SELECT {_SOURCE}, k.school AS school_id, k.grade, k.label AS class_label, k.pupil AS pupil_key, k.period,
               DATE '1970-01-01' + k.first AS period_from, DATE '1970-01-01' + k.last AS period_to,
               k.pupils, k.school_days, k.type AS absence_type, k.days AS absent_days
        FROM ({each}) k {_ORDER}, k.nth"""


def _texts_back(
    stage: Stage, sql: str, name: str, lookups: dict[str, pa.Array], texts: pa.Array
) -> Iterator[pa.RecordBatch]:
    """Pieces of a table with every number of a text replaced by the text."""
    wanted = {f.name for f in table(name).schema if f.type == pa.large_string()}
    for batch in stage.batches(sql):
        arrays = [
            _looked_up(lookups.get(c, texts), batch.column(c)) if c in wanted else batch.column(c)
            for c in batch.schema.names
        ]
        yield pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _looked_up(lookup: pa.Array, codes: pa.Array) -> pa.Array:
    return lookup.take(pc.if_else(pc.less(codes, 0), None, codes))
