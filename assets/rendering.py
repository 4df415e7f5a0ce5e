"""Rendering a round from its released tables: what the report assets and ``komglad report`` both do.

Nothing here reads an ``out_`` table: only what the disclosure gate released (``released_*``) can be rendered.
"""

from __future__ import annotations

import hashlib
from typing import Any

import pandas as pd

from assets.needs import Places, Warehouse
from evaluation.disclosure.release import Release
from evaluation.errors import InputError, Problem
from evaluation.protocol import Round
from evaluation.publication import files
from evaluation.publication.manifest import manifest_bytes
from evaluation.publication.operating import operating_characteristics
from evaluation.reports.inputs import ReportInputs
from evaluation.reports.render import render_index
from evaluation.study import Study

PREFIX = "released_"


def released_inputs(study: Study, the_round: Round, warehouse: Warehouse) -> ReportInputs:
    """A round's released tables with the round before it, when that has been released.

    Raises:
        InputError: nothing has been released for this round.
    """
    frames = _released(warehouse, the_round.id)
    stored = warehouse.read_json(the_round.id, "release")
    if not frames or stored is None:
        raise InputError(
            f"nothing has been released for {the_round.id} yet",
            [Problem(the_round.id, found="no released tables", next_step=f"komglad run {the_round.id}")],
        )
    earlier = [r for r in study.protocol.rounds if r.cutoff < the_round.cutoff]
    before = earlier[-1] if earlier and _released(warehouse, earlier[-1].id) else None
    return ReportInputs(
        protocol=study.protocol,
        round=the_round,
        frames=frames,
        manifest=stored["manifest"],
        previous=_released(warehouse, before.id) if before else None,
        previous_round=before,
        previous_manifest=(warehouse.read_json(before.id, "release") or {})["manifest"] if before else {},
        operating_characteristics=operating_characteristics(study.protocol),
        disclosure_structure=Release.from_dict(stored["release"]).structure(),
    )


def _released(warehouse: Warehouse, round_id: str) -> dict[str, pd.DataFrame]:
    names = [n for n in warehouse.tables(round_id) if n.startswith(PREFIX)]
    return {n.removeprefix(PREFIX): warehouse.read(round_id, n) for n in names}


def write_files(places: Places, round_id: str, made: dict[str, bytes]) -> dict[str, str]:
    """Write report files; returns their hashes by relative path."""
    for name, content in made.items():
        places.write_report(f"{round_id}/{name}", content)
    return {name: hashlib.sha256(content).hexdigest() for name, content in made.items()}


def finish(
    study: Study, the_round: Round, inputs: ReportInputs, warehouse: Warehouse, places: Places
) -> None:
    """The manifest beside the reports, and the index page of all rounds."""
    hashes = {
        name: hashlib.sha256(content).hexdigest() for name, content in places.reports_of(the_round.id).items()
    }
    places.write_report(f"{the_round.id}/manifest.json", manifest_bytes(dict(inputs.manifest), hashes))
    entries = []
    for candidate in reversed(study.protocol.rounds):
        names = list(places.reports_of(candidate.id))
        if names and warehouse.read_json(candidate.id, "release") is not None:
            entries.append(
                files.index_entry(released_inputs(study, candidate, warehouse), [*names, "manifest.json"])
            )
    places.write_report("index.html", render_index(study.protocol, entries).encode())


def render_round(study: Study, the_round: Round, warehouse: Warehouse, places: Places, *, pdf: bool) -> None:
    """Everything of a round, again, from what has been released."""
    inputs = released_inputs(study, the_round, warehouse)
    made = {
        **files.steering_group_files(inputs),
        **files.school_files(inputs),
        **files.malplan_files(inputs),
        **files.table_export_files(inputs),
    }
    write_files(places, the_round.id, made)
    if pdf:
        print_pdfs(places, the_round.id)
    finish(study, the_round, inputs, warehouse, places)


def print_pdfs(places: Places, round_id: str) -> dict[str, Any]:
    """PDFs of the pages that are printed; without a browser a note, and everything else stands."""
    from evaluation.reports.pdf import print_pdf

    notes = {}
    for page, pdf in files.PDF.items():
        result = print_pdf(places.report_path(f"{round_id}/{page}"), places.report_path(f"{round_id}/{pdf}"))
        notes[pdf] = result.note or "ok"
    return notes
