"""The manifest beside a report: everything needed to say where its numbers come from and to make them again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
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
    keyed: Callable[[str], str],
) -> dict[str, Any]:
    """Hashes of protocol, inputs and tables, and versions. No clock: the same inputs give the same manifest.

    ``keyed`` turns the SHA-256 of an input or table into one that only the key's owner can make: a plain one would
    let every reader try which few rows a table holds. Files go by such a hash too: a school's or an interviewer's name
    for a file may name a person or a class.
    """
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
            _file(str(r.source_file), keyed): keyed(str(r.sha256))
            for r in ledger.sort_values("source_file").itertuples()
        },
        "table_hashes": {name: keyed(digest) for name, digest in sorted(table_hashes.items())},
    }


def _file(name: str, keyed: Callable[[str], str]) -> str:
    return f"fil-{keyed(hashlib.sha256(name.encode()).hexdigest())[:16]}"


def manifest_bytes(content: Mapping[str, Any], files: Mapping[str, str]) -> bytes:
    """The manifest as a file, with the hash of every report file beside it."""
    return (
        json.dumps({**content, "files": dict(sorted(files.items()))}, ensure_ascii=False, indent=1) + "\n"
    ).encode()
