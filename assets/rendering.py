"""Rendering a round from its released tables: what the report assets and ``komglad report`` both do.

Nothing here reads an ``out_`` table: only what the disclosure gate released (``released_*``) can be rendered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pandas as pd

from assets.needs import Places, Warehouse
from evaluation.disclosure.release import Release
from evaluation.errors import GateRefused, InputError, Problem
from evaluation.protocol import Round
from evaluation.publication import files
from evaluation.publication.leaving import MANIFEST
from evaluation.publication.manifest import manifest_bytes
from evaluation.publication.operating import operating_characteristics
from evaluation.reports.inputs import ReportInputs
from evaluation.reports.paths import PDF
from evaluation.reports.pdf import PdfResult, print_pdf
from evaluation.reports.render import render_index
from evaluation.study import Study
from evaluation.tables import TABLES

PREFIX = "released_"
SET_ASIDE = "set aside"
"""What became of the PDF of an earlier report when no new one was asked for."""


def released_inputs(study: Study, the_round: Round, warehouse: Warehouse) -> ReportInputs:
    """A round's released tables with the round before it, when that has been released.

    Raises:
        InputError: nothing has been released for this round.
        GateRefused: a table is not the one that was released, or another version of komglad released it.
    """
    stored = warehouse.read_json(the_round.id, "release")
    if stored is None:
        raise InputError(
            f"der er ikke udgivet noget for {the_round.id} endnu",
            [
                Problem(
                    f"{the_round.id}/release.json",
                    found="findes ikke",
                    next_step=f"komglad run {the_round.id}",
                )
            ],
        )
    frames = _released(warehouse, the_round.id, stored)
    _require_this_version(the_round.id, frames)
    among = study.protocol.rounds if the_round.kind == "status" else study.protocol.judging_rounds
    earlier = [r for r in among if r.cutoff < the_round.cutoff]
    before = earlier[-1] if earlier else None
    then = warehouse.read_json(before.id, "release") if before else None
    return ReportInputs(
        protocol=study.protocol,
        round=the_round,
        frames=frames,
        manifest=stored["manifest"],
        previous=_as_now(_released(warehouse, before.id, then)) if before and then else None,
        previous_round=before if then else None,
        previous_manifest=then["manifest"] if then else {},
        operating_characteristics=operating_characteristics(study.protocol),
        disclosure_structure=Release.from_dict(stored["release"]).structure(),
    )


def require_same_protocol(study: Study, the_round: Round, inputs: ReportInputs) -> None:
    """A round is rendered under the protocol it was released under.

    Raises:
        GateRefused: the protocol has changed since.
    """
    if inputs.manifest["protocol_hash"] != study.protocol.hash:
        raise GateRefused(
            f"protokollen er ændret, siden {the_round.id} blev udgivet, så rapporten kan ikke laves af det udgivne",
            [
                Problem(
                    "protocol.toml",
                    found="en anden protokol end udgivelsens",
                    expected="den protokol, runden blev udgivet efter",
                    next_step=f"lav runden igen: komglad run {the_round.id}",
                )
            ],
        )


def require_recordable(the_round: Round, warehouse: Warehouse, places: Places) -> None:
    """The ledger is whole and would take what is rendered: asked before the first file, so that a refusal leaves all.

    Raises:
        InputError: the ledger is missing, damaged, altered, or does not know a round whose report lies beside it.
        GateRefused: a published round would be rendered with other numbers than those that went out.
    """
    stored = warehouse.read_json(the_round.id, "release") or {}
    ledger = places.open_ledger(the_round.id)
    ledger.record(Release.from_dict(stored["release"]), the_round.report_date.isoformat(), {})


def _released(warehouse: Warehouse, round_id: str, stored: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """The tables the release names, if they are the ones it was made with."""
    changed = [n for n, digest in stored["tables"].items() if warehouse.present(round_id, [n])[n] != digest]
    if changed:
        raise GateRefused(
            f"{len(changed)} af de udgivne tabeller i {round_id} er ikke dem, der blev udgivet; intet er skrevet",
            [
                Problem(
                    f"{round_id}/{name}.parquet",
                    found="ændret eller væk",
                    expected="den tabel, der gik gennem porten",
                    next_step=f"lav runden igen: komglad run {round_id}",
                )
                for name in changed
            ],
        )
    return {n.removeprefix(PREFIX): warehouse.read(round_id, n) for n in stored["tables"]}


def _lacking(name: str, frame: pd.DataFrame) -> list[str]:
    return [c for c in TABLES[name].columns if c not in frame] if name in TABLES else []


def _require_this_version(round_id: str, frames: Mapping[str, pd.DataFrame]) -> None:
    problems = [
        Problem(
            f"{round_id}/{PREFIX}{name}.parquet",
            found=f"kolonner, der mangler: {', '.join(lacking)}",
            expected="en tabel, som denne version af komglad har udgivet",
            next_step=f"lav runden igen: komglad run {round_id}, eller brug den version, den blev udgivet med",
        )
        for name, frame in frames.items()
        if (lacking := _lacking(name, frame))
    ]
    if problems:
        raise GateRefused(f"{round_id} er udgivet af en anden version af komglad; intet er skrevet", problems)


def _as_now(earlier: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """An earlier round's tables beside today's: what an older version did not tell is empty, not a fault."""
    return {n: frame.reindex(columns=[*frame, *_lacking(n, frame)]) for n, frame in earlier.items()}


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
        for asset, files_of in files.files_for(inputs.protocol, the_round).items():
            rendered = files_of(inputs)
            made[asset] = {name: len(content) for name, content in rendered.items()}
            for name, content in rendered.items():
                is_other = name in PDF and places.differs(f"{the_round.id}/{name}", content)
                # A PDF of what the report said before must not lie beside the new one, nor be lost.
                if is_other and places.set_aside(f"{the_round.id}/{PDF[name]}"):
                    made[asset]["pdf"] = SET_ASIDE
                places.write_report(f"{the_round.id}/{name}", content)
            for page in PDF.keys() & rendered.keys() if pdf else ():
                html, target = (places.report_path(f"{the_round.id}/{n}") for n in (page, PDF[page]))
                printing[asset] = beside.submit(print_pdf, html, target, the_round.report_date)
        for asset, result in printing.items():
            made[asset]["pdf"] = result.result().note or "ok"
            if made[asset]["pdf"] == "ok":
                places.drop_aside(the_round.id)
    return made


def finish(
    study: Study, the_round: Round, inputs: ReportInputs, warehouse: Warehouse, places: Places
) -> None:
    """The ledger's entry, the manifest and the index page of all rounds.

    What is approved later are the bytes in the ledger, the manifest's among them. It is written after the entry: from then
    on the round is one that has a report.
    """
    stored = warehouse.read_json(the_round.id, "release") or {}
    made = places.reports_of(the_round.id)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in made.items()}
    stated = manifest_bytes(dict(inputs.manifest), hashes)
    places.record_release(
        Release.from_dict(stored["release"]),
        the_round.report_date.isoformat(),
        {**hashes, MANIFEST: hashlib.sha256(stated).hexdigest()},
    )
    places.write_report(f"{the_round.id}/{MANIFEST}", stated)
    entries = []
    for candidate in reversed(study.protocol.rounds):
        names = list(places.reports_of(candidate.id))
        if names and warehouse.read_json(candidate.id, "release") is not None:
            of = inputs if candidate == the_round else released_inputs(study, candidate, warehouse)
            entries.append(files.index_entry(of, [*names, MANIFEST]))
    places.write_report("index.html", render_index(study.protocol, entries).encode())


def render_round(study: Study, the_round: Round, warehouse: Warehouse, places: Places, *, pdf: bool) -> bool:
    """Everything of a round, again, from what has been released. Returns whether an outdated PDF was set aside."""
    inputs = released_inputs(study, the_round, warehouse)
    require_same_protocol(study, the_round, inputs)
    require_recordable(the_round, warehouse, places)
    made = render_reports(the_round, inputs, places, pdf=pdf)
    finish(study, the_round, inputs, warehouse, places)
    return any(sizes.get("pdf") == SET_ASIDE for sizes in made.values())
