"""The manifest beside a report: everything needed to say where its numbers come from and to make them again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from evaluation.protocol import Protocol, Round


def manifest(
    protocol: Protocol,
    the_round: Round,
    *,
    frozen: Mapping[str, Any],
    ledger: pd.DataFrame,
    table_hashes: Mapping[str, str],
    git_commit: str,
    package_versions: Mapping[str, str],
) -> dict[str, Any]:
    """Hashes of protocol, inputs and tables, and versions. No clock: the same inputs give the same manifest."""
    return {
        "study": protocol.study.id,
        "study_version": protocol.study.version,
        "round": the_round.id,
        "cutoff": the_round.cutoff.isoformat(),
        "report_date": the_round.report_date.isoformat(),
        "protocol_hash": protocol.hash,
        **frozen,
        "seed": protocol.study.seed,
        "git_commit": git_commit,
        "package_versions": dict(sorted(package_versions.items())),
        "input_hashes": {
            str(r.source_file): str(r.sha256) for r in ledger.sort_values("source_file").itertuples()
        },
        "table_hashes": dict(sorted(table_hashes.items())),
    }


def manifest_bytes(content: Mapping[str, Any], files: Mapping[str, str]) -> bytes:
    """The manifest as a file, with the hash of every report file beside it."""
    return (
        json.dumps({**content, "files": dict(sorted(files.items()))}, ensure_ascii=False, indent=1) + "\n"
    ).encode()
