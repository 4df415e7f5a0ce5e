"""Rendering a round from its released tables: what the report assets and ``komglad report`` both do.

Nothing here reads an ``out_`` table: only what the disclosure gate released (``released_*``) can be rendered.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
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
from evaluation.reports.pdf import PdfResult, print_pdf
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


def render_reports(
    the_round: Round, inputs: ReportInputs, places: Places, *, pdf: bool
) -> dict[str, dict[str, Any]]:
    """Write every report of a round; returns, by asset, each file's size and what became of the PDF.

    The browser prints beside us while the other reports are rendered. Without a browser there is a note, and
    everything else stands.
    """
    made: dict[str, dict[str, Any]] = {}
    with ThreadPoolExecutor(1) as beside:
        printing: dict[str, Future[PdfResult]] = {}
        for asset, files_of in files.REPORTS.items():
            rendered = files_of(inputs)
            made[asset] = {name: len(content) for name, content in rendered.items()}
            for name, content in rendered.items():
                old = places.report_path(f"{the_round.id}/{files.PDF[name]}") if name in files.PDF else None
                page = places.report_path(f"{the_round.id}/{name}")
                is_changed = page.is_file() and page.read_bytes() != content
                if old and old.is_file() and is_changed and not pdf:
                    # A PDF of what the report said before must not lie beside the new one.
                    old.unlink()
                    made[asset]["pdf"] = "removed"
                places.write_report(f"{the_round.id}/{name}", content)
            for page in files.PDF.keys() & rendered.keys() if pdf else ():
                html, target = (places.report_path(f"{the_round.id}/{n}") for n in (page, files.PDF[page]))
                printing[asset] = beside.submit(print_pdf, html, target)
        for asset, result in printing.items():
            made[asset]["pdf"] = result.result().note or "ok"
    return made


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


def render_round(study: Study, the_round: Round, warehouse: Warehouse, places: Places, *, pdf: bool) -> bool:
    """Everything of a round, again, from what has been released. Returns whether an outdated PDF was removed."""
    inputs = released_inputs(study, the_round, warehouse)
    made = render_reports(the_round, inputs, places, pdf=pdf)
    finish(study, the_round, inputs, warehouse, places)
    return any(sizes.get("pdf") == "removed" for sizes in made.values())
