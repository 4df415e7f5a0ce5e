"""From the stage to the raw_ tables: overlap decided, source rows counted, texts put back, columns as declared."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evaluation.door.fields import Desk
from evaluation.door.kinds import NOT_AN_ABSENCE
from evaluation.door.ledger import Ledger
from evaluation.door.overlap import CONFLICT, Decision, decide_absence, decide_keyed
from evaluation.door.quarantine import Quarantine
from evaluation.door.stage import Stage, days_to_dates
from evaluation.tables import table

_NOTHING = Decision(
    pd.DataFrame({"id": [], "status": [], "other_file": [], "other_row": []}),
    pd.DataFrame({"id": [], "first": [], "last": []}),
)


def raw_tables(stage: Stage, desk: Desk, ledger: Ledger, quarantine: Quarantine) -> dict[str, pd.DataFrame]:
    """raw_absence, raw_totals, raw_pupils, raw_talks and raw_consents; ledger and quarantine are completed."""
    makers = {
        "raw_absence": (_absence, "absence"),
        "raw_totals": (_totals, "totals"),
        "raw_pupils": (_pupils, "pupils"),
        "raw_talks": (_talks, "talks"),
        "raw_consents": (_consents, "consents"),
    }
    made = {}
    for name, (maker, kind) in makers.items():
        if not stage.has(kind):
            made[name] = table(name).empty()
            continue
        frame = maker(stage, desk, _decided(stage, desk, ledger, quarantine, kind))
        made[name] = table(name).conform(_with_source(frame, desk, ledger))
    return made


def _decided(stage: Stage, desk: Desk, ledger: Ledger, quarantine: Quarantine, kind: str) -> pd.DataFrame:
    """The kept staged rows of a kind, with pieces of partly replaced intervals."""
    decision = _decision(stage, desk, ledger, kind)
    status = _whole_rows(stage, kind, decision.status)
    ledger.add_decided(_by_source_row(stage, kind, status))
    _quarantine_conflicts(status, ledger, quarantine, kind)
    stage.connection.register("_gone", status[["id"]].astype("int64"))
    kept = stage.frame(f"SELECT * FROM {kind} WHERE id NOT IN (SELECT id FROM _gone) ORDER BY id")
    if len(decision.pieces):
        pieces = decision.pieces[decision.pieces["id"].isin(kept["id"])]
        whole = kept[~kept["id"].isin(pieces["id"])]
        cut = kept.drop(columns=["first", "last"]).merge(pieces, on="id", how="inner")
        kept = pd.concat([whole, cut[whole.columns]], ignore_index=True)
    return kept


def _decision(stage: Stage, desk: Desk, ledger: Ledger, kind: str) -> Decision:
    if kind == "absence":
        whole = [n for n, p in enumerate(ledger.pages) if p.source.mapping.overlap == "whole_period"]
        return decide_absence(stage, desk.calendar, tuple(whole))
    if kind == "totals":
        types = ", ".join(f"type_{t.id}" for t in desk.protocol.absence_types)
        key = "school, grade, label, pupil, first, period"
        return decide_keyed(stage, kind, key, f"pupils, school_days, {types}", conflicts=True)
    if kind == "pupils":
        return decide_keyed(stage, kind, "school, pupil, year", "grade, label, first, last", conflicts=False)
    if kind == "talks":
        named = decide_keyed(stage, kind, "school, pupil, kind, first", "grade, status", conflicts=False,
                             need="pupil >= 0")  # fmt: skip
        return Decision(pd.concat([named.status, _older_logs(stage)], ignore_index=True), _NOTHING.pieces)
    return decide_keyed(stage, kind, "pupil, purpose, holder, first", "answer, withdrawn", conflicts=False)


def _older_logs(stage: Stage) -> pd.DataFrame:
    """Talks without a pupil cannot be told apart, so the newest export of a school and grade replaces older ones."""
    return stage.frame(
        """WITH newest AS (SELECT school, grade, max(coalesce(exported, -1000000)) AS newest
                           FROM talks WHERE pupil < 0 GROUP BY ALL)
           SELECT t.id, 'superseded' AS status, -1 AS other_file, -1 AS other_row
           FROM talks t JOIN newest n USING (school, grade)
           WHERE t.pupil < 0 AND coalesce(t.exported, -1000000) < n.newest"""
    )


def _whole_rows(stage: Stage, kind: str, status: pd.DataFrame) -> pd.DataFrame:
    """A conflict takes every staged row of its source row along (a row of a grid has many)."""
    stage.connection.register(
        "_status", status.astype({"id": "int64", "other_file": "int64", "other_row": "int64"})
    )
    return stage.frame(
        f"""WITH s AS (SELECT _status.*, k.file, k.row FROM _status JOIN {kind} k USING (id)),
                 bad AS (SELECT file, row, min(other_file) AS other_file, min(other_row) AS other_row
                         FROM s WHERE status = '{CONFLICT}' GROUP BY ALL)
            SELECT k.id, k.file, k.row, CASE WHEN b.row IS NULL THEN s.status ELSE '{CONFLICT}' END AS status,
                   coalesce(s.other_file, b.other_file) AS other_file, coalesce(s.other_row, b.other_row) AS other_row
            FROM {kind} k LEFT JOIN s USING (id) LEFT JOIN bad b ON b.file = k.file AND b.row = k.row
            WHERE s.id IS NOT NULL OR b.row IS NOT NULL ORDER BY k.id"""
    )


def _by_source_row(stage: Stage, kind: str, status: pd.DataFrame) -> pd.DataFrame:
    """One status per source row: conflict if any, kept if any cell is kept, else superseded before duplicate."""
    stage.connection.register("_decided", status[["id", "status"]])
    return stage.frame(
        f"""WITH per_row AS (
              SELECT k.file, k.row, count(*) AS n, count(d.id) AS gone,
                     bool_or(d.status = 'conflict') AS is_conflict, bool_or(d.status = 'superseded') AS is_old
              FROM {kind} k LEFT JOIN _decided d USING (id)
              WHERE (k.file, k.row) IN (SELECT (k2.file, k2.row) FROM {kind} k2 JOIN _decided USING (id))
              GROUP BY ALL)
            SELECT file, row, CASE WHEN is_conflict THEN 'conflict' WHEN gone < n THEN 'kept'
                                   WHEN is_old THEN 'superseded' ELSE 'duplicate' END AS status FROM per_row"""
    )


def _quarantine_conflicts(status: pd.DataFrame, ledger: Ledger, quarantine: Quarantine, kind: str) -> None:
    conflicts = status[status["status"] == CONFLICT].drop_duplicates(["file", "row"])
    what = "pupil and day" if kind == "absence" else "group and period"
    for number, rows in conflicts.groupby("file"):
        places = [
            f"line {int(r)}" if int(o) == number else f"{ledger.name(int(o))} line {int(r)}"
            for o, r in zip(rows["other_file"], rows["other_row"], strict=True)
        ]
        found = np.array([f"the same {what} with another value on {place}" for place in places], dtype=object)
        rules = np.full(len(rows), "conflict", dtype=object)
        quarantine.add(ledger.name(int(str(number))), rows["row"].to_numpy(), "", rules, found)


def _with_source(frame: pd.DataFrame, desk: Desk, ledger: Ledger) -> pd.DataFrame:
    """Source columns and school ids in place of numbers."""
    files = np.array([p.source.name for p in ledger.pages], dtype=object)
    schools = np.array([*(s.id for s in desk.protocol.schools), None], dtype=object)
    extra = {"source_file": files[frame.pop("file").to_numpy()], "source_row": frame.pop("row"),
             "exported_on": days_to_dates(frame.pop("exported"))}  # fmt: skip
    if "school" in frame:
        extra["school_id"] = schools[frame.pop("school").to_numpy()]
    return frame.assign(**extra)


def _text(stage: Stage, kept: pd.DataFrame, column: str) -> np.ndarray:
    return stage.texts.texts(kept[column].to_numpy())


def _absence(stage: Stage, desk: Desk, kept: pd.DataFrame) -> pd.DataFrame:
    kept = kept[kept["type"] != NOT_AN_ABSENCE].reset_index(drop=True)
    types = np.array([t.id for t in desk.protocol.absence_types], dtype=object)
    return kept[["file", "row", "exported", "school"]].assign(
        pupil_key=_text(stage, kept, "pupil"),
        grade=_text(stage, kept, "grade"),
        class_label=_text(stage, kept, "label"),
        from_on=days_to_dates(kept["first"]),
        to_on=days_to_dates(kept["last"]),
        day_fraction=kept["fraction"],
        absence_type=types[kept["type"].to_numpy()],
    )


def _totals(stage: Stage, desk: Desk, kept: pd.DataFrame) -> pd.DataFrame:
    base = kept[["file", "row", "exported", "school", "pupils", "school_days"]].assign(
        grade=_text(stage, kept, "grade"),
        class_label=_text(stage, kept, "label"),
        pupil_key=_text(stage, kept, "pupil"),
        period=_text(stage, kept, "period"),
        period_from=days_to_dates(kept["first"]),
        period_to=days_to_dates(kept["last"]),
    )
    types = [t.id for t in desk.protocol.absence_types]
    each = [base.assign(absence_type=t, absent_days=kept[f"type_{t}"]) for t in types]
    return pd.concat(each, ignore_index=True).dropna(subset="absent_days")


def _pupils(stage: Stage, _desk: Desk, kept: pd.DataFrame) -> pd.DataFrame:
    return kept[["file", "row", "exported", "school"]].assign(
        pupil_key=_text(stage, kept, "pupil"),
        school_year=_text(stage, kept, "year"),
        grade=_text(stage, kept, "grade"),
        class_label=_text(stage, kept, "label"),
        enrolled_from=days_to_dates(kept["first"]),
        enrolled_to=days_to_dates(kept["last"]),
    )


def _talks(stage: Stage, _desk: Desk, kept: pd.DataFrame) -> pd.DataFrame:
    return kept[["file", "row", "exported", "school"]].assign(
        grade=_text(stage, kept, "grade"),
        pupil_key=_text(stage, kept, "pupil"),
        kind=_text(stage, kept, "kind"),
        status=_text(stage, kept, "status"),
        held_on=days_to_dates(kept["first"]),
    )


def _consents(stage: Stage, _desk: Desk, kept: pd.DataFrame) -> pd.DataFrame:
    return kept[["file", "row", "exported"]].assign(
        pupil_key=_text(stage, kept, "pupil"),
        purpose=_text(stage, kept, "purpose"),
        holder=_text(stage, kept, "holder"),
        answer=_text(stage, kept, "answer"),
        given_on=days_to_dates(kept["first"]),
        withdrawn_on=days_to_dates(kept["withdrawn"]),
    )
